/** Undoes a session when its run fails, before the error is thrown on. */

import { giveUp, hasLapsed } from '../../markers/session-marker.ts';
import { PsybergError } from '../../model/errors.ts';
import { abandonSession, detachSession } from '../leftovers/clean-up.ts';
import { sessionLapsed } from '../leftovers/lapsed.ts';
import { type Begun, workOf } from '../session.ts';

/**
 * Runs `work`, at most up to the publish, under the session's marker. If it fails every trace of the session
 * is removed, and the error is thrown with its place in the user's file. `hasMarker`: the session was begun
 * before and has its marker already.
 */
export async function undoneOnFailure<T>(
  session: Begun,
  { hasMarker = false }: { readonly hasMarker?: boolean },
  work: () => Promise<T>,
): Promise<T> {
  // Outside of the cleaning up: if another process runs a session of this id this throws, and that session is
  // not ours to undo.
  if (!hasMarker) await session.ports.markers.begin(session.directory, false);
  try {
    return await work();
  } catch (error) {
    // The next session has to find out whether this one was published: until then nothing may be deleted.
    const isUnknown = error instanceof PsybergError && error.code === 'commit-unknown';
    // Others may have deleted the branch and files of a lapsed session, so that is the cause of any other
    // error.
    const lapsed = !isUnknown && hasLapsed(session.directory, session.ports.markersAreShared);
    if (isUnknown) await leave(session);
    else await undo(session);
    throw lapsed ? sessionLapsed(session) : placed(session, error);
  }
}

/** The error with its place in the process's file. */
export const placed = (session: Begun, error: unknown): unknown =>
  session.ports.workload.placed(workOf(session), error);

/**
 * Ends what the session has in this process, whose next session opens the same, and deletes nothing. Never
 * throws.
 */
async function leave(session: Begun): Promise<void> {
  try {
    session.ports.workload.resume();
    await detachSession(session);
  } catch {
    // The first error is the one to report.
  } finally {
    giveUp(session.directory);
  }
}

/**
 * Removes every trace of the session. Never throws: the next session of the process cleans up what is left.
 */
export async function undo(session: Begun): Promise<void> {
  try {
    session.ports.workload.resume();
    await abandonSession(session);
  } catch {
    // The first error is the one to report; the next session of the process cleans up what is left.
    giveUp(session.directory);
  }
}
