// Goal: one row with a date of nowhere (1970, the year 1, before Christ, 290000) neither stops a process nor
// drowns its plan in hours. Method: such rows beside honest ones, in every pattern and through bounds and
// partitions.
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { PsybergError } from '../../src/index.ts';
import { appended, appendLoad, events, overwriteLoad, overwritten } from '../support/event-tables.ts';
import { restateColumn } from '../support/manifest-bounds.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

async function worldWith(process: ReturnType<typeof overwriteLoad>, partitionedBy?: string): Promise<World> {
  const world = await worldForTest({ processes: [process] });
  await world.create(
    'raw.events',
    'id bigint, ts timestamp',
    partitionedBy === undefined ? {} : { partitionedBy },
  );
  return world;
}
const honest = `select id, ts::timestamp as ts from (${events(0, 3, 0)} union all ${events(10, 3, 5)})`;
const stateful = (extra: object = {}) => {
  const { header, sql } = overwriteLoad();
  return {
    header: {
      ...header,
      target: { table: 'facts.overwritten', event_time: 'ts' },
      ...extra,
    } as typeof header,
    sql,
  };
};
const hoursOf = (plan: { readonly hours: readonly { readonly hour: string }[] }): string[] =>
  plan.hours.map((each) => each.hour);

const DATES = [
  ['1970-01-01 00:00:01', '1970-01-01T00:00:00Z'],
  ['0001-01-01 00:00:00', '0001-01-01T00:00:00Z'],
] as const;

describe('a date of long ago beside others', () => {
  it.each(DATES)('is one hour of a stateless plan: %s', async (date, hour) => {
    const world = await worldWith(appendLoad());
    await world.land('raw.events', `${honest} union all select 99, timestamp '${date}'`);
    const plan = await world.plan('append_load');
    expect(hoursOf(plan)).toEqual([hour, hourAt(0), hourAt(5)]);
    expect(plan.sources[0]).toMatchObject({ bounds_from: 'scan', first_hour: hour, last_hour: hourAt(5) });
    await world.publish('append_load');
    expect(await appended(world)).toEqual(await world.rows('select id, ts from raw.events'));
  });

  it.each(
    DATES.flatMap(([date, hour]) => ['contiguous', 'touched'].map((hours) => [date, hour, hours] as const)),
  )('is loaded, without the hours since: %s (%s), hours: %s', async (date, hour, hours) => {
    const world = await worldWith(stateful({ hours }));
    await world.land('raw.events', honest);
    await world.publish('overwrite_load');
    await world.land(
      'raw.events',
      `select * from (${honest.replaceAll('range(0, 3)', 'range(20, 23)').replaceAll('range(10, 13)', 'range(30, 33)')}) union all select 99, timestamp '${date}'`,
    );
    const plan = await world.plan('overwrite_load');
    expect(hoursOf(plan)).toEqual([hour, ...(hours === 'touched' ? [0, 5] : [0, 1, 2, 3, 4, 5]).map(hourAt)]);
    expect(plan.range).toEqual({ first_hour: hour, last_hour: hourAt(5) });
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await world.rows('select id, ts from raw.events'));
    await world.sql('delete from raw.events where id = 99');
    expect(hoursOf(await world.plan('overwrite_load'))).toEqual([hour]);
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await world.rows('select id, ts from raw.events'));
  });

  it('is refused by a dimension, which would compute every hour since, with table, file and hour', async () => {
    const dimension = processFile(
      {
        process_name: 'd_load',
        pattern: 'dimension',
        sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
        target: { table: 'dims.d', event_time: 'h' },
      },
      'select $first_hour::timestamptz as h, coalesce((select max(total) from previous), 0) + (select count(*) from e) as total',
    );
    const world = await worldWith(dimension);
    await world.land('raw.events', `${honest} union all select 99, timestamp '1970-01-01'`);
    const error = await world.plan('d_load').catch((each: PsybergError) => each);
    expect(error).toMatchObject({
      code: 'too-many-hours',
      kind: 'refused',
      context: {
        table: 'raw.events',
        process_name: 'd_load',
        first_hour: '1970-01-01T00:00:00Z',
        file: expect.stringContaining('.parquet'),
      },
    });
  });

  it('in a file that was removed and is gone counts with its bounds', async () => {
    const world = await worldWith(
      stateful({ sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e', protect: false }] }),
    );
    await world.land(
      'raw.events',
      "select * from (values (1, timestamp '2020-01-01'), (2, timestamp '2023-09-14'))",
    );
    await world.publish('overwrite_load');
    const [file = ''] = (await world.sql('select filename from raw.events')).map((row) =>
      String(row['filename']),
    );
    await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files });
    rmSync(file);
    expect((await world.plan('overwrite_load')).sources[0]).toMatchObject({
      bounds_from: 'manifest',
      first_hour: '2020-01-01T00:00:00Z',
      last_hour: hourAt(0),
    });
  });
});

