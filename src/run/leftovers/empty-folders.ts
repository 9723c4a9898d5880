/** Removes folders that are empty by now. Path -> nothing. An object store has no folders. */
import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Removes a folder and those in it, as far as no file is below them. */
export function removeEmptyFolders(folder: string): void {
  for (const name of namesIn(folder)) removeEmptyFolders(join(folder, name));
  try {
    rmdirSync(folder);
  } catch {
    // Not empty, or not there.
  }
}

/** The names in a folder; none if it is not there, or cannot be looked into. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
