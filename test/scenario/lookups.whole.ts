// Goal: what seldom happens to a lookup, and what a process becomes that reads one. Method: scenarios on real tables,
// whose targets are compared with what their SQL says.
import { describe, expect, it } from 'vitest';
import {
  hourAt,
  hourNumbers,
  type ProcessFile,
  processFile,
  type World,
  worldForTest,
} from '../support/world.ts';

const SQL = 'select o.id, o.country, o.ts, c.region from orders o left join countries c using (country)';

const load = (
  lookup: Readonly<Record<string, unknown>>,
  { pattern = 'stateful' }: { readonly pattern?: string } = {},
): ProcessFile =>
  processFile(
    {
      process_name: 'order_load',
      pattern,
      sources: [
        { table: 'raw.orders', event_time: 'ts' },
        { table: 'ref.countries', lookup: true, ...lookup },
      ],
      target: { table: 'facts.orders', event_time: 'ts' },
      audits: ['source_to_target_count', { sql: 'audits/known.sql', severity: 'warn' }],
    },
    SQL,
  );
const KNOWN = 'select * from staged where country not in (select country from countries)';

const orders = (...rows: readonly (readonly [number, string, number])[]): string =>
  `select * from (values ${rows.map(([id, country, hour]) => `(${id}, '${country}', timestamptz '${hourAt(hour)}')`).join(', ')})`;
const countries = (...rows: readonly (readonly [string, string])[]): string =>
  `select * from (values ${rows.map(([country, region]) => `('${country}', '${region}')`).join(', ')})`;

async function shop(process: ProcessFile): Promise<World> {
  const world = await worldForTest({ processes: [process], files: { 'audits/known.sql': KNOWN } });
  await world.create('raw.orders', 'id integer, country varchar, ts timestamptz');
  await world.create('ref.countries', 'country varchar, region varchar');
  await world.land('raw.orders', orders([1, 'DE', 1], [2, 'FR', 2], [3, 'US', 4]));
  await world.land('ref.countries', countries(['DE', 'EU'], ['FR', 'EU']));
  return world;
}
const whole = (world: World): Promise<string[]> =>
  world.rows(`with orders as (from raw.orders), countries as (from ref.countries) ${SQL}`);
const target = (world: World): Promise<string[]> => world.rows('select * from facts.orders');

describe('a lookup', () => {
  it('beside a stateless process is read whole, and never makes it load', async () => {
    const world = await shop(load({}, { pattern: 'stateless' }));
    const first = await world.publish('order_load');
    expect(first).toMatchObject({ rows_read: '3', rows_written: '3' });
    expect(first.audits.map(({ name, status }) => [name, status])).toEqual([
      ['source_to_target_count', 'passed'],
      ['known', 'failed'],
    ]);
    await world.sql("delete from ref.countries where country = 'DE'");
    await world.land('ref.countries', countries(['US', 'AM']));
    expect((await world.plan('order_load')).status).toBe('nothing-new');
    await world.land('raw.orders', orders([4, 'US', 1], [5, 'DE', 1]));
    const plan = await world.plan('order_load');
    expect(plan.sources.map(({ read }) => read.kind)).toEqual(['changes', 'snapshot']);
    await world.publish('order_load');
    expect(await world.rows('select id, region from facts.orders')).toEqual(
      ['[1,"EU"]', '[2,"EU"]', '[3,null]', '[4,"AM"]', '[5,null]'].sort(),
    );
  });

  it('whose changes were ignored computes all hours once they are not', async () => {
    const world = await shop(load({}));
    await world.publish('order_load');
    await world.land('ref.countries', countries(['US', 'AM']));
    world.writeProcess(load({ on_change: 'restate', key: 'country' }));
    await world.reopen();
    const plan = await world.plan('order_load');
    expect(plan.sources[1]?.restated?.all_hours_because).toBe('its changes were ignored so far');
    expect(hourNumbers(plan.hours)).toEqual([1, 2, 3, 4]);
    await world.publish('order_load');
    expect(await target(world)).toEqual(await whole(world));
    expect((await world.plan('order_load')).status).toBe('nothing-new');
  });

  it('without the history since it was used computes all hours', async () => {
    const world = await shop(load({ on_change: 'restate', key: 'country', protect: false }));
    await world.publish('order_load');
    await world.land('ref.countries', countries(['US', 'AM']));
    const [used] = await world.history('ref.countries');
    await world.expire('ref.countries', [used?.['snapshot-id'] as bigint]);
    const plan = await world.plan('order_load');
    expect(plan.sources[1]?.restated?.all_hours_because).toBe('the state of it that was used last is gone');
    await world.publish('order_load');
    expect(await target(world)).toEqual(await whole(world));
  });

  it('with equality deletes is read without the rows that they take', async () => {
    const world = await shop(load({ on_change: 'restate', key: 'country' }));
    await world.publish('order_load');
    await world.changeFiles('ref.countries', {
      operation: 'delete',
      deletes: [{ kind: 'equality', columns: ['country'], values: "values ('FR')" }],
    });
    expect(hourNumbers((await world.plan('order_load')).hours)).toEqual([2]);
    await world.publish('order_load');
    expect(await world.rows('select id, region from facts.orders')).toEqual([
      '[1,"EU"]',
      '[2,null]',
      '[3,null]',
    ]);
  });

  it('of which columns changed computes all hours with the next change of its rows', async () => {
    const world = await shop(load({ on_change: 'restate', key: 'country' }));
    await world.publish('order_load');
    await world.sql('alter table ref.countries add column capital varchar');
    expect((await world.plan('order_load')).status).toBe('nothing-new');
    await world.sql("insert into ref.countries values ('US', 'AM', 'Washington')");
    const plan = await world.plan('order_load');
    expect(plan.sources[1]?.restated?.all_hours_because).toBe('its columns changed');
    await world.publish('order_load');
    expect(await target(world)).toEqual(await whole(world));
  });

  it('that becomes a source of events is loaded from its beginning', async () => {
    const world = await shop(load({}, { pattern: 'stateless' }));
    await world.publish('order_load');
    world.writeProcess(
      processFile(
        {
          process_name: 'order_load',
          pattern: 'stateless',
          sources: [{ table: 'raw.orders', event_time: 'ts' }, { table: 'ref.countries' }],
          target: { table: 'facts.orders' },
        },
        'select null::integer as id, country, null::timestamptz as ts, region from countries',
      ),
    );
    await world.reopen();
    await world.publish('order_load');
    expect(await world.rows('select country, region from facts.orders where id is null')).toEqual([
      '["DE","EU"]',
      '["FR","EU"]',
    ]);
  });
});

