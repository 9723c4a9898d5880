/**
 * Reads the delete files in delete manifests: position deletes, equality deletes and deletion vectors.
 * Manifests -> DeleteFile[].
 */
import { currentSchema, partitionTuple, processingUri } from '../../iceberg/event-time.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { refusal } from '../../model/errors.ts';
import { lastAnswers } from '../../model/last-answers.ts';
import { tableName } from '../../model/names.ts';
import type { ProcessingUri } from '../../model/session.ts';
import { type DeleteFileRow, deletedPaths, deleteFilesOf, deleteKey } from '../read/delete-files.ts';
import { type ManifestRow, ofDeletes } from '../read/manifest-list.ts';
import { reading } from '../read/reading.ts';
import type { TableByMetadata, TableWithManifests } from '../read/table-with-manifests.ts';

export interface DeleteFile {
  /** Identifies the entry; see `deleteKey`. */
  readonly key: string;
  readonly path: string;
  readonly kind: 'position' | 'equality' | 'vector';
  /** `removed`: taken off the table by this manifest's snapshot. */
  readonly status: 'existing' | 'added' | 'removed';
  readonly snapshotId: bigint;
  readonly sequenceNumber: bigint;
  readonly specId: number;
  /** Values as processing URIs write them, so that they can be compared whoever wrote them. */
  readonly partition: ProcessingUri;
  /**
   * The data files that its deletes apply to; undefined for equality deletes, and for positions until the
   * file itself has been read.
   */
  readonly dataFiles: readonly string[] | undefined;
  /** Field ids of the columns that equality deletes compare. */
  readonly equalityIds: readonly number[];
  readonly rows: bigint;
  readonly bytes: bigint;
}

const STATUS = ['existing', 'added', 'removed'] as const;

/** A manifest never changes: for a source each is read once, however many rules ask for it. */
const readBefore = lastAnswers<TableWithManifests, ManifestRow, DeleteFile[]>();

/**
 * The entries of delete manifests. Throws `delete-format-unsupported` for delete files that DuckDB cannot
 * read.
 */
export async function readDeleteFiles(
  source: TableWithManifests,
  snapshot: Snapshot,
  manifests: readonly ManifestRow[],
): Promise<DeleteFile[]> {
  const files: DeleteFile[] = [];
  for (const manifest of ofDeletes(manifests))
    files.push(
      ...(await readBefore({ owner: source, subject: manifest, question: '' }, () =>
        filesIn(source, snapshot, manifest),
      )),
    );
  return files;
}

async function filesIn(
  source: TableWithManifests,
  snapshot: Snapshot,
  manifest: ManifestRow,
): Promise<DeleteFile[]> {
  const { metadata } = source;
  const rows = await reading(source, snapshot, () => deleteFilesOf(source.engine, manifest));
  const specId = manifest.partition_spec_id;
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === specId);
  return rows.map((row) => {
    refuseFormat(source, row);
    const kind = row.content === 2 ? 'equality' : row.format === 'puffin' ? 'vector' : 'position';
    return {
      key: deleteKey(row.path, row.content_offset),
      path: row.path,
      kind,
      status: STATUS[row.status] as DeleteFile['status'],
      snapshotId: BigInt(row.snapshot_id),
      sequenceNumber: BigInt(row.sequence_number),
      specId,
      partition: processingUri(partitionTuple(row.partition, spec), spec, currentSchema(metadata)),
      dataFiles: kind === 'equality' || row.data_file === null ? undefined : [row.data_file],
      equalityIds:
        row.equality_ids === null || row.equality_ids === 'null'
          ? []
          : (JSON.parse(row.equality_ids) as number[]),
      rows: BigInt(row.rows),
      bytes: BigInt(row.bytes),
    };
  });
}

function refuseFormat(source: TableByMetadata, row: DeleteFileRow): void {
  if (row.format === 'parquet' || row.format === 'puffin') return;
  const name = tableName(source.spec.table);
  throw refusal(
    'delete-format-unsupported',
    `snapshot ${row.snapshot_id} of ${name} deletes rows by the ${row.format} file ${row.path}; DuckDB reads delete files in Parquet and Puffin only`,
    {
      hint: `compact ${name} with its own writer (that applies the deletes), and have it write delete files as Parquet (write.delete.format.default)`,
      context: { table: name, snapshot_id: row.snapshot_id, file: row.path },
    },
  );
}

/** The same files; those of positions whose manifest names no data file have been opened to find it. */
export async function withDataFiles(
  source: TableWithManifests,
  snapshot: Snapshot,
  files: readonly DeleteFile[],
): Promise<DeleteFile[]> {
  const unknown = files.filter((file) => file.kind === 'position' && file.dataFiles === undefined);
  if (unknown.length === 0) return [...files];
  const paths = unknown.map((file) => file.path);
  const named = await reading(source, snapshot, () => deletedPaths(source.engine, paths));
  return files.map((file) =>
    file.kind === 'position' && file.dataFiles === undefined
      ? { ...file, dataFiles: named.get(file.path) ?? [] }
      : file,
  );
}
