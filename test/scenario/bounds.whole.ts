// Goal: hours are never guessed: statistics that are missing or look wrong are not believed, nulls and the
// future are counted. Method: real tables whose manifests are restated in place, and event times of every
// type.
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { currentSchema } from '../../src/iceberg/event-time.ts';
import { restateColumn, type StatedStatistics } from '../support/manifest-bounds.ts';
import { hourAt, hourNumbers, msAt, processFile, type World, worldForTest } from '../support/world.ts';

const load = (source: object = {}, query = 'select id, ts from e') =>
  processFile(
    {
      process_name: 'hours_load',
      pattern: 'stateful',
      hours: 'touched',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e', ...source }],
      target: { table: 'facts.hours', event_time: 'ts' },
    },
    query,
  );
/** A table with one hour loaded, and rows of hours 5 and 7 that came since. */
async function worldWithNews(options: {
  readonly columns?: string;
  readonly partitionedBy?: string;
  readonly value?: (hour: number) => string;
  readonly source?: object;
  readonly query?: string;
  readonly formatVersion?: '2' | '3';
}) {
  const world = await worldForTest({ processes: [load(options.source, options.query)] });
  const value = options.value ?? ((hour: number) => `timestamptz '${hourAt(hour)}'`);
  const { partitionedBy, formatVersion = '2' } = options;
  await world.create('raw.events', options.columns ?? 'id bigint, ts timestamptz', {
    formatVersion,
    ...(partitionedBy === undefined ? {} : { partitionedBy }),
  });
  const land = (...rows: readonly (readonly [number, string])[]) =>
    world.land(
      'raw.events',
      `select * from (values ${rows.map(([id, text]) => `(${id}, ${text})`).join(', ')})`,
    );
  await land([1, value(1)]);
  await world.publish('hours_load');
  await land([5, value(5)], [7, value(7)]);
  return { world, land, value };
}
const target = (world: World) => world.rows('select id from facts.hours');

