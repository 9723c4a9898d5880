/**
 * How a table's data files are laid out, as far as plain SQL can write them. Metadata -> FileLayout. Pure.
 * Nested columns need field ids inside; such tables are written by DuckDB's Iceberg extension instead.
 */
import { currentSchema } from './event-time.ts';
import type { FileLayout, LayoutPartition } from '../model/file-layout.ts';
import { tableRoot } from './new-snapshot.ts';
import { writtenOrder } from './sort-order.ts';
import type { TableMetadata } from './table-metadata.ts';

const PLAIN_TYPES = new Set([
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'string',
  'binary',
  'uuid',
]);
const IDENTITY_TYPES = new Set(['int', 'long', 'string', 'date', 'boolean']);
/**
 * Types whose buckets and truncated values DuckDB's Iceberg extension computes (`iceberg_bucket`,
 * `iceberg_truncate`), and whose results COPY can name in a path.
 */
const BUCKET_TYPES = new Set(['int', 'long', 'string', 'date', 'timestamp', 'timestamptz']);
const TRUNCATE_TYPES = new Set(['int', 'long', 'string']);
/** DuckDB's names of the codecs that `write.parquet.compression-codec` may name. */
const CODECS: Readonly<Record<string, FileLayout['compression']>> = {
  zstd: 'zstd',
  snappy: 'snappy',
  gzip: 'gzip',
  lz4: 'lz4_raw',
  uncompressed: 'uncompressed',
  none: 'uncompressed',
};

/**
 * True for a type whose values plain SQL can write: not nested, and with the same name for readers and
 * writers.
 */
export const isPlainType = (type: string): boolean =>
  PLAIN_TYPES.has(type) || /^decimal\(\d+, ?\d+\)$/.test(type);

/** The codec of new data files; undefined for one that DuckDB does not write. */
export const compressionOf = ({ properties = {} }: TableMetadata): FileLayout['compression'] | undefined =>
  CODECS[(properties['write.parquet.compression-codec'] ?? 'zstd').toLowerCase()];

/** The layout of the table's files, or undefined when plain SQL cannot write them. */
export function fileLayoutOf(metadata: TableMetadata): FileLayout | undefined {
  const { properties = {} } = metadata;
  const columns = currentSchema(metadata).fields.map((field) => ({
    id: field.id,
    name: field.name,
    type: String(field.type),
  }));
  if (columns.some((column) => !isPlainType(column.type))) return undefined;
  // Files elsewhere, or in another format: the extension knows those properties.
  if (
    properties['write.data.path'] !== undefined ||
    (properties['write.format.default'] ?? 'parquet') !== 'parquet'
  )
    return undefined;
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === metadata['default-spec-id']);
  const partition: LayoutPartition[] = [];
  for (const field of spec?.fields ?? []) {
    const column = columns.find((each) => each.id === field['source-id']);
    const [, transform = field.transform, argument] =
      /^(bucket|truncate)\[(\d+)\]$/.exec(field.transform) ?? [];
    if (column === undefined || !writable(transform, column.type)) return undefined;
    const common = {
      fieldId: field['field-id'],
      name: field.name,
      transform: transform as LayoutPartition['transform'],
      column,
    };
    partition.push(argument === undefined ? common : { ...common, argument: Number(argument) });
  }
  const compression = compressionOf(metadata);
  if (compression === undefined) return undefined;
  const order = writtenOrder(metadata);
  return {
    location: tableRoot(metadata),
    specId: metadata['default-spec-id'],
    columns,
    partition,
    ...(order === undefined ? {} : { order }),
    compression,
  };
}

function writable(transform: string, type: string): boolean {
  if (transform === 'identity') return IDENTITY_TYPES.has(type);
  if (transform === 'bucket') return BUCKET_TYPES.has(type);
  if (transform === 'truncate') return TRUNCATE_TYPES.has(type);
  if (transform === 'hour') return type === 'timestamp' || type === 'timestamptz';
  return (
    (transform === 'day' || transform === 'month' || transform === 'year') &&
    (type === 'timestamp' || type === 'timestamptz' || type === 'date')
  );
}
