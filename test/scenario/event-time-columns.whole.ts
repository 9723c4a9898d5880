// Goal: the hours of a row are the same whatever type its event time has, and after the column changed. Method:
// event times of every type; columns renamed, widened, promoted, replaced and added with a default.
import { describe, expect, it } from 'vitest';
import { currentSchema } from '../../src/iceberg/event-time.ts';
import { hoursLoad, hoursTarget, worldWithNews } from '../support/hours-world.ts';
import { restateColumn } from '../support/manifest-bounds.ts';
import { hourAt, hourNumbers, msAt, type World, worldForTest } from '../support/world.ts';

describe('event times', () => {
  const seconds = (hour: number): string => `${msAt(hour) / 1000}`;
  const types: readonly (readonly [string, Parameters<typeof worldWithNews>[0]])[] = [
    [
      'in epoch seconds',
      {
        columns: 'id bigint, ts bigint',
        value: seconds,
        source: { event_time_unit: 'epoch_s' },
        query: 'select id, to_timestamp(ts) as ts from e',
      },
    ],
    [
      'in epoch microseconds',
      {
        columns: 'id bigint, ts bigint',
        value: (hour) => `${msAt(hour)}000`,
        source: { event_time_unit: 'epoch_us' },
        query: 'select id, make_timestamptz(ts) as ts from e',
      },
    ],
    [
      'without a zone',
      { columns: 'id bigint, ts timestamp', value: (hour) => `timestamp '${hourAt(hour).slice(0, 19)}'` },
    ],
  ];
  it.each(types)('%s give the same hours by statistics and by the column', async (_name, options) => {
    const { world } = await worldWithNews(options);
    expect((await world.plan('hours_load')).sources[0]).toMatchObject({
      bounds_from: 'manifest',
      first_hour: hourAt(5),
      last_hour: hourAt(7),
    });
    await restateColumn(world, 'raw.events', 'ts', {});
    expect((await world.plan('hours_load')).sources[0]).toMatchObject({
      bounds_from: 'scan',
      first_hour: hourAt(5),
      last_hour: hourAt(7),
    });
    await world.publish('hours_load');
    expect(await hoursTarget(world)).toEqual(['["1"]', '["5"]', '["7"]']);
  });

  it('that are dates cover their day, by statistics and by the column', async () => {
    const day = (hour: number): string => `date '${hourAt(hour * 24).slice(0, 10)}'`;
    const { world } = await worldWithNews({ columns: 'id bigint, ts date', value: day });
    const expected = { first_hour: hourAt(5 * 24), last_hour: hourAt(7 * 24 + 23) };
    expect((await world.plan('hours_load')).sources[0]).toMatchObject({
      bounds_from: 'manifest',
      ...expected,
    });
    await restateColumn(world, 'raw.events', 'ts', {});
    expect((await world.plan('hours_load')).sources[0]).toMatchObject({ bounds_from: 'scan', ...expected });
  });

  it('are followed through a renamed and widened column, also in files without statistics', async () => {
    const source = { event_time: 'happened', event_time_unit: 'epoch_s' };
    const world = await worldForTest({
      processes: [hoursLoad({ event_time_unit: 'epoch_s' }, 'select id, to_timestamp(ts) as ts from e')],
    });
    await world.create('raw.events', 'id bigint, ts integer');
    await world.land('raw.events', `select 1, ${seconds(1)}`);
    await world.publish('hours_load');
    await world.land('raw.events', `select 5, ${seconds(5)}`);
    await restateColumn(world, 'raw.events', 'ts', {});
    await world.sql('alter table raw.events rename column ts to happened');
    await world.sql('alter table raw.events alter happened type bigint');
    await world.land('raw.events', `select 7, ${seconds(7)}`);
    world.writeProcess(hoursLoad(source, 'select id, to_timestamp(happened) as ts from e'));
    await world.reopen();
    const plan = await world.plan('hours_load');
    expect(hourNumbers(plan.hours)).toEqual([5, 7]);
    expect(plan.sources[0]?.bounds_from).toBe('scan');
    await world.publish('hours_load');
    expect(await hoursTarget(world)).toEqual(['["1"]', '["5"]', '["7"]']);
  });
});

describe('the event-time column', () => {
  /** Sets the columns of the table: `id` and the given ones, by name and field id. */
  const setColumns = async (world: World, columns: Readonly<Record<string, number>>): Promise<void> => {
    const metadata = await world.metadata('raw.events');
    const [id] = currentSchema(metadata).fields;
    const fields = Object.entries(columns).map(([name, field]) => ({
      id: field,
      name,
      type: 'timestamptz',
      required: false,
    }));
    await world.commit('raw.events', [
      {
        action: 'add-schema',
        schema: { type: 'struct', 'schema-id': -1, fields: [id as NonNullable<typeof id>, ...fields] },
      },
      { action: 'set-current-schema', 'schema-id': -1 },
    ]);
  };

  it('that was dropped, or renamed, and added again under its name is refused; renamed with its process it goes on', async () => {
    const { world, value } = await worldWithNews({});
    await world.publish('hours_load');
    await setColumns(world, { old_ts: 2, ts: 3 });
    await world.land('raw.events', `select 8, ${value(8)}, ${value(1)}`);
    const [refused] = await world.run();
    expect(refused).toMatchObject({
      status: 'refused',
      error: {
        code: 'event-time-replaced',
        kind: 'refused',
        context: { table: 'raw.events', column: 'ts', expected: 2, found: 3 },
      },
    });
    expect(refused?.error?.hint).toContain('name old_ts as event_time');
    expect(await hoursTarget(world)).toEqual(['["1"]', '["5"]', '["7"]']);
    world.writeProcess(hoursLoad({ event_time: 'old_ts' }, 'select id, old_ts as ts from e'));
    await world.reopen();
    await world.publish('hours_load');
    expect(await hoursTarget(world)).toEqual(['["1"]', '["5"]', '["7"]', '["8"]']);
    await setColumns(world, { old_ts: 4 });
    await world.land('raw.events', `select 9, ${value(9)}`);
    expect((await world.run())[0]?.error).toMatchObject({
      code: 'event-time-replaced',
      message: expect.stringContaining('which was dropped'),
    });
  });
});

