/**
 * Writes the values of partition fields as expressions over a row, and as the texts by which COPY splits
 * files. LayoutPartition -> SQL. Pure. Iceberg specification, "Partition Transforms" and appendix B.
 */
import type { LayoutPartition } from '../model/file-layout.ts';
import { duckdbTypeName } from './file-columns.ts';
import { quoteIdentifier, type SqlFragment, statementFragment } from './quote.ts';

/**
 * The value by which COPY splits files. COPY names a folder by it and groups equal ones, so some are spelled
 * as texts: -0.0 and 0.0 are two partitions but one number, bytes may not be UTF-8 (DuckDB's own INSERT fails
 * on them), and the name of a folder can have only 255 bytes.
 */
export function partitionKey(field: LayoutPartition): string {
  const value = partitionValue(field);
  const type = valueType(field);
  if (type === 'float' || type === 'double') return `${value}::varchar`;
  return type === 'string' || type === 'binary' ? `partition_key(${value}::varchar)` : value;
}

/**
 * True for a key that replaces a value too long for the name of a folder (`sql/macros/partition_key.sql`).
 */
export const isLongKey = (key: string | null | undefined): boolean => key?.startsWith('sha256:') === true;

/** `[…, null]`: the values of a row's fields as texts, in the spec's order, at their full length. */
export const longValuesFragment = (partition: readonly LayoutPartition[]): SqlFragment =>
  statementFragment(`[${partition.map((field) => `${partitionValue(field)}::varchar`).join(', ')}]`);

/** The Iceberg type of a field's values. */
const valueType = ({ transform, column }: LayoutPartition): string =>
  transform === 'identity' || transform === 'truncate' ? column.type : 'int';

/** Counts since 1970-01-01 are rounded down, also before that date. */
function partitionValue({ transform, argument, column }: LayoutPartition): string {
  const value = `${quoteIdentifier(column.name)}::${duckdbTypeName(column.type)}`;
  if (transform === 'void') return 'null::varchar';
  if (transform === 'identity') return value;
  if (transform === 'truncate') return truncated(value, Number(argument), column.type);
  if (transform === 'bucket') return `iceberg_bucket(${Number(argument)}, ${hashed(value, column.type)})`;
  const microseconds = microsecondsOf(value, column.type);
  const days =
    column.type === 'date' ? `(${value} - date '1970-01-01')` : floored(microseconds, 86_400_000_000);
  if (transform === 'hour') return `event_hour(${microseconds}, 'us', false)::integer`;
  if (transform === 'day') return `${days}::integer`;
  const date = `(date '1970-01-01' + ${days}::integer)`;
  return transform === 'month'
    ? `((year(${date}) - 1970) * 12 + month(${date}) - 1)::integer`
    : `(year(${date}) - 1970)::integer`;
}

const microsecondsOf = (value: string, type: string): string =>
  type === 'timestamp_ns' ? floored(`epoch_ns(${value})`, 1000) : `epoch_us(${value})`;

/** DuckDB's division rounds towards 0. */
const floored = (value: string, by: number): string => `(${value} // ${by} - (${value} % ${by} < 0)::bigint)`;

/**
 * Texts are cut after code points; DuckDB 1.5.5's `iceberg_truncate` counts user-perceived characters, for
 * which a flag is one. For other types its values are right.
 */
const truncated = (value: string, width: number, type: string): string =>
  type === 'string' ? `left(${value}, ${width})` : `iceberg_truncate(${width}, ${value})`;

/**
 * What `iceberg_bucket` of DuckDB 1.5.5 hashes correctly. For a UUID it hashes other bytes than the 16
 * big-endian ones, for nanoseconds not the microseconds.
 */
function hashed(value: string, type: string): string {
  if (type === 'uuid') return `unhex(replace(${value}::varchar, '-', ''))`;
  return type === 'timestamp_ns' ? microsecondsOf(value, type) : value;
}
