/**
 * The rule if the history between watermark and head does not tell: snapshots were expired, the table was
 * replaced under its uuid, or a rollback brought files back. As long as the watermark's snapshot exists (a
 * tag keeps it), its files are compared with those of the head. If files were replaced, their live rows are
 * compared: the hours that differ have changed. A process that appends loads the added files without any old
 * row, provided that the other added files hold exactly the rows of the removed ones.
 */
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { refusal } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import type { ChangedFile, SnapshotChange } from '../../model/session.ts';
import { type ManifestRow, ofDeletes } from '../../tables/read/manifest-list.ts';
import { countsOf, type Ends, type SnapshotEvidence } from '../evidence.ts';
import { readLiveFiles } from '../files/read-files.ts';
import { type RowDeletesSince, rowDeletesSince } from '../row-deletes.ts';
import {
  comparedHours,
  compareLiveRows,
  inDifferingHours,
  newsOfFiles,
  remembering,
} from '../rows/compare-rows.ts';
import type { Reader, Source } from '../source.ts';
import { rowsBefore } from './live-files.ts';
import { ROW_DELETES } from './verdict.ts';

type KnownEnds = Ends & { readonly consumed: Snapshot };

export interface ComparedEnds {
  /** The one change that stands for all snapshots in between: the head's. */
  readonly change: SnapshotChange;
  readonly files: readonly ChangedFile[];
  readonly deletes: RowDeletesSince;
}

/**
 * The files that count. `loaded`, given after a rollback: paths of files that came back and were loaded
 * before.
 * @throws PsybergError `history-expired` if a process that takes added rows cannot tell which rows are new.
 */
export async function compareFiles(
  reader: Reader,
  ends: KnownEnds,
  loaded?: ReadonlySet<string>,
): Promise<ComparedEnds> {
  const { source, needs } = reader;
  const { head, consumed, watermark } = ends;
  const between = await filesBetween(source, ends);
  const candidates = between.files.filter((file) => loaded?.has(file.path) !== true);
  const found = await rowDeletesSince(source, {
    head,
    consumed,
    sinceSequenceNumber: watermark.sequenceNumber,
    manifests: between.deletes.come,
    dropped: between.deletes.gone,
    added: candidates.filter((file) => file.status === 'added'),
  });
  const deletes = {
    ...found,
    files: found.files.map((file) => ({ ...file, snapshotId: head['snapshot-id'] })),
  };
  const judged = await judgeReplacedFiles(source, {
    consumed,
    head,
    files: candidates,
    newRowsOnly: needs !== 'hours',
  });
  if (needs === 'added-rows') await refuseUnknownRows(reader, ends, judged.files, loaded !== undefined);
  return {
    change: changeOfEnds(head, { candidates, judged, deletes, manifests: between.deletes }),
    files: judged.files,
    deletes,
  };
}

interface ComparedFiles {
  readonly candidates: readonly ChangedFile[];
  readonly judged: { readonly files: readonly ChangedFile[]; readonly reason?: string };
  readonly deletes: RowDeletesSince;
  readonly manifests: { readonly gone: readonly ManifestRow[]; readonly come: readonly ManifestRow[] };
}

function changeOfEnds(
  head: Snapshot,
  { candidates, judged, deletes, manifests }: ComparedFiles,
): SnapshotChange {
  const areMoved = manifests.come.length + manifests.gone.length > 0;
  const isHit = deletes.files.length > 0 ? 'hit' : 'missed';
  const rowDeletes: SnapshotEvidence['rowDeletes'] = areMoved ? isHit : 'none';
  const how = ROW_DELETES[rowDeletes] ?? 'found by comparing the files of the watermark and of the head';
  return {
    snapshotId: head['snapshot-id'],
    operation: candidates.some((file) => file.status === 'removed') ? 'overwrite' : 'append',
    committedAtMs: head['timestamp-ms'],
    counted: judged.files.length + deletes.files.length > 0,
    reason: judged.reason === undefined ? how : `${how}; ${judged.reason}`,
    ...countsOf(candidates),
  };
}

/** Files of old rows and new ones, or such as came back, cannot be taken apart. */
async function refuseUnknownRows(
  { source }: Reader,
  ends: KnownEnds,
  files: readonly ChangedFile[],
  afterRollback: boolean,
): Promise<void> {
  const { head, watermark } = ends;
  const removed = files.some((file) => file.status === 'removed');
  if (!removed && (afterRollback || !(await holdsOlder(source, ends, files)))) return;
  const name = tableName(source.spec.table);
  throw refusal(
    'history-expired',
    `snapshots of ${name} between the watermark (${watermark.snapshotId}) and its head (${head['snapshot-id']}) were expired or rolled back, and files were replaced since by such as hold other rows, or came back: which of their rows are new cannot be told`,
    {
      hint: 'rebuild the target from the source, and keep snapshots of the source longer than the time between two runs',
      context: { table: name, watermark: String(watermark.snapshotId) },
    },
  );
}

