// Goal: every order in which the same rows may arrive ends in the same targets, for each pattern, with windows and keys.
// Method: five arrivals in their orders (PSYBERG_ORDERS=120; without it 24, spread over all: a model of them is in test/plan), a session of each
// process after each arrival, and at the end the SQL over whole tables.
import { expect, it } from 'vitest';
import { hourAt, type ProcessFile, processFile, worldForTest } from '../support/world.ts';

const ARRIVALS = [
  {
    table: 'cancels',
    rows: [
      [1, 7, 2],
      [2, 8, 6],
      [3, 9, 9],
    ],
  },
  {
    table: 'cancels',
    rows: [
      [4, 7, 4],
      [5, 9, 12],
    ],
  },
  {
    table: 'requests',
    rows: [
      [50, 8, 4],
      [51, 1, 12],
    ],
  },
  {
    table: 'requests',
    rows: [
      [52, 7, 1],
      [53, 9, 11],
      [54, 9, 7],
    ],
  },
  {
    table: 'requests',
    rows: [
      [55, 7, 3],
      [56, 8, 8],
    ],
  },
] as const;
const LIMIT = 10;

const orders = (rest: readonly number[]): number[][] =>
  rest.length === 0
    ? [[]]
    : rest.flatMap((first) => orders(rest.filter((each) => each !== first)).map((more) => [first, ...more]));
const ALL = orders([0, 1, 2, 3, 4]);
const COUNT = Number(process.env['PSYBERG_ORDERS'] ?? 24);
const CHOSEN = ALL.filter((_order, index) => index % Math.ceil(ALL.length / COUNT) === 0);

/** A cancel with the requests of the same account around it. */
const joined = `select c.id, c.account_id, c.ts, count(r.id)::integer as requests from cancels c
  left join requests r on r.account_id = c.account_id
   and date_trunc('hour', r.ts) between date_trunc('hour', c.ts) - interval 3 hour and date_trunc('hour', c.ts) + interval 2 hour
  group by all`;
const PROCESSES = {
  stateless: 'select id, account_id, ts from cancels union all select id, account_id, ts from requests',
  stateful: joined,
  dimension: `select account_id, $range_start::timestamptz as ts, sum(requests)::integer as requests
    from (select account_id, requests from (${joined}) union all by name select account_id, requests from previous)
    group by all`,
};
const window = { before: '3h', after: '2h', key: 'account_id' };

function processesOf(index: number): ProcessFile[] {
  return Object.entries(PROCESSES).map(([pattern, sql]) => {
    const isTimed = pattern !== 'stateless';
    return processFile(
      {
        process_name: `${pattern}_${index}`,
        pattern,
        sources: [
          { table: `raw.cancels_${index}`, alias: 'cancels', ...(isTimed ? { event_time: 'ts' } : {}) },
          {
            table: `raw.requests_${index}`,
            alias: 'requests',
            ...(isTimed ? { event_time: 'ts', window } : {}),
          },
        ],
        target: {
          table: `facts.${pattern}_${index}`,
          ...(isTimed ? { event_time: 'ts', partition_by: ['hour(ts)'] } : {}),
        },
      },
      sql,
    );
  });
}

it(`${CHOSEN.length} orders of five arrivals end in the same`, { timeout: 3_600_000 }, async () => {
  const world = await worldForTest({ processes: CHOSEN.flatMap((_order, index) => processesOf(index)) });
  for (const [index, order] of CHOSEN.entries()) {
    for (const table of ['cancels', 'requests'])
      await world.create(`raw.${table}_${index}`, 'id integer, account_id integer, ts timestamptz', {
        partitionedBy: 'hour(ts)',
      });
    const names = Object.keys(PROCESSES).map((pattern) => `${pattern}_${index}`);
    for (const arrival of order) {
      const { table, rows } = ARRIVALS[arrival] as (typeof ARRIVALS)[number];
      const values = rows.map(
        ([id, account, hour]) =>
          `(${id}, ${account}, timestamptz '${hourAt(hour)}' + interval ${id % 60} minute)`,
      );
      await world.land(`raw.${table}_${index}`, `select * from (values ${values.join(', ')})`);
      for (const record of await world.run(names)) expect(record.error, String(order)).toBeNull();
    }
    const tables = `with cancels as (from raw.cancels_${index}), requests as (from raw.requests_${index})`;
    const complete = `ts < timestamptz '${hourAt(LIMIT + 1)}'`;
    const states = `hours as (select unnest(generate_series(timestamptz '${hourAt(2)}', timestamptz '${hourAt(LIMIT)}', interval 1 hour)) as ts),
      counted as (${joined})`;
    const expected = {
      stateless: `${tables} ${PROCESSES.stateless}`,
      stateful: `${tables} select * from (${joined}) where ${complete}`,
      dimension: `${tables}, ${states} select account_id, hours.ts, sum(requests)::integer as requests
        from hours join counted on counted.ts < hours.ts + interval 1 hour group by all`,
    };
    for (const [pattern, sql] of Object.entries(expected))
      expect(await world.rows(`select * from facts.${pattern}_${index}`), `${pattern} ${order}`).toEqual(
        await world.rows(sql),
      );
  }
});
