/**
 * The rules of `on_source_change: append-added`: the process loads added rows, whatever else happened to its
 * source. A writer that deletes or updates rows by copying the rest of their file (as Spark does by default)
 * adds files with hardly a new row, so a file is loaded only if its rows are new.
 */
import { ancestors, operationOf, pickedFrom, snapshotById } from '../../iceberg/history.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import { PsybergError, refusal } from '../../model/errors.ts';
import type { Hour } from '../../model/hour.ts';
import { tableName } from '../../model/names.ts';
import type { ChangedFile } from '../../model/session.ts';
import { newsOfFiles } from '../rows/compare-rows.ts';
import type { Source, SourceTable } from '../source.ts';
import { noNews, type SnapshotVerdict } from './verdict.ts';

/**
 * Applies to a snapshot cherry-picked from a history that the process has read: its rows are loaded already.
 */
export const picked: SnapshotVerdict = async (reader, seen, { gap }) => {
  if (reader.needs !== 'added-rows' || seen.undone || pickedFrom(seen.snapshot) === undefined)
    return undefined;
  const again = pickedAgain(reader.source.metadata, gap.added, await reader.watermarksEver());
  return again.has(seen.snapshot['snapshot-id'])
    ? noNews(seen, 'picked from a history that was read before: its rows were loaded')
    : undefined;
};

/**
 * Applies to a compaction that also dropped rows (deleted ones, say): loading it would load the others again.
 */
export const replacedFiles: SnapshotVerdict = ({ needs }, seen) =>
  needs === 'added-rows' && operationOf(seen.snapshot) === 'replace'
    ? noNews(seen, 'files were rewritten: none of their rows is new')
    : undefined;

/**
 * `files` (what differs at the head) without the added files that hold only rows of removed files.
 * `inOrder`: all files that came or went since the watermark. `consumed`: the watermark's snapshot, unless it
 * was expired. Throws `source-changed` for a file with both old and new rows, because files are loaded whole,
 * and if the rows cannot be compared.
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
  // Some writers overwrite by two snapshots: one removes files, the other brings their rows again.
  const removing = new Set(
    inOrder.filter((file) => file.status === 'removed').map((file) => file.snapshotId),
  );
  const suspects = files.filter(
    (file) =>
      file.status === 'added' &&
      gone.length > 0 &&
      (removing.has(file.snapshotId) || gone.some((each) => mayHoldSameRow(file, each))),
  );
  if (suspects.length === 0) return [...files];
  if (consumed === undefined)
    throw mixed(source, suspects, 'and the snapshot of the watermark, which would tell, was expired');
  const before = { snapshot: consumed, files: pathsOf(gone) };
  const news = await newsOfSuspects(source, { before, suspects, head });
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

/**
 * Whether both may hold the same row, by what is known of their rows' hours: a row that was copied keeps its
 * hour.
 */
function mayHoldSameRow(one: ChangedFile, other: ChangedFile): boolean {
  if (one.nullEventTimes > 0n && other.nullEventTimes > 0n) return true;
  const [ours, theirs] = [hoursOf(one), hoursOf(other)];
  if (ours === undefined || theirs === undefined) return true;
  return ours.some(([first, last]) => theirs.some(([from, to]) => first <= to && last >= from));
}

/** The first and last hours of each part; undefined if the hours of its rows are not known. */
function hoursOf(file: ChangedFile): readonly (readonly [Hour, Hour])[] | undefined {
  const { firstHour, lastHour, futureHours = [], nullEventTimes, rows } = file;
  const future = futureHours.map((hour) => [hour, hour] as const);
  if (firstHour !== undefined && lastHour !== undefined) return [[firstHour, lastHour], ...future];
  return future.length > 0 || nullEventTimes === rows ? future : undefined;
}

type News = Awaited<ReturnType<typeof newsOfFiles>>;

interface Suspected {
  readonly before: Parameters<typeof newsOfFiles>[1]['before'];
  readonly suspects: readonly ChangedFile[];
  readonly head: Snapshot;
}

const pathsOf = (files: readonly ChangedFile[]): string[] => files.map(({ path }) => path);

/**
 * As of the head. A file that is not there any more, since a compaction took its rows on, is looked at as of
 * the snapshot that wrote it. A file that went and that was not there before has rows of files that a
 * compaction replaced: which of them are new nobody can tell then.
 */
async function newsOfSuspects(source: Source, { before, suspects, head }: Suspected): Promise<News> {
  const rewritten = (): Error => mixed(source, suspects, 'and were rewritten since, or are gone');
  const newsAt = (snapshot: Snapshot, files: readonly ChangedFile[], sharesFiles = false): Promise<News> =>
    newsOfFiles(source, { before, after: { snapshot, files: pathsOf(files) }, sharesFiles });
  const orUndefined = (error: unknown): undefined => {
    if (error instanceof PsybergError && error.code !== 'view-incomplete') throw error;
  };
  const atHead = await newsAt(head, suspects).catch(orUndefined);
  if (atHead !== undefined) return atHead;
  const news: News = [];
  for (const [id, files] of Map.groupBy(suspects, ({ snapshotId }) => snapshotId)) {
    const writer = snapshotById(source.metadata, id);
    const found = writer === undefined ? undefined : await newsAt(writer, files, true).catch(orUndefined);
    if (found === undefined) throw rewritten();
    news.push(...found);
  }
  return news;
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
 * The snapshots of `added` that were cherry-picked from a history which the process has read. Iceberg's
 * writers name the picked snapshot in the summary.
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
