/** Folders of a warehouse on this machine. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Whoever clears empty folders away may take the one above in between. */
const ATTEMPTS = 5;

/**
 * Makes a folder and those above it; one that is there already is fine. One by one: of a folder that it may
 * not make, Node's own recursion says that it is not there, and not that the disk is read-only (24.21,
 * 2026-11-24), and below /proc it never ends.
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
