/**
 * Three processes over each other (two that append, and a dimension), whose targets say by which SQL hour 1 was
 * made: 10 rows an hour, each worth `factor`.
 */
import { expect } from 'vitest';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from './world.ts';

const events = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${first}, ${first + count}) t(i)`;

export const rowsWorth = (factor: number): ProcessFile =>
  processFile(
    {
      process_name: 'row_load',
      pattern: 'stateless',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.rows', event_time: 'ts' },
      audits: ['source_to_target_count'],
    },
    `select id, ts, ${factor} as n from e`,
  );
const copies = processFile(
  {
    process_name: 'copy_load',
    pattern: 'stateless',
    sources: [{ table: 'facts.rows', event_time: 'ts', alias: 'r' }],
    target: { table: 'facts.copies', event_time: 'ts', partition_by: ['hour(ts)'] },
  },
  'select id, ts, n from r',
);
const sums = processFile(
  {
    process_name: 'sum_load',
    pattern: 'dimension',
    sources: [{ table: 'facts.copies', event_time: 'ts', alias: 'c' }],
    target: { table: 'dims.sums', event_time: 'h', partition_by: ['hour(h)'] },
  },
  'select $first_hour::timestamptz as h, coalesce((select max(n) from previous), 0) + coalesce((select sum(n)::bigint from c), 0) as n',
);

/** Every target as it is with hour 1 restated. */
export async function expectWorth(world: World, factor: number): Promise<void> {
  for (const table of ['facts.rows', 'facts.copies'])
    expect(
      await world.rows(
        `select hour(ts)::int as h, sum(n)::int as n, count(*)::int as c from ${table} group by 1`,
      ),
    ).toEqual(['[0,10,10]', `[1,${10 * factor},10]`, '[2,10,10]']);
  expect(
    (await world.rows('select n::int from dims.sums')).map((row) => JSON.parse(row)[0]).sort((a, b) => a - b),
  ).toEqual([10, 10 + 10 * factor, 20 + 10 * factor]);
}

/** What a row of hour 1 is worth in each of the targets. */
export const worths = (world: World): Promise<string[]> =>
  world.rows(`select list_sort(list_distinct(list(n::int))) as found from (
    select n from facts.rows where hour(ts) = 1
    union all select n from facts.copies where hour(ts) = 1
    union all select (n - 10) / 10 from dims.sums where hour(h) = 1)`);

/** Three hours of events, all loaded with a worth of 1. */
export async function worthWorld(): Promise<World> {
  const world = await worldForTest({ processes: [rowsWorth(1), copies, sums] });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  for (const each of [0, 1, 2]) await world.land('raw.events', events(each * 100, 10, each));
  await world.run();
  return world;
}
