/**
 * Publishes several sessions in one commit. Published[] -> nothing. Each session has published into a
 * catalog that holds its commits, and here they are committed as one. If others meanwhile only committed to
 * state tables, the targets are not computed again: only the rows of the state tables are written again.
 */
import type { HeldCommits } from '../../catalog/index.ts';
import { giveUp } from '../../markers/session-marker.ts';
import { conflict, isUnanswered, mayBeMade, PsybergError } from '../../model/errors.ts';
import { type TableIdentifier, tableKey, tableName } from '../../model/names.ts';
import { abandonSession } from '../leftovers/clean-up.ts';
import { patience } from '../patience.ts';
import type { Published } from '../session.ts';
import { closeStage } from '../stages/close.ts';

/** Collects the sessions of an atomic restate. */
export interface Together {
  /** Adds a session whose commits are held. It is closed once they are made. */
  add(session: Published): void;
  /** To be called when a session failed: nothing is published, and from now on commits are no longer held. */
  giveUp(): void;
}

/** How often a commit is tried without an answer from the catalog. */
const UNANSWERED_MAX = 5;

/**
 * Commits everything that the sessions published, and closes them. Throws `target-moved` if others committed
 * to a target first, so that all sessions have to run again, and `publish-contended` or `commit-unknown`
 * after the last try.
 */
export async function publishTogether(held: HeldCommits, sessions: readonly Published[]): Promise<void> {
  const tries = patience();
  let current = sessions;
  for (let unanswered = 0; ; ) {
    try {
      await held.commit();
      break;
    } catch (error) {
      const isLost = isUnanswered(error);
      if (mayBeMade(error)) for (const { state } of current) state.unanswered();
      // A lost answer is not a lost commit: look before trying again.
      const isMade = await held.isMade().catch((failed: unknown) => {
        if (isUnanswered(failed)) return undefined;
        throw failed;
      });
      if (isMade === true) break;
      if (isLost || isMade === undefined) unanswered += 1;
      const isHopeful =
        unanswered > 0
          ? unanswered < UNANSWERED_MAX
          : error instanceof PsybergError && error.retryable && error.code !== 'no-transactions';
      if (!isHopeful || !(await tries.again())) throw lastWord(sessions, error, unanswered);
      current = await onCurrentTables(held, current);
    }
  }
  held.end();
  for (const session of current) await closeStage(session);
}

/** Bases the sessions on the tables as they are now; the same sessions if no table moved. */
async function onCurrentTables(
  held: HeldCommits,
  sessions: readonly Published[],
): Promise<readonly Published[]> {
  const moved = await held.moved();
  if (moved.length === 0) return sessions;
  const targets = new Set(sessions.map(({ spec }) => tableKey(spec.target.table)));
  const isTarget = (id: TableIdentifier): boolean => targets.has(tableKey(id));
  const target = moved.find(isTarget);
  if (target !== undefined)
    throw conflict(
      'target-moved',
      `${tableName(target)} was committed to by somebody else before ${sessions.length} targets could be published together`,
      { hint: 'run again', context: { target: tableName(target) } },
    );
  held.drop(held.tables().filter((id) => !isTarget(id)));
  const again: Published[] = [];
  // One after the other, since each composes its state rows on those of the sessions before it.
  for (const session of sessions) {
    const changes = (await session.state.changes(session)) ?? [];
    await session.ports.catalog.commitTransaction(changes.map(({ change }) => change));
    const stateFiles = changes.flatMap(({ obsoleteFiles }) => obsoleteFiles);
    again.push({ ...session, obsolete: { ...session.obsolete, stateFiles } });
  }
  return again;
}

function lastWord(sessions: readonly Published[], error: unknown, unanswered: number): unknown {
  const names = sessions.map(({ spec }) => tableName(spec.target.table));
  const details = { context: { targets: names }, cause: error };
  if (unanswered > 0)
    return conflict(
      'commit-unknown',
      `the catalog did not answer whether ${names.join(', ')} were published: ${(error as Error).message}`,
      { hint: 'run again when the catalog answers: the next run looks whether they were', ...details },
    );
  if (!(error instanceof PsybergError && error.retryable) || error.code === 'no-transactions') return error;
  return conflict(
    'publish-contended',
    `${names.join(', ')} were not published, others committed first for a minute: ${error.message}`,
    { hint: 'run again, when fewer sessions publish at the same time', ...details },
  );
}

/**
 * Undoes sessions whose commits were dropped. Where nobody knows whether they were made, the next session of
 * each process looks, and nothing is deleted until then.
 */
export async function abandonTogether(sessions: readonly Published[], error: unknown): Promise<void> {
  const isUnknown = error instanceof PsybergError && error.code === 'commit-unknown';
  for (const session of sessions) {
    // The schema was held, too: under its id the table may get somebody else's.
    session.leftovers.schemaId = undefined;
    // Cleaning up needs statements, also after an interrupt.
    session.ports.workload.resume();
    if (isUnknown) giveUp(session.directory);
    else await abandonSession(session).catch(() => giveUp(session.directory));
  }
}
