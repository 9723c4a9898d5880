// Goal: a process with a window means its SQL over whole tables, however late and in whatever order rows come, go and
// change. Method: scenarios on real tables; after every session the target is compared with the same SQL over whole
// tables, cut to the hours that are complete.
import { describe, expect, it } from 'vitest';
import {
  hourAt,
  hourNumbers,
  type ProcessFile,
  processFile,
  type World,
  worldForTest,
} from '../support/world.ts';

const CANCELS =
  'select c.id, c.account_id, c.ts, r.request_id from cancels c left join requests r on r.account_id = c.account_id and r.ts <= c.ts and r.ts > c.ts - interval 5 hour';

const cancelLoad = (
  window: Record<string, unknown>,
  more: Record<string, unknown> = {},
  sql = CANCELS,
): ProcessFile =>
  processFile(
    {
      process_name: 'cancel_load',
      pattern: 'stateful',
      sources: [
        { table: 'raw.cancels', event_time: 'ts' },
        { table: 'raw.requests', event_time: 'ts', window },
      ],
      target: { table: 'facts.cancels', event_time: 'ts', partition_by: ['hour(ts)'] },
      ...more,
    },
    sql,
  );

const instant = (hour: number, minute = 10): string =>
  `timestamptz '${hourAt(hour)}' + interval ${minute} minute`;

/** A row of each table: id or request_id, account, hour. */
const rows = (...values: readonly (readonly [number, number, number])[]): string =>
  `select * from (values ${values.map(([id, account, hour]) => `(${id}, ${account}, ${instant(hour, id % 60)})`).join(', ')})`;

async function cancelWorld(
  process: ProcessFile,
  options: { partitionedBy?: string } = { partitionedBy: 'hour(ts)' },
): Promise<World> {
  const world = await worldForTest({ processes: [process] });
  await world.create('raw.cancels', 'id integer, account_id integer, ts timestamptz', options);
  await world.create('raw.requests', 'request_id integer, account_id integer, ts timestamptz', options);
  return world;
}

/** The SQL over whole tables, for the hours that are complete. */
const whole = (world: World, limit: number, sql = CANCELS): Promise<string[]> =>
  world.rows(
    `with cancels as (from raw.cancels), requests as (from raw.requests)
     select * from (${sql}) where ts < timestamptz '${hourAt(limit + 1)}'`,
  );
const target = (world: World): Promise<string[]> => world.rows('select * from facts.cancels');

