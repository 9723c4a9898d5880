/**
 * Five processes over each other, of all patterns and of days, whose targets say of which SQL their rows are:
 * `generation` is what the first one writes, and the others pass it on.
 */
import type { RunRecord } from '../../src/index.ts';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from './world.ts';

export const rowLoad = (generation: number): ProcessFile =>
  processFile(
    {
      process_name: 'row_load',
      pattern: 'stateless',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.rows', event_time: 'ts', partition_by: ['hour(ts)'] },
      audits: ['source_to_target_count'],
    },
    `select id, ts, ${generation} as generation from e`,
  );
const copyLoad = processFile(
  {
    process_name: 'copy_load',
    pattern: 'stateless',
    sources: [{ table: 'facts.rows', event_time: 'ts', alias: 'r' }],
    target: { table: 'facts.copies', event_time: 'ts', partition_by: ['hour(ts)'] },
    audits: [{ expression: { sql: 'generation < 1000' } }],
  },
  'select id, ts, generation from r',
);
const countLoad = processFile(
  {
    process_name: 'count_load',
    pattern: 'stateful',
    sources: [{ table: 'facts.copies', event_time: 'ts', alias: 'c', window: { before: '1h' } }],
    target: { table: 'facts.counts', event_time: 'h', partition_by: ['hour(h)'] },
    audits: [{ unique: { columns: ['h'] } }, { sql: 'audits/no_generation_500.sql' }],
  },
  "select date_trunc('hour', ts) as h, count(*) as n, max(generation) as generation from c group by all",
);
const stateLoad = processFile(
  {
    process_name: 'state_load',
    pattern: 'dimension',
    sources: [{ table: 'facts.counts', event_time: 'h', alias: 'c' }],
    target: { table: 'dims.state', event_time: 'h', partition_by: ['hour(h)'] },
  },
  `select $first_hour::timestamptz as h, coalesce((select max(total) from previous), 0) + coalesce((select sum(n) from c), 0)::bigint as total,
          (select max(generation) from c) as generation`,
);
const dayLoad = processFile(
  {
    process_name: 'day_load',
    pattern: 'stateful',
    grain: 'day',
    sources: [{ table: 'facts.copies', event_time: 'ts', alias: 'c', vtts: { from: 'signal' } }],
    target: { table: 'facts.days', event_time: 'd', partition_by: ['day(d)'] },
  },
  "select date_trunc('day', ts) as d, count(*) as n, max(generation) as generation from c group by all",
);

const processesOf = (generation: number): ProcessFile[] => [
  rowLoad(generation),
  copyLoad,
  countLoad,
  stateLoad,
  dayLoad,
];

export const CHAIN = ['row_load', 'copy_load', 'count_load', 'day_load', 'state_load'] as const;
export const TARGETS = ['facts.rows', 'facts.copies', 'facts.counts', 'facts.days', 'dims.state'] as const;

/** Ten events an hour for 24 hours, all loaded by generation 1. `catalog`: default: the embedded one. */
export async function generationsWorld(catalog?: Readonly<Record<string, unknown>>): Promise<World> {
  const world = await worldForTest({
    ...(catalog === undefined ? {} : { catalog }),
    processes: processesOf(1),
    files: { 'audits/no_generation_500.sql': 'select * from staged where generation = 500' },
  });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land(
    'raw.events',
    `select i as id, timestamptz '${hourAt(0)}' + to_minutes(6 * i) as ts from range(240) t(i)`,
  );
  await world.run();
  return world;
}

/** The generations that a query over all targets finds: one, or somebody sees two. */
export const GENERATIONS = `select list_sort(list_distinct(list(generation::int))) as found from (${TARGETS.map((table) => `select generation from ${table}`).join(' union all ')})`;

export const restateAll = (world: World, atomic = true): Promise<RunRecord[]> =>
  world.psyberg.restate('row_load', { all: true, downstream: true, atomic, reason: 'another generation' });
