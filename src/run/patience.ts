/** Limits how long, and how often, a commit that lost a race is tried again. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * All publishes of a warehouse commit to the state tables, so lost races are normal. Trying again is worth
 * it, since of those that collide one always succeeds. After this time the session gives up with exit code
 * 4.
 */
const PATIENCE_MS = 60_000;
const PAUSE_MAX_MS = 1000;
/** At least so many tries: waiting in line before the first one may alone take longer than the time above. */
const TRIES_MIN = 3;

/**
 * Counts the tries of one commit. `again` waits and returns true, or returns false when it is time to give
 * up.
 */
export function patience(): { again(): Promise<boolean> } {
  const endMs = performance.now() + PATIENCE_MS;
  let attempt = 0;
  return {
    async again() {
      attempt += 1;
      if (attempt > TRIES_MIN && performance.now() > endMs) return false;
      // Full jitter, so that writers that collided once do not collide again in step.
      await sleep(Math.random() * Math.min(PAUSE_MAX_MS, 10 * 2 ** attempt));
      return true;
    },
  };
}
