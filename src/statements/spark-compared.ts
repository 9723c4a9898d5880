/**
 * Makes fragments with which Spark compares rows returned by a query with others of the same target. Columns
 * -> SqlFragment. Pure.
 */
import type { ColumnType } from '../model/column-type.ts';
import type { LayoutColumn, LayoutType } from '../model/file-layout.ts';
import { backticked } from '../model/sql-name.ts';
import { joinedFragment, quoteIdentifier, type SqlFragment, statementFragment } from './quote.ts';

/**
 * A column of a target. `returned`: the type that the query returns for it; undefined if it returns none, so
 * that it is NULL.
 */
export interface ReturnedColumn extends Pick<LayoutColumn, 'name' | 'type'> {
  readonly returned: ColumnType | undefined;
}

/** Columns whose values can be compared; a floating-point number only by its sum. */
export const comparedOnSpark = (columns: readonly ReturnedColumn[]): ReturnedColumn[] =>
  columns.filter(
    ({ type, returned }) => (isFloat(type) || keyOf('', type) !== undefined) && fits(type, returned),
  );

/** The columns as the target stores them. */
export const sparkReturnedFragment = (columns: readonly ReturnedColumn[]): SqlFragment =>
  listed(columns, ({ name, type, returned }) => {
    const value = returned === undefined ? 'null' : quoteIdentifier(name);
    return `cast(${value} as ${sparkStoredType(type)}) as ${quoteIdentifier(name)}`;
  });

/**
 * The columns by which equal rows are grouped. Lists are compared without their order: on Spark, what
 * collects them has none.
 */
export const sparkExactFragment = (columns: readonly ReturnedColumn[]): SqlFragment => {
  const exact = columns.flatMap(({ name, type }) => keyOf(quoteIdentifier(name), type) ?? []);
  // A number would mean a position in the select list.
  return statementFragment(exact.length === 0 ? "'all'" : exact.join(', '));
};

interface FloatSums {
  /** `, sum(…) as psyberg_sum_1, …`, over rows with `psyberg_side` 1 and -1. */
  readonly sums: SqlFragment;
  /** Whether the sums of any column differ by more than rounding. */
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

/** Types that Spark lacks, or cannot group by. */
const isOther = (type: string): boolean =>
  /^(?:variant|geometry|geography|unknown|time$|timestamp_ns)/.test(type);

/** A value in the form by which rows are grouped; undefined if they are not grouped by it. */
function keyOf(text: string, type: LayoutType): string | undefined {
  if (isGrouped(type)) return typeof type !== 'string' && type.type === 'list' ? `array_sort(${text})` : text;
  if (typeof type === 'string' || type.type !== 'map') return undefined;
  return isGrouped(type.key) && isGrouped(type.value) ? `array_sort(map_entries(${text}))` : undefined;
}

/** Spark 3.5 cannot group by maps. */
function isGrouped(type: LayoutType): boolean {
  if (typeof type === 'string') return !isFloat(type) && !isOther(type);
  if (type.type === 'struct') return type.fields.every((field) => isGrouped(field.type));
  return type.type === 'list' && isGrouped(type.element);
}

/**
 * Whether a cast assigns each part to the part with that name: a cast goes by position, an insert by name.
 */
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

/** A value cast to a column's type; undefined: it stays as it is. */
export const sparkAsTypeFragment = (value: string, type: LayoutType | undefined): SqlFragment =>
  statementFragment(type === undefined ? value : `cast(${value} as ${sparkStoredType(type)})`);

/** An Iceberg type as Spark's SQL writes it. */
export function sparkStoredType(type: LayoutType): string {
  if (typeof type === 'string') return /^fixed/.test(type) ? 'binary' : (STORED[type] ?? type);
  if (type.type === 'list') return `array<${sparkStoredType(type.element)}>`;
  if (type.type === 'map') return `map<${sparkStoredType(type.key)}, ${sparkStoredType(type.value)}>`;
  return `struct<${type.fields.map(({ name, type: of }) => `${backticked(name)}: ${sparkStoredType(of)}`).join(', ')}>`;
}
