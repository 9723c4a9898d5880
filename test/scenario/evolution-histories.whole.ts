// Goal: whatever becomes of the columns of a source between sessions, a target equals its SQL over whole tables, or the
// session refuses, and what it says leads on. Method: random histories of renames, swaps, drops, wider types, orders,
// structs and partitionings beside late rows and deletes; compared with plain tables that know no names.
// PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED, _PATH and _REPORT as in support/histories.ts.
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Evolution, evolutions, landing } from '../support/evolutions.ts';
import { EvolvingTable } from '../support/evolving-table.ts';
import { histories } from '../support/histories.ts';
import { expectVerified } from '../support/verified.ts';
import { createWorld, processFile, type World } from '../support/world.ts';

const { cover, play, timeLimitMs } = histories({ runs: 6, timeLimitMs: (runs) => 60_000 + runs * 20_000 });

type Step =
  | { readonly kind: 'events' | 'names'; readonly evolution: Evolution }
  | { readonly kind: 'session' }
  | { readonly kind: 'maintain' };

const of = (kind: 'events' | 'names', evolution: fc.Arbitrary<Evolution>): fc.Arbitrary<Step> =>
  fc.record({ kind: fc.constant(kind), evolution });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: of('events', evolutions) },
  { weight: 2, arbitrary: of('names', evolutions) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('session' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('maintain' as const) }) },
);

/** Columns of a query of single rows, by what they read. `e`: the source. */
const ROWS = [
  'e.a::bigint as a, e.b as b',
  'e.a as a, e.c as c, e.d as d',
  'e.s.x::bigint as x, e.s.y as y',
  'e.c::varchar as c, e.d::double as d, e.s.z::bigint as z',
  'to_json({e.a, e.b})::varchar as j'.replace('{e.a, e.b}', "{'a': e.a, 'b': e.b}"),
  'to_json(e.s)::varchar as j',
  'to_json(e)::varchar as j',
  'e.* exclude (id, ts)',
  'unnest(e.s), e.b as b',
  'hash(e.b)::varchar as h, coalesce(e.a, e.e)::bigint as v',
] as const;

