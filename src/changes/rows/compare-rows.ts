/**
 * Compares the live rows of files in two snapshots of a table, by hour and without order. Removed files and
 * added files -> hours in which rows differ. The files are read through views, so that each snapshot's
 * row-level deletes apply: only those files are read, and of the metadata only the manifests that are in one
 * of the two snapshots. Four million rows beside four million took planning 1.0 to 1.4 s (2026-11-24, two
 * columns, a busy machine of two cores).
 */
import { columnOf, currentSchema } from '../../iceberg/event-time.ts';
import { besideFiles } from '../../iceberg/file-columns.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import type { ErrorCode } from '../../model/error-codes.ts';
import { PsybergError } from '../../model/errors.ts';
import type { Hour } from '../../model/hour.ts';
import type { ChangedFile } from '../../model/session.ts';
import { BY_ROW, BY_TEXT, rewriteKey } from '../../state/no-news.ts';
import {
  hashedRowFragment,
  type SqlFragment,
  type StatementRow,
  statement,
  statementFragment,
  storedEventTimeFragment,
} from '../../statements/index.ts';
import { refuseUnreadable } from '../../tables/deletes/equality-keys.ts';
import { type DeleteFile, readDeleteFiles } from '../../tables/deletes/row-delete-files.ts';
import { type ManifestRow, manifestsOf, ofData, ofDeletes } from '../../tables/read/manifest-list.ts';
import { composeFilesView } from '../../tables/views/files-view.ts';
import { writeChangeList } from '../../tables/write/change-list.ts';
import type { Source, SourceTable } from '../source.ts';
import { inTemporaryFolder, withViews } from './show-views.ts';

/** An hour, or a day for dates, in which rows differ; both ends undefined for rows without an event time. */
export interface DifferingHours {
  readonly firstHour: Hour | undefined;
  readonly lastHour: Hour | undefined;
}

/**
 * The event time as a statement reads it; rows of a source without one are compared as a whole. `named`: what
 * a view calls its columns.
 */
export const storedEventTime = (
  { eventTime }: SourceTable,
  named: (column: string) => string = (column) => column,
): SqlFragment =>
  eventTime === undefined
    ? statementFragment('null::bigint')
    : storedEventTimeFragment(named(eventTime.column.name), eventTime.unit, eventTime.column.type);

/**
 * Columns whose values DuckDB 1.5.5 hashes alike though they differ: `[]`, `{a: NULL}` and `map {}` as NULL,
 * `[[1], [2]]` as `[[1, 2]]`, -0.0 as 0.0. Their text tells them apart, so that one that became the other is
 * no row that stayed the same.
 */
const columnsByText = ({ metadata }: SourceTable): string[] =>
  currentSchema(metadata)
    .fields.filter(({ type }) => typeof type !== 'string' || ['float', 'double', 'variant'].includes(type))
    .map((field) => field.name);

/** A row as it is hashed, so that two that look alike are told apart. */
export const hashedRow = (source: SourceTable): SqlFragment => hashedRowFragment(columnsByText(source));

/** The rows of an hour, so that two lots of them compare. */
export type HourRow = StatementRow<'changes/rows_by_hour'>;

/**
 * The rows of a relation (see `changes/rows_by_hour`) by hour. `files`: where the relation reads them by
 * path.
 */
export const rowsByHour = (
  source: Source,
  rows: SqlFragment,
  files?: readonly string[],
): Promise<HourRow[]> =>
  source.engine.query(
    statement('changes/rows_by_hour', {
      rows,
      row: hashedRow(source),
      stored_event_time: storedEventTime(source),
    }),
    { unit: source.eventTime?.unit ?? 'us', ...(files === undefined ? {} : { files }) },
  );

/** The hours in which the rows of two sides differ, ascending; a side may come in several parts. */
export function differingHours(before: readonly HourRow[], after: readonly HourRow[]): DifferingHours[] {
  const sums = new Map<
    number | null,
    { readonly lastHour: number | null; rows: bigint; hash: bigint; second: bigint }
  >();
  for (const [rows, sign] of [
    [before, 1n],
    [after, -1n],
  ] as const)
    for (const row of rows) {
      const sum = sums.get(row.first_hour) ?? { lastHour: row.last_hour, rows: 0n, hash: 0n, second: 0n };
      sum.rows += sign * row.row_count;
      sum.hash += sign * row.row_hash;
      sum.second += sign * row.second_hash;
      sums.set(row.first_hour, sum);
    }
  return [...sums]
    .filter(([, { rows, hash, second }]) => rows !== 0n || hash !== 0n || second !== 0n)
    .map(([first, { lastHour }]) => ({ firstHour: first ?? undefined, lastHour: lastHour ?? undefined }))
    .sort(
      (left, right) =>
        (left.firstHour ?? Number.POSITIVE_INFINITY) - (right.firstHour ?? Number.POSITIVE_INFINITY),
    );
}

/** Files of a snapshot, by their paths. */
export interface SideOfComparison {
  readonly snapshot: Snapshot;
  readonly files: readonly string[];
}

