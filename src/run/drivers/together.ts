/**
 * Sessions that are published together: each has published where commits are held, and one commit makes all
 * of it. Published[] -> Published[]. Targets that stand still are not computed again: what others commit to
 * the engine's own tables meanwhile costs their rows, written anew.
 */
import type { HeldCommits } from '../../catalog/index.ts';
import { giveUp } from '../../markers/session-marker.ts';
import { conflict, isUnanswered, mayBeMade, PsybergError } from '../../model/errors.ts';
import { type TableIdentifier, tableKey, tableName } from '../../model/names.ts';
import { abandonSession } from '../leftovers/clean-up.ts';
import { patience } from '../patience.ts';
import type { Published } from '../session.ts';
import { closeStage } from '../stages/close.ts';

/** Takes the sessions as they come. */
export interface Together {
  /** A session that has published, and is to be closed when the commits are made. */
  add(session: Published): void;
  /** One has failed: none of them is published, and commits are made at once from now on. */
  giveUp(): void;
}

/** Tries of a commit whose fate the catalog does not tell. */
const UNANSWERED_MAX = 5;

/**
 * Makes the commits of the sessions one, and closes them. Throws `target-moved` when others were first with a
 * target: all of them are to be computed again. Throws `publish-contended` or `commit-unknown` after the last
 * try.
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

/** The sessions on the tables as they are now. The same commit again where nobody has moved them. */
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
  // Each finds the rows of those before it.
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
