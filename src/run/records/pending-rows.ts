/**
 * Writes a session's rows of one state table ahead of the commit. Rows -> a change of the table as it is
 * now. The files are written early, during other work, and again only if the table moved meanwhile.
 */

import { forkWhenAsked } from '../../engine/index.ts';
import { removeFile } from '../../files/remove.ts';
import { mainSnapshot, snapshotById } from '../../iceberg/history.ts';
import type { SnapshotId } from '../../iceberg/table-metadata.ts';
import { mayBeMade, PsybergError } from '../../model/errors.ts';
import { sessionsWritten } from '../../state/sessions-written.ts';
import {
  composeStateChange,
  deleteObsoleteFiles,
  ensureStateTable,
  type StateChange,
  type StateWrite,
} from '../../state/write-state.ts';
import { patience } from '../patience.ts';
import type { RunPorts } from '../ports.ts';
import type { Begun } from '../session.ts';

export interface PendingRows extends Pick<StateWrite, 'table' | 'rows'> {
  /**
   * The change on the table as it is now; undefined when a commit of it whose answer was lost was made after
   * all.
   */
  change(): Promise<StateChange | undefined>;
  /**
   * To be called when a commit of the change may be made: its files may be the table's, now or in a moment.
   */
  unanswered(): void;
  /** Deletes what was written, unless it may be the table's. */
  discard(): void;
}

/** Nothing is written yet: {@link PendingRows.change} does that. */
export function pendingRows(
  { plan, ports }: Pick<Begun, 'plan' | 'ports'>,
  {
    table,
    definition,
    rows,
    replacesSession,
    ...others
  }: Omit<StateWrite, 'processName' | 'psybergSessionId'>,
): PendingRows {
  const session = { processName: plan.process_name, psybergSessionId: plan.psyberg_session_id };
  let written: { readonly base: SnapshotId | undefined; readonly change: StateChange } | undefined;
  let isAnswered = true;
  const discard = (): void => {
    // Files whose commit got no answer may be the table's: a sweep removes those that are in no snapshot.
    if (isAnswered) for (const file of written?.change.files ?? []) removeFile(file);
    written = undefined;
  };
  return {
    table,
    rows,
    async change() {
      const metadata = await ensureStateTable(ports.catalog, table, definition);
      const base = mainSnapshot(metadata)?.['snapshot-id'];
      if (written !== undefined) {
        if (snapshotById(metadata, written.change.snapshotId) !== undefined) return undefined;
        if (written.base === base && written.change.sequenceNumber > metadata['last-sequence-number'])
          return written.change;
      }
      // The rows are the same: of a race that was lost only what lists them is written again. A commit
      // without an answer may have made the file the table's.
      const lost = isAnswered ? written?.change : undefined;
      // Several tables are written side by side: with statements each takes about 20 ms, most of it waiting.
      const connection = forkWhenAsked(ports.engine);
      try {
        const write = {
          table,
          definition,
          ...session,
          ...others,
          rows,
          // Another session has written the rows down already, as a repair: they replace what it wrote.
          replacesSession:
            replacesSession || sessionsWritten(metadata, session.processName).has(session.psybergSessionId),
        };
        const change = await composeStateChange(connection, metadata, write, lost?.data);
        for (const file of lost?.files ?? []) if (!change.files.includes(file)) removeFile(file);
        written = { base, change };
        isAnswered = true;
        return change;
      } finally {
        await connection.release();
      }
    },
    unanswered() {
      isAnswered = false;
    },
    discard,
  };
}

/**
 * The changes of all, or undefined when a commit of them whose answer was lost was made after all: tables
 * that are committed together move together.
 */
export async function changesOf(pending: readonly PendingRows[]): Promise<StateChange[] | undefined> {
  const changes = await allOf(pending.map((each) => each.change()));
  return changes.every((change) => change !== undefined) ? changes : undefined;
}

/**
 * Commits them together, again and again while others win the race. Throws `commit-conflict` when that takes
 * too long, or what the catalog answers.
 */
export async function commitRows(
  { catalog }: Pick<RunPorts, 'catalog'>,
  pending: readonly PendingRows[],
): Promise<void> {
  const tries = patience();
  for (;;) {
    let isTried = false;
    try {
      const changes = await catalog.inTurn(async () => {
        const composed = await changesOf(pending);
        isTried = true;
        if (composed !== undefined) await catalog.commitTransaction(composed.map((each) => each.change));
        return composed;
      });
      return deleteObsoleteFiles(changes ?? []);
    } catch (error) {
      if (!isTried) throw error;
      if (mayBeMade(error)) for (const each of pending) each.unanswered();
      if (error instanceof PsybergError && error.retryable && (await tries.again())) continue;
      // Only a conflict says that it was not made.
      if (error instanceof PsybergError && error.code === 'commit-conflict')
        for (const each of pending) each.discard();
      throw error;
    }
  }
}

/**
 * All results, or the first error, but not before every one has ended: a statement that is still running
 * would meet a closed database.
 */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
