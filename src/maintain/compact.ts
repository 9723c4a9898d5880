/**
 * Merges small files, partition by partition, as `replace` snapshots. Table -> fewer files, the same rows.
 * Groups are processed in batches with a commit each, so that an interruption or a crash only loses the
 * running batch. A batch whose files somebody else has replaced meanwhile is dropped and chosen anew.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { localPath } from '../catalog/files/locations.ts';
import { filesBeginning } from '../files/list.ts';
import { discard, removeFile } from '../files/remove.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { conflict, mayBeMade, type PsybergError } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { PartsProgress } from '../model/progress.ts';
import { statement } from '../statements/index.ts';
import { refuseUnreadableView, type ViewToRead } from '../tables/deletes/equality-keys.ts';
import { type ManifestRow, ofData, ofDeletes } from '../tables/read/manifest-list.ts';
import type { ManifestToRewrite } from '../tables/read/manifest-shapes.ts';
import { findObsoleteDeletes } from '../tables/read/obsolete-deletes.ts';
import { type RewrittenManifest, rewriteManifests } from '../tables/write/manifest.ts';
import { metadataPath } from '../tables/write/new-files.ts';
import { commitReplacement } from './commit-replacement.ts';
import { type Batch, batchFolder, type Group, type GroupFile, writeGroups } from './compact-groups.ts';
import { writeManifests } from './compact-manifests.ts';
import { type Compacted, NOTHING_DONE, sumOf } from './compacted.ts';
import { loadTable, type MaintainContext, stopIfInterrupted, untilItWins } from './context.ts';
import { MAINTENANCE } from './drop-dead.ts';
import { compactionLayoutOf } from './layout.ts';
import { forgetFiles, listLiveFiles, notedDeletes } from './noted-files.ts';

/** Input size at which a batch is committed, in bytes. Not measured. */
const BATCH_BYTES = 4n * 2n ** 30n;
const GROUPS_A_BATCH = 2000;

/**
 * Compacts the table; returns null if it was left alone, with a note that says why. `readTo`: sequence
 * number up to which every process has read the table. Files that have lost rows since are left as they are:
 * a session finds those rows by the delete files, and compaction would remove both.
 */
export async function compactTable(
  context: MaintainContext,
  readTo: bigint | undefined,
): Promise<Compacted | null> {
  const { engine } = context.ports;
  let done = NOTHING_DONE;
  return untilItWins(context.ports, async () => {
    try {
      const result = await compactOnce(context, readTo, (batch) => {
        done = sumOf(done, batch);
      });
      return result === undefined ? null : sumOf(done, result);
    } finally {
      await forgetFiles(engine);
    }
  });
}

/**
 * Looks at the table once, and compacts all groups found then. `onBatch`: called with each commit; the
 * returned value counts for a dry run.
 */
async function compactOnce(
  context: MaintainContext,
  readTo: bigint | undefined,
  onBatch: (batch: Compacted) => void,
): Promise<Compacted | undefined> {
  const { ports, options, table, notes } = context;
  const { metadata } = await loadTable(context);
  const base = mainSnapshot(metadata);
  if (base === undefined) return NOTHING_DONE;
  const layout = compactionLayoutOf(metadata, options);
  if (typeof layout === 'string') {
    notes.push(`not compacted: ${layout}`);
    return undefined;
  }
  const unreadable = await unreadableDeletes(context, { metadata, snapshot: base });
  if (unreadable !== undefined) {
    notes.push(`not compacted: ${unreadable.message}; ${unreadable.hint}`);
    return undefined;
  }
  await listLiveFiles(ports.engine, metadata, base);
  const deletes = await notedDeletes(ports.engine);
  await ports.engine.execute(statement('maintain/choose_groups'), {
    small_bytes: layout.smallBytes,
    target_bytes: layout.targetBytes,
    min_files: options.minInputFiles ?? 2,
    read_to: readTo ?? null,
  });
  const groups = await ports.engine.query(statement('maintain/groups'));
  if (options.dryRun === true) {
    const bytes = String(totalOf(groups, 'bytes'));
    return {
      files_before: Number(totalOf(groups, 'files')),
      files_after: groups.length,
      delete_files_applied: 0,
      rows: String(totalOf(groups, 'rows')),
      bytes_before: bytes,
      bytes_after: bytes,
    };
  }
  let finished = 0;
  let rows = 0n;
  for (const batch of batchesOf(groups)) {
    stopIfInterrupted(ports);
    ports.onStep(
      `${tableName(table)}: compact ${finished + 1} to ${finished + batch.length} of ${groups.length} groups of small files`,
    );
    const [before, rowsBefore] = [finished, rows];
    const onWritten = (written: number, count: bigint): void =>
      tellGroups(context, { done: before + written, total: groups.length, rows: rowsBefore + count });
    const given = { metadata, base, deletes, layout, groups: batch, onWritten };
    const compacted = await compactBatch(context, given);
    onBatch(compacted);
    finished += batch.length;
    rows += BigInt(compacted.rows);
  }
  return NOTHING_DONE;
}

