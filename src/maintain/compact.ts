/**
 * Puts small files together, partition by partition, as `replace` snapshots. Table -> fewer files, the same
 * rows. Groups are worked off in batches, a commit each: an interruption or a crash loses the running batch
 * and no more. A batch whose files somebody else has replaced meanwhile is dropped and chosen anew.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { localPath } from '../catalog/files/locations.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import { columnsOf } from '../iceberg/file-layout.ts';
import { tableRoot } from '../iceberg/new-snapshot.ts';
import type { PartitionSpec, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import {
  composeFilesView,
  declareEmptyPartitionIn,
  manifestMetadata,
  manifestsOf,
  metadataPath,
  rewriteManifests,
  rowLineageOf,
} from '../manifests/compose.ts';
import { findObsoleteDeletes } from '../manifests/obsolete-deletes.ts';
import { conflict, isUnanswered } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import { writeMarker } from '../run/session-marker.ts';
import { DATA_FILE_COLUMNS, metricsJson, spelledAs, type WrittenFile } from '../run/write-files.ts';
import { makeLocalFolder } from '../state/local-files.ts';
import {
  fieldIdsFragment,
  fileColumnsFragment,
  literalFragment,
  manifestFormatFragment,
  newEntryFragments,
  NOTHING,
  ROW_LINEAGE_FIELDS,
  renderStatement,
  rowLineageColumnsFragment,
  partitionTupleFragment,
  tableFragment,
} from '../statements/index.ts';
import { discard, loadTable, type MaintainContext, stopIfInterrupted, untilItWins } from './context.ts';
import { type Compacted, NOTHING_DONE, sumOf } from './compacted.ts';
import { MAINTENANCE } from './drop-dead.ts';
import { type CompactionLayout, compactionLayoutOf, partitionValues } from './layout.ts';
import { forgetFiles, listLiveFiles, notedDeletes } from './live-files.ts';
import { commitReplacement, type NewManifest } from './replace-snapshot.ts';

/** DuckDB keeps as many partitions open at once; a group more, and it would split the files of others. */
const GROUPS_A_STATEMENT = 100;
/** Bytes of input after which a batch is committed. Not measured. */
const BATCH_BYTES = 4n * 2n ** 30n;
const GROUPS_A_BATCH = 2000;
const VIEW_CATALOG = 'maintain_view';

interface Group extends Record<string, unknown> {
  readonly group_id: bigint;
  readonly spec_id: number;
  readonly partition: string;
  readonly files: bigint;
  readonly rows: bigint;
  readonly bytes: bigint;
  readonly sequence_number: bigint;
  readonly has_deletes: boolean;
}

/**
 * Compacts the table; null when it was left alone, with a note that says why. `readTo`: sequence number up to
 * which every process has read the table. Files that lost rows since are left as they are: a session finds
 * those rows by the delete files, and both are gone afterwards.
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
 * One look at the table, and all the groups found in it. `onBatch`: told of each commit; what is returned
 * counts for a dry run.
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
  await listLiveFiles(ports.engine, metadata, base);
  const deletes = await notedDeletes(ports.engine);
  await ports.engine.execute({
    sql: renderStatement('maintain/choose_groups'),
    parameters: {
      small_bytes: String(layout.smallBytes),
      target_bytes: String(layout.targetBytes),
      min_files: String(options.minInputFiles ?? 2),
      read_to: readTo === undefined ? null : String(readTo),
    },
  });
  const groups = await ports.engine.query<Group>({ sql: renderStatement('maintain/groups'), parameters: {} });
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
  for (const batch of batchesOf(groups)) {
    stopIfInterrupted(ports);
    ports.onStep(
      `${tableName(table)}: compact ${finished + 1} to ${finished + batch.length} of ${groups.length} groups of small files`,
    );
    onBatch(await compactBatch(context, { metadata, base, deletes, layout, groups: batch }));
    finished += batch.length;
  }
  return NOTHING_DONE;
}

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

interface Batch {
  readonly metadata: TableMetadata;
  /** The snapshot whose rows are read. */
  readonly base: Snapshot;
  /** Its delete files. */
  readonly deletes: ReadonlySet<string>;
  readonly layout: CompactionLayout;
  readonly groups: readonly Group[];
}

interface GroupFile extends Record<string, unknown> {
  readonly path: string;
  readonly manifest_path: string;
  readonly spec_id: number;
}

