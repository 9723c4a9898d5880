// Goal: a query that is said to pass a changed column on makes the same of rows from before. Method: random
// queries over a table as it was and as it is, both with the same rows; where the rules find nothing, DuckDB
// returns the same of both. PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED, _PATH and _REPORT as in support/histories.ts.
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { NestedField, Schema } from '../../src/iceberg/table-metadata.ts';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import { computedWith, widenedBetween } from '../../src/session/columns-widened.ts';
import { histories } from '../support/histories.ts';
import { queryOf } from './random-queries.ts';

const { cover, play, timeLimitMs } = histories({ runs: 10_000, timeLimitMs: (runs) => 30_000 + runs * 5 });

/** `{f: 'int'}` is a struct, `[…]` a list. */
type Type = string | readonly [Type] | { readonly [name: string]: Type };
/** Of a column: its values, and its Iceberg type. */
type Column = readonly [sql: string, type: Type];
type Shape = Readonly<Record<string, Column>>;

const DAY = "(date '2023-01-01' + n::integer % 3)";
const UNCHANGED: Shape = {
  id: ['n::integer', 'int'],
  ts: ["timestamp '2023-01-01' + to_hours(n::integer)", 'timestamp'],
  d: ['v', 'double'],
  day: [DAY, 'date'],
  s: ['{f: n::integer % 3, w: v, t: {a: n::integer % 2}}', { f: 'int', w: 'double', t: { a: 'int' } }],
  l: ['[{a: n::integer % 2}]', [{ a: 'int' }]],
};
interface Change {
  /** What was, and is, otherwise than {@link UNCHANGED}. */
  readonly before: Shape;
  readonly after: Shape;
  /** How queries read it. */
  readonly own: readonly string[];
}
const CHANGES: Readonly<Record<string, Change>> = {
  float: {
    own: ['d', 'e.d'],
    before: { d: ['v::float', 'float'] },
    after: { d: ['v::float::double', 'double'] },
  },
  date: {
    own: ['day', 'e.day'],
    before: { day: [DAY, 'date'] },
    after: { day: [`${DAY}::timestamp`, 'timestamp'] },
  },
  zoned: {
    own: ['day', 'e.day'],
    before: { day: [DAY, 'date'] },
    after: { day: [`${DAY}::timestamptz`, 'timestamptz'] },
  },
  integer: {
    own: ['id', 'e.id'],
    before: { id: ['n::integer', 'int'] },
    after: { id: ['n::bigint', 'long'] },
  },
  inner: {
    own: ['s', 'e.s', 's.w', "s['w']", 's.f'],
    before: { s: ['{f: n::integer % 3, w: v::float, t: {a: 1}}', { f: 'int', w: 'float', t: { a: 'int' } }] },
    after: {
      s: ['{f: n::integer % 3, w: v::float::double, t: {a: 1}}', { f: 'int', w: 'double', t: { a: 'int' } }],
    },
  },
  came: {
    own: ['s', 'e.s', 's.f', 's.t'],
    before: {},
    after: {
      s: [
        '{f: n::integer % 3, w: v, t: {a: n::integer % 2}, g: null::integer}',
        { f: 'int', w: 'double', t: { a: 'int' }, g: 'int' },
      ],
    },
  },
  'came inside': {
    own: ['s', 's.t', "s['t']", 's.t.a', "s['t']['a']", 's.f'],
    before: {},
    after: {
      s: [
        '{f: n::integer % 3, w: v, t: {a: n::integer % 2, b: null::integer}}',
        { f: 'int', w: 'double', t: { a: 'int', b: 'int' } },
      ],
    },
  },
  'came in a list': {
    own: ['l', 'l[1]', 'l[1].a', "l[1]['a']", 'e.l'],
    before: {},
    after: { l: ['[{a: n::integer % 2, b: null::integer}]', [{ a: 'int', b: 'int' }]] },
  },
};

const IDS = new Map<string, number>();
function idOf(path: string): number {
  if (!IDS.has(path)) IDS.set(path, IDS.size + 1);
  return IDS.get(path) as number;
}
function icebergType(type: Type, path: string): unknown {
  if (typeof type === 'string') return type;
  if (!Array.isArray(type)) return { type: 'struct', fields: fieldsOf(Object.entries(type), path) };
  const element = icebergType(type[0] as Type, `${path}.element`);
  return { type: 'list', 'element-id': idOf(`${path}.element`), element, 'element-required': false };
}
const fieldsOf = (columns: readonly (readonly [string, Type])[], path = ''): NestedField[] =>
  columns.map(
    ([name, type]) =>
      ({
        id: idOf(`${path}.${name}`),
        name,
        required: false,
        type: icebergType(type, `${path}.${name}`),
      }) as NestedField,
  );
