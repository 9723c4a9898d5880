/** Makes folders for files that a person asks for. Path -> folder. */
import fs from 'node:fs';
import path from 'node:path';

/**
 * Makes a folder and its parents; no error if it exists. One by one: below /proc Node's own recursion never
 * ends (24.21, 2026-12-01).
 */
export function makeFolders(folder: string): void {
  if (fs.existsSync(folder)) return;
  makeFolders(path.dirname(folder));
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
