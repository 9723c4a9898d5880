/**
 * Whether a query's columns fit those of a table: what came, what went, and what would be stored as another
 * value. Query columns + schema -> differences. Pure. A cast is taken as harmless when it keeps every value
 * or fails; DuckDB 1.5.5 rounds, cuts and shifts the others without a word (2026-11-28).
 */
import { type ColumnType, columnTypeText, type QueryColumn } from '../model/column-type.ts';
import type { IcebergType, NestedField } from './table-metadata.ts';

/** A column, or a field inside one: `s.b`, `l.element.b`, as Iceberg names them. */
export interface NewColumn {
  readonly path: string;
  readonly type: ColumnType;
}
export interface MissingColumn {
  readonly path: string;
  readonly field: NestedField;
}
/** A value that DuckDB would change to fit; both types in the words of their side. */
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

/** Compares by name, without case, as DuckDB does when it inserts by name. */
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
 * DuckDB's types whose values every column of the Iceberg type takes as they are, or not at all: too large an
 * integer is an error. No time without a zone among those of instants, nor the reverse: which instant `05:00`
 * is, only the query can say.
 */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  boolean: ['BOOLEAN', 'VARCHAR'],
  int: ['BOOLEAN', ...INTEGERS],
  long: ['BOOLEAN', ...INTEGERS],
  float: ['BOOLEAN', 'FLOAT', ...SMALL_INTEGERS],
  double: ['BOOLEAN', 'DOUBLE', 'FLOAT', ...EXACT_IN_DOUBLE],
  // A BIGNUM is never cast to a decimal.
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

/** Digits that a binary number of the width gives back as they were. */
const DECIMAL_DIGITS: Readonly<Record<string, number>> = { float: 6, double: 15 };

/** Whether each value of DuckDB's type `from` stays what it is in a column of the Iceberg type, or fails. */
export function keepsValues(from: string, to: string): boolean {
  const kind = /^\w+/.exec(to)?.[0] as string;
  const kept = KEPT[kind];
  // Types that are not here (variant, geometry, unknown) have no column of another kind in DuckDB.
  if (kept === undefined) return true;
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(from);
  if (decimal === null || kind === 'string') return kept.includes(from.replace(/\(.*$/s, ''));
  const [digits, scale] = [Number(decimal[1]), Number(decimal[2])];
  if (kind === 'int' || kind === 'long') return scale === 0;
  if (kind === 'decimal') return scale <= Number(/,\s*(\d+)/.exec(to)?.[1]);
  return digits <= (DECIMAL_DIGITS[kind] ?? 0);
}
