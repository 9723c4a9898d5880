/** Branches of sessions that a catalog does not have, and those of one process in memory. */
import type { Snapshot, SnapshotId } from '../../iceberg/table-metadata.ts';

export interface HeldBranch {
  readonly branch: string;
  readonly tableUuid: string;
  readonly head: SnapshotId;
  /** Those that were staged, oldest first. */
  readonly snapshots: readonly Snapshot[];
  /** The snapshot of `main` that ends the branch, once its commit is under way. */
  readonly publishes?: SnapshotId;
}

export interface HeldBranches {
  /** True for a branch that is held from its first commit on. */
  holds(branch: string): boolean;
  isEmpty(): boolean;
  names(): string[];
  /** The branches of one table, by their names. */
  of(tableUuid: string): HeldBranch[];
  write(branch: HeldBranch): void;
  remove(branch: string): void;
}

/** In memory; those for which `holds` is true, and as long as it is. */
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
