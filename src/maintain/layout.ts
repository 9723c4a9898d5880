/**
 * Finds what compaction has to know about a table, or why it leaves the table alone. Metadata -> layout.
 * Pure.
 */
import { columnsOf, compressionOf, dataFolderOf, unwritableColumn } from '../iceberg/file-layout.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import type { FileLayout, LayoutColumn } from '../model/file-layout.ts';
import type { MaintainOptions } from '../model/maintain-record.ts';
import { canSpell } from '../statements/index.ts';
import { partitionValues } from '../tables/write/manifest.ts';

const TARGET_BYTES_DEFAULT = 512 * 2 ** 20;
/**
 * A file is small if it is below this share of its target size, as in Apache Iceberg's rewrite of data
 * files.
 */
const SMALL_SHARE = 0.75;

export interface CompactionLayout {
  /** The folder for new data files. */
  readonly dataFolder: string;
  readonly columns: readonly LayoutColumn[];
  readonly compression: FileLayout['compression'];
  readonly targetBytes: number;
  readonly smallBytes: number;
}

/** Returns the layout, or the sentence that says why the table is left alone. */
export function compactionLayoutOf(
  metadata: TableMetadata,
  options: Pick<MaintainOptions, 'targetFileBytes'>,
): CompactionLayout | string {
  const { properties = {} } = metadata;
  if (metadata['format-version'] < 2) return 'it is of Iceberg format version 1';
  const columns = columnsOf(metadata);
  const strange = unwritableColumn(columns);
  if (strange !== undefined)
    return `its column ${strange.name} is of the type ${strange.type}, which is not rewritten`;
  const order = metadata['sort-orders'].find(
    (each) => each['order-id'] === metadata['default-sort-order-id'],
  );
  if ((order?.fields.length ?? 0) > 0) return 'it has a sort order, which compaction would not keep';
  if ((properties['write.format.default'] ?? 'parquet') !== 'parquet')
    return `its files are ${properties['write.format.default']}, not parquet`;
  const unspelled = metadata['partition-specs'].find((spec) => !canSpell(partitionValues(metadata, spec)));
  if (unspelled !== undefined) return 'it is partitioned by a type that is not rewritten';
  const compression = compressionOf(metadata);
  if (compression === undefined)
    return `its compression codec is ${properties['write.parquet.compression-codec']}`;
  // It may hold anything, since other writers may have set it.
  const stated = Math.floor(Number(properties['write.target-file-size-bytes']));
  const targetBytes =
    options.targetFileBytes ?? (Number.isSafeInteger(stated) && stated > 0 ? stated : TARGET_BYTES_DEFAULT);
  return {
    dataFolder: dataFolderOf(metadata),
    columns,
    compression,
    targetBytes,
    smallBytes: Math.floor(targetBytes * SMALL_SHARE),
  };
}
