/**
 * Finds what happened to a lookup since a session last used it. Metadata + watermark -> snapshots, each with
 * whether it may have changed rows. Pure. A lookup is read whole, so its manifests are not read.
 */
import { countInSummary } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import type { DetectedBy, SnapshotChange, Watermark } from '../model/session.ts';
import { bringsNothing } from '../state/no-news.ts';
import { gapBetween } from './gap.ts';
import { changeOf } from './verdicts/verdict.ts';

/** How a lookup came from the state that was used to the one that it has. */
export interface LookupChanges {
  readonly detectedBy: DetectedBy;
  readonly changes: readonly SnapshotChange[];
}

const ROLLED_BACK = 'rolled back';

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
      changes: [changeBySummary(head, { counted: true, reason: 'the table was dropped and created again' })],
    };
  const { detectedBy, added, undone } = gapBetween(metadata, head, watermark);
  if (detectedBy === 'live-files')
    return {
      detectedBy,
      changes: [changeBySummary(head, { counted: true, reason: 'the snapshots in between were expired' })],
    };
  const judged = (snapshot: Snapshot, reason?: string): SnapshotChange =>
    bringsNothing(metadata, snapshot, isVerified)
      ? changeBySummary(snapshot, { counted: false, reason: 'no row changed' })
      : changeBySummary(snapshot, { counted: true, reason });
  return {
    detectedBy,
    changes: [
      ...undone.map((snapshot) => judged(snapshot, ROLLED_BACK)),
      ...added.map((snapshot) => judged(snapshot)),
    ],
  };
}

/** The change of a snapshot, counted as its summary says. */
function changeBySummary(
  snapshot: Snapshot,
  verdict: { readonly counted: boolean; readonly reason: string | undefined },
): SnapshotChange {
  const count = (key: string): bigint => countInSummary(snapshot, key) ?? 0n;
  const [came, went] = [
    { files: Number(count('added-data-files')), rows: count('added-records') },
    { files: Number(count('deleted-data-files')), rows: count('deleted-records') },
  ];
  const [added, removed] = verdict.reason === ROLLED_BACK ? [went, came] : [came, went];
  const counts = {
    addedFiles: added.files,
    removedFiles: removed.files,
    addedRows: added.rows,
    removedRows: removed.rows,
  };
  return changeOf({ snapshot, counts }, verdict);
}
