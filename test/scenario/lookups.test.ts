// Goal: with a lookup, too, a process means its SQL over whole tables, however the lookup changes; where changes are
// ignored, hours stay as their session made them. Method: scenarios on real tables; after every session the target is
// compared with the same SQL over whole tables.
import { describe, expect, it } from 'vitest';
import { SUMMARY } from '../../src/state/summary-keys.ts';
import {
  hourAt,
  hourNumbers,
  type ProcessFile,
  processFile,
  type World,
  worldForTest,
} from '../support/world.ts';

const JOIN = 'select o.id, o.country, o.ts, c.region from orders o join countries c using (country)';

const orderLoad = (
  lookup: Readonly<Record<string, unknown>>,
  { pattern = 'stateful', sql = JOIN }: { pattern?: string; sql?: string } = {},
): ProcessFile =>
  processFile(
    {
      process_name: 'order_load',
      pattern,
      sources: [
        { table: 'raw.orders', event_time: 'ts' },
        { table: 'ref.countries', lookup: true, ...lookup },
      ],
      target: { table: 'facts.orders', event_time: 'ts', partition_by: ['hour(ts)'] },
      audits: [],
    },
    sql,
  );

/** Orders as id, country and hour. */
const orders = (...rows: readonly (readonly [number, string, number])[]): string =>
  `select * from (values ${rows.map(([id, country, hour]) => `(${id}, '${country}', timestamptz '${hourAt(hour)}' + interval 10 minute)`).join(', ')})`;
const countries = (...rows: readonly (readonly [string, string])[]): string =>
  `select * from (values ${rows.map(([country, region]) => `('${country}', '${region}')`).join(', ')})`;

async function shop(process: ProcessFile): Promise<World> {
  const world = await worldForTest({ processes: [process] });
  await world.create('raw.orders', 'id integer, country varchar, ts timestamptz', {
    partitionedBy: 'hour(ts)',
  });
  await world.create('ref.countries', 'country varchar, region varchar');
  await world.land(
    'raw.orders',
    orders([1, 'DE', 1], [2, 'FR', 2], [3, 'US', 3], [4, 'DE', 5], [5, 'BR', 6]),
  );
  await world.land('ref.countries', countries(['DE', 'EU'], ['FR', 'EU']));
  return world;
}

const whole = (world: World, sql = JOIN): Promise<string[]> =>
  world.rows(`with orders as (from raw.orders), countries as (from ref.countries) ${sql}`);
const target = (world: World): Promise<string[]> => world.rows('select * from facts.orders');

/** Publishes these hours, after which nothing is left to do and the target is the SQL over whole tables. */
async function restated(world: World, hours: readonly number[]): Promise<void> {
  const plan = await world.plan('order_load');
  expect(hourNumbers(plan.hours)).toEqual(hours);
  await world.publish('order_load');
  expect(await target(world)).toEqual(await whole(world));
  expect((await world.plan('order_load')).status).toBe('nothing-new');
}

