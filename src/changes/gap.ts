/**
 * Finds which snapshots lie between a watermark and a head. Metadata -> snapshots. Pure. The chain of parents
 * decides: a commit time may go backwards, and a rolled-back snapshot is still in the metadata.
 */
import { between, type Gap } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import type { DetectedBy, Watermark } from '../model/session.ts';

export interface DetectedGap extends Pick<Gap, 'added' | 'undone'> {
  readonly detectedBy: DetectedBy;
}

const DETECTED_BY = { straight: 'snapshots', forked: 'rewound', unknown: 'live-files' } as const;

/** Finds the new (and the undone) snapshots of `head` as seen from `watermark`. */
export function gapBetween(metadata: TableMetadata, head: Snapshot, watermark: Watermark): DetectedGap {
  const { kind, added, undone } = between(metadata, head, watermark.snapshotId);
  return { detectedBy: DETECTED_BY[kind], added, undone };
}