/** Writes a batch's files and commits them. A failure deletes what it wrote. */
async function compactBatch(context: MaintainContext, batch: Batch): Promise<Compacted> {
  const { ports } = context;
  // The marker keeps a second maintenance from taking the files, which no metadata reach yet, for orphans.
  const directory = join(ports.sessionsDirectory, `${MAINTENANCE}${randomUUID()}`);
  const created: string[] = [];
  const create = (path: string): void => void created.push(path);
  writeMarker(directory, false);
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
    // A statement that was stopped has begun files that it told nobody of.
    const begun = localPath(dataFolderOf(batch.layout, directory));
    if (begun !== undefined && !isUnanswered(error)) rmSync(begun, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const totalOf = (groups: readonly Group[], what: 'files' | 'rows' | 'bytes'): bigint =>
  groups.reduce((sum, group) => sum + group[what], 0n);

/** A folder of the batch's own below the table's data folder. */
const dataFolderOf = (layout: CompactionLayout, directory: string): string =>
  `${layout.dataFolder}/${basename(directory)}`;

type GroupOutput = WrittenFile & { readonly group: Group };

/** Writes the rows of every group. Throws `compaction-lost-rows` when more or fewer came out than went in. */
async function writeGroups(
  context: MaintainContext,
  batch: Batch,
  directory: string,
  create: (path: string) => void,
): Promise<{ files: GroupFile[]; written: GroupOutput[] }> {
  const { ports, table } = context;
  const { engine, views, endpoint } = ports;
  const { layout, metadata, base } = batch;
  const manifests = (await manifestsOf(engine, base)).filter((manifest) => manifest.content === 0);
  const withRowIds = rowLineageOf(metadata) !== 'none';
  const shown = tableFragment(VIEW_CATALOG, { namespace: ['small'], name: table.name });
  const sql = renderStatement('maintain/write_group_files', {
    columns: fileColumnsFragment(layout.columns, []),
    row_lineage: withRowIds ? rowLineageColumnsFragment() : NOTHING,
    table: shown,
    compression: literalFragment(layout.compression),
    field_ids: fieldIdsFragment(withRowIds ? [...layout.columns, ...ROW_LINEAGE_FIELDS] : layout.columns),
  });
  const files: GroupFile[] = [];
  const written: GroupOutput[] = [];
  const destination = dataFolderOf(layout, directory);
  makeLocalFolder(destination);
  const view = `maintain-${randomUUID()}`;
  try {
    for (let first = 0; first < batch.groups.length; first += GROUPS_A_STATEMENT) {
      stopIfInterrupted(ports);
      const groups = batch.groups.slice(first, first + GROUPS_A_STATEMENT);
      const chosen = await engine.query<GroupFile>({
        sql: renderStatement('maintain/group_files'),
        parameters: { group_ids: groups.map((group) => String(group.group_id)) },
      });
      const holding = new Set(chosen.map((file) => file.manifest_path));
      const snapshot = await composeFilesView(engine, {
        metadata,
        from: base,
        manifests: manifests.filter((manifest) => holding.has(manifest.manifest_path)),
        files: chosen.map((file) => file.path),
        directory,
        withDeletes: true,
      });
      views.open({
        name: view,
        tables: [
          {
            identifier: { namespace: ['small'], name: table.name },
            table,
            show: { kind: 'files', snapshot },
          },
        ],
      });
      if (first === 0) await engine.attach({ name: VIEW_CATALOG, warehouse: view, ...endpoint });
      const deleting = groups.filter((group) => group.has_deletes);
      const counts =
        deleting.length === 0
          ? []
          : await engine.query<{ group_id: bigint; rows: bigint }>({
              sql: renderStatement('maintain/count_groups', { table: shown }),
              parameters: { group_ids: deleting.map((group) => String(group.group_id)) },
            });
      const rows = (await engine.query({ sql, parameters: { destination } })) as unknown as WrittenFile[];
      for (const file of rows) create(file.filename);
      const byId = new Map(groups.map((group) => [String(group.group_id), group]));
      const outputs = rows.map(
        (file): GroupOutput => ({
          ...file,
          group: byId.get(String(file.partition_keys?.['psyberg_group'])) as Group,
        }),
      );
      refuseLostRows(context, groups, {
        outputs,
        counted: new Map(counts.map((row) => [row.group_id, row.rows])),
      });
      files.push(...chosen);
      written.push(...outputs);
    }
  } finally {
    views.close(view);
    await engine.detach(VIEW_CATALOG).catch(() => undefined);
  }
  return { files, written };
}

interface GroupCounts {
  readonly outputs: readonly GroupOutput[];
  /** Rows of groups with deleted rows, as they were read before. */
  readonly counted: ReadonlyMap<bigint, bigint>;
}

/** Counted group by group: a row lost here would be lost for good. */
function refuseLostRows(
  { table }: MaintainContext,
  groups: readonly Group[],
  { outputs, counted }: GroupCounts,
): void {
  for (const group of groups) {
    const found = outputs.filter((file) => file.group === group).reduce((sum, file) => sum + file.count, 0n);
    const expected = group.has_deletes ? (counted.get(group.group_id) ?? 0n) : group.rows;
    if (found !== expected)
      throw conflict(
        'compaction-lost-rows',
        `compacting ${tableName(table)} read ${found} rows from files that hold ${expected}: nothing was changed`,
        {
          hint: 'report this, with the partition that the context names',
          context: {
            table: tableName(table),
            partition: group.partition,
            expected: String(expected),
            found: String(found),
          },
          retryable: false,
        },
      );
  }
}

/** The manifests of the new files, one for each partition spec. */
async function writeManifests(
  { ports }: MaintainContext,
  { metadata }: Batch,
  written: readonly GroupOutput[],
  { directory, create }: { readonly directory: string; readonly create: (path: string) => void },
): Promise<NewManifest[]> {
  const { engine } = ports;
  const columns = columnsOf(metadata);
  const location = tableRoot(metadata);
  const manifests: NewManifest[] = [];
  for (const specId of new Set(written.map((file) => file.group.spec_id))) {
    const spec = metadata['partition-specs'].find((each) => each['spec-id'] === specId) as PartitionSpec;
    const files = written.filter((file) => file.group.spec_id === specId);
    const entry = newEntryFragments(
      DATA_FILE_COLUMNS,
      spec.fields.map((field) => ({ name: field.name, fieldId: field['field-id'] })),
    );
    const parameters = manifestMetadata(metadata, spec);
    const described = `${directory}/${randomUUID()}.avro`;
    await engine.execute({
      sql: renderStatement('load/write_file_manifest', {
        partition: partitionTupleFragment(partitionValues(metadata, spec)),
        data_file: entry.dataFile,
        manifest_format: manifestFormatFragment(entry.fieldIds),
      }),
      parameters: {
        files: JSON.stringify(
          files.map((file) => ({
            path: spelledAs(location, file.filename),
            rows: String(file.count),
            bytes: String(file.file_size_bytes),
            partition: JSON.parse(file.group.partition) as unknown,
          })),
        ),
        metrics: JSON.stringify(files.flatMap((file) => metricsJson(file, { columns, location }))),
        sort_order_id: null,
        destination: described,
        ...parameters,
      },
    });
    const path = metadataPath(metadata, `compacted-${randomUUID()}-m0`);
    create(path);
    await engine.execute({
      sql: renderStatement('maintain/number_manifest', {
        data_file: entry.dataFile,
        manifest_format: manifestFormatFragment(entry.fieldIds),
      }),
      parameters: {
        manifest: described,
        numbers: JSON.stringify(
          files.map((file) => ({
            path: spelledAs(location, file.filename),
            sequence_number: String(file.group.sequence_number),
          })),
        ),
        destination: path,
        ...parameters,
      },
    });
    if (spec.fields.length === 0) await declareEmptyPartitionIn(engine, path);
    manifests.push({ path, specId, content: 0 });
  }
  return manifests;
}

interface BatchCommit extends Batch {
  readonly files: readonly GroupFile[];
  readonly added: readonly NewManifest[];
}

/**
 * Commits on `main` as it is by then, as long as every file that goes is still there and no row of it was
 * deleted meanwhile. Returns the delete files that went.
 */
async function commitBatch(
  context: MaintainContext,
  { files, added, deletes }: BatchCommit,
): Promise<number> {
  const { ports, table } = context;
  const { engine } = ports;
  const paths = files.map((file) => file.path);
  return untilItWins(ports, async () => {
    const { metadata } = await loadTable(context);
    const main = mainSnapshot(metadata);
    const manifests = main === undefined ? [] : await listLiveFiles(engine, metadata, main);
    const [row] = await engine.query<{ missing: bigint }>({
      sql: renderStatement('maintain/missing_of'),
      parameters: { paths },
    });
    // Rows deleted since are not taken out of the new files, and a positional delete names the old ones.
    const newDelete = [...(await notedDeletes(engine))].find((key) => !deletes.has(key));
    if (main === undefined || row?.missing !== 0n || newDelete !== undefined)
      throw conflict(
        'compaction-overtaken',
        `files of ${tableName(table)} were replaced, or rows of them deleted, while they were compacted`,
        { hint: 'run again' },
      );
    const affected = await engine.query<{
      manifest_path: string;
      partition_spec_id: number;
      content: number;
    }>({
      sql: renderStatement('maintain/manifests_of_files'),
      parameters: { paths },
    });
    const deleteManifests = manifests.filter((manifest) => manifest.content === 1);
    const obsolete =
      deleteManifests.length === 0
        ? []
        : await findObsoleteDeletes(engine, {
            metadata,
            base: main,
            dataManifests: manifests.filter((manifest) => manifest.content === 0),
            deleteManifests,
            removed: paths,
          });
    const holding = new Set(obsolete.map((each) => each.manifest_path));
    const rewritable = [
      ...affected,
      ...deleteManifests.filter((manifest) => holding.has(manifest.manifest_path)),
    ];
    const composed: string[] = [];
    try {
      const rewritten = await rewriteManifests(engine, {
        metadata,
        manifestList: main['manifest-list'],
        manifests: rewritable,
        removedFiles: [...paths, ...obsolete.map((each) => each.file_key)],
        keptFiles: [],
        destination: () => {
          const path = metadataPath(metadata, `${randomUUID()}-m0`);
          composed.push(path);
          return path;
        },
      });
      await commitReplacement(context, {
        metadata,
        base: main,
        replaced: rewritable.map((manifest) => manifest.manifest_path),
        added: [...added, ...rewritten],
        task: 'compact',
        created: (path) => void composed.push(path),
      });
      return obsolete.length;
    } catch (error) {
      discard(composed, error);
      throw error;
    }
  });
}