describe('an event time that no calendar of the years 1 to 9999 has', () => {
  const before = ["'0044-03-15 (BC) 00:00:00'::timestamp", "'4713-01-01 (BC)'::timestamp"];
  it.each(
    before.flatMap((value) => [undefined, 'day(ts)'].map((partitionedBy) => [value, partitionedBy] as const)),
  )('before it counts as none, and the others load: %s, partitioned by %s', async (value, partitionedBy) => {
    const world = await worldWith(stateful(), partitionedBy);
    await world.land('raw.events', `${honest} union all select 99, ${value}`);
    const plan = await world.plan('overwrite_load');
    expect(plan.sources[0]).toMatchObject({
      null_event_times: '1',
      first_hour: hourAt(0),
      last_hour: hourAt(5),
    });
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(
      await world.rows('select id, ts from raw.events where id <> 99'),
    );
  });

  it('before it is refused where rows without an event time are', async () => {
    const world = await worldWith(overwriteLoad({ nulls: 'refuse' }));
    await world.land('raw.events', `${honest} union all select 99, ${before[0]}`);
    await expect(world.plan('overwrite_load')).rejects.toMatchObject({
      code: 'null-event-times',
      context: { table: 'raw.events', rows: '1' },
    });
  });

  it.each(
    ["timestamp '290000-01-01'", "timestamp '10000-01-01'"].flatMap((value) =>
      [undefined, 'day(ts)'].map((by) => [value, by] as const),
    ),
  )(
    'after it is set aside with the future, and the others load: %s, partitioned by %s',
    async (value, partitionedBy) => {
      const world = await worldWith(stateful(), partitionedBy);
      await world.land('raw.events', `${honest} union all select 99, ${value}`);
      expect(await world.publish('overwrite_load')).toMatchObject({ owed_hours: ['9999-12-31T23:00:00Z'] });
      expect(await overwritten(world)).toEqual(
        await world.rows('select id, ts from raw.events where id <> 99'),
      );
      await world.sql('delete from raw.events where id = 99');
      expect((await world.run())[0]?.error).toBeNull();
    },
  );

  it.each([...before, "timestamp '290000-01-01'"])(
    'is no work where its file is rewritten: %s',
    async (value) => {
      const world = await worldWith(stateful(), 'bucket(2, id)');
      await world.land('raw.events', `${honest} union all select 99, ${value}`);
      await world.publish('overwrite_load');
      await world.changeFiles('raw.events', {
        operation: 'overwrite',
        remove: (files) => files,
        insert: 'select * from raw.events order by id desc',
      });
      expect(await world.plan('overwrite_load')).toMatchObject({
        hours: [],
        sources: [
          {
            changes: [
              {
                operation: 'overwrite',
                counted: false,
                reason: expect.stringContaining('the rows were compared'),
              },
            ],
          },
        ],
      });
    },
  );

  it.each([...before, "timestamp '290000-01-01'"])(
    'is loaded by a stateless process as any other: %s',
    async (value) => {
      const world = await worldWith(appendLoad());
      await world.land('raw.events', `${honest} union all select 99, ${value}`);
      await world.publish('append_load');
      expect(await appended(world)).toEqual(await world.rows('select id, ts from raw.events'));
      await world.land('raw.events', `select 100, ${value}`);
      await restateColumn(world, 'raw.events', 'ts', {});
      await world.publish('append_load');
      expect(await appended(world)).toEqual(await world.rows('select id, ts from raw.events'));
    },
  );
});