describe('a window', () => {
  it('carries a late row to the hours that depend on it, and says so', async () => {
    const world = await cancelWorld(cancelLoad({ before: '5h' }));
    await world.land('raw.cancels', rows([1, 7, 2], [2, 8, 6], [3, 9, 10], [4, 7, 12]));
    await world.land('raw.requests', rows([50, 8, 4], [51, 1, 12]));
    await world.publish('cancel_load');
    expect(await target(world)).toEqual(await whole(world, 12));
    // Late, for the cancel of hour 10, five hours after it.
    await world.land('raw.requests', rows([45, 9, 6], [52, 1, 12]));
    const plan = await world.plan('cancel_load');
    expect(plan.sources[1]?.window).toEqual({ before_hours: 5, after_hours: 0, key: null });
    expect(hourNumbers(plan.hours)).toEqual([6, 7, 8, 9, 10, 11, 12]);
    expect(plan.hours.at(4)?.causes).toEqual([
      expect.objectContaining({ source: 'raw.requests', changed_hour: hourAt(6) }),
    ]);
    expect(plan.hours[0]?.causes[0]).not.toHaveProperty('changed_hour');
    expect(plan.explain()).toContain('of 2023-09-14 06h, through its window of 5 h');
    await world.publish('cancel_load');
    expect(await target(world)).toEqual(await whole(world, 12));
    expect(await world.rows('select request_id from facts.cancels where id = 3')).toEqual(['[45]']);
    expect((await world.plan('cancel_load')).status).toBe('nothing-new');
    // Taken back.
    await world.sql('delete from raw.requests where request_id = 45');
    await world.publish('cancel_load');
    expect(await target(world)).toEqual(await whole(world, 12));
    expect(await world.rows('select request_id from facts.cancels where id = 3')).toEqual(['[null]']);
  });

  it('reaches hours that come later, and rows that a query computes of old ones', async () => {
    // A request that nothing follows is told of five hours later, in an hour without any other row.
    const sql = 'select request_id as id, account_id, ts + interval 5 hour as ts, request_id from requests';
    const world = await cancelWorld(cancelLoad({ before: '5h' }, {}, sql));
    await world.land('raw.requests', rows([50, 8, 2], [51, 8, 4]));
    await world.land('raw.cancels', rows([1, 1, 4]));
    for (const hour of [6, 7, 8, 9, 12]) {
      await world.land('raw.requests', rows([hour, 1, hour]));
      await world.land('raw.cancels', rows([hour, 1, hour]));
      await world.publish('cancel_load');
      expect(await target(world), `at ${hour}`).toEqual(await whole(world, hour, sql));
      expect((await world.plan('cancel_load')).owed_hours).toEqual([]);
    }
  });

  it('waits for the hours after it', async () => {
    const sql =
      'select c.id, c.account_id, c.ts, (select count(*) from requests r where r.account_id = c.account_id and r.ts between c.ts and c.ts + interval 2 hour)::integer as request_id from cancels c';
    const world = await cancelWorld(cancelLoad({ after: '2h' }, {}, sql));
    await world.land('raw.cancels', rows([1, 7, 2], [2, 8, 3], [3, 7, 9]));
    await world.land('raw.requests', rows([50, 7, 4], [51, 7, 5]));
    const plan = await world.plan('cancel_load');
    expect(hourNumbers(plan.hours)).toEqual([2, 3]);
    expect(plan).toMatchObject({ held_back_by: 'raw.requests' });
    expect(hourNumbers(plan.owed_hours)).toEqual([4, 5, 9]);
    const [record] = await world.run();
    expect(record).toMatchObject({ status: 'published', owed_hours: plan.owed_hours });
    expect(await target(world)).toEqual(await whole(world, 3, sql));
    expect((await world.plan('cancel_load')).status).toBe('waiting');
    await world.land('raw.requests', rows([52, 7, 11]));
    await world.publish('cancel_load');
    expect(await target(world)).toEqual(await whole(world, 9, sql));
  });

  it.each(['contiguous', 'touched'])(
    'leaves out rows of hours beside its own, and refuses those further away: %s',
    async (hours) => {
      // What somebody did within an hour of each other belongs together, and is told at its beginning and its end.
      const sql =
        'select id, account_id, ts, count(*) over (partition by account_id order by ts range between interval 1 hour preceding and interval 1 hour following)::integer as request_id from cancels';
      const process = processFile(
        {
          process_name: 'cancel_load',
          pattern: 'stateful',
          hours,
          sources: [{ table: 'raw.cancels', event_time: 'ts', window: { before: '1h', after: '1h' } }],
          target: { table: 'facts.cancels', event_time: 'ts' },
          audits: ['source_to_target_count', { no_missing_events: { source: 'cancels', key: 'id' } }],
        },
        sql,
      );
      const world = await cancelWorld(process);
      const check = async (limit: number) => {
        const record = await world.publish('cancel_load');
        expect(await target(world)).toEqual(await whole(world, limit, sql));
        return record;
      };
      await world.land('raw.cancels', rows([1, 7, 2], [2, 7, 3], [3, 7, 4], [4, 7, 9]));
      await check(8);
      await world.land('raw.cancels', rows([5, 7, 3], [6, 7, 12], [7, 7, 20]));
      const plan = await world.plan('cancel_load');
      expect(hourNumbers(plan.hours)).toEqual(
        hours === 'touched'
          ? [2, 3, 4, 9, 10, 11, 12, 13, 19]
          : Array.from({ length: 18 }, (_, hour) => hour + 2),
      );
      const record = await check(19);
      expect(record.audits.map(({ expected, actual }) => [expected, actual])).toEqual([
        hours === 'touched' ? ['6', '6'] : ['6', '6'],
        ['0', '0'],
      ]);
      world.writeProcess({
        ...process,
        sql: `${sql} union all select 99, 9, max(ts) - interval 12 hour, 1 from cancels`,
      });
      await world.land('raw.cancels', rows([8, 7, 25]));
      await world.reopen();
      const [refused] = await world.run();
      expect(refused).toMatchObject({ status: 'refused', error: { code: 'rows-outside-hours' } });
      expect(refused?.error?.message).toContain('beyond the reach of its windows (2 hours)');
    },
  );
});

