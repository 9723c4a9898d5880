/**
 * Recognizes snapshots that changed no row by their summaries. Snapshot -> its counts, or undefined if its
 * manifests have to be read. Pure. Planning skips such snapshots without reading them, and `status` does not
 * call a process behind because of them.
 */
import { countInSummary, operationOf } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { SUMMARY } from './summary-keys.ts';

/** How many files and rows came and went. */
export interface RewriteCounts {
  readonly addedFiles: number;
  readonly removedFiles: number;
  readonly addedRows: bigint;
  readonly removedRows: bigint;
}

/**
 * What a compaction's summary says of itself, when it says that as many rows came as went; undefined when its
 * manifests have to be read.
 */
export function rewriteBySummary(snapshot: Snapshot): RewriteCounts | undefined {
  const count = (key: string): bigint | undefined => countInSummary(snapshot, key);
  const [added, removed] = [count('added-records'), count('deleted-records')];
  if (operationOf(snapshot) !== 'replace' || added === undefined || removed === undefined) return undefined;
  if (
    !isMaintenance(snapshot) &&
    (added !== removed || DELETE_COUNTS.some((key) => (snapshot.summary?.[key] ?? '0') !== '0'))
  )
    return undefined;
  return {
    addedFiles: Number(count('added-data-files') ?? 0n),
    removedFiles: Number(count('deleted-data-files') ?? 0n),
    addedRows: added,
    removedRows: removed,
  };
}

/**
 * Our own maintenance: where it takes deleted rows out of files, fewer rows come than go, and no row changes.
 */
export const isMaintenance = (snapshot: Snapshot): boolean =>
  snapshot.summary?.[SUMMARY.maintenance] !== undefined;

/** With row-level deletes in play, equal counts of rows do not mean equal rows. */
const DELETE_COUNTS = [
  'added-delete-files',
  'removed-delete-files',
  'added-position-deletes',
  'removed-position-deletes',
  'added-equality-deletes',
  'removed-equality-deletes',
];

/**
 * True for a snapshot that brought nothing, as far as metadata tell: a compaction, an append without a file
 * (an adoption, a session without rows), or a rewrite that was compared before. `isVerified`: by {@link
 * rewriteKey}.
 */
export function bringsNothing(
  metadata: TableMetadata,
  snapshot: Snapshot,
  isVerified: (key: string) => boolean,
): boolean {
  if (rewriteBySummary(snapshot) !== undefined || isEmptyAppend(snapshot)) return true;
  const parent = snapshot['parent-snapshot-id'];
  if (parent === undefined) return false;
  const key = rewriteKey(metadata, { before: parent, after: snapshot['snapshot-id'] });
  return [key, `${key}:${BY_TEXT}`, `${key}:${BY_ROW}`].some(isVerified);
}

/** A count of zero is left out by some writers; one that leaves out all counts says nothing. */
const isEmptyAppend = (snapshot: Snapshot): boolean =>
  operationOf(snapshot) === 'append' &&
  (snapshot.summary?.['added-data-files'] ??
    (snapshot.summary?.['total-data-files'] === undefined ? undefined : '0')) === '0';

/** Of a comparison in which columns were compared by their text as well. */
export const BY_TEXT = 'by text';
/** Of one of tables with a column `data`, by which alone they were once compared. */
export const BY_ROW = 'by row';

/**
 * Under what a comparison of two snapshots is remembered, which found the same rows; `how` is added to it.
 */
export const rewriteKey = (
  metadata: TableMetadata,
  { before, after }: { readonly before: bigint; readonly after: bigint },
): string => [metadata['table-uuid'], after, before, metadata['current-schema-id']].join(':');
