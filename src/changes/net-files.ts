/**
 * Sums up what several snapshots did to a table's files. Changed files in order -> net changes. Pure. A path
 * identifies a file, and its rows never change. So a file that came and went, or went and came back (as a
 * cherry-pick after a rollback brings it back), is no change.
 */
import type { SnapshotId } from '../iceberg/table-metadata.ts';
import type { ChangedFile } from '../model/session.ts';
import type { DetectedGap } from './gap.ts';

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
  // A file whose first event is an addition did not exist at the watermark: it is new if its last event is
  // one, too.
  return [...last.values()].filter((file) => first.get(file.path) === file.status);
}

/** The files of the snapshots in the order in which they took effect: undoing begins with the newest. */
export function filesInOrder(
  { gap }: { readonly gap: DetectedGap },
  bySnapshot: ReadonlyMap<SnapshotId, readonly ChangedFile[]>,
): ChangedFile[] {
  const order = [...gap.undone.toReversed(), ...gap.added];
  return order.flatMap((snapshot) => bySnapshot.get(snapshot['snapshot-id']) ?? []);
}
