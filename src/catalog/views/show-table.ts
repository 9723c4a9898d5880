/**
 * Shows a table as a session or a branch sees it. Real metadata + what to show -> shown metadata. Pure.
 * Everything that says "current" is replaced: current snapshot, refs, snapshots and the snapshot log.
 */
import { showingFiles } from '../../iceberg/file-columns.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import { type BranchLimits, branchLimits, refHeadId } from '../../iceberg/references.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import { withoutFields } from '../../iceberg/unread-fields.ts';
import { PsybergError } from '../../model/errors.ts';
import { HOUR_MS } from '../../model/hour.ts';
import { withoutSlash } from '../../model/without-slash.ts';
import type { ViewShow } from './session-views.ts';

/** Shows a table with this head, and nothing else, as `main`. */
export function showTable(metadata: TableMetadata, show: ViewShow, nowMs: number): TableMetadata {
  switch (show.kind) {
    case 'branch': {
      const head = refHeadId(metadata, show.branch) ?? show.base;
      const shown = withHead(
        metadata,
        head === undefined ? undefined : findSnapshot(metadata, head),
        nowMs,
        branchLimits(metadata, show.branch),
      );
      return show.folder === undefined
        ? shown
        : { ...shown, properties: { ...shown.properties, ...writePaths(metadata, show.folder) } };
    }
    case 'collected': {
      const empty = withHead(metadata, undefined, nowMs);
      const properties = {
        ...(show.fewPartitions === true ? AS_ROWS_COME : {}),
        ...empty.properties,
        ...writePaths(metadata, show.folder),
        ...PLAIN_COMMITS,
      };
      return show.into.metadata ?? { ...empty, properties };
    }
    case 'snapshot':
      return withHead(metadata, findSnapshot(metadata, show.snapshotId), nowMs);
    case 'files': {
      const shown = withHead(metadata, show.snapshot, nowMs);
      const read = show.without === undefined ? shown : withoutFields(shown, show.without);
      return show.showsFiles === true ? showingFiles(read) : read;
    }
  }
}

/**
 * A writer that merges manifests would hand over files of its earlier commits as if they came with the last
 * one; a writer that may stage a commit, like Spark with a `spark.wap.id`, would leave it out of `main`.
 */
const PLAIN_COMMITS = { 'commit.manifest-merge.enabled': 'false', 'write.wap.enabled': 'false' };

/** The table's own properties override these. */
const AS_ROWS_COME = { 'write.distribution-mode': 'none', 'write.spark.fanout.enabled': 'true' };

/** Iceberg's own properties for where a writer puts its files. */
function writePaths({ location, properties }: TableMetadata, folder: string): Record<string, string> {
  const below = (kind: 'data' | 'metadata'): string =>
    `${withoutSlash(properties?.[`write.${kind}.path`] ?? `${withoutSlash(location)}/${kind}`)}/${folder}`;
  return { 'write.data.path': below('data'), 'write.metadata.path': below('metadata') };
}

function findSnapshot(metadata: TableMetadata, id: SnapshotId): Snapshot {
  const snapshot = metadata.snapshots?.find((candidate) => candidate['snapshot-id'] === id);
  if (snapshot === undefined) {
    throw new PsybergError(
      'no-such-table',
      `Snapshot ${id} of table ${metadata['table-uuid']} does not exist any more: the view that shows it is stale`,
    );
  }
  return snapshot;
}

/** Longer than any transaction of DuckDB has lasted before it names a table. */
const TRANSACTION_MS = HOUR_MS;

/**
 * DuckDB resolves "now" with this log at the start of its transaction: because of an entry of `main`, or of
 * one from a clock ahead of ours, it would read another snapshot or none.
 */
const visibleLog = (head: Snapshot, nowMs: number): NonNullable<TableMetadata['snapshot-log']> => [
  {
    'snapshot-id': head['snapshot-id'],
    'timestamp-ms': Math.min(head['timestamp-ms'], nowMs - TRANSACTION_MS),
  },
];

/**
 * Shows a table whose head was committed by a machine with a clock ahead of ours: DuckDB would silently take
 * the newest snapshot that is not in the future. If the table itself was changed in the future, DuckDB would
 * look it up in earlier metadata files: former columns, no INSERT, and an internal error if there is no
 * earlier one.
 */
export function withVisibleHead(metadata: TableMetadata, nowMs: number): TableMetadata {
  const head = mainSnapshot(metadata);
  const isAhead =
    metadata['last-updated-ms'] > nowMs ||
    metadata['snapshot-log']?.some((entry) => entry['timestamp-ms'] > nowMs) === true;
  if (!isAhead) return metadata;
  const log = head === undefined ? {} : { 'snapshot-log': visibleLog(head, nowMs) };
  return { ...metadata, ...log, 'metadata-log': [] };
}

function withHead(
  metadata: TableMetadata,
  head: Snapshot | undefined,
  nowMs: number,
  limits: BranchLimits = {},
): TableMetadata {
  const { 'current-snapshot-id': _current, ...shown } = metadata;
  // It names files of the table itself, which DuckDB would read instead of what is shown.
  const rest = { ...shown, 'metadata-log': [] };
  if (head === undefined)
    return {
      ...rest,
      refs: {},
      snapshots: [],
      'snapshot-log': [],
      statistics: [],
      'partition-statistics': [],
    };
  const id = head['snapshot-id'];
  const sequenceNumber = head['sequence-number'] ?? 0n;
  const ofHead = (file: unknown): boolean => (file as { 'snapshot-id'?: SnapshotId })['snapshot-id'] === id;
  return {
    ...rest,
    'current-snapshot-id': id,
    // Apache Iceberg's own readers refuse a table that was last changed a minute or more before its newest
    // snapshot. With a foreign catalog the table itself knows nothing of a session's snapshots.
    'last-updated-ms': Math.max(metadata['last-updated-ms'], head['timestamp-ms']),
    'last-sequence-number':
      sequenceNumber > metadata['last-sequence-number'] ? sequenceNumber : metadata['last-sequence-number'],
    refs: { main: { ...limits, 'snapshot-id': id, type: 'branch' } },
    // Only the head: a reader needs no ancestors, and with a table of 1,000 snapshots every load would
    // transfer and parse them.
    snapshots: [head],
    'snapshot-log': visibleLog(head, nowMs),
    statistics: metadata.statistics?.filter(ofHead) ?? [],
    'partition-statistics': metadata['partition-statistics']?.filter(ofHead) ?? [],
  };
}
