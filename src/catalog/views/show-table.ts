/**
 * A table as a session or a branch shows it. Real metadata + what to show -> shown metadata. Pure.
 * Everything that says "current" is replaced: current snapshot, refs, snapshots and the snapshot log.
 */
import { type BranchLimits, branchLimits, refHeadId } from '../../iceberg/references.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import { withoutFields } from '../../iceberg/unread-fields.ts';
import { withoutSlash } from '../../iceberg/without-slash.ts';
import { PsybergError } from '../../model/errors.ts';
import type { ViewShow } from './session-views.ts';

/** Shows a table with its head, and nothing else, as `main`. */
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
    case 'snapshot':
      return withHead(metadata, findSnapshot(metadata, show.snapshotId), nowMs);
    case 'files': {
      const shown = withHead(metadata, show.snapshot, nowMs);
      return show.without === undefined ? shown : withoutFields(shown, show.without);
    }
  }
}

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

function withHead(
  metadata: TableMetadata,
  head: Snapshot | undefined,
  nowMs: number,
  limits: BranchLimits = {},
): TableMetadata {
  const { 'current-snapshot-id': _current, ...rest } = metadata;
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
    'last-sequence-number':
      sequenceNumber > metadata['last-sequence-number'] ? sequenceNumber : metadata['last-sequence-number'],
    refs: { main: { ...limits, 'snapshot-id': id, type: 'branch' } },
    // Only the head: a reader needs no ancestors, and a table of 1,000 snapshots would cost every load their
    // transfer and parsing.
    snapshots: [head],
    // DuckDB resolves "now" through this log against the start of its transaction: an entry of `main`, or one
    // from a clock ahead of ours, would make it read another snapshot or none.
    'snapshot-log': [{ 'snapshot-id': id, 'timestamp-ms': Math.min(head['timestamp-ms'], nowMs) }],
    statistics: metadata.statistics?.filter(ofHead) ?? [],
    'partition-statistics': metadata['partition-statistics']?.filter(ofHead) ?? [],
  };
}
