/**
 * What to do when snapshots between watermark and head were expired: live files tell. Head + watermark ->
 * changes. While the watermark's own snapshot is there (a tag keeps it), its files beside those of the head
 * say all. Otherwise every file carries the sequence number of the commit that added it. If as many rows at
 * or below the watermark's number are still live as there were then, nothing was removed, and the files above
 * it are exactly the news. Otherwise nobody can say: refused.
 */
import type { Engine } from '../engine/index.ts';
import { ancestors } from '../iceberg/history.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ChangedFile, SnapshotChange, Watermark } from '../model/session.ts';
import { renderStatement } from '../statements/index.ts';
import {
  comparedHours,
  compareLiveRows,
  inDifferingHours,
  newsOfFiles,
  remembering,
} from './compare-rows.ts';
import {
  type Manifest,
  type SourceTable,
  likeManifests,
  readAllManifests,
  readLiveFiles,
} from './read-files.ts';

const REMEDY =
  'rebuild the target from the source (drop it and run again), and keep snapshots of the source longer than the time between two runs';

/**
 * The files that only one of two snapshots has: `added` those of the head, `removed` those of the consumed
 * one. Manifests that both have are not opened. `deletes`: the delete manifests that only one of them has.
 */
export async function filesBetween(
  engine: Engine,
  table: SourceTable,
  { consumed, head }: { readonly consumed: Snapshot; readonly head: Snapshot },
): Promise<{ files: ChangedFile[]; deletes: { gone: Manifest[]; come: Manifest[] } }> {
  const [before, after] = await Promise.all([
    readAllManifests(engine, table, consumed),
    readAllManifests(engine, table, head),
  ]);
  const only = (these: readonly Manifest[], those: readonly Manifest[]): Manifest[] => {
    const paths = new Set(those.map((manifest) => manifest.manifest_path));
    return these.filter((manifest) => !paths.has(manifest.manifest_path));
  };
  const [gone, come] = [only(before, after), only(after, before)];
  const was = await readLiveFiles(engine, table, consumed, gone);
  const is = await readLiveFiles(engine, table, head, come);
  const paths = (files: readonly ChangedFile[]): Set<string> => new Set(files.map((file) => file.path));
  const [then, now] = [paths(was), paths(is)];
  return {
    // The one change that stands for all of them is the head's.
    files: [
      ...is.filter((file) => !then.has(file.path)),
      ...was.filter((file) => !now.has(file.path)).map((file) => ({ ...file, status: 'removed' as const })),
    ].map((file) => ({
      ...file,
      snapshotId: head['snapshot-id'],
    })),
    deletes: {
      gone: gone.filter((manifest) => manifest.content === 1),
      come: come.filter((manifest) => manifest.content === 1),
    },
  };
}

export interface FilesBetween {
  readonly consumed: Snapshot;
  readonly head: Snapshot;
  /** As {@link filesBetween} gives them. */
  readonly files: readonly ChangedFile[];
  /** Whether only files of new rows are of use: to a process that appends. */
  readonly newRowsOnly: boolean;
}

/**
 * The files that count: all, where nothing was replaced. Otherwise their rows are compared, and what counts
 * are the hours that differ; or, for `newRowsOnly`, the files of rows that were not there, if all other files
 * together hold what the removed ones held. `reason` says what was found.
 */
export async function judgeFilesBetween(
  engine: Engine,
  table: SourceTable,
  { consumed, head, files, newRowsOnly }: FilesBetween,
): Promise<{ readonly files: readonly ChangedFile[]; readonly reason?: string }> {
  const of = (status: ChangedFile['status']): string[] =>
    files.filter((file) => file.status === status).map((file) => file.path);
  const comparison = {
    before: { snapshot: consumed, files: of('removed') },
    after: { snapshot: head, files: of('added') },
  };
  if (comparison.before.files.length === 0 || comparison.after.files.length === 0) return { files };
  const differing = await remembering(table, { before: consumed, after: head }, () =>
    compareLiveRows(engine, table, comparison),
  );
  if (differing === undefined) return { files };
  const reason = comparedHours(differing);
  if (differing.length === 0) return { files: [], reason };
  if (!newRowsOnly) return { files: inDifferingHours(files, differing, table.lastAllowedHour), reason };
  const fresh = new Set(
    (await newsOfFiles(engine, table, comparison))
      .filter((file) => file.knownRows === 0n)
      .map((file) => file.path),
  );
  const rest = {
    ...comparison,
    after: { snapshot: head, files: comparison.after.files.filter((path) => !fresh.has(path)) },
  };
  if (fresh.size === 0 || (await compareLiveRows(engine, table, rest)).length > 0) return { files, reason };
  return {
    files: files.filter((file) => fresh.has(file.path)),
    reason: `of the files that came, ${fresh.size} hold new rows only, and the others the rows of those that went (the rows were compared)`,
  };
}

