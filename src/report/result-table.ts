/** The rows of a query as a table. ResultRows -> text. Pure. */
import { borderedTable } from './table.ts';
import { PLAIN, type Style } from './style.ts';
import { plural } from './text.ts';

interface Result {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL(\(.*\))?|DOUBLE|FLOAT)$/;

/** All rows, and how many they are. */
export function resultTable({ columns, rows }: Result, style: Style = PLAIN): string {
  if (columns.length === 0) return 'done';
  const table = borderedTable({
    head: columns.map((column) => column.name),
    rows: rows.map((row) => row.map((value) => cellText(value))),
    alignRight: columns.flatMap((column, index) => (NUMBER.test(column.type) ? [index] : [])),
    style,
  });
  return `${table}\n${style.faint(plural(rows.length, 'row'))}`;
}

/** A value as it is read: NULL is empty, nested values are JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'object')
    return JSON.stringify(value, (_key, each: unknown) =>
      typeof each === 'bigint' ? each.toString() : each,
    );
  return String(value);
}