describe('the key of a window', () => {
  const keyed = (more: Record<string, unknown> = {}, sql = CANCELS) =>
    cancelLoad({ before: '20h', key: 'account_id' }, more, sql.replace('5 hour', '20 hour'));
  const SQL = CANCELS.replace('5 hour', '20 hour');
  const keysOf = async (world: World) => (await world.plan('cancel_load')).sources[1]?.window_keys;
  /** Plans, publishes, compares; the hours and what was found by keys. */
  const check = async (world: World, limit: number) => {
    const plan = await world.plan('cancel_load');
    await world.publish('cancel_load');
    expect(await target(world)).toEqual(await whole(world, limit, SQL));
    return { hours: hourNumbers(plan.hours), keys: plan.sources[1]?.window_keys, text: plan.explain() };
  };
  const begin = async (world: World) => {
    await world.land(
      'raw.cancels',
      rows([1, 7, 2], [2, 8, 6], [3, 9, 10], [4, 7, 12], [5, 8, 15], [6, 9, 18], [7, 3, 20]),
    );
    await world.land('raw.requests', rows([50, 8, 4], [51, 7, 1], [52, 1, 20]));
    await check(world, 20);
  };

  it('changes the hours that hold it: of rows that came, that changed and that went', async () => {
    const world = await cancelWorld(keyed());
    await begin(world);
    await world.land('raw.requests', rows([53, 9, 5]));
    const came = await check(world, 20);
    expect(came).toMatchObject({
      hours: [10, 18],
      keys: { keys: 1, candidate_hours: 16, hours: 2, all_hours_because: null },
    });
    expect(came.text).toContain('1 key changed; of 16 hours in reach 2 have rows of them (two columns of');
    expect(came.text).toContain('through its window of 20 d'.replace('20 d', '20 h, by account_id'));
    // Of the other rows of its file nothing is told: the old key, and the new one.
    await world.sql('update raw.requests set account_id = 7 where request_id = 53');
    expect((await check(world, 20)).hours).toEqual([10, 12, 18]);
    await world.land('raw.cancels', rows([8, null as unknown as number, 19]));
    await world.land('raw.requests', rows([54, null as unknown as number, 6], [55, 2, 6], [56, 7, 7]));
    expect((await check(world, 20)).hours).toEqual([12, 19]);
    await world.changeFiles('raw.requests', {
      operation: 'overwrite',
      remove: (files) => files,
      insert: 'select * from raw.requests where request_id <> 50',
    });
    expect((await check(world, 20)).hours).toEqual([6, 15]);
    await world.sql('delete from raw.requests where request_id = 51');
    expect((await check(world, 20)).hours).toEqual([2, 12]);
    // Rewritten and then deleted, all before the next session: the row is in a file that came, and not in the table.
    await world.changeFiles('raw.requests', {
      operation: 'overwrite',
      remove: (files) => files,
      insert: 'select * from raw.requests',
    });
    await world.sql('delete from raw.requests where request_id = 53');
    expect((await check(world, 20)).hours).toEqual([12]);
    // A key that nobody has: nothing to do.
    await world.land('raw.requests', rows([57, 1234, 9]));
    expect(await keysOf(world)).toMatchObject({ keys: 1, hours: 0 });
    expect((await world.plan('cancel_load')).status).toBe('nothing-new');
  });

  it('changes all hours where it cannot be told, and says why', async () => {
    const world = await cancelWorld(keyed());
    world.write('psyberg.yaml', 'name: world\ncatalog: { warehouse: warehouse }\nwindow_key_limit: 2\n');
    await world.reopen();
    await begin(world);
    await world.land('raw.requests', rows([53, 9, 15], [54, 1, 15], [55, 2, 15]));
    expect(await check(world, 20)).toMatchObject({
      hours: [15, 16, 17, 18, 19, 20],
      keys: { keys: 3, all_hours_because: 'more keys changed than window_key_limit (2)' },
    });
    // A process that gets its key later: what rows had in that column before is not to be seen any more.
    world.writeProcess(cancelLoad({ before: '20h' }, {}, SQL));
    await world.reopen();
    await world.land('raw.requests', rows([56, 8, 16]));
    await check(world, 20);
    world.writeProcess(keyed());
    await world.reopen();
    await world.land('raw.requests', rows([57, 8, 18]));
    expect(await keysOf(world)).toMatchObject({
      hours: 3,
      all_hours_because: 'its rows were not read by the key account_id so far',
    });
    // Another column has the name of the key.
    await world.publish('cancel_load');
    await world.sql('alter table raw.requests rename column account_id to old_account');
    await world.sql('alter table raw.requests add column account_id integer');
    expect((await world.run())[0]).toMatchObject({ status: 'refused', error: { code: 'columns-replaced' } });
  });

  it('is a column of the source and of those without a window', async () => {
    const world = await cancelWorld(cancelLoad({ before: '2h', key: 'accountid' }));
    await world.land('raw.cancels', rows([1, 7, 2]));
    await world.land('raw.requests', rows([50, 8, 4]));
    const [record] = await world.run();
    expect(record).toMatchObject({ status: 'failed', error: { code: 'window-key-missing' } });
    expect(record?.error?.message).toContain("raw.requests has no column 'accountid'");
    world.writeProcess(cancelLoad({ before: '2h', key: 'request_id' }));
    await world.reopen();
    expect((await world.run())[0]?.error?.message).toContain("raw.cancels has no column 'request_id'");
  });
});