const history = fc.record({
  versions: fc.tuple(fc.constantFrom('2', '3'), fc.constantFrom('2', '3')),
  rows: fc.constantFrom(...ROWS),
  state: fc.constantFrom('e.a::bigint', 'e.b', 'e.s.x::bigint', 'e.c::varchar'),
  looked: fc.constantFrom(
    'l.b',
    'l.a::bigint',
    'l.s.y',
    'l.c::varchar',
    'to_json(l)::varchar',
    'to_json(l.s)::varchar',
  ),
  key: fc.boolean(),
  onSchemaChange: fc.constantFrom('refuse', 'refuse', 'append', 'ignore'),
  steps: fc
    .tuple(of('events', landing), of('names', landing), fc.array(step, { minLength: 6, maxLength: 14 }))
    .map(([first, second, then]): Step[] => [first, second, { kind: 'session' }, ...then]),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

interface Target {
  readonly name: string;
  readonly pattern: string;
  readonly sql: string;
  readonly lookup: boolean;
}

function targetsOf({ rows, state, looked }: History): Target[] {
  const each = `select e.id, e.ts, ${rows} from e`;
  return [
    { name: 'single', pattern: 'stateless', sql: each, lookup: false },
    { name: 'hours', pattern: 'stateful', sql: each, lookup: false },
    {
      name: 'counts',
      pattern: 'stateful',
      sql: `select date_trunc('hour', e.ts) as ts, ${state} as g, count(*) as n, sum(e.id)::bigint as ids from e group by all`,
      lookup: false,
    },
    {
      name: 'states',
      pattern: 'dimension',
      sql: `select g, ($range_start::timestamptz at time zone 'UTC')::timestamp as ts, sum(n)::bigint as n
        from (select ${state} as g, 1 as n from e union all by name select g, n from previous) group by g`,
      lookup: false,
    },
    {
      name: 'looked',
      pattern: 'stateful',
      sql: `select e.id, e.ts, max(${looked}) as found, count(l.id) as n from e left join l on l.a = e.a group by e.id, e.ts`,
      lookup: true,
    },
  ];
}

function processOf({ name, pattern, sql, lookup }: Target, { key, onSchemaChange }: History) {
  return processFile(
    {
      process_name: `${name}_load`,
      pattern,
      on_schema_change: onSchemaChange,
      ...(pattern === 'stateful' ? { hours: 'touched' } : {}),
      sources: [
        { table: 'raw.events', event_time: 'ts', alias: 'e' },
        ...(lookup
          ? [
              {
                table: 'raw.names',
                alias: 'l',
                lookup: true,
                on_change: 'restate',
                ...(key ? { key: 'a' } : {}),
              },
            ]
          : []),
      ],
      target: { table: `facts.${name}`, event_time: 'ts' },
    },
    sql,
  );
}

/** A value as a text; of a struct by the names of its fields, which a target may have in another order. */
function textOf(column: string, type: string): string {
  if (!type.startsWith('STRUCT')) return `${column}::varchar`;
  const names = [...type.matchAll(/[(,] ?"?(\w+)"? /g)].map(([, name]) => name);
  return `[${names.map((name) => `to_json(${column})->>'$.${name}'`).join(', ')}]::varchar`;
}

/** The same rows by plain SQL, of hours up to `limit`. */
function plainSql(
  { name, sql }: Target,
  { columns, types }: { readonly columns: readonly string[]; readonly types: readonly string[] },
  events: string,
  names: string,
  limit: string,
) {
  const shown = columns.map((column, at) => textOf(column, types[at] as string)).join(', ');
  const missing = columns.map((column) => `null as ${column}`).join(', ');
  const within = `ts < timestamp '${limit.replace('T', ' ').replace('Z', '')}' + interval 1 hour`;
  if (name !== 'states')
    return `with e as (from ${events}), l as (from ${names}) select ${shown} from (from (${sql}) union all by name select ${missing} where false) where ${within}`;
  const state = /select (\S+) as g/.exec(sql)?.[1];
  return `with e as (from ${events} where ${within}),
    hours as (select unnest(generate_series((select date_trunc('hour', min(ts)) from e), timestamp '${limit.replace('T', ' ').replace('Z', '')}', interval 1 hour)) as ts),
    states as (select ${state} as g, hours.ts, count(*) as n from hours join e on e.ts < hours.ts + interval 1 hour group by all)
    select ${shown} from states`;
}

const WAY_ON = new Set(['columns-replaced']);
/** Refusals that say what to do with the table or the SQL. */
const ENDS = new Set([
  'event-time-replaced',
  'target-schema-mismatch',
  'target-type-mismatch',
  'process-sql-failed',
  'source-changed',
  'history-expired',
  'partition-column-dropped',
  'lookup-key-missing',
  'event-time-missing',
  'source-rewound',
  'restate-hours-gone',
]);

async function plainRows(plain: DuckDBConnection, sql: string): Promise<string[]> {
  const rows = (await plain.runAndReadAll(sql)).getRowsJson();
  return rows.map((row) => JSON.stringify(row)).sort();
}

interface Tables {
  readonly world: World;
  readonly plain: DuckDBConnection;
  readonly tables: readonly [EvolvingTable, EvolvingTable];
}

async function compare({ world, plain, tables: [events, names] }: Tables, target: Target): Promise<void> {
  const plan = await world.plan(`${target.name}_load`);
  const id = { namespace: ['facts'], name: target.name };
  const limit = target.pattern === 'stateless' ? '9999-01-01T00:00:00Z' : plan.target.complete_to_hour;
  if (limit === null || !(await world.psyberg.internals.client.tableExists(id))) return;
  const described = await world.sql(`describe facts.${target.name}`);
  const columns = described.map((row) => `"${row['column_name']}"`);
  const types = described.map((row) => String(row['column_type']));
  const sql = plainSql(target, { columns, types }, await events.shown(), await names.shown(), limit);
  const expected = await plainRows(plain, sql);
  const shown = columns.map((column, at) => textOf(column, types[at] as string)).join(', ');
  expect(await world.rows(`select ${shown} from facts.${target.name}`), target.sql).toEqual(expected);
}

async function session(of: Tables, each: Target, ended: Set<string>): Promise<void> {
  const { world } = of;
  if (ended.has(each.name)) return;
  const name = `${each.name}_load`;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const [record] = await world.run([name]);
    const code = record?.error?.code ?? '';
    if (WAY_ON.has(code)) {
      cover(`${each.pattern} ${code}`);
      const restated = await world.psyberg.restate(name, { all: true });
      const told = JSON.stringify(restated);
      const other = restated.at(-1)?.error?.code;
      if (other !== undefined && ENDS.has(other)) {
        cover(`restate: ${other}`);
        ended.add(each.name);
        return;
      }
      expect(['published', 'nothing-new'], told).toContain(restated.at(-1)?.status);
      continue;
    }
    if (ENDS.has(code)) {
      cover(`${each.pattern} ${code}`);
      if (code === 'process-sql-failed') cover(`${each.name} ${each.sql}: ${record?.error?.message}`);
      if (code !== 'process-sql-failed') ended.add(each.name);
      return;
    }
    expect(['published', 'nothing-new', 'waiting'], `${each.sql} ${JSON.stringify(record)}`).toContain(
      record?.status,
    );
    cover(`${each.pattern} ${record?.status}`);
    await compare(of, each);
    cover(`verified ${(await expectVerified(world, name)).status}`);
    return;
  }
  throw new Error(`${name} is refused again and again`);
}

async function runHistory(each: History): Promise<void> {
  const targets = targetsOf(each);
  const world = await createWorld({ processes: targets.map((target) => processOf(target, each)) });
  const plain = await (await DuckDBInstance.create(':memory:')).connect();
  const ended = new Set<string>();
  try {
    const [ofEvents, ofNames] = each.versions;
    const events = await EvolvingTable.create(world, plain, 'raw.events', { formatVersion: ofEvents });
    const names = await EvolvingTable.create(world, plain, 'raw.names', { formatVersion: ofNames });
    for (const step of [...each.steps, { kind: 'session' as const }]) {
      if (step.kind === 'session')
        for (const target of targets) await session({ world, plain, tables: [events, names] }, target, ended);
      else if (step.kind === 'maintain') {
        const request = { olderThanMs: 0, orphanGraceMs: 0, force: true };
        const { tables: done } = await world.psyberg.maintain(undefined, request);
        expect(done.filter((table) => table.error !== null)).toEqual([]);
        cover('maintain');
      } else {
        const table = step.kind === 'events' ? events : names;
        const done = await table.apply(step.evolution);
        if (done !== undefined) cover(`${step.kind}: ${done}`);
        const described = await world.sql(`describe ${table.table}`);
        const columns = described.map((row) => `"${row['column_name']}"::varchar`).join(', ');
        expect(await world.rows(`select ${columns} from ${table.table}`), JSON.stringify(step)).toEqual(
          await plainRows(plain, `select ${columns} from ${await table.shown()}`),
        );
      }
    }
    cover('history');
  } finally {
    await world.close();
    plain.closeSync();
  }
}

it(
  'targets of sources whose columns change equal their SQL over whole tables',
  { timeout: timeLimitMs + 120_000 },
  () => play(history, runHistory),
);