/**
 * Files that neither snapshot has: they came and went between the two, and stand in the manifests that
 * snapshots in between added.
 */
export interface PassedFiles {
  readonly files: readonly string[];
  readonly manifestLists: readonly string[];
  readonly snapshotIds: readonly bigint[];
  /** The keys of the delete files that apply to them (`deleteKey`). */
  readonly deleteKeys: readonly string[];
}

export interface Comparison {
  /** Files that `after.snapshot` has no longer. */
  readonly before: SideOfComparison;
  /** Files that `before.snapshot` had not. */
  readonly after: SideOfComparison;
  /** Rows to count with those before. */
  readonly passed?: PassedFiles;
  /** True where `after.snapshot` still has the files before. */
  readonly sharesFiles?: boolean;
}

/**
 * The hours in which the rows differ. Throws what reading throws, and `equality-deletes-unreadable` where
 * DuckDB would read the rows before wrongly.
 */
export async function compareLiveRows(source: Source, comparison: Comparison): Promise<DifferingHours[]> {
  return withSides(source, comparison, async ({ before, after, passed }) => {
    // Each view by itself: DuckDB 1.5.5 fails to plan a union of tables that have more deletes than rows.
    const parts = [];
    for (const part of [before, passed])
      if (part !== undefined) parts.push(...(await rowsByHour(source, part)));
    return differingHours(parts, await rowsByHour(source, after));
  });
}

/**
 * Of the files after, how many of their rows are in the files before. Throws as {@link compareLiveRows} does.
 */
export async function newsOfFiles(
  source: Source,
  comparison: Comparison,
): Promise<{ readonly path: string; readonly knownRows: bigint; readonly newRows: bigint }[]> {
  const row = hashedRowFragment(columnsByText(source).map(besideFiles));
  const rows = await withSides(
    source,
    comparison,
    ({ before, after }) =>
      source.engine.query(statement('changes/news_of_files', { before, after, row }), {
        files: comparison.after.files,
      }),
    { showsFiles: true },
  );
  return rows.map((row) => ({ path: row.path, knownRows: row.known_rows, newRows: row.new_rows }));
}

type Sides = Readonly<Record<'before' | 'after', SqlFragment>> & { readonly passed?: SqlFragment };

async function withSides<T>(
  source: Source,
  { before, after, passed, sharesFiles = false }: Comparison,
  work: (sides: Sides) => Promise<T>,
  shown: { readonly showsFiles: boolean } = { showsFiles: false },
): Promise<T> {
  // The head is looked at whenever deletes are; what was read rightly then may hold other files than those of
  // now.
  await refuseUnreadable(source, before.snapshot, { isShown: false });
  const [then, now] = await Promise.all([
    source.manifestsOf(before.snapshot),
    source.manifestsOf(after.snapshot),
  ]);
  return inTemporaryFolder(async (directory) => {
    const [othersBefore, othersAfter] = sharesFiles ? [[], []] : [now, then];
    const views = {
      before: await viewOf(source, { side: before, manifests: then, others: othersBefore, directory }),
      after: await viewOf(source, { side: after, manifests: now, others: othersAfter, directory }),
    };
    if (passed === undefined || passed.files.length === 0) return withViews(source, views, work, shown);
    const between = await passedView(source, { from: after.snapshot, passed, directory });
    return withViews(source, { ...views, passed: between }, work, shown);
  });
}

interface ViewInput {
  readonly side: SideOfComparison;
  readonly manifests: readonly ManifestRow[];
  readonly others: readonly ManifestRow[];
  readonly directory: string;
}

async function viewOf(
  source: Source,
  { side: { snapshot, files }, manifests, others, directory }: ViewInput,
): Promise<Snapshot> {
  const shared = new Set(others.map((manifest) => manifest.manifest_path));
  const deleteManifests = ofDeletes(manifests);
  const paths = new Set(files);
  const deletes =
    files.length === 0
      ? []
      : (await readDeleteFiles(source, snapshot, deleteManifests)).filter(
          (each) => each.status !== 'removed' && mayApply(each, paths),
        );
  const view = await composeFilesView(source.engine, {
    metadata: source.metadata,
    from: snapshot,
    // A file that only one of them has cannot stand in a manifest of both.
    manifests: ofData(manifests).filter((manifest) => !shared.has(manifest.manifest_path)),
    files,
    deletes: { from: snapshot, manifests: deleteManifests, keys: deletes.map((each) => each.key) },
    directory,
  });
  return whole(source, view, files);
}

/** A file that is not where it was looked for would be compared as if it had no rows. */
async function whole(source: Source, view: Snapshot, files: readonly string[]): Promise<Snapshot> {
  const listed = files.length === 0 ? [] : await manifestsOf(source.engine, view);
  const found = listed.reduce((sum, each) => (each.content === 0 ? sum + each.live_files : sum), 0n);
  if (found !== BigInt(files.length))
    throw new PsybergError('view-incomplete', `a view of ${files.length} files lists ${found}`);
  return view;
}

