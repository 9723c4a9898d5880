/**
 * What several snapshots did to a table's files, taken together. Changed files in order -> net changes. Pure.
 * A file's path is its identity and its rows never change, so a file that came and went (or went and came
 * back, as a cherry-pick after a rollback does) brings nothing: nobody has to load it, and nobody has lost
 * it.
 */
import type { ChangedFile } from '../model/session.ts';

/**
 * The files whose presence differs between the first and the last snapshot. `files`: in the order in which
 * their snapshots took effect.
 */
export function netFiles(files: readonly ChangedFile[]): ChangedFile[] {
  const first = new Map<string, ChangedFile['status']>();
  const last = new Map<string, ChangedFile>();
  for (const file of files) {
    if (!first.has(file.path)) first.set(file.path, file.status);
    last.set(file.path, file);
  }
  // Whoever was added first was not there before: it is news if it was added last, too.
  return [...last.values()].filter((file) => first.get(file.path) === file.status);
}
