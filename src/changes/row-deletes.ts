/**
 * Finds which hours the rows of row-level deletes belong to. Metadata does not say it, so the event-time
 * column of the files that new delete files apply to is read twice, as of the watermark and as of the head:
 * the hours whose rows differ have changed. Works alike for position deletes, equality deletes and deletion
 * vectors, and for deletes that were taken back.
 */
import { besideFiles } from '../iceberg/file-columns.ts';
import { snapshotById } from '../iceberg/history.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import type { Hour } from '../model/hour.ts';
import type { ChangedFile } from '../model/session.ts';
import { statement } from '../statements/index.ts';
import { refuseUnreadable } from '../tables/deletes/equality-keys.ts';
import { type DataFile, filesUnder, filesUnderEach } from '../tables/deletes/files-under.ts';
import { type DeleteFile, readDeleteFiles, withDataFiles } from '../tables/deletes/row-delete-files.ts';
import { type ManifestRow, ofDeletes } from '../tables/read/manifest-list.ts';
import { reading } from '../tables/read/reading.ts';
import { composeFilesView } from '../tables/views/files-view.ts';
import { readLiveFiles } from './files/read-files.ts';
import { storedEventTime } from './rows/compare-rows.ts';
import { inTemporaryFolder, withViews } from './rows/show-views.ts';
import type { Source, SourceTable } from './source.ts';

export interface RowDeletesSince {
  /** Delete files with the hours of rows that were there at the watermark. */
  readonly files: readonly ChangedFile[];
  /** The delete files that apply to files added since: rows that came and went between two sessions. */
  readonly ofNewRows: readonly DeleteFile[];
  /**
   * Files were rewritten since, and some new delete file is about others than those that appends added. Its
   * rows may have gone to the rewritten file, or it may be about rows that a rewritten file took over: then
   * no file of the head is the one that the watermark saw, and only all files together can be compared
   * (`verdicts/entangled.ts`).
   */
  readonly entangled: boolean;
}

export interface NewDeletes
  extends Pick<RowDeletesInput, 'head' | 'consumed' | 'sinceSequenceNumber' | 'added'> {
  /** The delete manifests that came. */
  readonly manifests: readonly ManifestRow[];
  /**
   * Delete manifests that the head does not list any more, if no snapshot tells what became of their entries.
   */
  readonly dropped?: readonly ManifestRow[];
  /** Paths of those of `added` that an append added. */
  readonly appended?: ReadonlySet<string>;
  /** Whether a snapshot may have put rows from one file into another. */
  readonly rewrites?: boolean;
}

/** What the delete files of the new snapshots did. */
export async function rowDeletesSince(source: Source, since: NewDeletes): Promise<RowDeletesSince> {
  const listed = await readDeleteFiles(source, since.head, since.manifests);
  const still = new Set(listed.filter((each) => each.status !== 'removed').map((each) => each.key));
  const dropped = (await readDeleteFiles(source, since.head, since.dropped ?? [])).filter(
    (each) => each.status !== 'removed' && !still.has(each.key),
  );
  const entries = [...listed, ...dropped.map((each) => ({ ...each, status: 'removed' as const }))];
  // Writers carry older entries over into new manifests, DuckDB even under the new snapshot's id: the
  // sequence number tells.
  const news = entries.filter(
    (each) => each.status !== 'existing' || each.sequenceNumber > (since.sinceSequenceNumber ?? 0n),
  );
  if (news.length === 0) return { files: [], ofNewRows: [], entangled: false };
  await refuseUnreadable(source, since.head, { isShown: false });
  const deletes = await withDataFiles(source, since.head, onePerKey(news));
  return {
    files: await hoursOfRowDeletes({ source, ...since, deletes }),
    ofNewRows: newestVectors(deletes.filter((each) => isOfNewRows(each, since.added, source))),
    entangled:
      since.rewrites === true &&
      deletes.some((each) => each.status !== 'removed' && !isOfAppended(each, since.appended ?? new Set())),
  };
}

