/**
 * Makes fragments over the partition tuples of manifests, whoever wrote them. Partition fields -> fragments.
 * Pure.
 */
import { avroName } from '../model/avro-name.ts';
import { duckdbTypeName } from './file-columns.ts';
import { quoteIdentifier, type SqlFragment, statementFragment } from './quote.ts';

/** A partition field, with the Iceberg type of its values. */
export interface PartitionValue {
  readonly name: string;
  readonly transform: string;
  /** `int`, `date`, `string` …; `none` for nested columns. */
  readonly type: string;
}

/**
 * DuckDB's type of a field's values; undefined if they cannot be spelled: `fixed` bytes would be written as
 * bytes of any length.
 */
const spelledType = ({ type, transform }: PartitionValue): string | undefined =>
  transform === 'void' ? 'integer' : type.startsWith('fixed') ? undefined : duckdbTypeName(type);

/** True if a tuple can be taken apart into texts and put together again. */
export const canSpell = (fields: readonly PartitionValue[]): boolean =>
  fields.every((field) => spelledType(field) !== undefined);

const tupleValue = (position: number): string => `struct_extract_at(data_file.partition, ${position + 1})`;

/** A day is stored as an int or as a date, depending on the writer: here it is the count. */
const dayCount = (text: string): string =>
  `coalesce((try_cast(${text} as date) - date '1970-01-01')::bigint, try_cast(${text} as bigint))`;

/** The tuple of an entry to write, from the texts of `files.partition` in the spec's order. */
export const partitionTupleFragment = (fields: readonly PartitionValue[]): SqlFragment =>
  statementFragment(
    fields.length === 0
      ? 'null::integer'
      : `struct_pack(${fields.map((field, index) => `${quoteIdentifier(avroName(field.name))} := files.partition[${index + 1}]::${spelledType(field)}`).join(', ')})`,
  );

/** The order of entries by their partitions. */
export const partitionOrderFragment = (fields: readonly PartitionValue[]): SqlFragment =>
  statementFragment(
    [...fields.map((_field, position) => tupleValue(position)), 'data_file.file_path'].join(', '),
  );

/** Means "no summaries": then a reader opens the manifest. */
const NO_SUMMARIES =
  'null::struct(contains_null boolean, contains_nan boolean, lower_bound blob, upper_bound blob)[]';

/**
 * The partition summaries of a manifest, one element for each field (Iceberg specification, "Manifest Lists",
 * `field_summary`); for all fields or for none. A field without bounds means that all its values are null,
 * and readers skip such a manifest. So if one field has no bounds here, the others get no summaries either.
 */
export function partitionSummariesFragment(fields: readonly PartitionValue[]): SqlFragment {
  if (fields.length === 0 || !fields.every(isBounded)) return statementFragment(NO_SUMMARIES);
  const summaries = fields.map((field, position) => {
    const value = tupleValue(position);
    const bound = (least: string): string => boundBytes(field, `${least}(${value})`);
    return `struct_pack(contains_null := coalesce(bool_or(${value} is null), false), contains_nan := false, lower_bound := ${bound('min')}, upper_bound := ${bound('max')})`;
  });
  return statementFragment(`[${summaries.join(', ')}]`);
}

/** Types whose bounds are integers, little-endian (Iceberg specification, appendix D). */
const INTEGER_TYPES = [
  'int',
  'long',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'timestamp_ns',
  'timestamptz_ns',
];
/**
 * How the bounds of a type are compared, so that those of several manifests can be merged; undefined if they
 * cannot be (decimals, and floating-point numbers with their NaN).
 */
export function boundOrder(type: string): 'integer' | 'bytes' | undefined {
  if (INTEGER_TYPES.includes(type)) return 'integer';
  return ['string', 'binary', 'uuid', 'boolean'].includes(type) || type.startsWith('fixed')
    ? 'bytes'
    : undefined;
}

/** Types whose bounds are written here: those that can be compared, none of which has a NaN. */
const isBounded = (field: PartitionValue): boolean =>
  field.transform === 'void' || (boundOrder(field.type) !== undefined && spelledType(field) !== undefined);

/** The bytes of a bound (Iceberg specification, appendix D). */
function boundBytes({ transform, type }: PartitionValue, value: string): string {
  if (transform === 'void') return 'null::blob';
  if (type === 'date' || transform === 'day') return `iceberg_bytes(${dayCount(`${value}::varchar`)}, 4)`;
  if (type === 'int') return `iceberg_bytes(${value}, 4)`;
  if (type === 'long') return `iceberg_bytes(${value}, 8)`;
  if (type === 'boolean') return `unhex(case when ${value} then '01' when not ${value} then '00' end)`;
  if (type === 'string') return `encode(${value})`;
  if (type === 'binary') return value;
  if (type === 'uuid') return `unhex(replace(${value}::varchar, '-', ''))`;
  return type === 'timestamp_ns'
    ? `iceberg_bytes(epoch_ns(${value}), 8)`
    : `iceberg_bytes(epoch_us(${value}), 8)`;
}
