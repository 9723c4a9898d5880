/**
 * Files and folders of tables, where they lie on this machine. Tables of a foreign catalog may lie anywhere that DuckDB reads and writes; elsewhere there are
 * no folders to make, and DuckDB has no statement that deletes a file: what is left over there is for the store's own orphan clean-up.
 */
import { mkdirSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { localPath } from '../catalog/files/locations.ts';

/** Deletes a file of a table. One that is gone already, or on a store that this process cannot reach, stays an orphan and harms nobody. */
export function removeLocalFile(location: string): void {
  const path = localPath(location);
  if (path === undefined) return;
  try {
    unlinkSync(path);
  } catch {
    // An orphan file harms nobody; an error here would hide what came before it.
  }
}

/** Makes a folder that DuckDB is to write single files into: it makes those of partitions only. */
export function makeLocalFolder(location: string): void {
  const path = localPath(location);
  if (path !== undefined) makeFolder(path);
}

/** One by one: of a folder that it may not make, Node's own recursion says that it is not there, and not that the disk is read-only (24.21, 2026-11-24). */
function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    makeFolder(path);
  }
}
