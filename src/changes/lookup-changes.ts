/**
 * What happened to a lookup since a session last used it. Metadata + watermark -> snapshots, each with
 * whether it may have changed rows. Pure. A lookup is read whole, so its manifests are not asked.
 */
import { between, countInSummary, operationOf } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import type { DetectedBy, SnapshotChange, Watermark } from '../model/session.ts';
import { bringsNothing } from '../state/no-news.ts';

/** How a lookup came from the state that was used to the one that it has. */
export interface LookupChanges {
  readonly detectedBy: DetectedBy;
  readonly changes: readonly SnapshotChange[];
}

const DETECTED_BY = { straight: 'snapshots', forked: 'rewound', unknown: 'live-files' } as const;

/**
 * `watermark`: the state that was used last; undefined: none was. A table that was dropped and created again
 * is another one, of which all is new. `isVerified`: see `bringsNothing`.
 */
export function lookupChanges(
  metadata: TableMetadata,
  head: Snapshot,
  {
    watermark,
    isVerified,
  }: { readonly watermark: Watermark | undefined; readonly isVerified: (key: string) => boolean },
): LookupChanges {
  if (watermark === undefined) return { detectedBy: 'first-load', changes: [] };
  if (watermark.tableUuid !== metadata['table-uuid'])
    return {
      detectedBy: 'first-load',
      changes: [changeOf(head, { counted: true, reason: 'the table was dropped and created again' })],
    };
  const { kind, added, undone } = between(metadata, head, watermark.snapshotId);
  if (kind === 'unknown')
    return {
      detectedBy: DETECTED_BY[kind],
      changes: [changeOf(head, { counted: true, reason: 'the snapshots in between were expired' })],
    };
  const judged = (snapshot: Snapshot, reason?: string): SnapshotChange =>
    bringsNothing(metadata, snapshot, isVerified)
      ? changeOf(snapshot, { counted: false, reason: 'no row changed' })
      : changeOf(snapshot, { counted: true, ...(reason === undefined ? {} : { reason }) });
  return {
    detectedBy: DETECTED_BY[kind],
    changes: [
      ...undone.map((snapshot) => judged(snapshot, 'rolled back')),
      ...added.map((snapshot) => judged(snapshot)),
    ],
  };
}

function changeOf(
  snapshot: Snapshot,
  { counted, reason }: { readonly counted: boolean; readonly reason?: string },
): SnapshotChange {
  const count = (key: string): bigint => countInSummary(snapshot, key) ?? 0n;
  const [came, went] = [
    { files: Number(count('added-data-files')), rows: count('added-records') },
    { files: Number(count('deleted-data-files')), rows: count('deleted-records') },
  ];
  const [added, removed] = reason === 'rolled back' ? [went, came] : [came, went];
  return {
    snapshotId: snapshot['snapshot-id'],
    operation: operationOf(snapshot),
    committedAtMs: snapshot['timestamp-ms'],
    counted,
    ...(reason === undefined ? {} : { reason }),
    addedFiles: added.files,
    removedFiles: removed.files,
    addedRows: added.rows,
    removedRows: removed.rows,
  };
}
