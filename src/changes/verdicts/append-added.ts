/**
 * `on_source_change: append-added`: what a process that takes added rows, whatever else happened to its
 * source, is to load. A writer that deletes or updates rows by copying the rest of their file (Spark does so
 * by default) adds files, but hardly a row; so files are loaded only where their rows are new.
 */
import { ancestors, operationOf, snapshotById } from '../../iceberg/history.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import { PsybergError, refusal } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import type { ChangedFile } from '../../model/session.ts';
import { newsOfFiles } from '../rows/compare-rows.ts';
import type { Source, SourceTable } from '../source.ts';
import { noNews, type SnapshotVerdict } from './verdict.ts';

/** Applies to a snapshot that was picked from a history which the process has read: its rows are loaded. */
export const picked: SnapshotVerdict = async (reader, seen, { gap }) => {
  if (reader.needs !== 'added-rows' || seen.undone || pickedFrom(seen.snapshot) === undefined)
    return undefined;
  const again = pickedAgain(reader.source.metadata, gap.added, await reader.watermarksEver());
  return again.has(seen.snapshot['snapshot-id'])
    ? noNews(seen, 'picked from a history that was read before: its rows were loaded')
    : undefined;
};

/** Applies to a compaction that also dropped rows (deleted ones, say): it would bring all others again. */
export const replacedFiles: SnapshotVerdict = ({ needs }, seen) =>
  needs === 'added-rows' && operationOf(seen.snapshot) === 'replace'
    ? noNews(seen, 'files were rewritten: none of their rows is new')
    : undefined;

/**
 * `files` (what is different at the head) without those that hold only rows of the files that went.
 * `inOrder`: all that came and went since. `consumed`: the watermark's snapshot, where it is still there.
 * Throws `source-changed` for a file of old rows and new ones: a file is loaded as a whole. The same where
 * the rows cannot be compared.
 */
export async function withoutCopies(
  source: Source,
  {
    files,
    inOrder,
    consumed,
    head,
  }: {
    readonly files: readonly ChangedFile[];
    readonly inOrder: readonly ChangedFile[];
    readonly consumed: Snapshot | undefined;
    readonly head: Snapshot;
  },
): Promise<ChangedFile[]> {
  const gone = files.filter((file) => file.status === 'removed');
  // A snapshot that took no file away copied no row; what one copied, a later one may have copied again.
  const removing = new Set(
    inOrder.filter((file) => file.status === 'removed').map((file) => file.snapshotId),
  );
  const suspects =
    gone.length === 0 ? [] : files.filter((file) => file.status === 'added' && removing.has(file.snapshotId));
  if (suspects.length === 0) return [...files];
  if (consumed === undefined)
    throw mixed(source, suspects, 'and the snapshot of the watermark, which would tell, was expired');
  const paths = (of: readonly ChangedFile[]): string[] => of.map((file) => file.path);
  const news = await newsOfFiles(source, {
    before: { snapshot: consumed, files: paths(gone) },
    after: { snapshot: head, files: paths(suspects) },
  }).catch((error: unknown) => {
    if (error instanceof PsybergError) throw error;
    throw mixed(source, suspects, 'and were rewritten since, or are gone');
  });
  const copies = new Set(news.filter((file) => file.newRows === 0n).map((file) => file.path));
  const both = news.filter((file) => file.knownRows > 0n && file.newRows > 0n).map((file) => file.path);
  if (both.length > 0)
    throw mixed(
      source,
      suspects.filter((file) => both.includes(file.path)),
      'and hold new or changed ones beside',
    );
  return files.filter((file) => !copies.has(file.path));
}

function mixed({ spec }: SourceTable, files: readonly ChangedFile[], why: string): Error {
  const name = tableName(spec.table);
  const [first] = files;
  return refusal(
    'source-changed',
    `snapshot ${first?.snapshotId} of ${name} wrote ${files.length === 1 ? 'a file' : `${files.length} files`} in place of others: rows that were there may be in ${first?.path} ${why}; a file is loaded as a whole`,
    {
      hint: `make the process stateful, or have ${name} written by appends and row-level deletes (merge-on-read)`,
      context: { table: name, snapshot_id: String(first?.snapshotId), file: first?.path },
    },
  );
}

/**
 * Of `added`, the snapshots that were picked from a history which the process has read (Iceberg's writers
 * name it in the summary): their rows are there.
 */
function pickedAgain(
  metadata: TableMetadata,
  added: readonly Snapshot[],
  watermarks: ReadonlySet<SnapshotId>,
): Set<SnapshotId> {
  const read = new Set(
    [...watermarks].flatMap((id) =>
      [...ancestors(metadata, snapshotById(metadata, id))].map((snapshot) => snapshot['snapshot-id']),
    ),
  );
  return new Set(
    added
      .filter((snapshot) => read.has(pickedFrom(snapshot) ?? -1n))
      .map((snapshot) => snapshot['snapshot-id']),
  );
}

/** The snapshot whose files this one took over; undefined for one that was not picked. */
function pickedFrom({ summary }: Snapshot): SnapshotId | undefined {
  const source = summary?.['source-snapshot-id'];
  return source === undefined || !/^\d+$/.test(source) ? undefined : BigInt(source);
}
