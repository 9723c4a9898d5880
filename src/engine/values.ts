/**
 * Converts DuckDB's values to plain JavaScript: what a program can print, compare and put into JSON. Result
 * -> rows. Pure.
 */
import type { DuckDBResultReader, DuckDBValue } from '@duckdb/node-api';
import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
} from '@duckdb/node-api';

export interface ResultColumn {
  readonly name: string;
  /** DuckDB's name of the type. */
  readonly type: string;
}

/** A result: columns with names and types, rows as arrays in the columns' order. */
export interface ResultRows {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly unknown[])[];
  /** The rows as objects. */
  toObjects(): Record<string, unknown>[];
}

/**
 * Reads all rows of a statement of the engine. BIGINT stays `bigint`; timestamps, with and without zone,
 * become ISO 8601 text in UTC, dates `yyyy-mm-dd`, blobs hex. Of two columns with one name objects hold the
 * last.
 */
export const plainRows = (reader: DuckDBResultReader): ResultRows =>
  rowsOf(reader, reader.columnNames(), (value) => plainValue(value, 'Z'));

/**
 * The same for a statement of a user: a timestamp without zone has no `Z`, and a second column of one name is
 * `name_1`.
 */
export const resultRows = (reader: DuckDBResultReader): ResultRows =>
  rowsOf(reader, distinctNames(reader.columnNames()), usersValue);

/** A value of a statement of a user. */
export const usersValue = (value: DuckDBValue): unknown => plainValue(value, '');

function rowsOf(
  reader: DuckDBResultReader,
  names: readonly string[],
  toPlain: (value: DuckDBValue) => unknown,
): ResultRows {
  const columns = reader
    .columnTypes()
    .map((type, index) => ({ name: names[index] as string, type: type.toString() }));
  const rows = reader.getRows().map((row) => row.map(toPlain));
  return {
    columns,
    rows,
    toObjects: () => rows.map((row) => Object.fromEntries(row.map((value, index) => [names[index], value]))),
  };
}

/** Each name once: `id`, `id_1`, `id_2`, and past a column that has such a name itself. */
export function distinctNames(names: readonly string[]): string[] {
  const given = new Set(names);
  const taken = new Set<string>();
  return names.map((name) => {
    let distinct = name;
    for (let count = 1; taken.has(distinct) || (distinct !== name && given.has(distinct)); count += 1)
      distinct = `${name}_${count}`;
    taken.add(distinct);
    return distinct;
  });
}

/** One value as plain JavaScript. `zone`: what stands behind a timestamp that has none. */
function plainValue(value: DuckDBValue, zone: 'Z' | ''): unknown {
  if (value === null || typeof value !== 'object') return value;
  const inner = (each: DuckDBValue): unknown => plainValue(each, zone);
  if (value instanceof DuckDBTimestampTZValue) return isoText(value, value.micros, 'Z');
  if (value instanceof DuckDBTimestampValue) return isoText(value, value.micros, zone);
  if (value instanceof DuckDBTimestampMillisecondsValue) return isoText(value, value.millis * 1000n, zone);
  if (value instanceof DuckDBTimestampSecondsValue) return isoText(value, value.seconds * 1_000_000n, zone);
  if (value instanceof DuckDBTimestampNanosecondsValue) return nanosText(value, zone);
  if (value instanceof DuckDBDateValue && Math.abs(value.days) === DAYS_INFINITE)
    return value.days > 0 ? 'infinity' : '-infinity';
  if (value instanceof DuckDBDateValue)
    return isoText(value, BigInt(value.days) * 86_400_000_000n, '').replace(/T.*/, '');
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(inner);
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(Object.entries(value.entries).map(([name, item]) => [name, inner(item)]));
  if (value instanceof DuckDBMapValue)
    return Object.fromEntries(
      value.entries.map(({ key, value: item }) => [keyText(inner(key)), inner(item)]),
    );
  if (value instanceof DuckDBUnionValue) return inner(value.value);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('hex');
  return value.toString();
}

/** The key of a map as the name of a field. */
const keyText = (key: unknown): string =>
  key !== null && typeof key === 'object'
    ? JSON.stringify(key, (_name, each: unknown) => (typeof each === 'bigint' ? each.toString() : each))
    : String(key);

/** What DuckDB stores for the dates 'infinity' and, negated, '-infinity'. */
const DAYS_INFINITE = 2_147_483_647;

/** Beyond them JavaScript has no dates: 8.64e15 ms from 1970. */
const DATE_MICROS_MAX = 8_640_000_000_000_000_000n;

/** `2023-09-14T05:00:00Z`, with as many digits of a second as the value has; else as DuckDB writes it. */
function isoText(value: { toString(): string }, micros: bigint, zone: 'Z' | ''): string {
  const seconds = floorDivide(micros, 1_000_000n);
  const date =
    micros <= DATE_MICROS_MAX && micros >= -DATE_MICROS_MAX ? new Date(Number(seconds) * 1000) : undefined;
  // DuckDB's infinities, and years so far away that they have no ISO text.
  if (date === undefined || Number.isNaN(date.getTime())) return value.toString();
  return `${date.toISOString().slice(0, -5)}${fraction(micros - seconds * 1_000_000n, 6)}${zone}`;
}

function nanosText(value: DuckDBTimestampNanosecondsValue, zone: 'Z' | ''): string {
  const seconds = floorDivide(value.nanos, 1_000_000_000n);
  const whole = isoText(value, seconds * 1_000_000n, '');
  return `${whole}${fraction(value.nanos - seconds * 1_000_000_000n, 9)}${zone}`;
}

const floorDivide = (dividend: bigint, divisor: bigint): bigint =>
  dividend / divisor - (dividend % divisor < 0n ? 1n : 0n);

const fraction = (rest: bigint, digits: number): string =>
  rest === 0n ? '' : `.${rest.toString().padStart(digits, '0').replace(/0+$/, '')}`;
