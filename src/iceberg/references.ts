/** Reads branches: the snapshots they keep, and for how long. Metadata -> limits, updates. Pure. */
import { ancestors, mainSnapshot, snapshotById } from './history.ts';
import type { Snapshot, SnapshotId, SnapshotReference, TableMetadata } from './table-metadata.ts';
import type { TableUpdate } from './table-update.ts';

/** How long a branch keeps its snapshots and itself (Iceberg specification, "Snapshot Retention Policy"). */
export type BranchLimits = Omit<SnapshotReference, 'snapshot-id' | 'type'>;

/** The limits that a branch has; empty while it does not exist. */
export function branchLimits({ refs }: Pick<TableMetadata, 'refs'>, branch: string): BranchLimits {
  if (refs === undefined || !Object.hasOwn(refs, branch)) return {};
  const { 'snapshot-id': _id, type: _type, ...limits } = refs[branch] as SnapshotReference;
  return limits;
}

/** The id of the snapshot that a branch or tag points at; undefined while there is none. */
export const refHeadId = ({ refs }: Pick<TableMetadata, 'refs'>, name: string): SnapshotId | undefined =>
  refs !== undefined && Object.hasOwn(refs, name) ? refs[name]?.['snapshot-id'] : undefined;

/**
 * The head of a branch; undefined while it does not exist, as when nothing has been staged on an empty
 * target.
 */
export function branchHead(metadata: TableMetadata, branch: string): Snapshot | undefined {
  const id = refHeadId(metadata, branch);
  return id === undefined ? undefined : snapshotById(metadata, id);
}

/** The snapshots that only the branch has, newest first; down to `base`, if one is given. */
export function stagingSnapshots(
  metadata: TableMetadata,
  branch: string,
  base: SnapshotId | undefined,
): Snapshot[] {
  const staging: Snapshot[] = [];
  // Walks both chains side by side: `main` may have thousands of snapshots, and a branch leaves it near its
  // end.
  const main = ancestors(metadata, mainSnapshot(metadata));
  const onMain = new Set<SnapshotId>();
  const passNext = (): boolean => {
    const { value, done } = main.next();
    if (done !== true) onMain.add(value['snapshot-id']);
    return done !== true;
  };
  const untilMain = (): Snapshot[] => {
    const met = staging.findIndex((snapshot) => onMain.has(snapshot['snapshot-id']));
    return met < 0 ? staging : staging.slice(0, met);
  };
  let isOnBase = false;
  for (const snapshot of ancestors(metadata, branchHead(metadata, branch))) {
    isOnBase = snapshot['snapshot-id'] === base;
    if (isOnBase) break;
    staging.push(snapshot);
    passNext();
    const ofBranch = untilMain();
    if (ofBranch !== staging) return ofBranch;
  }
  // `main` can have snapshots that were staged on a base only above that base, so the walk ends there.
  while (!(isOnBase && onMain.has(base as SnapshotId)) && passNext());
  return untilMain();
}

/**
 * The update that moves `main`. A reference is always set as a whole, so its limits are repeated here:
 * otherwise they would be lost.
 */
export const moveMain = (metadata: Pick<TableMetadata, 'refs'>, snapshotId: SnapshotId): TableUpdate => ({
  action: 'set-snapshot-ref',
  'ref-name': 'main',
  type: 'branch',
  'snapshot-id': snapshotId,
  ...branchLimits(metadata, 'main'),
});
