/** Writes small files that other processes may look for at any moment. Path, content -> file. */
import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file, over an older one; it has its name only once it is complete. Its folder must exist. Throws
 * what Node throws, and leaves nothing then.
 */
export function writeAtOnce(path: string, content: string | Uint8Array): void {
  const begun = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    writeFileSync(begun, content);
    renameSync(begun, path);
  } catch (error) {
    removeIfThere(begun);
    throw error;
  }
}

/** Removes a file, or a folder with all that is in it; what cannot be removed stays. */
export function removeIfThere(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Where there is no such folder there is no such file.
  }
}
