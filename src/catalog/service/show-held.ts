/** Shows a table of a catalog with the branches that are held here. Metadata -> metadata. Pure. */
import { snapshotById } from '../../iceberg/history.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { HeldBranch } from './held-in-memory.ts';

/**
 * Sequence numbers and row ids continue after those of the branches, as if the catalog had them, so that what
 * a session publishes is numbered above what it has staged. Gaps are allowed (Iceberg specification,
 * "Sequence Numbers", "Row Lineage").
 */
export function showHeld(metadata: TableMetadata, branches: readonly HeldBranch[]): TableMetadata {
  if (branches.length === 0) return metadata;
  const snapshots = branches
    .flatMap((branch) => branch.snapshots)
    .filter(
      (snapshot) =>
        isNewer(metadata, snapshot) || snapshotById(metadata, snapshot['snapshot-id']) === undefined,
    );
  const largest = (...values: readonly (bigint | undefined | null)[]): bigint =>
    values.reduce<bigint>((most, value) => ((value ?? 0n) > most ? (value as bigint) : most), 0n);
  const refs = branches.map(({ branch, head }): [string, { 'snapshot-id': SnapshotId; type: 'branch' }] => [
    branch,
    { 'snapshot-id': head, type: 'branch' },
  ]);
  return {
    ...metadata,
    snapshots: [...(metadata.snapshots ?? []), ...snapshots],
    refs: { ...Object.fromEntries(refs), ...metadata.refs },
    'last-sequence-number': largest(
      metadata['last-sequence-number'],
      ...snapshots.map((snapshot) => snapshot['sequence-number']),
    ),
    ...(metadata['format-version'] < 3
      ? {}
      : {
          'next-row-id': largest(
            metadata['next-row-id'],
            ...snapshots.map((snapshot) => (snapshot['first-row-id'] ?? 0n) + (snapshot['added-rows'] ?? 0n)),
          ),
        }),
  };
}

/** Numbered above all snapshots of the table, which need not be searched for it. */
const isNewer = (metadata: TableMetadata, snapshot: Snapshot): boolean =>
  metadata['format-version'] > 1 &&
  (snapshot['sequence-number'] ?? 0n) > (metadata['last-sequence-number'] ?? 0n);
