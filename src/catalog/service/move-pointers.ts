/** Commits to a warehouse: what those of tables and of views have in common. A metadata file is written first, and its pointer is moved last. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { isStateUnknown, lostRace } from '../errors.ts';
import type { CatalogStore, PointerSwap } from '../store/store.ts';

/** How often a commit whose requirements still hold is repeated on a table or view that moved meanwhile. */
const COMMIT_ATTEMPTS_MAX = 40;

export interface MovedPointers {
  readonly store: CatalogStore;
  /** Deletes what was written for the pointers. */
  readonly discard: () => Promise<void>;
}

/** Moves pointers to files that were written for them; without pointers the files go. @returns the swap that lost, as the store. */
export async function movePointers(swaps: readonly PointerSwap[], { store, discard }: MovedPointers): Promise<PointerSwap | undefined> {
  const lost = await store.swapPointers(swaps).catch(async (error: unknown) => {
    // Where nobody knows, the files may be what the pointers point at.
    if (!isStateUnknown(error)) await discard();
    throw error;
  });
  if (lost) await discard();
  return lost;
}

/** Repeats a commit until it wins its race. @throws PsybergError `commit-conflict` when it lost too often. */
export async function untilCommitted<T>(id: TableIdentifier, commitOnce: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 1; attempt <= COMMIT_ATTEMPTS_MAX; attempt++) {
    const committed = await commitOnce();
    if (committed !== undefined) return committed;
    // Spread out writers that keep meeting; full jitter, so that two of them do not stay in step.
    await sleep(Math.random() * Math.min(100, 2 ** attempt));
  }
  throw lostRace(id);
}
