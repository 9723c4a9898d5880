/** Holds branches of sessions that a catalog does not have; here those of one process, in memory. */
import type { Snapshot, SnapshotId } from '../../iceberg/table-metadata.ts';

export interface HeldBranch {
  readonly branch: string;
  readonly tableUuid: string;
  readonly head: SnapshotId;
  /** The staged snapshots, oldest first. */
  readonly snapshots: readonly Snapshot[];
  /** The snapshot of `main` with which the branch ends, once its commit is in progress. */
  readonly publishes?: SnapshotId;
}

export interface HeldBranches {
  /** True if the branch is to be held from its first commit on. */
  holds(branch: string): boolean;
  isEmpty(): boolean;
  names(): string[];
  /** The branches of one table, with their names. */
  of(tableUuid: string): HeldBranch[];
  write(branch: HeldBranch): void;
  remove(branch: string): void;
}

/** In memory: a branch is held only while `holds` is true for it. */
export function heldInMemory(holds: (branch: string) => boolean): HeldBranches {
  const held = new Map<string, HeldBranch>();
  const all = (): HeldBranch[] => {
    for (const name of held.keys()) if (!holds(name)) held.delete(name);
    return [...held.values()];
  };
  return {
    holds,
    isEmpty: () => all().length === 0,
    names: () => all().map(({ branch }) => branch),
    of: (tableUuid) => all().filter((each) => each.tableUuid === tableUuid),
    write: (branch) => void held.set(branch.branch, branch),
    remove: (branch) => void held.delete(branch),
  };
}
