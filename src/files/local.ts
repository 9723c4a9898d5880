/**
 * Handles files of tables on this machine without DuckDB, which is quicker: facts, reads, writes. In a store
 * there are no folders to make.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import { makeFolder } from '../catalog/files/folders.ts';
import { localPath } from '../catalog/files/locations.ts';
import { storageFault } from '../model/storage-faults.ts';

/** Makes a folder that DuckDB is to write single files into: it makes those of partitions only. */
export function makeLocalFolder(location: string): void {
  const path = localPath(location);
  if (path !== undefined) makeFolder(path);
}

/** True for a place on this machine, whether a file is there or not. */
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

/** Undefined where this process does not see the file. */
export function localFacts(location: string): FileFacts | undefined {
  const path = localPath(location);
  const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : { bytes: found.size, mtimeMs: found.mtimeMs };
}

/** The first bytes of a file, at most so many; undefined where this process cannot read it. */
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

/** The bytes of a file; undefined where this process does not see it. */
export function readLocalFile(location: string): Buffer | undefined {
  const path = localPath(location);
  return path === undefined || !existsSync(path) ? undefined : readFileSync(path);
}

/** Writes a file of this machine, which nothing names yet; false where it is to lie elsewhere. */
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
