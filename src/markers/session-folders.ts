/** Says which sessions have a folder: they run, or something left them. Directory -> folders. Reads only. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { branchName, type SessionOfName, sessionOfName } from '../model/session-branch.ts';

type SessionName = Pick<SessionOfName, 'processName' | 'psybergSessionId'>;

/** The path of a session's folder, whether it is there or not. */
export const sessionFolder = (
  sessionsDirectory: string,
  { processName, psybergSessionId }: SessionName,
): string => join(sessionsDirectory, branchName(processName, psybergSessionId));

/** The names in the folder of the sessions; none as long as nobody has begun one. */
export const namesOfSessions = (sessionsDirectory: string): string[] =>
  existsSync(sessionsDirectory) ? readdirSync(sessionsDirectory) : [];

/** A session that runs has a folder before it has a row in the session table. */
export const hasSessionFolder = (sessionsDirectory: string, session: SessionName): boolean =>
  existsSync(sessionFolder(sessionsDirectory, session));

/** True if any session of the process has one. */
export const hasFolderOfProcess = (sessionsDirectory: string, processName: string): boolean =>
  namesOfSessions(sessionsDirectory).some((name) => sessionOfName(name)?.processName === processName);
