/**
 * Which snapshots lie between a watermark and a head. Metadata -> snapshots. Pure. The chain of parents
 * decides: a commit time may go backwards, and a rolled-back snapshot is still in the metadata.
 */
import { ancestors, snapshotById } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import type { DetectedBy, Watermark } from '../model/session.ts';

export interface Window {
  readonly detectedBy: DetectedBy;
  /**
   * Snapshots that the head has and the watermark has not, oldest first.
   */
  readonly added: readonly Snapshot[];
  /** Snapshots that were consumed and are no longer in the head's history (a rollback), oldest first. */
  readonly undone: readonly Snapshot[];
}

/** Finds the new (and the undone) snapshots of `head` as seen from `watermark`. */
export function windowBetween(metadata: TableMetadata, head: Snapshot, watermark: Watermark): Window {
  const added: Snapshot[] = [];
  for (const snapshot of ancestors(metadata, head)) {
    if (snapshot['snapshot-id'] === watermark.snapshotId)
      return { detectedBy: 'snapshots', added: added.reverse(), undone: [] };
    added.push(snapshot);
    // The watermark's snapshot itself may have been expired while all that came after is still there.
    if (snapshot['parent-snapshot-id'] === watermark.snapshotId)
      return { detectedBy: 'snapshots', added: added.reverse(), undone: [] };
  }
  const consumed = snapshotById(metadata, watermark.snapshotId);
  const shared = consumed === undefined ? undefined : commonAncestor(metadata, head, consumed);
  if (consumed !== undefined && shared !== undefined) {
    const until = (from: Snapshot): Snapshot[] => {
      const chain: Snapshot[] = [];
      for (const snapshot of ancestors(metadata, from)) {
        if (snapshot['snapshot-id'] === shared['snapshot-id']) break;
        chain.push(snapshot);
      }
      return chain.reverse();
    };
    return { detectedBy: 'rewound', added: until(head), undone: until(consumed) };
  }
  return { detectedBy: 'live-files', added: added.reverse(), undone: [] };
}

function commonAncestor(metadata: TableMetadata, left: Snapshot, right: Snapshot): Snapshot | undefined {
  const seen = new Set([...ancestors(metadata, left)].map((snapshot) => snapshot['snapshot-id']));
  for (const snapshot of ancestors(metadata, right)) if (seen.has(snapshot['snapshot-id'])) return snapshot;
  return undefined;
}
