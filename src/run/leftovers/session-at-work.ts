/**
 * Finds another running session of a process on this machine, and waits for it. Markers -> session. Two
 * sessions of one process would load the same rows, and only one of them can publish, so the second one
 * waits and then plans what is left. The marker of a dead process holds nobody up. Nor does one of another
 * machine, because nobody here can tell whether that process lives.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { namesOfSessions } from '../../markers/session-folders.ts';
import { isAtWork, isOfHere, readMarker } from '../../markers/session-marker.ts';
import { conflict } from '../../model/errors.ts';
import { sessionOfName } from '../../model/session-branch.ts';

export interface SessionAtWork {
  readonly psybergSessionId: string;
  readonly pid: number;
  readonly startedAtMs: number;
  /** False if the system does not say when a process began: the pid may belong to another process by now. */
  readonly isCertain: boolean;
}

/**
 * How long one session waits for another: as long as a publish is tried again. If it were longer, sessions
 * that a scheduler starts every hour would pile up behind a slow one.
 */
export const WAIT_MAX_MS = 60_000;
const POLL_MS = 100;
/** Looking into an object store costs a request, so not every poll does. */
const POLLS_A_LOOK = 10;

/** Branches of sessions that the caller itself has begun. */
export type OwnSessions = ReadonlySet<string>;
const NONE: OwnSessions = new Set();

/**
 * A session of the process that a living process of this machine runs as a whole, and that is not one of
 * `own`; undefined when none is.
 */
export function sessionAtWork(
  sessionsDirectory: string,
  processName: string,
  own: OwnSessions = NONE,
): SessionAtWork | undefined {
  for (const name of namesOfSessions(sessionsDirectory)) {
    const session = sessionOfName(name);
    if (session?.processName !== processName || own.has(name)) continue;
    const directory = join(sessionsDirectory, name);
    const marker = readMarker(directory);
    // A stepwise session has no process between its steps, so nobody waits for it: a run may overtake it.
    if (marker === undefined || marker.stepwise || !isOfHere(marker)) continue;
    if (isAtWork(marker, directory))
      return {
        psybergSessionId: session.psybergSessionId,
        pid: marker.pid,
        startedAtMs: Date.parse(marker.started_at),
        isCertain: marker.process_start !== undefined,
      };
  }
  return undefined;
}

/**
 * Waits until no other session of the process is at work; the seconds that took. `isInterrupted` ends the
 * waiting. Throws `session-running` (4) when one is still at work after a minute.
 */
export async function waitForSession(
  sessionsDirectory: string,
  processName: string,
  {
    isInterrupted,
    onStep,
    learn,
    own = NONE,
  }: {
    readonly isInterrupted: () => boolean;
    readonly onStep: (text: string) => void;
    /** Updates the local copies of markers that lie elsewhere; a copy would outlive its marker otherwise. */
    readonly learn: () => Promise<void>;
    readonly own?: OwnSessions;
  },
): Promise<number> {
  const startedMs = performance.now();
  const secondsSince = (ms: number): number => Math.round((performance.now() - ms) / 100) / 10;
  let told: string | undefined;
  for (let polls = 0; ; polls += 1) {
    if (polls > 0 && polls % POLLS_A_LOOK === 0) await learn();
    const other = sessionAtWork(sessionsDirectory, processName, own);
    if (other === undefined || isInterrupted()) return secondsSince(startedMs);
    const who = `session ${other.psybergSessionId} of ${processName} (process ${other.pid}, begun ${age(other)} ago)`;
    if (told !== other.psybergSessionId) onStep(`${processName}: waits for ${who}, which is at work`);
    told = other.psybergSessionId;
    if (performance.now() - startedMs > WAIT_MAX_MS) {
      // It may just be an unrelated process with that pid, which must not hold up every session from now on.
      if (!other.isCertain) return secondsSince(startedMs);
      throw conflict(
        'session-running',
        `${who} is at work: it loads what this one would, and after a minute it had not ended`,
        {
          hint: `run again when it has ended; if it hangs end it (kill ${other.pid}), and the next run cleans up after it`,
          context: {
            process_name: processName,
            psyberg_session_id: other.psybergSessionId,
            pid: other.pid,
            started_at: new Date(other.startedAtMs).toISOString(),
          },
        },
      );
    }
    await sleep(POLL_MS);
  }
}

function age({ startedAtMs }: SessionAtWork): string {
  const seconds = Math.max(0, Math.round((Date.now() - startedAtMs) / 1000));
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
