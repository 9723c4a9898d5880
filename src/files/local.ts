/**
 * Handles files of tables on this machine without DuckDB, which is quicker: facts, reads, writes. Stores
 * have no folders, so there is nothing to make in them.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import { localPath } from '../catalog/files/locations.ts';
import { makeFolder } from '../disk/make-folder.ts';
import { readForNow } from '../disk/read-for-now.ts';
import { storageFault } from '../model/storage-faults.ts';

/** Creates a folder into which DuckDB is going to write single files: it only creates those of partitions. */
export function makeLocalFolder(location: string): void {
  const path = localPath(location);
  if (path !== undefined) makeFolder(path);
}

/** True for a place on this machine, whether or not there is a file. */
export const isLocalPath = (location: string): boolean => localPath(location) !== undefined;

/** True only for a file that this process sees. */
export function isLocalFile(location: string): boolean {
  const path = localPath(location);
  return path !== undefined && existsSync(path);
}

export interface FileFacts {
  readonly bytes: number;
  /** When it was written, since 1970. */
  readonly mtimeMs: number;
}

/** Undefined if this process does not see the file. */
export function localFacts(location: string): FileFacts | undefined {
  const path = localPath(location);
  const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : { bytes: found.size, mtimeMs: found.mtimeMs };
}

/** At most so many first bytes of a file; undefined if this process cannot read it. */
export function readLocalHead(location: string, bytes: number): Buffer | undefined {
  const path = localPath(location);
  if (path === undefined) return undefined;
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const head = Buffer.allocUnsafe(bytes);
    return head.subarray(0, readSync(file, head, 0, bytes, 0));
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** The bytes of a file; undefined if this process does not see it. */
export function readLocalFile(location: string): Buffer | undefined {
  const path = localPath(location);
  return path === undefined || !existsSync(path) ? undefined : readFileSync(path);
}

/**
 * What `use` makes of the bytes of a file, which are good until it returns: it copies what it keeps.
 * Undefined if this process does not see the file.
 */
export function useLocalFile<T>(location: string, use: (file: Buffer) => T): T | undefined {
  const path = localPath(location);
  return path === undefined || !existsSync(path) ? undefined : readForNow(path, use);
}

/** Writes a file on this machine to which nothing refers yet; false if it is to lie elsewhere. */
export function writeLocalFile(location: string, content: Buffer): boolean {
  const path = localPath(location);
  if (path === undefined) return false;
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw storageFault(error, { place: path, isWritten: true }) ?? error;
  }
  return true;
}
