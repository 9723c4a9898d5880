/**
 * Finds how a table's data files are laid out, as far as plain SQL can write them. Metadata -> FileLayout, or
 * why not. Pure.
 */

import type { FileLayout, LayoutColumn, LayoutPartition, LayoutType } from '../model/file-layout.ts';
import { withoutSlash } from '../model/without-slash.ts';
import { currentSchema } from './event-time.ts';
import { tableRoot } from './new-snapshot.ts';
import { writtenOrder } from './sort-order.ts';
import type { PartitionField, TableMetadata } from './table-metadata.ts';

/** Types that may occur anywhere in a column. */
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
  'timestamp_ns',
  'string',
  'binary',
  'uuid',
]);
/**
 * Types by whose values DuckDB can split files and name them. `fixed[…]` is missing: DuckDB 1.5.5 writes its
 * bytes as binary, which other readers refuse.
 */
const isPlainType = (type: string): boolean => PLAIN_TYPES.has(type) || /^decimal\(\d+, ?\d+\)$/.test(type);
/** Types that DuckDB writes only as whole columns. */
const isWholeType = (type: string): boolean => type === 'variant' || /^geometry(\(.*\))?$/.test(type);

const TIME = /^timestamp(tz|_ns)?$/;
/** Which of the types above a transform takes (Iceberg specification, "Partition Transforms"). */
const TRANSFORMS: Readonly<Record<LayoutPartition['transform'], RegExp>> = {
  identity: /^/,
  bucket: /^(int|long|date|time|timestamp(tz|_ns)?|string|binary|uuid|decimal\(.*)$/,
  truncate: /^(int|long|string|binary|decimal\(.*)$/,
  hour: TIME,
  day: /^date$|^timestamp/,
  month: /^date$|^timestamp/,
  year: /^date$|^timestamp/,
  void: /^/,
};
/** DuckDB's names of the codecs that `write.parquet.compression-codec` may have. */
const CODECS: Readonly<Record<string, FileLayout['compression']>> = {
  zstd: 'zstd',
  snappy: 'snappy',
  gzip: 'gzip',
  lz4: 'lz4_raw',
  uncompressed: 'uncompressed',
  none: 'uncompressed',
};

/**
 * The first column that plain SQL cannot write, with its type, or that of the part which cannot be written.
 */
export function unwritableColumn(
  columns: readonly LayoutColumn[],
): { readonly name: string; readonly type: string } | undefined {
  for (const { name, type } of columns) {
    if (typeof type === 'string' && isWholeType(type)) continue;
    const found = unwritableType(type);
    if (found !== undefined) return { name, type: found };
  }
  return undefined;
}

function unwritableType(type: LayoutType): string | undefined {
  if (typeof type === 'string') return isPlainType(type) ? undefined : type;
  if (type.type === 'list') return unwritableType(type.element);
  const parts = type.type === 'map' ? [type.key, type.value] : type.fields.map((field) => field.type);
  return parts.map(unwritableType).find((each) => each !== undefined);
}

/** The codec of new data files; undefined if DuckDB does not write it. */
export const compressionOf = ({ properties = {} }: TableMetadata): FileLayout['compression'] | undefined =>
  CODECS[(properties['write.parquet.compression-codec'] ?? 'zstd').toLowerCase()];

/** The folder that a table's data files are written to. */
export const dataFolderOf = (metadata: TableMetadata): string =>
  withoutSlash(metadata.properties?.['write.data.path'] ?? `${tableRoot(metadata)}/data`);

export const columnsOf = (metadata: TableMetadata): LayoutColumn[] =>
  currentSchema(metadata).fields.map(({ id, name, type }) => ({ id, name, type }));

/** Why the files of a table cannot be written, and what to do. */
export interface LayoutObstacle {
  readonly obstacle: string;
  readonly hint: string;
}

/** True if the files can be written. */
export const isLayout = (layout: FileLayout | LayoutObstacle): layout is FileLayout => 'columns' in layout;

/**
 * The layout of the table's files, or the obstacle to writing them. Always Parquet, whatever the table's
 * default is.
 */
export function fileLayoutOf(metadata: TableMetadata): FileLayout | LayoutObstacle {
  const columns = columnsOf(metadata);
  const strange = unwritableColumn(columns);
  if (strange !== undefined)
    return {
      obstacle: `its column ${strange.name} is of the type ${strange.type}, which DuckDB does not write as Iceberg wants it`,
      hint: `cast ${strange.name} to another type in the query (bytes to blob, for example), and give the process a target of its own`,
    };
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === metadata['default-spec-id']);
  const partition: LayoutPartition[] = [];
  for (const field of spec?.fields ?? []) {
    const laidOut = partitionOf(field, columns);
    if (laidOut === undefined)
      return {
        obstacle: `it is partitioned by ${field.transform} of ${sourceText(field, columns)} (${field.name})`,
        hint: "name another column or transform in partition_by: a part of a nested column, for example, can be a column of its own in the query's select list",
      };
    partition.push(laidOut);
  }
  const compression = compressionOf(metadata);
  if (compression === undefined)
    return {
      obstacle: `its compression codec is ${metadata.properties?.['write.parquet.compression-codec']}`,
      hint: `set the table property write.parquet.compression-codec to one of ${Object.keys(CODECS).join(', ')}`,
    };
  const order = writtenOrder(metadata);
  return {
    location: tableRoot(metadata),
    dataFolder: dataFolderOf(metadata),
    specId: metadata['default-spec-id'],
    columns,
    partition,
    ...(order === undefined ? {} : { order }),
    compression,
  };
}

function partitionOf(field: PartitionField, columns: readonly LayoutColumn[]): LayoutPartition | undefined {
  const [, name = field.transform, argument] = /^(bucket|truncate)\[(\d+)\]$/.exec(field.transform) ?? [];
  const transform = name as LayoutPartition['transform'];
  const found = columns.find((each) => each.id === field['source-id']);
  // A dropped column leaves its field behind as `void` in tables of version 1.
  const column = transform === 'void' ? { id: field['source-id'], name: field.name, type: 'int' } : found;
  const type = column?.type;
  if (column === undefined || typeof type !== 'string' || !isPlainType(type)) return undefined;
  if (!Object.hasOwn(TRANSFORMS, transform) || !TRANSFORMS[transform].test(type)) return undefined;
  return {
    fieldId: field['field-id'],
    name: field.name,
    transform,
    ...(argument === undefined ? {} : { argument: Number(argument) }),
    column: { ...column, type },
  };
}

function sourceText(field: PartitionField, columns: readonly LayoutColumn[]): string {
  const column = columns.find((each) => each.id === field['source-id']);
  const type = typeof column?.type === 'string' ? column.type : 'nested';
  return column === undefined ? 'a part of a column, or a dropped one' : `${column.name} (${type})`;
}
