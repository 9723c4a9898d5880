// Goal: a row of a state table is written in the types of its columns, which stand in one place. Method: the query
// that makes rows of each table, over one row of texts.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Engine, openEngine } from '../../src/engine/index.ts';
import { AUDIT_FAILURE } from '../../src/state/tables/audit-failure.ts';
import { HIGH_WATER_MARK } from '../../src/state/tables/high-water-mark.ts';
import { SESSION } from '../../src/state/tables/session.ts';
import { SIGNAL } from '../../src/state/tables/signal.ts';
import type { StateTable } from '../../src/state/tables/state-table.ts';
import { duckdbTypeName } from '../../src/statements/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine();
});
afterAll(() => engine.close());

const TEXTS: Readonly<Record<string, string>> = {
  string: `it's "so"`,
  int: '7',
  long: '9007199254740993',
  date: '2023-09-14',
  timestamptz: '2023-09-14T05:00:00.123456Z',
};
const TABLES: readonly (readonly [string, StateTable])[] = [
  ['high_water_mark_table', HIGH_WATER_MARK],
  ['psyberg_session_f', SESSION],
  ['psyberg_signal', SIGNAL],
  ['psyberg_audit_failure', AUDIT_FAILURE],
];

it.each(TABLES)(
  '%s: every column in its type and order, what a row does not have is null',
  async (_name, table) => {
    const names = table.columns.map((column) => column.name);
    const given = Object.fromEntries(table.columns.map(({ name, type }) => [name, TEXTS[type]]));
    const { columns, rows } = await engine.table({
      sql: `select columns(*)::varchar from (${table.rowsQuery()})`,
      parameters: { rows: JSON.stringify([given, { process_name: 'a' }]) },
    });
    expect(columns.map((column) => column.name)).toEqual(names);
    const stored = { ...TEXTS, timestamptz: '2023-09-14 05:00:00.123456+00' };
    expect(rows[0]).toEqual(table.columns.map(({ type }) => stored[type as keyof typeof stored]));
    expect(rows[1]).toEqual(names.map((name) => (name === 'process_name' ? 'a' : null)));
    const typed = await engine.table({ sql: table.rowsQuery(), parameters: { rows: '[]' } });
    const spelled = (type: string): string =>
      (duckdbTypeName(type) as string).replace('timestamptz', 'timestamp with time zone');
    expect(typed.columns.map(({ type }) => String(type).toLowerCase())).toEqual(
      table.columns.map(({ type }) => spelled(type)),
    );
  },
);