/** The news as live files. Throws `history-expired` when removals since the watermark cannot be excluded. */
export async function liveFilesSince(
  engine: Engine,
  table: SourceTable,
  head: Snapshot,
  watermark: Watermark,
): Promise<{ files: ChangedFile[]; changes: SnapshotChange[] }> {
  const name = tableName(table.spec.table);
  const context = { table: name, watermark: String(watermark.snapshotId), head: String(head['snapshot-id']) };
  if (table.metadata['format-version'] === 1)
    throw refusal(
      'history-expired',
      `snapshots of ${name} between the watermark (${watermark.snapshotId}) and its head (${head['snapshot-id']}) were expired, and a table of format version 1 does not number its files`,
      { hint: `${REMEDY}; format version 2 (upgrade the table) can tell new files from old ones`, context },
    );
  // The known chain goes back beyond the watermark without meeting it: that snapshot was rolled back, and
  // counts alone may not show it.
  for (const snapshot of ancestors(table.metadata, head))
    if ((snapshot['sequence-number'] ?? 0n) <= watermark.sequenceNumber)
      throw refusal(
        'history-expired',
        watermark.sequenceNumber === 0n
          ? `the snapshot ${watermark.snapshotId} of ${name} (the watermark) was expired, and it is of format version 1, which does not number snapshots: what came since cannot be told`
          : `the source ${name} was rolled back to before the watermark (${watermark.snapshotId}), and that snapshot was expired: what it undid cannot be told`,
        { hint: REMEDY, context },
      );
  const live = await readLiveFiles(engine, table, head, await readAllManifests(engine, table, head));
  const { olderRows, ownRows, newerFiles, newerDeletes } = await rowsBefore(engine, table, {
    head,
    sequenceNumber: watermark.sequenceNumber,
  });
  if (watermark.totalRecords === undefined || olderRows !== watermark.totalRecords)
    throw refusal(
      'history-expired',
      `snapshots of ${name} between the watermark (${watermark.snapshotId}) and its head (${head['snapshot-id']}) were expired, and its files do not tell what came since: expected ${watermark.totalRecords ?? 'an unknown number of'} rows up to the watermark, found ${olderRows}; rows were removed, or the table was upgraded from format version 1`,
      { hint: REMEDY, context },
    );
  // What the watermark's snapshot added is gone, and as many other rows are there: it was rolled back.
  if (ownRows < (watermark.addedRecords ?? 0n))
    throw refusal(
      'history-expired',
      `the source ${name} holds ${ownRows} of the ${watermark.addedRecords} rows that its snapshot ${watermark.snapshotId} (the watermark) had added, which was expired: it was rolled back, and what that undid cannot be told`,
      { hint: REMEDY, context },
    );
  if (newerDeletes)
    throw refusal(
      'history-expired',
      `snapshots of ${name} between the watermark (${watermark.snapshotId}) and its head (${head['snapshot-id']}) were expired, and single rows were deleted since`,
      { hint: REMEDY, context },
    );
  const files = live.filter((file) => newerFiles.has(file.path));
  return {
    files,
    changes: [
      {
        snapshotId: head['snapshot-id'],
        operation: 'append',
        committedAtMs: head['timestamp-ms'],
        counted: true,
        reason: 'history was expired: live files above the watermark',
        addedFiles: files.length,
        removedFiles: 0,
        addedRows: files.reduce((sum, file) => sum + file.rows, 0n),
        removedRows: 0n,
      },
    ],
  };
}

interface RowsBefore {
  readonly olderRows: bigint;
  /** At exactly that number. */
  readonly ownRows: bigint;
  readonly newerFiles: ReadonlySet<string>;
  /** Whether single rows were deleted since. */
  readonly newerDeletes: boolean;
}

/** The live rows of the head at or below a sequence number, and the files above it. */
export async function rowsBefore(
  engine: Engine,
  table: SourceTable,
  { head, sequenceNumber }: { readonly head: Snapshot; readonly sequenceNumber: bigint },
): Promise<RowsBefore> {
  const counts = [];
  for (const { paths } of likeManifests(
    (await readAllManifests(engine, table, head)).filter((manifest) => manifest.content === 0),
  ))
    counts.push(
      ...(await engine.query<{
        older_rows: bigint;
        own_rows: bigint;
        newer_files: string[];
        newer_deletes: boolean;
      }>({
        sql: renderStatement('session/live_rows_before'),
        parameters: {
          manifest_list: head['manifest-list'],
          manifests: paths,
          sequence_number: String(sequenceNumber),
        },
      })),
    );
  return {
    olderRows: counts.reduce((sum, each) => sum + each.older_rows, 0n),
    ownRows: counts.reduce((sum, each) => sum + each.own_rows, 0n),
    newerFiles: new Set(counts.flatMap((each) => each.newer_files)),
    newerDeletes: counts.some((each) => each.newer_deletes),
  };
}