describe('statistics that cannot be right', () => {
  const micros = (hour: number): string => `iceberg_bytes(${msAt(hour) * 1000}, 8)`;
  const cases: readonly (readonly [string, StatedStatistics])[] = [
    ['are missing', { nulls: '0' }],
    ['are [0, 0]', { lower: 'iceberg_bytes(0, 8)', upper: 'iceberg_bytes(0, 8)', nulls: '0' }],
    ['have the lower bound above the upper one', { lower: micros(9), upper: micros(5), nulls: '0' }],
    ['are cut off', { lower: "unhex('00')", upper: "unhex('01')", nulls: '0' }],
    ['are of a file of NULLs', { lower: micros(9), upper: micros(9), nulls: '2' }],
    ['do not count NULLs', { lower: micros(5), upper: micros(7) }],
  ];
  it.each(cases)('%s: the column itself is read', async (_name, stated) => {
    const { world } = await worldWithNews({});
    await restateColumn(world, 'raw.events', 'ts', stated);
    const plan = await world.plan('hours_load');
    expect(plan.sources[0]).toMatchObject({
      bounds_from: 'scan',
      first_hour: hourAt(5),
      last_hour: hourAt(7),
      null_event_times: '0',
    });
    await world.publish('hours_load');
    expect(await target(world)).toEqual(['["1"]', '["5"]', '["7"]']);
  });

  it('are nanoseconds at most 2 s from another hour: the column itself is read, and the load does not skip the file', async () => {
    const nanos = (hour: number): string => `make_timestamp_ns(${msAt(hour)}000000)`;
    const query = 'select id, ts::timestamp as ts from e where ts >= $range_start';
    const { world } = await worldWithNews({
      columns: 'id bigint, ts timestamp_ns',
      value: nanos,
      query,
      formatVersion: '3',
    });
    const off = `iceberg_bytes(${msAt(5) * 1_000_000 - 1_500_000_000}, 8)`;
    await restateColumn(world, 'raw.events', 'ts', { lower: off, upper: off, nulls: '0' });
    expect((await world.plan('hours_load')).sources[0]).toMatchObject({
      bounds_from: 'scan',
      first_hour: hourAt(5),
      last_hour: hourAt(7),
    });
    await world.publish('hours_load');
    expect(await target(world)).toEqual(['["1"]', '["5"]', '["7"]']);
  });

  it('contradict the partition: the column itself is read', async () => {
    const { world } = await worldWithNews({ partitionedBy: 'month(ts)' });
    // As a writer in another time zone, or with seconds for microseconds, would have stated them.
    await restateColumn(world, 'raw.events', 'ts', {
      lower: `iceberg_bytes(${msAt(5)}, 8)`,
      upper: `iceberg_bytes(${msAt(7)}, 8)`,
      nulls: '0',
    });
    expect((await world.plan('hours_load')).sources[0]).toMatchObject({
      bounds_from: 'scan',
      first_hour: hourAt(5),
      last_hour: hourAt(7),
    });
    await world.publish('hours_load');
    expect(await target(world)).toEqual(['["1"]', '["5"]', '["7"]']);
  });

  const short = `iceberg_bytes(${msAt(5) / 1000}, 4)`;
  it.each([
    [
      'are of another unit',
      { lower: `iceberg_bytes(${msAt(5)}, 8)`, upper: `iceberg_bytes(${msAt(5)}, 8)`, nulls: '0' },
    ],
    ['are of 4 bytes', { lower: short, upper: short, nulls: '0' }],
  ])('%s, and a table of so many files is narrowed: the file is read', async (_name, stated) => {
    const { world, land } = await worldWithNews({ partitionedBy: 'hour(ts)' });
    await world.land(
      'raw.events',
      `select 1000 + i, timestamptz '${hourAt(-1)}' - to_hours(i) from range(210) as t(i)`,
    );
    await world.publish('hours_load');
    await land([8, `timestamptz '${hourAt(8)}'`]);
    await restateColumn(world, 'raw.events', 'ts', stated);
    expect(hourNumbers((await world.plan('hours_load')).hours)).toEqual([8]);
    expect(await world.publish('hours_load')).toMatchObject({ rows_read: '1', rows_written: '1' });
    expect(await world.rows('select id, ts from facts.hours')).toEqual(
      await world.rows('select id, ts from raw.events'),
    );
  });

  it('of a target contradict its partition: its rows are replaced all the same', async () => {
    const process = load();
    const world = await worldForTest({
      processes: [
        {
          ...process,
          header: {
            ...process.header,
            target: { table: 'facts.hours', event_time: 'ts', partition_by: ['hour(ts)'] },
          },
        },
      ],
    });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', `select 1, timestamptz '${hourAt(1)}'`);
    await world.publish('hours_load');
    await restateColumn(world, 'facts.hours', 'ts', {
      lower: `iceberg_bytes(${msAt(1)}, 8)`,
      upper: `iceberg_bytes(${msAt(1)}, 8)`,
      nulls: '0',
    });
    await world.land('raw.events', `select 2, timestamptz '${hourAt(1)}'`);
    await world.publish('hours_load');
    expect(await target(world)).toEqual(['["1"]', '["2"]']);
  });

  it('are not needed in a partition of an hour', async () => {
    const { world } = await worldWithNews({ partitionedBy: 'hour(ts)' });
    await restateColumn(world, 'raw.events', 'ts', {});
    const plan = await world.plan('hours_load');
    expect(plan.sources[0]?.bounds_from).toBe('partition');
    expect(hourNumbers(plan.hours)).toEqual([5, 7]);
  });
});

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
    expect(await target(world)).toEqual(['["1"]', '["5"]', '["7"]']);
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
      processes: [load({ event_time_unit: 'epoch_s' }, 'select id, to_timestamp(ts) as ts from e')],
    });
    await world.create('raw.events', 'id bigint, ts integer');
    await world.land('raw.events', `select 1, ${seconds(1)}`);
    await world.publish('hours_load');
    await world.land('raw.events', `select 5, ${seconds(5)}`);
    await restateColumn(world, 'raw.events', 'ts', {});
    await world.sql('alter table raw.events rename column ts to happened');
    await world.sql('alter table raw.events alter happened type bigint');
    await world.land('raw.events', `select 7, ${seconds(7)}`);
    world.writeProcess(load(source, 'select id, to_timestamp(happened) as ts from e'));
    await world.reopen();
    const plan = await world.plan('hours_load');
    expect(hourNumbers(plan.hours)).toEqual([5, 7]);
    expect(plan.sources[0]?.bounds_from).toBe('scan');
    await world.publish('hours_load');
    expect(await target(world)).toEqual(['["1"]', '["5"]', '["7"]']);
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
    expect(await target(world)).toEqual(['["1"]', '["5"]', '["7"]']);
    world.writeProcess(load({ event_time: 'old_ts' }, 'select id, old_ts as ts from e'));
    await world.reopen();
    await world.publish('hours_load');
    expect(await target(world)).toEqual(['["1"]', '["5"]', '["7"]', '["8"]']);
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
      const world = await worldForTest({ processes: [load({}, 'select id, ts::timestamp as ts from e')] });
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
      expect(await target(world)).toEqual(['["1"]', '["5"]', '["7"]']);
      await world.sql('delete from raw.events where id = 5');
      await world.publish('hours_load');
      expect(await target(world)).toEqual(['["1"]', '["7"]']);
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
      const process = load({}, 'select id, ts::date as ts from e');
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
    const world = await worldForTest({ processes: [load(source, `select id, ${time} from e`)] });
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
    expect(await target(world)).toHaveLength(4);
  });
});

