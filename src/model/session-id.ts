/** Makes ids of sessions: the second in which they began, made unique within a process. Id -> id. Pure. */
import { sessionIdOf } from './hour.ts';

const SESSION_ID = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/;

/**
 * `previous`: the id of the process's last session; null if there was none. Two sessions within one second
 * would have the same id, so the later one takes the next second.
 */
export function laterSessionId(id: string, previous: string | null): string {
  return previous === null || id > previous || !SESSION_ID.test(previous) ? id : nextSessionId(previous);
}

/** The id, or the next one that is free, if a running session has it. */
export function freeSessionId(id: string, isTaken: (id: string) => boolean): string {
  let free = id;
  while (isTaken(free)) free = nextSessionId(free);
  return free;
}

const nextSessionId = (id: string): string => sessionIdOf(sessionBeganMs(id) + 1000);

/** The second that an id names, in ms since 1970. `id`: fourteen digits. */
export function sessionBeganMs(id: string): number {
  const [year, month, day, hour, minute, second] = (SESSION_ID.exec(id) ?? []).slice(1).map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}
