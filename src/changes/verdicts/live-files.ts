/**
 * The rule if history was expired, the watermark's snapshot included: the live files decide. Every file
 * carries the sequence number of the commit that added it. If as many rows at or below the watermark's
 * number are live as there were then, those of its own snapshot among them, then nothing was removed, and
 * the files above that number are exactly the new ones. Otherwise nobody can tell, and the session is
 * refused.
 */
import { ancestors } from '../../iceberg/history.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { type PsybergError, refusal } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import type { ChangedFile, SnapshotChange, Watermark } from '../../model/session.ts';
import { statement } from '../../statements/index.ts';
import { likeManifests } from '../../tables/read/like-manifests.ts';
import { ofData } from '../../tables/read/manifest-list.ts';
import { countsOf } from '../evidence.ts';
import { readLiveFiles } from '../files/read-files.ts';
import type { Source } from '../source.ts';

const REMEDY =
  'rebuild the target from the source (drop it and run again), and keep snapshots of the source longer than the time between two runs';

/**
 * The live files that are new. Throws `history-expired` if removals since the watermark cannot be excluded.
 */
export async function liveFilesSince(
  source: Source,
  head: Snapshot,
  watermark: Watermark,
): Promise<{ files: ChangedFile[]; changes: SnapshotChange[] }> {
  const expired = (why: string, remedy = REMEDY): PsybergError => {
    const name = tableName(source.spec.table);
    const context = {
      table: name,
      watermark: String(watermark.snapshotId),
      head: String(head['snapshot-id']),
    };
    return refusal('history-expired', why, { hint: remedy, context });
  };
  refuseUnnumbered(source, head, watermark, expired);
  const live = await readLiveFiles(source, head, await source.manifestsOf(head));
  const before = await rowsBefore(source, { head, sequenceNumber: watermark.sequenceNumber });
  refuseRemovals(source, head, { watermark, before, expired });
  const files = live.filter((file) => before.newerFiles.has(file.path));
  const change = {
    snapshotId: head['snapshot-id'],
    operation: 'append',
    committedAtMs: head['timestamp-ms'],
    counted: true,
    reason: 'history was expired: live files above the watermark',
    ...countsOf(files),
  };
  return { files, changes: [change] };
}

type Expired = (why: string, remedy?: string) => PsybergError;

/** Refuses if sequence numbers do not tell what came before the watermark and what after it. */
function refuseUnnumbered(source: Source, head: Snapshot, watermark: Watermark, expired: Expired): void {
  const name = tableName(source.spec.table);
  if (source.metadata['format-version'] === 1)
    throw expired(
      `${gapText(name, head, watermark)} were expired, and a table of format version 1 does not number its files`,
      `${REMEDY}; format version 2 (upgrade the table) can tell new files from old ones`,
    );
  // If the known history reaches back beyond the watermark without containing it, that snapshot was rolled
  // back; counts alone might not show that.
  for (const snapshot of ancestors(source.metadata, head))
    if ((snapshot['sequence-number'] ?? 0n) <= watermark.sequenceNumber)
      throw expired(
        watermark.sequenceNumber === 0n
          ? `the snapshot ${watermark.snapshotId} of ${name} (the watermark) was expired, and it is of format version 1, which does not number snapshots: what came since cannot be told`
          : `the source ${name} was rolled back to before the watermark (${watermark.snapshotId}), and that snapshot was expired: what it undid cannot be told`,
      );
}

const gapText = (name: string, head: Snapshot, watermark: Watermark): string =>
  `snapshots of ${name} between the watermark (${watermark.snapshotId}) and its head (${head['snapshot-id']})`;

/**
 * Refuses if fewer or more rows than then are live at or below the watermark, or rows were deleted one by
 * one.
 */
function refuseRemovals(
  source: Source,
  head: Snapshot,
  found: { readonly watermark: Watermark; readonly before: RowsBefore; readonly expired: Expired },
): void {
  const { watermark, before, expired } = found;
  const name = tableName(source.spec.table);
  if (watermark.totalRecords === undefined || before.olderRows !== watermark.totalRecords)
    throw expired(
      `${gapText(name, head, watermark)} were expired, and its files do not tell what came since: expected ${watermark.totalRecords ?? 'an unknown number of'} rows up to the watermark, found ${before.olderRows}; rows were removed, or the table was upgraded from format version 1`,
    );
  // Fewer rows than the watermark's snapshot added, though the total fits: it was rolled back and replaced.
  if (before.ownRows < (watermark.addedRecords ?? 0n))
    throw expired(
      `the source ${name} holds ${before.ownRows} of the ${watermark.addedRecords} rows that its snapshot ${watermark.snapshotId} (the watermark) had added, which was expired: it was rolled back, and what that undid cannot be told`,
    );
  if (before.newerDeletes)
    throw expired(`${gapText(name, head, watermark)} were expired, and single rows were deleted since`);
}

interface RowsBefore {
  readonly olderRows: bigint;
  /** Live rows of files at exactly that number. */
  readonly ownRows: bigint;
  readonly newerFiles: ReadonlySet<string>;
  /** Whether single rows were deleted since. */
  readonly newerDeletes: boolean;
}

/** The live rows of the head at or below a sequence number, and the files above it. */
export async function rowsBefore(
  source: Source,
  { head, sequenceNumber }: { readonly head: Snapshot; readonly sequenceNumber: bigint },
): Promise<RowsBefore> {
  const counts = [];
  for (const { paths } of likeManifests(ofData(await source.manifestsOf(head))))
    counts.push(
      ...(await source.engine.query(statement('changes/live_rows_before'), {
        manifest_list: head['manifest-list'],
        manifests: paths,
        sequence_number: sequenceNumber,
      })),
    );
  return {
    olderRows: counts.reduce((sum, each) => sum + each.older_rows, 0n),
    ownRows: counts.reduce((sum, each) => sum + each.own_rows, 0n),
    newerFiles: new Set(counts.flatMap((each) => each.newer_files)),
    newerDeletes: counts.some((each) => each.newer_deletes),
  };
}
