/**
 * Reads the data files behind snapshots, with the hours of their event times. Snapshots -> ChangedFile[].
 * Reads manifests through DuckDB. Cost follows the change: only manifests that a new snapshot added are
 * opened (a first load opens all live ones).
 */
import { togetherOrSingly } from '../../engine/index.ts';
import { currentSchema, partitionTuple, processingUri } from '../../iceberg/event-time.ts';
import { hoursOfPartition } from '../../iceberg/partition-hours.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { tableName } from '../../model/names.ts';
import type { ChangedFile } from '../../model/session.ts';
import { type DataFileRow, dataFilesOf } from '../../tables/read/data-files.ts';
import { likeManifests } from '../../tables/read/like-manifests.ts';
import { type ManifestRow, ofData } from '../../tables/read/manifest-list.ts';
import { reading } from '../../tables/read/reading.ts';
import { refuseOtherFormats } from '../refuse-unsupported.ts';
import type { Source } from '../source.ts';
import { boundsOf, withScannedHours } from './hours-of-files.ts';

/**
 * The files in `manifests`, with hours. `statuses`: which entries count (`0` existing, `1` added, `2`
 * removed). An entry without a snapshot id belongs to its manifest's snapshot (Iceberg specification,
 * "Snapshot ID Inheritance").
 */
export async function readFiles(
  source: Source,
  head: Snapshot,
  manifests: readonly ManifestRow[],
  statuses: readonly number[],
): Promise<ChangedFile[]> {
  const byPath = new Map(manifests.map((manifest) => [manifest.manifest_path, manifest]));
  const files: (ChangedFile & { readonly unknown: boolean })[] = [];
  const { eventTime } = source;
  const column =
    eventTime === undefined
      ? undefined
      : { id: eventTime.column.id, type: String(eventTime.column.type), unit: eventTime.unit };
  for (const { specId, paths } of likeManifests(manifests)) {
    const spec = source.metadata['partition-specs'].find((each) => each['spec-id'] === specId);
    const read = (some: readonly string[]): Promise<DataFileRow[]> =>
      dataFilesOf(source.engine, some, { column, statuses });
    const rows = await reading(source, head, () => togetherOrSingly(paths, read), paths);
    refuseOtherFormats(
      tableName(source.spec.table),
      rows.filter((row) => row.status !== 2),
    );
    for (const row of rows) {
      const tuple = partitionTuple(row.partition, spec);
      files.push({
        path: row.path,
        snapshotId: BigInt(
          row.snapshot_id ?? (byPath.get(row.manifest_path) as ManifestRow).added_snapshot_id,
        ),
        status: row.status === 2 ? 'removed' : 'added',
        rows: row.rows,
        bytes: row.bytes,
        partition: processingUri(tuple, spec, currentSchema(source.metadata)),
        ...boundsOf(row, source, hoursOfPartition(tuple, spec, column)),
      });
    }
  }
  return withScannedHours(source, files);
}

/** The live files in data manifests among `manifests`, with hours; see {@link readFiles}. */
export const readLiveFiles = (
  source: Source,
  snapshot: Snapshot,
  manifests: readonly ManifestRow[],
): Promise<ChangedFile[]> => readFiles(source, snapshot, ofData(manifests), [0, 1]);