describe('without a key', () => {
  it('all hours are computed again when a row differs, and none when no row does', async () => {
    const world = await shop(load({ on_change: 'restate' }));
    await world.publish('order_load');
    const restated = async (because: string | null): Promise<void> => {
      const plan = await world.plan('order_load');
      expect(plan.sources[1]?.restated?.all_hours_because).toBe(because);
      expect(hourNumbers(plan.hours)).toEqual([1, 2, 3, 4]);
      await world.publish('order_load');
      expect(await target(world)).toEqual(await whole(world));
      expect((await world.plan('order_load')).status).toBe('nothing-new');
    };
    await world.land('ref.countries', countries(['US', 'AM']));
    await restated(null);
    const [used] = (await world.history('ref.countries')).slice(-1);
    await world.land('ref.countries', countries(['BR', 'AM']));
    await world.rollback('ref.countries', used?.['snapshot-id'] as bigint);
    expect((await world.plan('order_load')).status).toBe('nothing-new');
    await world.sql('drop table ref.countries');
    await world.create('ref.countries', 'country varchar, region varchar');
    await world.land('ref.countries', countries(['DE', 'other']));
    await restated('the state of it that was used last is gone');
  });
});

describe('a key', () => {
  it('that no hour uses makes no session happen, and is looked for once', async () => {
    const world = await shop(load({ on_change: 'restate', key: 'country' }));
    await world.publish('order_load');
    await world.land('ref.countries', countries(['JP', 'AS']));
    const first = await world.plan('order_load');
    expect(first).toMatchObject({
      status: 'nothing-new',
      sources: [{}, { restated: { keys: 1, hours: 0 } }],
    });
    expect((await world.plan('order_load')).sources[1]).not.toHaveProperty('restated');
    await world.land('raw.orders', orders([4, 'JP', 2]));
    await world.publish('order_load');
    expect(await target(world)).toEqual(await whole(world));
    expect((await world.plan('order_load')).sources[1]?.lookup_change).toBeNull();
  });

  it('that no other source has is refused with its place', async () => {
    const world = await shop(load({ on_change: 'restate', key: 'region' }));
    await expect(world.plan('order_load')).rejects.toMatchObject({
      code: 'lookup-key-missing',
      message: expect.stringMatching(
        /^processes\/order_load\.sql:\d+:\d+ no source of order_load but the lookup/,
      ),
    });
  });

  it('reaches the hours of a window', async () => {
    const sql =
      'select o.id, o.ts, (select count(*) from visits v join countries c using (country) where v.ts > o.ts - interval 3 hour and v.ts <= o.ts) as n from orders o';
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'order_load',
            pattern: 'stateful',
            sources: [
              { table: 'raw.orders', event_time: 'ts' },
              { table: 'raw.visits', event_time: 'ts', window: { before: '3h' } },
              { table: 'ref.countries', lookup: true, on_change: 'restate', key: 'country' },
            ],
            target: { table: 'facts.orders', event_time: 'ts' },
          },
          sql,
        ),
      ],
    });
    await world.create('raw.orders', 'id integer, ts timestamptz');
    await world.create('raw.visits', 'country varchar, ts timestamptz');
    await world.create('ref.countries', 'country varchar');
    await world.land(
      'raw.orders',
      `select i, timestamptz '${hourAt(0)}' + to_hours(i) from range(9) as t(i)`,
    );
    await world.land(
      'raw.visits',
      `select 'DE', timestamptz '${hourAt(3)}' union all select 'FR', timestamptz '${hourAt(8)}'`,
    );
    await world.land('ref.countries', "select 'FR'");
    await world.publish('order_load');
    await world.land('ref.countries', "select 'DE'");
    expect(hourNumbers((await world.plan('order_load')).hours)).toEqual([3, 4, 5, 6]);
    await world.publish('order_load');
    expect(await target(world)).toEqual(
      await world.rows(
        `with orders as (from raw.orders), visits as (from raw.visits), countries as (from ref.countries) ${sql}`,
      ),
    );
  });
});
