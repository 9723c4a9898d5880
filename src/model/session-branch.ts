/**
 * Makes and reads the name of a session's branch on its target, which its folder, its view and its files have
 * too. Process + session -> name -> process + session. Pure.
 */
import { sessionBeganMs } from './session-id.ts';

/** `psyberg_<process>_<session>`. */
export const branchName = (processName: string, psybergSessionId: string): string =>
  `psyberg_${processName}_${psybergSessionId}`;

/** The name under which other programs attach the tables of a process's next session: `session@<process>`. */
export const servedName = (processName: string): string => `session@${processName}`;

export interface SessionOfName {
  readonly processName: string;
  readonly psybergSessionId: string;
  /** When the session began, in ms since 1970, according to its id. */
  readonly beganMs: number;
}

/**
 * What the name of a branch or a folder tells; undefined if it is not a session's. The folder in which a
 * process is about to put the session's marker has a dot before that name, and the process's id after it. One
 * process's name may be another's with an ending, so only the whole name tells whose it is.
 */
export function sessionOfName(name: string): SessionOfName | undefined {
  const [, processName, psybergSessionId] = /^\.?psyberg_(.+)_(\d{14})(?:\.\d+)?$/.exec(name) ?? [];
  if (processName === undefined || psybergSessionId === undefined) return undefined;
  return { processName, psybergSessionId, beganMs: sessionBeganMs(psybergSessionId) };
}
