/** What every run does when it fails: the session is undone before the error is thrown on. */

import { giveUp, hasLapsed } from '../../markers/session-marker.ts';
import { PsybergError } from '../../model/errors.ts';
import { abandonSession } from '../leftovers/clean-up.ts';
import { sessionLapsed } from '../leftovers/lapsed.ts';
import { type Begun, workOf } from '../session.ts';

/**
 * Runs `work` under the session's marker, up to its publishing. When that fails, every trace of it goes, and
 * the error is thrown with its place in the user's file.
 */
export async function undoneOnFailure<T>(session: Begun, work: () => Promise<T>): Promise<T> {
  // Before the cleaning up begins: a session of this id that another process runs is not ours to abandon.
  await session.ports.markers.begin(session.directory, false);
  return undoneUnlessDone(session, work);
}

/** The same for a session that has its marker. */
export async function undoneUnlessDone<T>(session: Begun, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Whether it was published is for the next session to find out: until then nothing may be deleted.
    const isUnknown = error instanceof PsybergError && error.code === 'commit-unknown';
    // Whatever went wrong in it then came of that: its branch and its files may be gone.
    const lapsed = !isUnknown && hasLapsed(session.directory, session.ports.markersAreShared);
    if (isUnknown) giveUp(session.directory);
    else await undo(session);
    throw lapsed ? sessionLapsed(session) : placed(session, error);
  }
}

/** The error with its place in the process's file. */
export const placed = (session: Begun, error: unknown): unknown =>
  session.ports.workload.placed(workOf(session), error);

/** Leaves no trace of the session. Never throws: what is left the next session of the process cleans up. */
export async function undo(session: Begun): Promise<void> {
  try {
    session.ports.workload.resume();
    await abandonSession(session);
  } catch {
    // The first error is the one to report; the next session of the process cleans up what is left.
    giveUp(session.directory);
  }
}
