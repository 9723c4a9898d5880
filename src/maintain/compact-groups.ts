/**
 * Writes files that replace groups of small ones. Groups -> files that are written but in no snapshot yet.
 */
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { makeLocalFolder } from '../files/local.ts';
import { besideFiles } from '../iceberg/file-columns.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { conflict } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import {
  fieldIdsFragment,
  fileColumnsFragment,
  literalFragment,
  NOTHING,
  ROW_LINEAGE_FIELDS,
  rowLineageColumnsFragment,
  type SqlFragment,
  type StatementRow,
  statement,
  tableFragment,
} from '../statements/index.ts';
import { type ManifestRow, manifestsOf, ofData } from '../tables/read/manifest-list.ts';
import { composeFilesView } from '../tables/views/files-view.ts';
import type { WrittenFile } from '../tables/write/data-files.ts';
import { rowLineageOf } from '../tables/write/new-files.ts';
import { type MaintainContext, stopIfInterrupted } from './context.ts';
import type { CompactionLayout } from './layout.ts';

/**
 * DuckDB keeps this many partitions open at once; with one group more, it would split the files of others.
 */
const GROUPS_A_STATEMENT = 100;
const VIEW_CATALOG = 'maintain_view';

/** Small files of one partition that become one. */
export interface Group extends Record<string, unknown> {
  readonly group_id: bigint;
  readonly spec_id: number;
  readonly partition: string;
  readonly files: bigint;
  readonly rows: bigint;
  readonly bytes: bigint;
  readonly sequence_number: bigint;
  readonly has_deletes: boolean;
}

/** Groups that are committed together. */
export interface Batch {
  readonly metadata: TableMetadata;
  /** The snapshot whose rows are read. */
  readonly base: Snapshot;
  /** The snapshot's delete files. */
  readonly deletes: ReadonlySet<string>;
  readonly layout: CompactionLayout;
  readonly groups: readonly Group[];
  /** Called after groups of the batch are written, with their number and their rows. */
  readonly onWritten: (groups: number, rows: bigint) => void;
}

export type GroupFile = StatementRow<'maintain/group_files'>;

/** The folder of a batch, below the table's data folder. */
export const batchFolder = (layout: CompactionLayout, directory: string): string =>
  `${layout.dataFolder}/${basename(directory)}`;

export type GroupOutput = WrittenFile & { readonly group: Group };

/** Writes the rows of every group. Throws `compaction-lost-rows` if more or fewer come out than went in. */
export async function writeGroups(
  context: MaintainContext,
  batch: Batch,
  directory: string,
  create: (path: string) => void,
): Promise<{ files: GroupFile[]; written: GroupOutput[] }> {
  const { ports } = context;
  const { engine, views, endpoint } = ports;
  const files: GroupFile[] = [];
  const written: GroupOutput[] = [];
  const destination = batchFolder(batch.layout, directory);
  makeLocalFolder(destination);
  const write = writeStatement(context, batch);
  const manifests = ofData(await manifestsOf(engine, batch.base));
  const view = `maintain-${randomUUID()}`;
  try {
    for (let first = 0; first < batch.groups.length; first += GROUPS_A_STATEMENT) {
      stopIfInterrupted(ports);
      batch.onWritten(
        first,
        written.reduce((sum, file) => sum + file.count, 0n),
      );
      const groups = batch.groups.slice(first, first + GROUPS_A_STATEMENT);
      const chosen = await engine.query(statement('maintain/group_files'), {
        group_ids: groups.map((group) => group.group_id),
      });
      await showFiles(context, { batch, manifests, chosen, view, directory });
      if (first === 0) await engine.attach({ name: VIEW_CATALOG, warehouse: view, ...endpoint });
      const counted = await countDeleted(context, groups);
      const rows: WrittenFile[] = await engine.query(write, { destination });
      for (const file of rows) create(file.filename);
      const outputs = outputsOf(groups, rows);
      refuseLostRows(context, groups, { outputs, counted });
      files.push(...chosen);
      written.push(...outputs);
    }
  } finally {
    views.close(view);
    await engine.detach(VIEW_CATALOG).catch(() => undefined);
  }
  return { files, written };
}

/** The table of the view that shows the files of some groups only. */
const shownTable = ({ table }: MaintainContext): SqlFragment =>
  tableFragment(VIEW_CATALOG, { namespace: ['small'], name: table.name });

function writeStatement(context: MaintainContext, { layout, metadata }: Batch) {
  const withRowIds = rowLineageOf(metadata) !== 'none';
  return statement('maintain/write_group_files', {
    columns: fileColumnsFragment(layout.columns, [], besideFiles),
    row_lineage: withRowIds ? rowLineageColumnsFragment() : NOTHING,
    table: shownTable(context),
    compression: literalFragment(layout.compression),
    field_ids: fieldIdsFragment(withRowIds ? [...layout.columns, ...ROW_LINEAGE_FIELDS] : layout.columns),
  });
}

/** Shows the chosen files, with row-level deletes applied. */
async function showFiles(
  { ports, table }: MaintainContext,
  shown: {
    readonly batch: Batch;
    readonly manifests: readonly ManifestRow[];
    readonly chosen: readonly GroupFile[];
    readonly view: string;
    readonly directory: string;
  },
): Promise<void> {
  const { batch, manifests, chosen, view, directory } = shown;
  const holding = new Set(chosen.map((file) => file.manifest_path));
  const snapshot = await composeFilesView(ports.engine, {
    metadata: batch.metadata,
    from: batch.base,
    manifests: manifests.filter((manifest) => holding.has(manifest.manifest_path)),
    files: chosen.map((file) => file.path),
    directory,
    withDeletes: true,
  });
  const identifier = { namespace: ['small'], name: table.name };
  const show = { kind: 'files' as const, snapshot, showsFiles: true };
  ports.views.open({ name: view, tables: [{ identifier, table, show }] });
}

/** Counts the rows of groups with deleted rows, by the group's id: no manifest says how many are left. */
async function countDeleted(
  context: MaintainContext,
  groups: readonly Group[],
): Promise<ReadonlyMap<bigint, bigint>> {
  const deleting = groups.filter((group) => group.has_deletes);
  if (deleting.length === 0) return new Map();
  const rows = await context.ports.engine.query(
    statement('maintain/count_groups', { table: shownTable(context) }),
    { group_ids: deleting.map((group) => group.group_id) },
  );
  return new Map(rows.map((row) => [row.group_id, row.rows]));
}

function outputsOf(groups: readonly Group[], rows: readonly WrittenFile[]): GroupOutput[] {
  const byId = new Map(groups.map((group) => [String(group.group_id), group]));
  return rows.map((file) => ({
    ...file,
    group: byId.get(String(file.partition_keys?.['psyberg_group'])) as Group,
  }));
}

interface GroupCounts {
  readonly outputs: readonly GroupOutput[];
  /** Rows of groups with deleted rows, as counted beforehand. */
  readonly counted: ReadonlyMap<bigint, bigint>;
}

/** Compares counts group by group: a row lost here would be lost for good. */
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
