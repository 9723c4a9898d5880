/**
 * Removes files that no metadata reach: what crashes, lost races and aborted writers leave. Warehouse ->
 * fewer files. Files are listed before the metadata are read, so that whatever is committed meanwhile is
 * reached. What is not yet committed is younger than the grace period, or than the oldest running session.
 * What any table of the catalog reaches stays, no matter in which table's folder it lies.
 */
import { exists } from '../files/list.ts';
import { tableRoot } from '../iceberg/new-snapshot.ts';
import { mayDeleteFiles } from '../iceberg/retention.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { oldestSessionMs } from '../markers/sessions-at-work.ts';
import {
  type DroppedTableRecord,
  type FreedFiles,
  type MaintainOptions,
  type MaintainRecord,
  NOTHING_FREED,
} from '../model/maintain-record.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import { plainPath } from '../model/plain-path.ts';
import { globLiteral, type StatementRow, statement } from '../statements/index.ts';
import { type MaintainPorts, stopIfInterrupted } from './context.ts';
import { deleteFiles } from './delete-files.ts';
import { noteWhatStayed } from './expire-snapshots.ts';
import { graceMs } from './limits.ts';
import { listedAgain } from './listed-again.ts';
import { reachFiles, reachManifests, type TableFile, withReach } from './reach.ts';
import { dropWorkTables } from './work-tables.ts';

export interface OrphanOutcome {
  readonly orphans: FreedFiles;
  readonly reported: MaintainRecord['reported'];
  readonly notes: readonly string[];
}

export interface OrphanInput {
  readonly ports: MaintainPorts;
  readonly options: MaintainOptions;
  /** The tables to look at; undefined: all, and also what dropped tables left. */
  readonly tables: readonly TableIdentifier[] | undefined;
  /** Every table of the catalog. */
  readonly catalogTables: readonly TableIdentifier[];
}

export interface OrphanResult {
  /** Keyed by `namespace.name`. */
  readonly tables: ReadonlyMap<string, OrphanOutcome>;
  readonly dropped: readonly DroppedTableRecord[];
}

interface KnownTable {
  readonly id: TableIdentifier;
  readonly metadata: TableMetadata;
  readonly metadataLocation: string;
  /** The table's folder with a slash at its end. */
  readonly folder: string;
}

type OrphanRow = StatementRow<'maintain/orphan_files'>;

/** Finds and removes orphans. */
export async function removeOrphans(input: OrphanInput): Promise<OrphanResult> {
  const { ports, options } = input;
  // Read first: a session that begins from now on writes files that are younger than the listing.
  const sessionMs = oldestSessionMs(ports.sessionsDirectory) ?? Number.POSITIVE_INFINITY;
  const beforeMs = Math.floor(Math.min(ports.nowMs() - graceMs(options), sessionMs));
  await ports.engine.execute(statement('maintain/begin_found'));
  try {
    await findFiles(input);
    stopIfInterrupted(ports);
    return await withReach(ports.engine, async () => {
      const known = await reachEverything(input);
      const wanted = new Set((input.tables ?? input.catalogTables).map(tableName));
      const tables = new Map<string, OrphanOutcome>();
      for (const table of known)
        if (wanted.has(tableName(table.id)))
          tables.set(tableName(table.id), await orphansOf(input, table, { known, beforeMs }));
      return {
        tables,
        dropped: input.tables === undefined ? await droppedTables(input, known, beforeMs) : [],
      };
    });
  } finally {
    await dropWorkTables(ports.engine, 'maintain_found');
  }
}

async function findFiles({ ports, tables }: OrphanInput): Promise<void> {
  ports.onStep('list the files of the warehouse');
  const folders: string[] = [];
  if (tables === undefined) folders.push(ports.warehouse);
  else
    for (const id of tables) {
      const loaded = await ports.catalog.loadTable(id);
      if (loaded !== undefined) folders.push(folderOf(loaded.metadata).slice(0, -1));
    }
  for (const folder of folders)
    if (await exists(folder))
      await listedAgain(() =>
        ports.engine.execute(statement('maintain/find_files'), { pattern: `${globLiteral(folder)}/**` }),
      );
}

const folderOf = (metadata: TableMetadata): string => `${plainPath(tableRoot(metadata))}/`;

