/** The rows of a query as a table. ResultRows -> text. Pure. */

import { PLAIN, type Style } from './style.ts';
import { borderedTable } from './table.ts';
import { plural } from './text.ts';

interface Result {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL(\(.*\))?|DOUBLE|FLOAT)$/;

/** All rows, and how many they are. */
export function resultTable({ columns, rows }: Result, style: Style = PLAIN): string {
  if (columns.length === 0 || isEffect(columns, rows)) return 'done';
  const table = borderedTable({
    head: columns.map((column) => column.name),
    rows: rows.map((row) => row.map((value) => (value === null ? style.faint('NULL') : cellText(value)))),
    alignRight: columns.flatMap((column, index) => (NUMBER.test(column.type) ? [index] : [])),
    style,
  });
  return `${table}\n${style.faint(plural(rows.length, 'row'))}`;
}

/**
 * Of a statement that neither returns nor counts rows DuckDB gives one column for its success, and no row.
 */
const isEffect = ([first, second]: Result['columns'], rows: Result['rows']): boolean =>
  rows.length === 0 &&
  second === undefined &&
  ['Count BIGINT', 'Success BOOLEAN'].includes(`${first?.name} ${first?.type}`);

/** A value as it is read: nested ones are JSON, and zero keeps its sign. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'object')
    return JSON.stringify(value, (_key, each: unknown) =>
      typeof each === 'bigint' || (typeof each === 'number' && !Number.isFinite(each)) ? String(each) : each,
    );
  return Object.is(value, -0) ? '-0' : String(value);
}