/** What need not be opened for these files; DuckDB decides about the rest, as it does for a whole table. */
const mayApply = (file: DeleteFile, paths: ReadonlySet<string>): boolean =>
  file.dataFiles?.some((path) => paths.has(path)) ?? true;

async function passedView(
  source: Source,
  {
    from,
    passed,
    directory,
  }: { readonly from: Snapshot; readonly passed: PassedFiles; readonly directory: string },
): Promise<Snapshot> {
  const { metadata } = source;
  const destination = `${directory}/passed.avro`;
  await writeChangeList(source.engine, {
    manifest_lists: passed.manifestLists,
    snapshot_ids: passed.snapshotIds,
    contents: [0, 1],
    destination,
  });
  const listed = { ...from, 'manifest-list': destination };
  const manifests = await source.manifestsOf(listed);
  const view = await composeFilesView(source.engine, {
    metadata,
    from: listed,
    manifests: ofData(manifests),
    files: passed.files,
    deletes: {
      from: listed,
      manifests: ofDeletes(manifests),
      keys: passed.deleteKeys,
    },
    directory,
  });
  return whole(source, view, passed.files);
}

/**
 * The errors which say that rows cannot be compared: a file is gone or has another format, or DuckDB cannot
 * read the earlier rows rightly. Such rows count as changed: if the session were refused instead, its
 * watermark could never move past them. An interruption, a full disk or a catalog that is away says nothing
 * about the rows.
 */
const INCOMPARABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'sql-failed',
  'source-unreadable',
  'view-incomplete',
  'equality-deletes-unreadable',
  'equality-deletes-spread',
  'delete-format-unsupported',
  'partition-column-dropped',
]);

export const isIncomparable = (error: unknown): boolean =>
  error instanceof PsybergError && INCOMPARABLE.has(error.code);

/**
 * What was found to differ in nothing is remembered: the key names the two snapshots, the columns that were
 * compared, and which files. Undefined where the rows cannot be compared; throws what has nothing to do with
 * them.
 */
export async function remembering(
  source: SourceTable,
  { before, after, what }: { readonly before: Snapshot; readonly after: Snapshot; readonly what?: string },
  compare: () => Promise<DifferingHours[] | undefined>,
): Promise<DifferingHours[] | undefined> {
  const { metadata } = source;
  // How rows are compared is part of the key: those of such columns were once compared by their hash alone,
  // and what was found then may be wrong.
  const isTold = columnsByText(source).length > 0;
  const how = columnOf(currentSchema(metadata), 'data') !== undefined ? [BY_ROW] : isTold ? [BY_TEXT] : [];
  const key = [
    rewriteKey(metadata, { before: before['snapshot-id'], after: after['snapshot-id'] }),
    ...how,
    ...(what === undefined ? [] : [what]),
  ].join(':');
  if (source.verified?.has(key)) return [];
  try {
    const differing = await compare();
    if (differing?.length === 0) source.verified?.add(key);
    return differing;
  } catch (error) {
    if (isIncomparable(error)) return undefined;
    throw error;
  }
}

/** What a comparison found, for people. */
export const comparedHours = (differing: readonly DifferingHours[]): string =>
  differing.length === 0
    ? 'files were rewritten, no row changed (the rows were compared)'
    : `files were rewritten, and rows of ${differing.length} ${differing.length === 1 ? 'hour' : 'hours'} changed (the rows were compared)`;

/** The same file, with the hours within it in which rows differ. */
export function inHours(
  file: ChangedFile,
  differing: readonly DifferingHours[],
  lastAllowedHour: Hour,
): ChangedFile {
  const { futureHours: future, ...rest } = file;
  const within = differing.flatMap(({ firstHour, lastHour }) => {
    if (firstHour === undefined || lastHour === undefined) return [];
    return Array.from({ length: lastHour - firstHour + 1 }, (_, index) => firstHour + index);
  });
  const ahead = future?.filter((hour) => within.includes(hour)) ?? [];
  return {
    ...rest,
    differingHours: within.filter(
      (hour) =>
        hour <= lastAllowedHour &&
        file.firstHour !== undefined &&
        file.lastHour !== undefined &&
        hour >= file.firstHour &&
        hour <= file.lastHour,
    ),
    ...(ahead.length === 0 ? {} : { futureHours: ahead }),
  };
}

/**
 * The files that hold (or held) hours in which rows differ, with these hours; also files that may hold rows
 * without an event time, if those differ.
 */
export function inDifferingHours(
  files: readonly ChangedFile[],
  differing: readonly DifferingHours[],
  lastAllowedHour: Hour,
): ChangedFile[] {
  const withoutHour = differing.some((each) => each.firstHour === undefined);
  return files
    .map((file) => inHours(file, differing, lastAllowedHour))
    .filter(
      (file) => withoutHour || file.futureHours !== undefined || (file.differingHours ?? []).length > 0,
    );
}