const schemaOf = (shape: Shape): Schema => ({
  type: 'struct',
  'schema-id': 0,
  fields: fieldsOf(Object.entries(shape).map(([name, [, type]]) => [name, type])),
});
const tableOf = (name: string, shape: Shape): string =>
  `create table ${name} as select ${Object.entries(shape)
    .map(([column, [sql]]) => `${sql} as ${column}`)
    .join(
      ', ',
    )} from (select unnest(range(6)) as n, unnest([0.1, 0.2, null, 0.1, 16777217, 3.5]::double[]) as v)`;

const MACROS = ['get_f(p) as p.f', 'get_all(p) as to_json(p)'];

let instance: DuckDBInstance;
const connections = new Map<string, readonly [before: DuckDBConnection, after: DuckDBConnection]>();
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  for (const [name, { before, after }] of Object.entries(CHANGES)) {
    const open = async (shape: Shape, side: string): Promise<DuckDBConnection> => {
      const connection = await instance.connect();
      await connection.run(
        `attach ':memory:' as "${name} ${side}"; use "${name} ${side}"; set timezone = 'UTC'`,
      );
      await connection.run(tableOf('e', { ...UNCHANGED, ...shape }));
      await connection.run('create table f as select id, d, ts as g from e where id < 3');
      for (const macro of MACROS) await connection.run(`create macro ${macro}`);
      return connection;
    };
    connections.set(name, [await open(before, 'before'), await open(after, 'after')]);
  }
});
afterAll(() => {
  for (const [before, after] of connections.values()) for (const each of [before, after]) each.closeSync();
  instance.closeSync();
});

/** Rows in no order; numbers and times whatever their type, as the target's columns take them. */
async function rowsOf(connection: DuckDBConnection, sql: string): Promise<unknown[][] | string> {
  try {
    return (await connection.runAndReadAll(sql)).getRowsJS() as unknown[][];
  } catch (error) {
    return (error as Error).message;
  }
}
/** `like`: only its fields are kept, as the target keeps them. */
function plain(value: unknown, like: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value))
    return value.map((each, at) => plain(each, Array.isArray(like) ? like[at] : undefined));
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(typeof like === 'object' && like !== null ? like : value);
  return Object.fromEntries(
    names.map((name) => [
      name,
      plain(
        (value as Record<string, unknown>)[name] ?? null,
        (like as Record<string, unknown> | undefined)?.[name],
      ),
    ]),
  );
}

async function hold(change: string, sql: string): Promise<void> {
  const { before, after } = CHANGES[change] as (typeof CHANGES)[string];
  const widened = widenedBetween(schemaOf({ ...UNCHANGED, ...before }), schemaOf({ ...UNCHANGED, ...after }));
  const spec = {
    ...{ processName: 'p', sources: [{ alias: 'e' }, { alias: 'f' }], sql, onSchemaChange: 'refuse' },
    macros: MACROS.map((definition) => ({ definition })),
  } as unknown as ProcessSpec;
  const isPassed = computedWith(spec, widened).length === 0;
  const [then, now] = connections.get(change) as readonly [DuckDBConnection, DuckDBConnection];
  const [was, is] = [await rowsOf(then, sql), await rowsOf(now, sql)];
  if (typeof was === 'string' || typeof is === 'string') return cover(`${change}: no query`);
  // The columns of the target are others then: such a session is refused by them.
  if (was[0]?.length !== is[0]?.length) return cover(`${change}: other columns`);
  const texts = (rows: readonly unknown[][]): string[] =>
    rows.map((row, at) => JSON.stringify(plain(row, was[at]))).sort();
  const isSame = JSON.stringify(texts(was)) === JSON.stringify(texts(is));
  cover(`${change}: ${isSame ? 'same' : 'other'} rows, ${isPassed ? 'passed on' : 'computed'}`);
  if (isPassed) expect({ change, sql, rows: texts(is) }).toEqual({ change, sql, rows: texts(was) });
}

it('what passes a column on makes the same of rows from before', {
  timeout: timeLimitMs + 60_000,
}, async () => {
  const changes = Object.entries(CHANGES).map(([name, { own }]) => fc.tuple(fc.constant(name), queryOf(own)));
  await play(fc.oneof(...changes), ([change, sql]) => hold(change, sql));
});
