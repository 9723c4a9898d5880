/**
 * Files and folders of tables, where they lie on this machine. Tables of a foreign catalog may lie anywhere
 * that DuckDB reads and writes; elsewhere there are no folders to make, and DuckDB has no statement that
 * deletes a file: what is left over there is for the store's own orphan clean-up.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync, unlinkSync, writeFileSync } from 'node:fs';
import { makeFolder } from '../catalog/files/folders.ts';
import { localPath } from '../catalog/files/locations.ts';
import { isUnanswered } from '../model/errors.ts';
import { storageFault } from '../model/storage-faults.ts';

/**
 * Deletes a file of a table. One that is gone already, or on a store that this process cannot reach, stays an
 * orphan and harms nobody.
 */
export function removeLocalFile(location: string): void {
  const path = localPath(location);
  if (path === undefined) return;
  try {
    unlinkSync(path);
  } catch {
    // An orphan file harms nobody; an error here would hide what came before it.
  }
}

/**
 * Deletes what was written for a commit that failed; not when it may have been made: the files are the
 * table's then, or orphans for a later run.
 */
export function discard(paths: readonly string[], error: unknown): void {
  if (!isUnanswered(error)) for (const path of paths) removeLocalFile(path);
}

/** Makes a folder that DuckDB is to write single files into: it makes those of partitions only. */
export function makeLocalFolder(location: string): void {
  const path = localPath(location);
  if (path !== undefined) makeFolder(path);
}

/** False only for a file that this process could see, and does not. */
export function mayBeThere(location: string): boolean {
  const path = localPath(location);
  return path === undefined || existsSync(path);
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

/**
 * Writes a file of this machine anew with what `change` makes of its bytes; false where it does not lie here.
 * For files that nothing names yet.
 */
export function changeLocalFile(location: string, change: (content: Buffer) => Buffer): boolean {
  const path = localPath(location);
  if (path === undefined || !existsSync(path)) return false;
  const changed = change(readFileSync(path));
  try {
    writeFileSync(path, changed);
  } catch (error) {
    throw storageFault(error, path) ?? error;
  }
  return true;
}
