/**
 * Reads event-time columns: how Iceberg stores them, and what a partition value says about their hours. Pure.
 */
import { CALENDAR, HOUR_MS } from '../model/hour.ts';
import type { NestedField, PartitionSpec, Schema, TableMetadata } from './table-metadata.ts';

/** The unit of a stored event time, named as in `sql/macros/event_hour.sql`. */
export type StoredUnit = 'us' | 'ns' | 'ms' | 's' | 'day';

/** The table's current schema. */
export function currentSchema(metadata: TableMetadata): Schema {
  return (
    metadata.schemas.find((schema) => schema['schema-id'] === metadata['current-schema-id']) ??
    (metadata.schemas.at(-1) as Schema)
  );
}

/** The column of that name, whatever its case, as in DuckDB. */
export function columnOf(schema: Schema, name: string): NestedField | undefined {
  return (
    schema.fields.find((field) => field.name === name) ??
    schema.fields.find((field) => field.name.toLowerCase() === name.toLowerCase())
  );
}

/**
 * The unit in which a column's values are stored, or undefined if it holds no time. `declared` is the unit of
 * an integer column.
 */
export function storedUnit(
  type: unknown,
  declared: 'epoch_s' | 'epoch_ms' | 'epoch_us' | undefined,
): StoredUnit | undefined {
  if (type === 'timestamp' || type === 'timestamptz') return 'us';
  if (type === 'timestamp_ns' || type === 'timestamptz_ns') return 'ns';
  if (type === 'date') return 'day';
  if (type !== 'int' && type !== 'long') return undefined;
  return declared === undefined
    ? undefined
    : ({ epoch_s: 's', epoch_ms: 'ms', epoch_us: 'us' } as const)[declared];
}

/** A partition tuple: field name -> value. Numbers with more digits than JavaScript can hold are texts. */
export type PartitionTuple = Readonly<Record<string, string | number | boolean | null>>;

/**
 * A file's partition as DuckDB's `to_json` gives it, under the names of its spec. Some writers spell a field
 * otherwise, because their Avro names hold no special characters: a name that is missing is found by its
 * position.
 */
export function partitionTuple(json: string | null, spec: PartitionSpec | undefined): PartitionTuple {
  const values = parseExactly(json ?? '{}') ?? {};
  const inOrder = Object.values(values);
  return Object.fromEntries(
    (spec?.fields ?? []).map(({ name }, index) => [
      name,
      (Object.hasOwn(values, name) ? values[name] : inOrder[index]) ?? null,
    ]),
  );
}

/**
 * Without this, two 64-bit integers or decimals that `JSON.parse` rounds to one number would be one
 * partition. DuckDB writes NaN and infinite floats without quotes.
 */
function parseExactly(json: string): PartitionTuple | null {
  const text = /NaN|Infinity/.test(json)
    ? json.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) =>
        token.startsWith('"') ? token : `"${token}"`,
      )
    : json;
  if (!/[\d.]{16,}/.test(text)) return JSON.parse(text) as PartitionTuple | null;
  return JSON.parse(text, ((_key: string, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    return typeof value !== 'number' ||
      source === undefined ||
      (Number.isInteger(value) ? Number.isSafeInteger(value) : String(value) === source)
      ? value
      : source;
  }) as (key: string, value: unknown) => unknown) as PartitionTuple | null;
}

/**
 * The tuple as processing URIs write it: an identity field under its column's name, a transformed one under
 * its own; hours and days as ISO texts, months and years as `yyyy-mm` and `yyyy` (Iceberg specification,
 * "Partition Transforms": counts since 1970). Outside of the years 1 to 9999 the count is kept.
 */
export function processingUri(
  tuple: PartitionTuple,
  spec: PartitionSpec | undefined,
  schema: Schema,
): PartitionTuple {
  const uri: Record<string, string | number | boolean | null> = {};
  for (const field of spec?.fields ?? []) {
    const value = tuple[field.name] ?? null;
    if (field.transform === 'identity') {
      const column = schema.fields.find((each) => each.id === field['source-id']);
      uri[column?.name ?? field.name] = value;
    } else if (field.transform !== 'void') uri[field.name] = transformedText(field.transform, value);
  }
  return uri;
}

function transformedText(
  transform: string,
  value: string | number | boolean | null,
): string | number | boolean | null {
  if (typeof value !== 'number') return value;
  const iso = (ms: number, length: number): string | number =>
    ms >= CALENDAR.firstHour * HOUR_MS && ms < (CALENDAR.lastHour + 1) * HOUR_MS
      ? new Date(ms).toISOString().slice(0, length)
      : value;
  if (transform === 'hour') return withZone(iso(value * HOUR_MS, 19));
  if (transform === 'day') return iso(value * 24 * HOUR_MS, 10);
  if (transform === 'month') return iso(Date.UTC(1970, value, 1), 7);
  if (transform === 'year') return String(1970 + value);
  return value;
}

const withZone = (text: string | number): string | number => (typeof text === 'string' ? `${text}Z` : text);