const isOfAppended = (file: DeleteFile, appended: ReadonlySet<string>): boolean =>
  file.kind !== 'equality' && (file.dataFiles?.every((path) => appended.has(path)) ?? false);

function isOfNewRows(file: DeleteFile, added: readonly ChangedFile[], source: SourceTable): boolean {
  if (file.status === 'removed') return false;
  if (file.kind !== 'equality') return added.some((each) => file.dataFiles?.includes(each.path) === true);
  return added.some(
    (each) =>
      (snapshotById(source.metadata, each.snapshotId)?.['sequence-number'] ?? 0n) < file.sequenceNumber,
  );
}

function onePerKey(files: readonly DeleteFile[]): DeleteFile[] {
  const byKey = new Map<string, DeleteFile>();
  for (const file of files) if (file.status !== 'removed' || !byKey.has(file.key)) byKey.set(file.key, file);
  return [...byKey.values()];
}

/**
 * A data file has one deletion vector at a time; a newer one holds what the older one held (Iceberg
 * specification, "Deletion Vectors").
 */
function newestVectors(files: readonly DeleteFile[]): DeleteFile[] {
  const newest = new Map<string, DeleteFile>();
  for (const file of files) {
    if (file.kind !== 'vector') continue;
    const path = file.dataFiles?.[0] ?? '';
    if ((newest.get(path)?.sequenceNumber ?? -1n) < file.sequenceNumber) newest.set(path, file);
  }
  return files.filter((file) => file.kind !== 'vector' || newest.get(file.dataFiles?.[0] ?? '') === file);
}

export interface RowDeletesInput {
  readonly source: Source;
  readonly head: Snapshot;
  /** The watermark's snapshot; undefined when it was expired. */
  readonly consumed: Snapshot | undefined;
  /**
   * Files with a greater sequence number are news: their rows were not there at the watermark. Undefined
   * where numbers do not tell: then `added` are.
   */
  readonly sinceSequenceNumber: bigint | undefined;
  /** The data files that came since. */
  readonly added: readonly ChangedFile[];
  /** The delete files that came or went since. */
  readonly deletes: readonly DeleteFile[];
}

/** The live data files that the delete files are about, and that were there at the watermark. */
async function oldFilesUnder(input: RowDeletesInput): Promise<DataFile[]> {
  const { deletes, sinceSequenceNumber } = input;
  if (sinceSequenceNumber !== undefined) return filesUnder(input, deletes, sinceSequenceNumber);
  const added = new Set(input.added.map((file) => file.path));
  return (await filesUnder(input, deletes, input.source.metadata['last-sequence-number'])).filter(
    (file) => !added.has(file.path),
  );
}

/**
 * The delete files that removed (or brought back) rows which were there at the watermark, with the hours of
 * those rows.
 */
async function hoursOfRowDeletes(input: RowDeletesInput): Promise<ChangedFile[]> {
  const { source, deletes } = input;
  const affected = await oldFilesUnder(input);
  if (affected.length === 0) return [];
  const compared =
    input.consumed === undefined
      ? await hoursByBounds(input, affected)
      : await hoursByRows(input, affected, input.consumed);
  const filesOf = filesUnderEach(affected, source);
  return deletes.flatMap((each) => {
    const found = filesOf(each).flatMap((file) => compared.get(file.path) ?? []);
    return found.length === 0 ? [] : [asChangedFile(each, found, source, input.consumed === undefined)];
  });
}

interface ChangedHours {
  readonly firstHour: Hour | undefined;
  readonly lastHour: Hour | undefined;
  readonly rows: bigint;
}