/** Checks that DuckDB reads all delete files: rows that it does not read would be gone for good. */
async function unreadableDeletes(
  { ports, table }: MaintainContext,
  view: Omit<ViewToRead, 'table'>,
): Promise<PsybergError | undefined> {
  try {
    await refuseUnreadableView(ports.engine, { ...view, table });
    return undefined;
  } catch (error) {
    const { code } = error as PsybergError;
    if (code === 'equality-deletes-unreadable' || code === 'delete-format-unsupported')
      return error as PsybergError;
    throw error;
  }
}

const tellGroups = (
  { ports, table }: MaintainContext,
  parts: Pick<PartsProgress, 'done' | 'total' | 'rows'>,
): void =>
  ports.onProgress({
    kind: 'parts',
    subject: tableName(table),
    action: 'compact',
    unit: 'group of files',
    ...parts,
  });

function batchesOf(groups: readonly Group[]): Group[][] {
  const batches: Group[][] = [];
  let bytes = 0n;
  for (const group of groups) {
    const last = batches.at(-1);
    const isFull = last === undefined || last.length >= GROUPS_A_BATCH || bytes + group.bytes > BATCH_BYTES;
    if (isFull) batches.push([group]);
    else last.push(group);
    bytes = isFull ? group.bytes : bytes + group.bytes;
  }
  return batches;
}

/** Writes a batch's files and commits them. On a failure it deletes what it wrote. */
async function compactBatch(context: MaintainContext, batch: Batch): Promise<Compacted> {
  const { ports } = context;
  // No metadata reach the files yet: the marker keeps another maintenance from taking them for orphans.
  const directory = join(ports.sessionsDirectory, `${MAINTENANCE}${randomUUID()}`);
  const created: string[] = [];
  const create = (path: string): void => void created.push(path);
  await ports.markers.begin(directory, false);
  try {
    const { files, written } = await writeGroups(context, batch, directory, create);
    const added = await writeManifests(context, batch, written, { directory, create });
    const applied = await commitBatch(context, { ...batch, files, added });
    return {
      files_before: files.length,
      files_after: written.length,
      delete_files_applied: applied,
      rows: String(written.reduce((sum, file) => sum + file.count, 0n)),
      bytes_before: String(totalOf(batch.groups, 'bytes')),
      bytes_after: String(written.reduce((sum, file) => sum + file.file_size_bytes, 0n)),
    };
  } catch (error) {
    discard(created, error);
    // A statement that was stopped leaves files that it has not reported.
    if (!mayBeMade(error)) await removeBegun(batchFolder(batch.layout, directory));
    throw error;
  } finally {
    await ports.markers.end(directory);
  }
}

async function removeBegun(folder: string): Promise<void> {
  const local = localPath(folder);
  if (local !== undefined) return rmSync(local, { recursive: true, force: true });
  for (const { path } of await filesBeginning(folder, '')) removeFile(path);
}

