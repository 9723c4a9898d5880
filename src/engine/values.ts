/**
 * DuckDB's values as plain JavaScript: what a program can print, compare and put into JSON. Result -> rows.
 * Pure.
 */
import type { DuckDBResultReader, DuckDBValue } from '@duckdb/node-api';
import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
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
  /** The rows as objects; of two columns with one name the last wins. */
  toObjects(): Record<string, unknown>[];
}

/**
 * Reads all rows. BIGINT stays `bigint`; timestamps become ISO 8601 text in UTC, dates `yyyy-mm-dd`, blobs
 * hex.
 */
export function plainRows(reader: DuckDBResultReader): ResultRows {
  const names = reader.columnNames();
  const columns = reader
    .columnTypes()
    .map((type, index) => ({ name: names[index] as string, type: type.toString() }));
  const rows = reader.getRows().map((row) => row.map(plainValue));
  return {
    columns,
    rows,
    toObjects: () => rows.map((row) => Object.fromEntries(row.map((value, index) => [names[index], value]))),
  };
}

/** One value as plain JavaScript; see {@link plainRows}. */
export function plainValue(value: DuckDBValue): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue)
    return microsText(value.micros);
  if (value instanceof DuckDBDateValue) return microsText(BigInt(value.days) * 86_400_000_000n).slice(0, 10);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return value.items.map(plainValue);
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(Object.entries(value.entries).map(([name, item]) => [name, plainValue(item)]));
  if (value instanceof DuckDBMapValue)
    return Object.fromEntries(
      value.entries.map(({ key, value: item }) => [String(plainValue(key)), plainValue(item)]),
    );
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('hex');
  return value.toString();
}

/** `2023-09-14T05:00:00Z`, with as many digits of a second as the value has. */
function microsText(micros: bigint): string {
  const seconds = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n);
  const rest = micros - seconds * 1_000_000n;
  const date = new Date(Number(seconds) * 1000);
  // DuckDB's infinities and years beyond 9999 have no ISO text.
  if (Number.isNaN(date.getTime())) return micros > 0n ? 'infinity' : '-infinity';
  const digits = rest === 0n ? '' : `.${rest.toString().padStart(6, '0').replace(/0+$/, '')}`;
  return `${date.toISOString().slice(0, -5)}${digits}Z`;
}
