/**
 * `append`, `overwrite`, `delete`, and whatever nobody else explains: the files that came are news, and the
 * hours of those that came and of those that went changed.
 */
import { changeOf, reasonOf, type SnapshotVerdict } from './verdict.ts';

/** Always applies: the last of the verdicts. */
export const counted: SnapshotVerdict = (_reader, seen) => ({
  change: changeOf(seen, { counted: true, reason: reasonOf(seen) }),
  files: seen.files,
});