const totalOf = (groups: readonly Group[], what: 'files' | 'rows' | 'bytes'): bigint =>
  groups.reduce((sum, group) => sum + group[what], 0n);

interface BatchCommit extends Batch {
  readonly files: readonly GroupFile[];
  readonly added: readonly RewrittenManifest[];
}

/**
 * Commits on `main` as it is by then, provided that every replaced file is still there and none of its rows
 * was deleted meanwhile. Returns the number of delete files that were removed.
 */
async function commitBatch(context: MaintainContext, batch: BatchCommit): Promise<number> {
  const { ports } = context;
  const paths = batch.files.map((file) => file.path);
  return untilItWins(ports, async () => {
    const { metadata } = await loadTable(context);
    const { main, manifests } = await unchangedMain(context, metadata, { paths, deletes: batch.deletes });
    const affected = await ports.engine.query(statement('maintain/manifests_of_files'), { paths });
    const deleteManifests = ofDeletes(manifests);
    const obsolete =
      deleteManifests.length === 0
        ? []
        : await findObsoleteDeletes(ports.engine, {
            metadata,
            base: main,
            dataManifests: ofData(manifests),
            deleteManifests,
            removed: paths,
          });
    const holding = new Set(obsolete.map((each) => each.manifest_path));
    await replaceFiles(context, batch, {
      metadata,
      base: main,
      manifests: [...affected, ...deleteManifests.filter((each) => holding.has(each.manifest_path))],
      removedFiles: [...paths, ...obsolete.map((each) => each.file_key)],
    });
    return obsolete.length;
  });
}

/**
 * Returns `main` with its live manifests. Throws `compaction-overtaken` if a file, or a row of one, is gone.
 */
async function unchangedMain(
  { ports, table }: MaintainContext,
  metadata: TableMetadata,
  { paths, deletes }: { readonly paths: readonly string[]; readonly deletes: ReadonlySet<string> },
): Promise<{ readonly main: Snapshot; readonly manifests: readonly ManifestRow[] }> {
  const { engine } = ports;
  const main = mainSnapshot(metadata);
  const manifests = main === undefined ? [] : await listLiveFiles(engine, metadata, main);
  const [row] = await engine.query(statement('maintain/missing_of'), { paths });
  // The new files still hold rows that were deleted since, and a positional delete names the old files.
  const newDelete = [...(await notedDeletes(engine))].find((key) => !deletes.has(key));
  if (main === undefined || row?.missing !== 0n || newDelete !== undefined)
    throw conflict(
      'compaction-overtaken',
      `files of ${tableName(table)} were replaced, or rows of them deleted, while they were compacted`,
      { hint: 'run again' },
    );
  return { main, manifests };
}

/**
 * Writes one snapshot without the old files and with the new manifests. On a failure it deletes what it
 * wrote.
 */
async function replaceFiles(
  context: MaintainContext,
  { added }: BatchCommit,
  {
    metadata,
    base,
    manifests,
    removedFiles,
  }: {
    readonly metadata: TableMetadata;
    readonly base: Snapshot;
    readonly manifests: readonly ManifestToRewrite[];
    readonly removedFiles: readonly string[];
  },
): Promise<void> {
  const composed: string[] = [];
  const compose = (path: string): string => {
    composed.push(path);
    return path;
  };
  try {
    const rewritten = await rewriteManifests(context.ports.engine, {
      metadata,
      manifestList: base['manifest-list'],
      manifests,
      removedFiles,
      keptFiles: [],
      destination: () => compose(metadataPath(metadata, `${randomUUID()}-m0`)),
    });
    await commitReplacement(context, {
      metadata,
      base,
      replaced: manifests.map((manifest) => manifest.manifest_path),
      added: [...added, ...rewritten],
      task: 'compact',
      created: compose,
    });
  } catch (error) {
    discard(composed, error);
    throw error;
  }
}
