/**
 * Commits to a warehouse: what those of tables and of views have in common. A metadata file is written first,
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
 * Moves pointers to files that were written for them; without pointers the files go. @returns the swap that
 * lost, as the store.
 */
export async function movePointers(
  swaps: readonly PointerSwap[],
  { store, discard }: MovedPointers,
): Promise<PointerSwap | undefined> {
  const lost = await store.swapPointers(swaps).catch(async (error: unknown) => {
    // Where nobody knows, the files may be what the pointers point at.
    if (!isStateUnknown(error)) await discard();
    throw error;
  });
  if (lost) await discard();
  return lost;
}

/**
 * Repeats a commit to tables or views until it wins its race; each try waits for those before it of commits
 * to the same ones.
 * @throws PsybergError `commit-conflict` when it lost too often.
 */
export type UntilCommitted = <T>(
  ids: readonly TableIdentifier[],
  commitOnce: () => Promise<T | undefined>,
) => Promise<T>;

/**
 * With one line for each table or view of a server. Without it all its clients write metadata of which one
 * file counts: 16 clients of one table made 146 to 179 commits/s, the slowest after 1.4 to 2.0 s, and one of
 * 4,800 lost its race 40 times; in line 257 to 326, the slowest after 0.1 s (2026-11-28, turn about). Other
 * processes are met in the store alone.
 */
export function untilCommittedInLine(): UntilCommitted {
  const inLines = lines();
  return async (ids, commitOnce) => {
    const keys = ids.map(identifierKey);
    for (let attempt = 1; attempt <= COMMIT_ATTEMPTS_MAX; attempt++) {
      const committed = await inLines(keys, commitOnce);
      if (committed !== undefined) return committed;
      // Spread out writers that keep meeting; full jitter, so that two of them do not stay in step. Not in
      // line: others may have more luck.
      await sleep(Math.random() * Math.min(100, 2 ** attempt));
    }
    throw lostRace(ids[0] as TableIdentifier);
  };
}