/**
 * Whether some file that came is of a commit before the watermark: it was taken away before that, and came
 * back.
 */
async function holdsOlder(
  source: Source,
  { head, watermark }: Ends,
  files: readonly ChangedFile[],
): Promise<boolean> {
  const came = files.filter((file) => file.status === 'added');
  if (came.length === 0 || source.metadata['format-version'] === 1) return false;
  const { newerFiles } = await rowsBefore(source, { head, sequenceNumber: watermark.sequenceNumber });
  return came.some((file) => !newerFiles.has(file.path));
}

/**
 * The files that only one of two snapshots has: `added` those of the head, `removed` those of the consumed
 * one. Manifests that both have are not opened. `deletes`: the delete manifests that only one of them has.
 */
async function filesBetween(
  source: Source,
  { consumed, head }: { readonly consumed: Snapshot; readonly head: Snapshot },
): Promise<{ files: ChangedFile[]; deletes: { gone: ManifestRow[]; come: ManifestRow[] } }> {
  const [before, after] = await Promise.all([source.manifestsOf(consumed), source.manifestsOf(head)]);
  const only = (these: readonly ManifestRow[], those: readonly ManifestRow[]): ManifestRow[] => {
    const paths = new Set(those.map((manifest) => manifest.manifest_path));
    return these.filter((manifest) => !paths.has(manifest.manifest_path));
  };
  const [gone, come] = [only(before, after), only(after, before)];
  const was = await readLiveFiles(source, consumed, gone);
  const is = await readLiveFiles(source, head, come);
  const paths = (files: readonly ChangedFile[]): Set<string> => new Set(files.map((file) => file.path));
  const [then, now] = [paths(was), paths(is)];
  return {
    // One change stands for all of them, under the head's id.
    files: [
      ...is.filter((file) => !then.has(file.path)),
      ...was.filter((file) => !now.has(file.path)).map((file) => ({ ...file, status: 'removed' as const })),
    ].map((file) => ({
      ...file,
      snapshotId: head['snapshot-id'],
    })),
    deletes: {
      gone: ofDeletes(gone),
      come: ofDeletes(come),
    },
  };
}

interface FilesBetween {
  readonly consumed: Snapshot;
  readonly head: Snapshot;
  /** As {@link filesBetween} gives them. */
  readonly files: readonly ChangedFile[];
  /** True for a process that appends, which can only use files of new rows. */
  readonly newRowsOnly: boolean;
}

/**
 * The files that count: all, if nothing was replaced. Otherwise rows are compared, and the hours that differ
 * count. For `newRowsOnly` the files of only new rows count, if all other added files together hold exactly
 * the rows of the removed ones. `reason` says what was found.
 */
export async function judgeReplacedFiles(
  source: Source,
  { consumed, head, files, newRowsOnly }: FilesBetween,
): Promise<{ readonly files: readonly ChangedFile[]; readonly reason?: string }> {
  const of = (status: ChangedFile['status']): string[] =>
    files.filter((file) => file.status === status).map((file) => file.path);
  const comparison = {
    before: { snapshot: consumed, files: of('removed') },
    after: { snapshot: head, files: of('added') },
  };
  if (comparison.before.files.length === 0 || comparison.after.files.length === 0) return { files };
  const differing = await remembering(source, { before: consumed, after: head }, () =>
    compareLiveRows(source, comparison),
  );
  if (differing === undefined) return { files };
  const reason = comparedHours(differing);
  if (differing.length === 0) return { files: [], reason };
  if (!newRowsOnly) return { files: inDifferingHours(files, differing, source.lastAllowedHour), reason };
  const fresh = new Set(
    (await newsOfFiles(source, comparison)).filter((file) => file.knownRows === 0n).map((file) => file.path),
  );
  const rest = {
    ...comparison,
    after: { snapshot: head, files: comparison.after.files.filter((path) => !fresh.has(path)) },
  };
  if (fresh.size === 0 || (await compareLiveRows(source, rest)).length > 0) return { files, reason };
  return {
    files: files.filter((file) => fresh.has(file.path)),
    reason: `of the files that came, ${fresh.size} hold new rows only, and the others the rows of those that went (the rows were compared)`,
  };
}