describe('a date that became a timestamp (version 3)', () => {
  const day = (number: number): string => `date '2023-09-${10 + number}'`;
  const promote = async (world: World, type: string, table = 'raw.events'): Promise<void> => {
    const metadata = await world.metadata(table);
    const schema = currentSchema(metadata);
    const fields = schema.fields.map((field) => (field.name === 'ts' ? { ...field, type } : field));
    await world.commit(table, [
      { action: 'add-schema', schema: { ...schema, 'schema-id': schema['schema-id'] + 1, fields } },
      { action: 'set-current-schema', 'schema-id': -1 },
    ]);
  };

  it.each([
    ['timestamp', 'manifest'],
    ['timestamp', 'scan'],
    ['timestamp_ns', 'manifest'],
    ['timestamp_ns', 'scan'],
  ])(
    'between watermark and head, as %s, bounds from the %s: older files are still read by their days',
    async (type, boundsFrom) => {
      const world = await worldForTest({
        processes: [hoursLoad({}, 'select id, ts::timestamp as ts from e')],
      });
      await world.create('raw.events', 'id bigint, ts date', {
        formatVersion: '3',
        partitionedBy: 'day(ts)',
      });
      await world.land('raw.events', `select 1, ${day(1)}`);
      await world.publish('hours_load');
      await world.land('raw.events', `select 5, ${day(3)}`);
      if (boundsFrom === 'scan') await restateColumn(world, 'raw.events', 'ts', {});
      await promote(world, type);
      await world.land('raw.events', "select 7, timestamp '2023-09-14 07:30:00'");
      const plan = await world.plan('hours_load');
      expect(plan.sources[0]).toMatchObject({ first_hour: hourAt(-24), last_hour: hourAt(7), rows: '2' });
      expect(hourNumbers(plan.hours)).toContain(7);
      await world.publish('hours_load');
      expect(await world.rows('select id, ts from facts.hours')).toEqual(
        await world.rows('select id, ts::timestamp as ts from raw.events'),
      );
      expect(await hoursTarget(world)).toEqual(['["1"]', '["5"]', '["7"]']);
      await world.sql('delete from raw.events where id = 5');
      await world.publish('hours_load');
      expect(await hoursTarget(world)).toEqual(['["1"]', '["7"]']);
    },
  );

  it.each([[['day(ts)']], [[]]])(
    'in a target, partitioned by %j: the files with days are replaced, and what else they hold stays',
    async (partition_by) => {
      const target = {
        table: 'facts.hours',
        event_time: 'ts',
        partition_by,
        properties: { 'format-version': '3' },
      };
      const process = hoursLoad({}, 'select id, ts::date as ts from e');
      const world = await worldForTest({
        processes: [{ ...process, header: { ...process.header, target } }],
      });
      await world.create('raw.events', 'id bigint, ts timestamptz');
      await world.land(
        'raw.events',
        `select i, timestamptz '${hourAt(0)}' + to_days(i::integer) from range(3) as t(i)`,
      );
      await world.publish('hours_load');
      await promote(world, 'timestamp', 'facts.hours');
      await world.land('raw.events', `select 9, timestamptz '${hourAt(24)}'`);
      await world.publish('hours_load');
      expect(await world.rows('select id, ts from facts.hours')).toEqual(
        await world.rows('select id, ts::timestamp as ts from raw.events'),
      );
    },
  );
});

describe('an event time that came with a default (version 3)', () => {
  it.each([
    ['timestamptz', `${hourAt(3).slice(0, 19)}+00:00`, {}, 'ts'],
    ['timestamp_ns', `${hourAt(3).slice(0, 19)}.000000000`, {}, 'ts::timestamp as ts'],
    ['date', hourAt(3).slice(0, 10), {}, 'ts'],
    ['long', BigInt(msAt(3)), { event_time_unit: 'epoch_ms' }, 'make_timestamp(ts * 1000) as ts'],
  ])('of %s is that of the rows that were there before, which load', async (type, value, source, time) => {
    const world = await worldForTest({ processes: [hoursLoad(source, `select id, ${time} from e`)] });
    await world.create('raw.events', 'id bigint', { formatVersion: '3' });
    await world.land('raw.events', 'select unnest([1, 2, 3])');
    const schema = currentSchema(await world.metadata('raw.events'));
    const column = {
      id: 2,
      name: 'ts',
      type,
      required: false,
      'initial-default': value,
      'write-default': value,
    };
    await world.commit('raw.events', [
      {
        action: 'add-schema',
        schema: { ...schema, 'schema-id': schema['schema-id'] + 1, fields: [...schema.fields, column] },
      },
      { action: 'set-current-schema', 'schema-id': -1 },
    ]);
    await world.land('raw.events', `select 9, (select any_value(ts) from raw.events)`);
    expect((await world.plan('hours_load')).sources[0]).toMatchObject({
      rows: '4',
      null_event_times: '0',
      first_hour: hourAt(type === 'date' ? 0 : 3),
    });
    await world.publish('hours_load');
    expect(await world.rows('select * from facts.hours')).toEqual(
      await world.rows(`select id, ${time} from raw.events`),
    );
    expect(await hoursTarget(world)).toHaveLength(4);
  });
});