/** Notes what every table of the catalog reaches. */
async function reachEverything({ ports, catalogTables }: OrphanInput): Promise<KnownTable[]> {
  const known: KnownTable[] = [];
  for (const id of catalogTables) {
    stopIfInterrupted(ports);
    const loaded = await ports.catalog.loadTable(id);
    if (loaded === undefined) continue;
    const { metadata, metadataLocation } = loaded;
    ports.onStep(`${tableName(id)}: what its metadata reach`);
    const snapshots = metadata.snapshots ?? [];
    const statistics = [...(metadata.statistics ?? []), ...(metadata['partition-statistics'] ?? [])] as {
      'statistics-path'?: string;
    }[];
    await reachManifests(ports.engine, snapshots);
    await reachFiles(ports.engine, snapshots);
    const paths = [
      metadataLocation,
      ...(metadata['metadata-log'] ?? []).map((entry) => entry['metadata-file']),
      ...snapshots.map((snapshot) => snapshot['manifest-list']),
      ...statistics.flatMap((file) => file['statistics-path'] ?? []),
    ];
    await ports.engine.execute(statement('maintain/reach_paths'), { paths });
    known.push({ id, metadata, metadataLocation, folder: folderOf(metadata) });
  }
  return known;
}

async function orphansOf(
  { ports, options }: OrphanInput,
  { id, metadata, folder }: KnownTable,
  { known, beforeMs }: { readonly known: readonly KnownTable[]; readonly beforeMs: number },
): Promise<OrphanOutcome> {
  const notes: string[] = [];
  const nothing: OrphanOutcome = {
    orphans: NOTHING_FREED,
    reported: { metadata_files: 0, unknown_files: 0, bytes: '0' },
    notes,
  };
  if (!mayDeleteFiles(metadata)) return nothing;
  if (known.some((other) => other.folder === folder && tableName(other.id) !== tableName(id))) {
    notes.push('another table has the same folder: orphans cannot be told');
    return nothing;
  }
  const missing: { readonly path: string }[] = [];
  for (const each of await ports.engine.query(statement('maintain/missing_files'), { folder }))
    if (!(await exists(each.path))) missing.push(each);
  if (missing.length > 0) {
    notes.push(
      `its metadata name ${missing.length} files that do not exist, such as ${missing[0]?.path}: no file is called an orphan until that is repaired`,
    );
    return nothing;
  }
  const rows = await ports.engine.query(statement('maintain/orphan_files'), { folder, before_ms: beforeMs });
  const stays = (row: OrphanRow): boolean =>
    row.kind === 'unknown' || (row.kind === 'metadata_files' && options.orphanMetadata !== true);
  const files = rows.filter((row) => !stays(row)).map(({ path, kind }) => ({ path, kind }) as TableFile);
  const deletion = await deleteFiles(files, { warehouse: ports.warehouse, dryRun: options.dryRun ?? false });
  noteWhatStayed({ notes }, deletion);
  const left = rows.filter(stays);
  return {
    orphans: deletion.freed,
    reported: {
      metadata_files: left.filter((row) => row.kind === 'metadata_files').length,
      unknown_files: left.filter((row) => row.kind === 'unknown').length,
      bytes: String(left.reduce((sum, row) => sum + row.bytes, 0n)),
    },
    notes,
  };
}

/**
 * Finds folders that look like those of tables but that no table of the catalog has. A folder without a
 * metadata file of a table is not touched: nobody knows what it is.
 */
async function droppedTables(
  { ports, options }: OrphanInput,
  known: readonly KnownTable[],
  beforeMs: number,
): Promise<DroppedTableRecord[]> {
  const rows = await ports.engine.query(statement('maintain/dropped_files'), {
    warehouse: `${ports.warehouse}/`,
    folders: known.map((table) => table.folder),
    before_ms: beforeMs,
  });
  const records: DroppedTableRecord[] = [];
  for (const folder of new Set(rows.map((row) => row.folder))) {
    const files = rows.filter((row) => row.folder === folder);
    const deletes =
      options.droppedTables === true &&
      (await wasTable(
        ports,
        files.filter((row) => row.is_metadata).map((row) => row.path),
        known,
      ));
    const measured = { files: files.length, bytes: String(files.reduce((sum, row) => sum + row.bytes, 0n)) };
    if (deletes)
      await deleteFiles(
        files.map(({ path }) => ({ path, kind: 'other_files' })),
        { warehouse: ports.warehouse, dryRun: options.dryRun ?? false },
      );
    records.push({ folder, ...measured, deleted: deletes && options.dryRun !== true });
  }
  return records;
}

/** True if every metadata file belongs to a table, and none of these is in the catalog. */
async function wasTable(
  ports: MaintainPorts,
  paths: readonly string[],
  known: readonly KnownTable[],
): Promise<boolean> {
  if (paths.length === 0) return false;
  const rows = await ports.engine.query(statement('maintain/table_metadata_files'), { paths });
  const alive = new Set(known.map((table) => table.metadata['table-uuid']));
  return rows.length === paths.length && !rows.some((row) => alive.has(row.table_uuid));
}
