/**
 * Fragments with which Spark compares rows that a query gives with others of the same target. Columns ->
 * SqlFragment. Pure.
 */
import type { ColumnType } from '../model/column-type.ts';
import type { LayoutColumn, LayoutType } from '../model/file-layout.ts';
import { backticked } from '../model/sql-name.ts';
import { joinedFragment, quoteIdentifier, type SqlFragment, statementFragment } from './quote.ts';

/** A column of a target. `returned`: what the query gives for it; undefined: nothing, so that it is NULL. */
export interface ReturnedColumn extends Pick<LayoutColumn, 'name' | 'type'> {
  readonly returned: ColumnType | undefined;
}

/** Those whose values can be held against others: a floating-point number by its sum alone. */
export const comparedOnSpark = (columns: readonly ReturnedColumn[]): ReturnedColumn[] =>
  columns.filter(
    ({ type, returned }) => (isFloat(type) || keyOf('', type) !== undefined) && fits(type, returned),
  );

/** As the target stores them. */
export const sparkReturnedFragment = (columns: readonly ReturnedColumn[]): SqlFragment =>
  listed(columns, ({ name, type, returned }) => {
    const value = returned === undefined ? 'null' : quoteIdentifier(name);
    return `cast(${value} as ${sparkStoredType(type)}) as ${quoteIdentifier(name)}`;
  });

/**
 * What rows are grouped by as equal ones. Lists are compared without their order: what collects them on Spark
 * has none.
 */
export const sparkExactFragment = (columns: readonly ReturnedColumn[]): SqlFragment => {
  const exact = columns.flatMap(({ name, type }) => keyOf(quoteIdentifier(name), type) ?? []);
  // A number would be a place in the select list.
  return statementFragment(exact.length === 0 ? "'all'" : exact.join(', '));
};

interface FloatSums {
  /** `, sum(…) as psyberg_sum_1, …`, of rows with `psyberg_side` 1 and -1. */
  readonly sums: SqlFragment;
  /** Whether those of any column differ by more than rounding. */
  readonly sums_differ: SqlFragment;
}

export function sparkSumsFragments(columns: readonly ReturnedColumn[]): FloatSums {
  const floats = columns.filter(({ type }) => isFloat(type)).map(({ name }) => quoteIdentifier(name));
  const sums = floats.map((name, index) => {
    const finite = `case when abs(${name}) < double('infinity') then cast(${name} as double) end`;
    return `, sum(${finite} * psyberg_side) as psyberg_sum_${index + 1}, sum(abs(${finite})) as psyberg_size_${index + 1}`;
  });
  const differ = floats.map(
    (_name, index) => `abs(sum(psyberg_sum_${index + 1})) > 1e-6 * sum(psyberg_size_${index + 1})`,
  );
  return {
    sums: statementFragment(sums.join('')),
    sums_differ: statementFragment(differ.length === 0 ? 'false' : differ.join(' or ')),
  };
}

const listed = (
  columns: readonly ReturnedColumn[],
  textOf: (column: ReturnedColumn) => string,
): SqlFragment =>
  joinedFragment(
    columns.map((column) => statementFragment(textOf(column))),
    ', ',
  );

const isFloat = (type: LayoutType): boolean => type === 'float' || type === 'double';

/** What Spark has no type for, or does not group by. */
const isOther = (type: string): boolean =>
  /^(?:variant|geometry|geography|unknown|time$|timestamp_ns)/.test(type);

/** A value as rows are grouped by it; undefined where they are not. */
function keyOf(text: string, type: LayoutType): string | undefined {
  if (isGrouped(type)) return typeof type !== 'string' && type.type === 'list' ? `array_sort(${text})` : text;
  if (typeof type === 'string' || type.type !== 'map') return undefined;
  return isGrouped(type.key) && isGrouped(type.value) ? `array_sort(map_entries(${text}))` : undefined;
}

/** Spark 3.5 groups by no map. */
function isGrouped(type: LayoutType): boolean {
  if (typeof type === 'string') return !isFloat(type) && !isOther(type);
  if (type.type === 'struct') return type.fields.every((field) => isGrouped(field.type));
  return type.type === 'list' && isGrouped(type.element);
}

/** Whether a cast takes each part for the part of that name: it goes by places, and an insert by names. */
function fits(type: LayoutType, returned: ColumnType | undefined): boolean {
  if (returned === undefined || typeof type === 'string') return true;
  if (type.type === 'list') return returned.kind === 'list' && fits(type.element, returned.element);
  if (type.type === 'map')
    return returned.kind === 'map' && fits(type.key, returned.key) && fits(type.value, returned.value);
  return (
    returned.kind === 'struct' &&
    returned.members.length === type.fields.length &&
    type.fields.every((field, index) => {
      const member = returned.members[index];
      return (
        member !== undefined &&
        member.name.toLowerCase() === field.name.toLowerCase() &&
        fits(field.type, member.type)
      );
    })
  );
}

const STORED: Readonly<Record<string, string>> = {
  long: 'bigint',
  timestamptz: 'timestamp',
  timestamp: 'timestamp_ntz',
  uuid: 'string',
};

/** A value as one of a column's type; undefined: it stays what it is. */
export const sparkAsTypeFragment = (value: string, type: LayoutType | undefined): SqlFragment =>
  statementFragment(type === undefined ? value : `cast(${value} as ${sparkStoredType(type)})`);

/** As Spark's SQL writes an Iceberg type. */
export function sparkStoredType(type: LayoutType): string {
  if (typeof type === 'string') return /^fixed/.test(type) ? 'binary' : (STORED[type] ?? type);
  if (type.type === 'list') return `array<${sparkStoredType(type.element)}>`;
  if (type.type === 'map') return `map<${sparkStoredType(type.key)}, ${sparkStoredType(type.value)}>`;
  return `struct<${type.fields.map(({ name, type: of }) => `${backticked(name)}: ${sparkStoredType(of)}`).join(', ')}>`;
}
