/** Branches and what they say of the snapshots that they keep. Metadata -> limits, updates. Pure. */
import type { SnapshotId, SnapshotReference, TableMetadata } from './table-metadata.ts';
import type { TableUpdate } from './table-update.ts';

/** How long a branch keeps its snapshots and itself (Iceberg specification, "Snapshot Retention Policy"). */
export type BranchLimits = Omit<SnapshotReference, 'snapshot-id' | 'type'>;

/** What a branch says of itself; nothing while it does not exist. */
export function branchLimits({ refs }: Pick<TableMetadata, 'refs'>, branch: string): BranchLimits {
  if (refs === undefined || !Object.hasOwn(refs, branch)) return {};
  const { 'snapshot-id': _id, type: _type, ...limits } = refs[branch] as SnapshotReference;
  return limits;
}

/**
 * The update that moves `main`. A reference is set as a whole: without the limits that it has they would be
 * gone.
 */
export const moveMain = (metadata: Pick<TableMetadata, 'refs'>, snapshotId: SnapshotId): TableUpdate => ({
  action: 'set-snapshot-ref',
  'ref-name': 'main',
  type: 'branch',
  'snapshot-id': snapshotId,
  ...branchLimits(metadata, 'main'),
});
