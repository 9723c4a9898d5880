/** Ids of sessions: the second in which they began, made unique within a process. Id -> id. Pure. */
import { sessionIdOf } from './hour.ts';

const SESSION_ID = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/;

/**
 * `previous`: of the process's last session; null when there was none. Two sessions within one second would
 * share an id: the later one takes the next second.
 */
export function laterSessionId(id: string, previous: string | null): string {
  return previous === null || id > previous || !SESSION_ID.test(previous) ? id : nextSessionId(previous);
}

/** The id, or the next one that is free: a session that runs at this moment has it. */
export function freeSessionId(id: string, isTaken: (id: string) => boolean): string {
  let free = id;
  while (isTaken(free)) free = nextSessionId(free);
  return free;
}

function nextSessionId(id: string): string {
  const [, year, month, day, hour, minute, second] = SESSION_ID.exec(id) as RegExpExecArray;
  return sessionIdOf(
    Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) +
      1000,
  );
}
