/**
 * Compares a query's columns with those of a table: which are new, which are missing, and which would be
 * stored as other values. Query columns + schema -> differences. Pure. A cast counts as harmless if it keeps
 * every value or fails; the others DuckDB 1.5.5 rounds, cuts and shifts without a word (2026-11-28).
 */
import { type ColumnType, columnTypeText, type QueryColumn } from '../model/column-type.ts';
import type { IcebergType, NestedField } from './table-metadata.ts';

/** A column, or a field inside one, as Iceberg names them: `s.b`, `l.element.b`. */
export interface NewColumn {
  readonly path: string;
  readonly type: ColumnType;
}
export interface MissingColumn {
  readonly path: string;
  readonly field: NestedField;
}
/** A cast in which DuckDB would change values; each type is named as its own side does. */
export interface LossyCast {
  readonly path: string;
  readonly from: string;
  readonly to: string;
}
export interface ColumnDifferences {
  readonly added: readonly NewColumn[];
  readonly missing: readonly MissingColumn[];
  readonly lossy: readonly LossyCast[];
}

const NONE: ColumnDifferences = { added: [], missing: [], lossy: [] };

/** Compares by name, ignoring case, as DuckDB does when it inserts by name. */
export function fitColumns(
  columns: readonly QueryColumn[],
  fields: readonly NestedField[],
  parent?: string,
): ColumnDifferences {
  const pathOf = (name: string): string => (parent === undefined ? name : `${parent}.${name}`);
  const added: NewColumn[] = [];
  const fitted: ColumnDifferences[] = [];
  for (const [index, column] of columns.entries()) {
    // A struct made by `row(…)` has no names: it is cast by position.
    const field = column.name === '' ? fields[index] : findField(fields, column.name);
    if (field === undefined) added.push({ path: pathOf(column.name), type: column.type });
    else fitted.push(fitType(column.type, field.type, pathOf(field.name)));
  }
  const named = new Set(columns.map(({ name }) => name.toLowerCase()));
  const missing = fields
    .filter(({ name }, index) => !named.has(name.toLowerCase()) && columns[index]?.name !== '')
    .map((field) => ({ path: pathOf(field.name), field }));
  return together([{ ...NONE, added, missing }, ...fitted]);
}

const findField = (fields: readonly NestedField[], name: string): NestedField | undefined =>
  fields.find((field) => field.name.toLowerCase() === name.toLowerCase());

const together = (all: readonly ColumnDifferences[]): ColumnDifferences => ({
  added: all.flatMap((each) => each.added),
  missing: all.flatMap((each) => each.missing),
  lossy: all.flatMap((each) => each.lossy),
});

function fitType(from: ColumnType, to: IcebergType, path: string): ColumnDifferences {
  if (from.kind === 'plain' && from.name === '"NULL"') return NONE;
  if (typeof to === 'string') {
    const kept = from.kind === 'plain' ? keepsValues(from.name, to) : to === 'variant';
    return kept ? NONE : lossy(from, to, path);
  }
  if (to.type === 'struct' && from.kind === 'struct') return fitColumns(from.members, to.fields, path);
  if (to.type === 'list' && from.kind === 'list') return fitType(from.element, to.element, `${path}.element`);
  if (to.type === 'map' && from.kind === 'map')
    return together([
      fitType(from.key, to.key, `${path}.key`),
      fitType(from.value, to.value, `${path}.value`),
    ]);
  return lossy(from, to, path);
}

const lossy = (from: ColumnType, to: IcebergType, path: string): ColumnDifferences => ({
  ...NONE,
  lossy: [{ path, from: columnTypeText(from), to: typeof to === 'string' ? to : to.type }],
});

const SMALL_INTEGERS = ['TINYINT', 'SMALLINT', 'UTINYINT', 'USMALLINT'];
const EXACT_IN_DOUBLE = [...SMALL_INTEGERS, 'INTEGER', 'UINTEGER'];
const INTEGERS = [...EXACT_IN_DOUBLE, 'BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'BIGNUM'];
const LOCAL_TIMES = ['TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'DATE'];

/**
 * DuckDB's types whose values a column of the Iceberg type either keeps as they are or refuses: too large an
 * integer is an error. Times without a zone and instants never mix: only the query can say which instant
 * `05:00` is.
 */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  boolean: ['BOOLEAN', 'VARCHAR'],
  int: ['BOOLEAN', ...INTEGERS],
  long: ['BOOLEAN', ...INTEGERS],
  float: ['BOOLEAN', 'FLOAT', ...SMALL_INTEGERS],
  double: ['BOOLEAN', 'DOUBLE', 'FLOAT', ...EXACT_IN_DOUBLE],
  // DuckDB never casts a BIGNUM to a decimal.
  decimal: ['BOOLEAN', ...INTEGERS.filter((name) => name !== 'BIGNUM')],
  date: ['DATE'],
  time: ['TIME'],
  timestamp: LOCAL_TIMES,
  timestamp_ns: [...LOCAL_TIMES, 'TIMESTAMP_NS'],
  timestamptz: ['TIMESTAMP WITH TIME ZONE'],
  timestamptz_ns: ['TIMESTAMP WITH TIME ZONE'],
  string: [
    ...['VARCHAR', 'JSON', 'ENUM', 'UUID', 'BOOLEAN', 'FLOAT', 'DOUBLE', 'DECIMAL', 'BIT', 'INTERVAL'],
    ...['DATE', 'TIME', 'TIME_NS', 'TIME WITH TIME ZONE', 'TIMESTAMP_NS', 'TIMESTAMP WITH TIME ZONE'],
    ...INTEGERS,
    ...LOCAL_TIMES,
  ],
  uuid: ['UUID', 'VARCHAR'],
  binary: ['BLOB', 'UUID'],
  fixed: ['BLOB', 'UUID'],
};

/** How many decimal digits a binary number of that width gives back unchanged. */
const DECIMAL_DIGITS: Readonly<Record<string, number>> = { float: 6, double: 15 };

/** Whether every value of DuckDB's type `from` stays the same in a column of the Iceberg type, or fails. */
export function keepsValues(from: string, to: string): boolean {
  const kind = /^\w+/.exec(to)?.[0] as string;
  const kept = KEPT[kind];
  // The types that are missing here (variant, geometry, unknown) take nothing but their own kind in DuckDB.
  if (kept === undefined) return true;
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(from);
  if (decimal === null || kind === 'string') return kept.includes(from.replace(/\(.*$/s, ''));
  const [digits, scale] = [Number(decimal[1]), Number(decimal[2])];
  if (kind === 'int' || kind === 'long') return scale === 0;
  if (kind === 'decimal') return scale <= Number(/,\s*(\d+)/.exec(to)?.[1]);
  return digits <= (DECIMAL_DIGITS[kind] ?? 0);
}
