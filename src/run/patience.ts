/** How long a commit that lost a race is tried again. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Every publish of a warehouse meets in the state tables, so lost races are normal there, and each try of a
 * loser is worth it: of those that meet one always gets through. After this time it ends with exit 4.
 */
const PATIENCE_MS = 60_000;
const PAUSE_MAX_MS = 1000;
/** Before the first one a process may have waited in line for longer than that. */
const TRIES_MIN = 3;

/** Counts the tries of one commit. `again` waits and is true, or is false when it is time to give up. */
export function patience(): { again(): Promise<boolean> } {
  const endMs = performance.now() + PATIENCE_MS;
  let attempt = 0;
  return {
    async again() {
      attempt += 1;
      if (attempt > TRIES_MIN && performance.now() > endMs) return false;
      // Full jitter: writers that met once do not meet again in step.
      await sleep(Math.random() * Math.min(PAUSE_MAX_MS, 10 * 2 ** attempt));
      return true;
    },
  };
}
