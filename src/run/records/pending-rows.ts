/**
 * Rows of a session for one of the engine's own tables, and the files that hold them. Rows -> a change of the
 * table as it is now. The files are written early, beside other work, and again only when the table moved
 * meanwhile.
 */

import { removeLocalFile } from '../../files/local.ts';
import { mainSnapshot, snapshotById } from '../../iceberg/history.ts';
import type { SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import { isUnanswered, PsybergError } from '../../model/errors.ts';
import { SUMMARY } from '../../state/read-watermarks.ts';
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
   * To be called when a commit of the change got no answer: its files may be the table's, now or in a moment.
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
    if (isAnswered) for (const file of written?.change.files ?? []) removeLocalFile(file);
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
        discard();
      }
      // Several tables are written side by side: each takes about 20 ms, most of it waiting.
      const connection = await ports.engine.fork();
      try {
        const change = await composeStateChange(connection, metadata, {
          table,
          definition,
          ...session,
          ...others,
          rows,
          replacesSession: replacesSession || isRepaired(metadata, session),
        });
        written = { base, change };
        isAnswered = true;
        return change;
      } finally {
        connection.release();
      }
    },
    unanswered() {
      isAnswered = false;
    },
    discard,
  };
}

/** Another session has written the rows down already, as a repair: they replace what it wrote. */
const isRepaired = (
  { snapshots = [] }: TableMetadata,
  { processName, psybergSessionId }: Pick<StateWrite, 'processName' | 'psybergSessionId'>,
): boolean =>
  snapshots.some(
    ({ summary }) =>
      summary?.[SUMMARY.processName] === processName && summary[SUMMARY.sessionId] === psybergSessionId,
  );

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
    const changes = await changesOf(pending);
    if (changes === undefined) return;
    try {
      await catalog.commitTransaction(changes.map((each) => each.change));
      return deleteObsoleteFiles(changes);
    } catch (error) {
      if (isUnanswered(error)) for (const each of pending) each.unanswered();
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
