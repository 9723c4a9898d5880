/**
 * The default rule, for `append`, `overwrite`, `delete` and whatever no other rule explains: the snapshot
 * counts, and the hours of all files that it added or removed have changed.
 */
import { changeOf, reasonOf, type SnapshotVerdict } from './verdict.ts';

/** Always applies: the last of the verdicts. */
export const counted: SnapshotVerdict = (_reader, seen) => ({
  change: changeOf(seen, { counted: true, reason: reasonOf(seen) }),
  files: seen.files,
});
