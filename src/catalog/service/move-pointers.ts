/**
 * Commits to a warehouse: the part that is the same for tables and views. A metadata file is written first,
 * and its pointer is moved last.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { lines } from '../../model/in-turn.ts';
import { identifierKey, isStateUnknown, lostRace } from '../errors.ts';
import type { CatalogStore, PointerSwap } from '../store/store.ts';

/** How often a commit whose requirements still hold is repeated on a table or view that moved meanwhile. */
const COMMIT_ATTEMPTS_MAX = 40;

export interface MovedPointers {
  readonly store: CatalogStore;
  /** Deletes what was written for the pointers. */
  readonly discard: () => Promise<void>;
}

/**
 * Moves pointers to files that were written for them; if they do not move the files are deleted.
 * @returns the swap that lost, like the store.
 */
export async function movePointers(
  swaps: readonly PointerSwap[],
  { store, discard }: MovedPointers,
): Promise<PointerSwap | undefined> {
  const lost = await store.swapPointers(swaps).catch(async (error: unknown) => {
    // If nobody knows the outcome, the pointers may name these files.
    if (!isStateUnknown(error)) await discard();
    throw error;
  });
  if (lost) await discard();
  return lost;
}

/**
 * Repeats a commit to tables or views until it wins its race; each attempt waits for earlier commits to the
 * same ones.
 * @throws PsybergError `commit-conflict` when it lost too often.
 */
export type UntilCommitted = <T>(
  ids: readonly TableIdentifier[],
  commitOnce: () => Promise<T | undefined>,
) => Promise<T>;

/**
 * With one line for each table or view of a server. Without it all clients write metadata, and only one of
 * these files counts: 16 clients of one table made 146 to 179 commits/s, the slowest after 1.4 to 2.0 s, and
 * one of 4,800 lost its race 40 times; in line 257 to 326, the slowest after 0.1 s (2026-11-28, turn about).
 * Other processes compete only in the store.
 */
export function untilCommittedInLine(): UntilCommitted {
  const inLines = lines();
  return async (ids, commitOnce) => {
    const keys = ids.map(identifierKey);
    for (let attempt = 1; attempt <= COMMIT_ATTEMPTS_MAX; attempt++) {
      const committed = await inLines(keys, commitOnce);
      if (committed !== undefined) return committed;
      // Spreads out writers that keep colliding; full jitter, so that two of them do not stay in step.
      // Outside of the line: others may have more luck.
      await sleep(Math.random() * Math.min(100, 2 ** attempt));
    }
    throw lostRace(ids[0] as TableIdentifier);
  };
}