describe('rows without an event time', () => {
  it('are counted and reported, and the others load', async () => {
    const { world, land } = await worldWithNews({});
    await land([98, 'null'], [99, 'null']);
    const plan = await world.plan('hours_load');
    expect(plan.sources[0]).toMatchObject({ null_event_times: '2', rows: '4' });
    expect(plan.explain()).toContain('2 rows without an event time: skipped');
    expect(await world.publish('hours_load')).toMatchObject({ skipped_null_event_times: '2' });
    expect(await target(world)).toEqual(['["1"]', '["5"]', '["7"]']);
    expect((await world.run())[0]?.status).toBe('nothing-new');
  });

  it('refuse where the source says so, and nothing moves', async () => {
    const { world, land } = await worldWithNews({ source: { nulls: 'refuse' } });
    await land([99, 'null']);
    expect((await world.run())[0]).toMatchObject({
      status: 'refused',
      error: {
        code: 'null-event-times',
        kind: 'refused',
        context: {
          table: 'raw.events',
          snapshot_id: expect.any(String),
          file: expect.stringContaining('.parquet'),
          rows: '1',
        },
      },
    });
    expect(await target(world)).toEqual(['["1"]']);
  });
});

describe('rows of the future', () => {
  it('are set aside beyond future_tolerance, reported, and loaded once their time has come, also when nothing else is new', async () => {
    const { world, land } = await worldWithNews({ source: { future_tolerance: '30m' } });
    world.nowMs = msAt(7.75);
    await land(
      [8, `timestamptz '${hourAt(8)}'`],
      [9, `timestamptz '${hourAt(9)}'`],
      [30, `timestamptz '${hourAt(30)}'`],
    );
    const plan = await world.plan('hours_load');
    expect(plan.sources[0]).toMatchObject({
      future_rows: '2',
      future_hours: [hourAt(9), hourAt(30)],
      newest_hour: hourAt(8),
    });
    expect(plan.explain()).toContain('2 rows of the future');
    await world.publish('hours_load');
    expect(await target(world)).toEqual(['["1"]', '["5"]', '["7"]', '["8"]']);
    world.nowMs = msAt(9.1);
    expect((await world.publish('hours_load')).owed_hours).toEqual([hourAt(30)]);
    expect(await target(world)).toEqual(['["1"]', '["5"]', '["7"]', '["8"]', '["9"]']);
    world.nowMs = msAt(30);
    expect((await world.publish('hours_load')).owed_hours).toEqual([]);
    expect(await target(world)).toContain('["30"]');
  });

  it('begin with the hour after that in which the clock plus the tolerance lies', async () => {
    const { world, land } = await worldWithNews({});
    world.nowMs = msAt(8) + 60_000;
    await land([9, `timestamptz '${hourAt(9)}' + interval 59 minutes`], [10, `timestamptz '${hourAt(10)}'`]);
    expect((await world.plan('hours_load')).sources[0]).toMatchObject({
      future_rows: '1',
      future_hours: [hourAt(10)],
      newest_hour: hourAt(9),
    });
  });

  it('in a wrong unit are set aside as well', async () => {
    const { world, land } = await worldWithNews({
      columns: 'id bigint, ts bigint',
      value: (hour) => `${msAt(hour)}`,
      source: { event_time_unit: 'epoch_ms' },
      query: 'select id, make_timestamptz(ts * 1000) as ts from e',
    });
    await land([8, `${msAt(8)}`], [9, `${msAt(9)}000000`]);
    const plan = await world.plan('hours_load');
    // The one file of the first landing spans 5..7.
    expect(hourNumbers(plan.hours)).toEqual([5, 6, 7, 8]);
    expect(plan.sources[0]?.future_rows).toBe('1');
  });
});

describe('a data file that cannot be read', () => {
  it('is named, with its snapshot, and nothing moves', async () => {
    const { world } = await worldWithNews({});
    await restateColumn(world, 'raw.events', 'ts', {});
    const [file = ''] = (await world.sql('select filename from raw.events where id = 5')).map((row) =>
      String(row['filename']),
    );
    rmSync(file);
    expect((await world.run())[0]).toMatchObject({
      status: 'refused',
      error: {
        code: 'source-unreadable',
        kind: 'refused',
        context: { table: 'raw.events', snapshot_id: expect.stringMatching(/^\d+$/), file },
      },
    });
  });
});