function asChangedFile(
  file: DeleteFile,
  found: readonly ChangedHours[],
  source: SourceTable,
  byBounds: boolean,
): ChangedFile {
  const hours = new Set<Hour>();
  for (const { firstHour, lastHour } of found)
    if (firstHour !== undefined && lastHour !== undefined)
      for (let hour = firstHour; hour <= lastHour; hour += 1) hours.add(hour);
  const ascending = [...hours].sort((left, right) => left - right);
  const allowed = ascending.filter((hour) => hour <= source.lastAllowedHour);
  const future = ascending.filter((hour) => hour > source.lastAllowedHour);
  return {
    path: file.path,
    snapshotId: file.snapshotId,
    status: 'deletes',
    rows: found.reduce((sum, each) => sum + each.rows, 0n),
    bytes: file.bytes,
    partition: file.partition,
    nullEventTimes: 0n,
    boundsFrom: byBounds ? 'manifest' : 'scan',
    ...(allowed.length === 0
      ? {}
      : { firstHour: allowed[0] as Hour, lastHour: allowed.at(-1) as Hour, differingHours: allowed }),
    ...(future.length === 0 ? {} : { futureHours: future }),
  };
}

/** Hours whose rows differ between watermark and head, by data file. */
async function hoursByRows(
  input: RowDeletesInput,
  affected: readonly DataFile[],
  consumed: Snapshot,
): Promise<Map<string, ChangedHours[]>> {
  const { source, head } = input;
  const { eventTime } = source;
  const filesOf = filesUnderEach(affected, source);
  const rows = await inTemporaryFolder(async (directory) => {
    // The files as the head lists them, once with the deletes of each of the two snapshots.
    const viewOf = async (snapshot: Snapshot): Promise<Snapshot> => {
      const manifests = ofDeletes(await source.manifestsOf(snapshot));
      const known = await readDeleteFiles(source, snapshot, manifests);
      const keys = known
        .filter((each) => each.status !== 'removed' && filesOf(each).length > 0)
        .map((each) => each.key);
      return composeView(input, { affected, deletes: { from: snapshot, manifests, keys }, directory });
    };
    const [before, after] = [await viewOf(consumed), await viewOf(head)];
    return reading(source, head, () =>
      withViews(
        source,
        { before, after },
        (tables) =>
          source.engine.query(
            statement('changes/deleted_hours', {
              ...tables,
              stored_event_time: storedEventTime(source, besideFiles),
            }),
            { files: affected.map((file) => file.path), unit: eventTime?.unit ?? 'us' },
          ),
        { showsFiles: true },
      ),
    );
  });
  const byPath = new Map<string, ChangedHours[]>();
  for (const row of rows)
    byPath.set(row.path, [
      ...(byPath.get(row.path) ?? []),
      { firstHour: row.first_hour ?? undefined, lastHour: row.last_hour ?? undefined, rows: row.rows },
    ]);
  return byPath;
}

interface ViewParts {
  readonly affected: readonly DataFile[];
  readonly deletes: {
    readonly from: Snapshot;
    readonly manifests: readonly ManifestRow[];
    readonly keys: readonly string[];
  };
  readonly directory: string;
}

async function composeView(
  { source, head }: RowDeletesInput,
  { affected, deletes, directory }: ViewParts,
): Promise<Snapshot> {
  const manifests = new Map(
    affected.map((file) => [
      file.manifestPath,
      { manifest_path: file.manifestPath, partition_spec_id: file.specId, content: 0 },
    ]),
  );
  return composeFilesView(source.engine, {
    metadata: source.metadata,
    from: head,
    manifests: [...manifests.values()],
    files: affected.map((file) => file.path),
    deletes,
    directory,
  });
}

/**
 * Without the watermark's snapshot nobody can say which rows were deleted already: every hour of the affected
 * files counts.
 */
async function hoursByBounds(
  { source, head }: RowDeletesInput,
  affected: readonly DataFile[],
): Promise<Map<string, ChangedHours[]>> {
  const holding = new Set(affected.map((file) => file.manifestPath));
  const manifests = (await source.manifestsOf(head)).filter((manifest) =>
    holding.has(manifest.manifest_path),
  );
  const files = await readLiveFiles(source, head, manifests);
  const wanted = new Set(affected.map((file) => file.path));
  return new Map(
    files
      .filter((file) => wanted.has(file.path))
      .map((file) => [file.path, [{ firstHour: file.firstHour, lastHour: file.lastHour, rows: file.rows }]]),
  );
}