describe('on_change: restate with a key', () => {
  it('computes the hours again that use a changed row, also such as had none, and no others', async () => {
    const world = await shop(orderLoad({ on_change: 'restate', key: 'country' }));
    await world.publish('order_load');
    // Hours 3 and 6 have no rows: their countries are not known.
    expect(await target(world)).toHaveLength(3);
    await world.land('ref.countries', countries(['US', 'AM']));
    const plan = await world.plan('order_load');
    expect(plan.hours[0]).toMatchObject({
      reason: 'restated',
      causes: [{ source: 'ref.countries', change: 'lookup' }],
    });
    expect(plan.sources[1]).toMatchObject({
      lookup: true,
      on_change: 'restate',
      lookup_change: { snapshots: 1 },
      restated: { keys: 1, candidate_hours: 5, hours: 1, all_hours_because: null },
      read: { kind: 'snapshot' },
      owed_hours: [],
    });
    await restated(world, [3]);
    await world.sql("update ref.countries set region = 'Europe' where country = 'DE'");
    await restated(world, [1, 5]);
    await world.sql("delete from ref.countries where country = 'FR'");
    await restated(world, [2]);
    // A change beside a late order.
    await world.land('ref.countries', countries(['BR', 'AM']));
    await world.land('raw.orders', orders([6, 'DE', 2], [7, 'JP', 4]));
    await restated(world, [2, 4, 6]);
  });

  it('is in the lineage, and a compaction is no change', async () => {
    const world = await shop(orderLoad({ on_change: 'restate', key: 'country' }));
    await world.land('ref.countries', countries(['US', 'AM']));
    const record = await world.publish('order_load');
    const head = (await world.history('ref.countries')).at(-1)?.['snapshot-id'];
    const published = (await world.history('facts.orders')).at(-1);
    const marks = JSON.parse(published?.summary?.[SUMMARY.watermarks] ?? '[]') as Record<string, unknown>[];
    expect(marks[1]).toMatchObject({
      table: 'ref.countries',
      snapshot_id: String(head),
      owed_hours: [],
      on_change: 'restate',
    });
    expect(record.rows_read).toBe('5');
    expect(
      await world.rows(
        'select src_table, source_snapshot_id, from_event_hour from psyberg.psyberg_session_f order by 1',
      ),
    ).toContain(`["ref.countries","${head}",null]`);
    // By its rows where its summary does not tell.
    for (const operation of ['replace', 'overwrite'] as const) {
      await world.changeFiles('ref.countries', {
        operation,
        remove: (files) => files,
        insert: 'select * from ref.countries',
      });
      expect((await world.plan('order_load')).status).toBe('nothing-new');
    }
  });

  it('recomputes a dimension from the first hour whose state or events use the row', async () => {
    const sql = `select $range_start::timestamptz as ts, country, max(region) as region, sum(n)::bigint as n from (
      select country, region, 1 as n from orders left join countries using (country)
      union all select p.country, c.region, p.n from previous p left join countries c using (country)
    ) group by 1, 2`;
    const world = await shop(
      orderLoad({ on_change: 'restate', key: 'country' }, { pattern: 'dimension', sql }),
    );
    await world.publish('order_load');
    await world.land('ref.countries', countries(['US', 'AM']));
    expect(hourNumbers((await world.plan('order_load')).hours)).toEqual([3, 4, 5, 6]);
    await world.publish('order_load');
    expect(await world.rows("select hour(ts), region, n from facts.orders where country = 'US'")).toEqual(
      [3, 4, 5, 6].map((hour) => `["${hour}","AM","1"]`),
    );
    expect((await world.plan('order_load')).status).toBe('nothing-new');
  });
});

describe('on_change: ignore', () => {
  it('makes no session happen, and is said; the next session uses it as it is', async () => {
    const world = await shop(orderLoad({}));
    await world.publish('order_load');
    const before = await target(world);
    await world.land('ref.countries', countries(['US', 'AM']));
    await world.sql("delete from ref.countries where country = 'DE'");
    const plan = await world.plan('order_load');
    expect(plan).toMatchObject({ status: 'nothing-new', hours: [] });
    expect(plan.sources[1]?.lookup_change).toEqual({
      since: plan.sources[1]?.watermark?.committed_at,
      snapshots: 2,
    });
    expect(plan.explain()).toContain('hours that were made before keep what they have');
    const [status] = await world.psyberg.status();
    expect(status?.sources[1]).toMatchObject({ lookup: true, on_change: 'ignore', snapshots_behind: 2 });
    await world.land('raw.orders', orders([8, 'DE', 3]));
    await world.publish('order_load');
    // Hour 3 by the lookup of now: without DE, with US.
    expect(await target(world)).toEqual(
      [...before, await world.rows(`select 3, 'US', timestamptz '${hourAt(3)}' + interval 10 minute, 'AM'`)]
        .flat()
        .sort(),
    );
    expect((await world.plan('order_load')).sources[1]?.lookup_change).toBeNull();
  });

  it('waits for the process that writes it', async () => {
    const world = await worldForTest({
      processes: [
        orderLoad({}),
        processFile(
          {
            process_name: 'z_countries_load',
            pattern: 'stateless',
            sources: [{ table: 'raw.countries', event_time: 'ts' }],
            target: { table: 'ref.countries' },
          },
          'select country, region from countries',
        ),
      ],
    });
    await world.create('raw.orders', 'id integer, country varchar, ts timestamptz');
    await world.create('raw.countries', 'country varchar, region varchar, ts timestamptz');
    await world.land('raw.orders', orders([1, 'DE', 1]));
    const plan = await world.plan('order_load');
    expect(plan).toMatchObject({ status: 'waiting', held_back_by: 'ref.countries', owed_hours: [hourAt(1)] });
    expect(plan.explain()).toContain('waits for the lookup ref.countries, which does not exist yet');
    await world.land('raw.countries', `select 'DE', 'EU', timestamptz '${hourAt(1)}'`);
    // In dependency order, although its file comes last.
    expect((await world.run()).map(({ process_name, status }) => [process_name, status])).toEqual([
      ['z_countries_load', 'published'],
      ['order_load', 'published'],
    ]);
    expect(await target(world)).toHaveLength(1);
  });
});
