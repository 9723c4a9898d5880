/** Makes folders on this machine. Path -> folder. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Another process that removes empty folders may remove the parent in between. */
const ATTEMPTS = 5;

/**
 * Makes a folder and its parents; no error if it exists. One by one: if it may not make a folder, Node's own
 * recursion reports that it does not exist, and not that the disk is read-only (24.21, 2026-11-24), and below
 * /proc it never ends.
 */
export function makeFolder(path: string): void {
  for (let attempt = 1; ; attempt += 1)
    try {
      mkdirSync(path);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return;
      if (code !== 'ENOENT' || dirname(path) === path || attempt === ATTEMPTS) throw error;
      makeFolder(dirname(path));
    }
}
