/**
 * Writes and reads the marker of a running session: a folder with the name of its branch that says which
 * process is at work. Path -> marker. A branch or folder whose marker names a dead process belongs to an
 * abandoned session.
 */
import { readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../disk/make-folder.ts';
import { writeAtOnce } from '../disk/write-at-once.ts';
import { conflict, usageError } from '../model/errors.ts';
import { DAY_MS, HOUR_MS } from '../model/hour.ts';
import { isRunning } from '../model/is-running.ts';
import { storageFault, throwUnlessOfFile } from '../model/storage-faults.ts';

export interface SessionMarker {
  readonly pid: number;
  /**
   * When that process began, in the operating system's units: another process gets the same pid sooner or
   * later, in a container even at once.
   */
  readonly process_start?: string;
  readonly host: string;
  /** Distinguishes containers on one machine that share its name: each counts its own processes. */
  readonly pids?: string;
  readonly started_at: string;
  /** True if the steps run as separate commands: no process stays alive between them. */
  readonly stepwise: boolean;
  /** The table that this session created, by its uuid: it is dropped again if it is still empty. */
  readonly created_table_uuid?: string;
  /** Its session on another engine, which continues to work when this process dies. */
  readonly engine_session?: string;
  /** True if its process lives but no longer does anything for it: others clean up after it. */
  readonly given_up?: boolean;
  /** True for a copy of another machine's marker. */
  readonly copied?: boolean;
}

/**
 * A stepwise session has no process between its steps; it counts as abandoned after a day without a next
 * step.
 */
export const STEPWISE_GRACE_MS = DAY_MS;
/**
 * Time within which a session may publish if nobody else can tell whether its process lives. It ends an hour
 * before others remove its files, to allow for clocks that differ and commits that are under way.
 */
const PUBLISHES_WITHIN_MS = STEPWISE_GRACE_MS - HOUR_MS;
/** Its name in the session's folder. */
export const MARKER_FILE = 'session.json';

/**
 * Writes the session's folder and marker, before anything else exists that a crash could leave behind.
 * Throws `session-running` if another process has a session of this id: two sessions that share a branch
 * would publish each other's rows. (The steps of one session share their folder.)
 */
export function writeMarker(directory: string, stepwise: boolean): void {
  const marker: SessionMarker = {
    pid: process.pid,
    ...processStart(process.pid),
    host: hostname(),
    ...pidNamespace(),
    started_at: new Date().toISOString(),
    stepwise,
  };
  givenUp.delete(directory);
  try {
    if (stepwise) makeFolder(directory);
    // The folder appears with its marker in it: without a marker nobody could tell whether its process
    // lives.
    else replaceWith(directory, marker);
    if (stepwise) writeAtOnce(join(directory, MARKER_FILE), JSON.stringify(marker));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTEMPTY')
      throw conflict('session-running', `the session ${basename(directory)} is at work in another process`, {
        hint: 'run again',
        cause: error,
      });
    const fault = storageFault(error, { place: directory });
    if (fault !== undefined) throw fault;
    throw usageError(
      'warehouse-not-writable',
      `the folder ${directory} cannot be written: ${(error as Error).message}`,
      {
        hint: 'give this user write access to the warehouse folder, or choose another in psyberg.yaml',
        cause: error,
      },
    );
  }
}

/**
 * Sessions of this process that ended and could not clean up after themselves, on a full disk for example:
 * the process still lives, but they do not.
 */
const givenUp = new Set<string>();
/** Lets the session count as abandoned in this process, as it will in others once this one has ended. */
export function giveUp(directory: string): void {
  givenUp.add(directory);
  try {
    const marker = readMarker(directory);
    if (marker?.pid !== process.pid) return;
    // Without this, other processes would wait for this one to end, and be refused.
    writeAtOnce(join(directory, MARKER_FILE), JSON.stringify({ ...marker, given_up: true }));
  } catch {
    // On a full or failing disk, the other processes do have to wait.
  }
}

/** Records the table that the session has just created. */
export function markCreatedTable(directory: string, uuid: string): void {
  const marker = readMarker(directory);
  if (marker !== undefined)
    writeAtOnce(join(directory, MARKER_FILE), JSON.stringify({ ...marker, created_table_uuid: uuid }));
}

/** Records the session that it has just opened on another engine. */
export function markEngineSession(directory: string, id: string): void {
  const marker = readMarker(directory);
  if (marker !== undefined)
    writeAtOnce(join(directory, MARKER_FILE), JSON.stringify({ ...marker, engine_session: id }));
}

function replaceWith(directory: string, marker: SessionMarker): void {
  const temporary = join(dirname(directory), `.${basename(directory)}.${process.pid}`);
  makeFolder(temporary);
  try {
    writeFileSync(join(temporary, MARKER_FILE), JSON.stringify(marker));
    renameSync(temporary, directory);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Undefined if there is none. */
export function readMarker(directory: string): SessionMarker | undefined {
  const path = join(directory, MARKER_FILE);
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SessionMarker;
  } catch (error) {
    // A session whose marker exists but cannot be read may be at work: its files must not be removed.
    throwUnlessOfFile(error, path);
    return undefined;
  }
}

/**
 * Reads from the name of a folder which process was about to write a marker when it died; undefined for
 * other names.
 */
export const pidOfUnfinished = (name: string): number | undefined => {
  const match = /^\..*\.(\d+)$/.exec(name);
  return match === null ? undefined : Number(match[1]);
};

/**
 * True if the session's process may still be at work (or, stepwise, its next step may come). `directory`:
 * the session's folder.
 */
export function isAtWork(marker: SessionMarker, directory: string): boolean {
  if (marker.pid === process.pid && givenUp.has(directory)) return false;
  if (marker.given_up === true) return false;
  if (marker.stepwise || !isOfHere(marker))
    return Date.now() - Date.parse(marker.started_at) < STEPWISE_GRACE_MS;
  const { process_start } = processStart(marker.pid);
  if (
    marker.process_start !== undefined &&
    process_start !== undefined &&
    process_start !== marker.process_start
  )
    return false;
  return isRunning(marker.pid);
}

/** True for a session whose process can be looked for here by its pid. */
export const isOfHere = ({ host, pids }: SessionMarker): boolean =>
  host === hostname() && (pids === undefined || pids === (pidNamespace().pids ?? pids));

/**
 * True if others may think that this session's machine is lost, and remove its files: its marker is gone, or
 * so old that other machines ignore it (`seenByAll`: they can see its process, or the end of its marker).
 */
export function hasLapsed(directory: string, seenByAll: boolean): boolean {
  const marker = readMarker(directory);
  if (marker === undefined) return true;
  return !seenByAll && Date.now() - Date.parse(marker.started_at) >= PUBLISHES_WITHIN_MS;
}

/**
 * On Linux, the 22nd field of /proc/<pid>/stat, clock ticks since the machine started, with the id of that
 * start. Elsewhere nothing.
 */
function processStart(pid: number): { process_start?: string } {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return {
      process_start: `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`,
    };
  } catch {
    return {};
  }
}

/** On Linux, the namespace in which this process has its pid; a container has another one. */
function pidNamespace(): { pids?: string } {
  try {
    return { pids: readlinkSync('/proc/self/ns/pid') };
  } catch {
    return {};
  }
}
