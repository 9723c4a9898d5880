/**
 * Writes the engine's own tables. Rows -> files and a table change to be committed together with the target.
 * Nothing is visible before that commit. Every table keeps one manifest, so reading and writing state costs
 * the same after ten thousand sessions.
 */

import { randomUUID } from 'node:crypto';
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import type { CommitTableRequest } from '../catalog/service/catalog.ts';
import type { Engine } from '../engine/index.ts';
import { discard, makeLocalFolder, mayBeThere, removeLocalFile } from '../files/local.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import { newSnapshotId, nextSequenceNumber, tableRoot } from '../iceberg/new-snapshot.ts';
import { moveMain } from '../iceberg/references.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import { PsybergError, usageError } from '../model/errors.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import { branchName } from '../model/session-branch.ts';
import {
  fieldIdsFragment,
  NOTHING,
  renderStatement,
  statement,
  statementFragment,
  tableFragment,
} from '../statements/index.ts';
import { liveManifestsOf, ofData } from '../tables/read/manifest-list.ts';
import { writeSingleManifest } from '../tables/write/single-manifest.ts';
import { SUMMARY } from './read-watermarks.ts';
import type { StateRow, StateTable } from './tables/state-table.ts';

/** A change of a state table, and the files that nothing refers to once it is committed. */
export interface StateChange {
  readonly change: CommitTableRequest;
  readonly obsoleteFiles: readonly string[];
  /** The files that it consists of: nobody needs them when it is not committed. */
  readonly files: readonly string[];
  readonly sequenceNumber: bigint;
  readonly snapshotId: SnapshotId;
}

/**
 * Snapshots that a state table keeps; older ones go with each commit, so its metadata stop growing. Not
 * measured.
 */
const SNAPSHOTS_KEPT = 100;
/**
 * Summary key: the data files that a snapshot replaced. They go with that snapshot, when no older one is left
 * to need them.
 */
const REPLACED_FILES = 'psyberg.replaced-files';
/**
 * Summary key: the files that nothing refers to since a snapshot was committed. Whoever was killed before
 * deleting them left that to the next session.
 */
const OBSOLETE_FILES = 'psyberg.obsolete-files';

export interface StateWrite {
  readonly table: TableIdentifier;
  readonly definition: StateTable;
  readonly processName: string;
  readonly psybergSessionId: string;
  readonly rows: readonly StateRow[];
  /** True when rows of this session may be there already and are replaced. */
  readonly replacesSession: boolean;
  /** A process whose rows all go: another one has taken over what they say. */
  readonly endedProcess?: string;
  /** Of the ledger of files: the number of this session, and whether rows of later ones are there and go. */
  readonly ledger?: { readonly session: bigint; readonly undone: boolean };
}

/**
 * Creates the table on first use. Another process may create it at the same moment: then its table is taken.
 */
export async function ensureStateTable(
  catalog: CatalogClient,
  table: TableIdentifier,
  definition: StateTable,
): Promise<TableMetadata> {
  const found = await catalog.loadTable(table);
  if (found !== undefined) return checkedColumns(found.metadata, table, definition);
  await catalog.createNamespace(table.namespace);
  const fields = definition.columns.map((column, index) => ({
    id: index + 1,
    name: column.name,
    required: false,
    type: column.type,
  }));
  try {
    const created = await catalog.createTable(table, {
      schema: { type: 'struct', fields },
      partitionSpec: {
        fields: [{ name: 'process_name', transform: 'identity', 'source-id': 1, 'field-id': 1000 }],
      },
      properties: {
        'format-version': '2',
        'write.metadata.delete-after-commit.enabled': 'true',
        'write.metadata.previous-versions-max': '20',
      },
    });
    return created.metadata;
  } catch (error) {
    if (!(error instanceof PsybergError) || error.code !== 'table-exists') throw error;
    const raced = await catalog.loadTable(table);
    if (raced === undefined) throw error;
    return raced.metadata;
  }
}

function checkedColumns(
  metadata: TableMetadata,
  table: TableIdentifier,
  definition: StateTable,
): TableMetadata {
  const names = new Set(currentSchema(metadata).fields.map((field) => field.name));
  const missing = definition.columns.filter((column) => !names.has(column.name)).map((column) => column.name);
  if (missing.length > 0)
    throw usageError(
      'state-table-columns',
      `the table ${tableName(table)} lacks the columns ${missing.join(', ')}: it was not made by this engine, or by an older one`,
      {
        hint: `name another table in psyberg.yaml, or add them: alter table ${tableName(table)} add column ${missing[0]} …`,
      },
    );
  return metadata;
}

/**
 * Writes the files of one state change and returns the change. Call again with fresh metadata after a lost
 * race.
 */
export async function composeStateChange(
  engine: Engine,
  metadata: TableMetadata,
  write: StateWrite,
): Promise<StateChange> {
  const base = mainSnapshot(metadata);
  for (const file of filesIn(base, OBSOLETE_FILES)) removeLocalFile(file);
  const manifests = base === undefined ? [] : await dataManifests(engine, metadata, base);
  const replaced = await replacedFiles(engine, write, await liveFiles(engine, manifests, write.processName));
  const removed = [...replaced.files, ...(await liveFiles(engine, manifests, write.endedProcess))];
  const root = tableRoot(metadata);
  const snapshotId = newSnapshotId();
  const sequenceNumber = nextSequenceNumber(metadata);
  const owner = branchName(write.processName, write.psybergSessionId);
  const path = `${root}/data/${owner}-${randomUUID()}.parquet`;
  const manifest = `${root}/metadata/${owner}-${snapshotId}-m0.avro`;
  const list = `${root}/metadata/${owner}-snap-${snapshotId}-${randomUUID()}.avro`;
  makeLocalFolder(`${root}/data`);
  const written = await writeRows(engine, metadata, write, { path, replaced });
  await writeSingleManifest(engine, {
    metadata,
    base,
    manifests,
    added: { path, processName: write.processName, ...written },
    removed,
    snapshotId,
    sequenceNumber,
    manifest,
    list,
  });
  return stateChange(metadata, write, [path, manifest, list], {
    'snapshot-id': snapshotId,
    ...(base === undefined ? {} : { 'parent-snapshot-id': base['snapshot-id'] }),
    'sequence-number': sequenceNumber,
    'timestamp-ms': Math.max(Date.now(), base?.['timestamp-ms'] ?? 0),
    'manifest-list': list,
    'schema-id': metadata['current-schema-id'],
    summary: {
      operation: removed.length > 0 ? 'overwrite' : 'append',
      [SUMMARY.processName]: write.processName,
      [SUMMARY.sessionId]: write.psybergSessionId,
      ...(removed.length > 0 ? { [REPLACED_FILES]: JSON.stringify(removed) } : {}),
    },
  });
}

/** The live data files of a process. */
async function liveFiles(
  engine: Engine,
  manifests: readonly string[],
  processName: string | undefined,
): Promise<string[]> {
  if (manifests.length === 0 || processName === undefined) return [];
  const rows = await engine.query(statement('state/live_files'), { manifests, process_name: processName });
  return rows.map((row) => row.path);
}

interface ReplacedFiles {
  readonly files: readonly string[];
  /** Whether they also hold rows that are kept. */
  readonly holdOthers: boolean;
}

/** Writes the new rows, and those that are kept of files that give way, as one file. */
async function writeRows(
  engine: Engine,
  metadata: TableMetadata,
  { definition, table, processName, psybergSessionId, rows, ledger }: StateWrite,
  { path, replaced }: { readonly path: string; readonly replaced: ReplacedFiles },
): Promise<{ readonly rows: bigint; readonly bytes: bigint }> {
  const kept = (): string =>
    renderStatement(definition.keptStatement, { table: tableFragment('lake', table) });
  const [file] = await engine.query(
    statement('state/write_file', {
      rows: statementFragment(definition.rowsQuery()),
      kept: replaced.holdOthers ? statementFragment(`union all by name\n${kept()}`) : NOTHING,
      field_ids: fieldIdsFragment(currentSchema(metadata).fields),
    }),
    {
      rows: JSON.stringify(rows),
      destination: path,
      ...(replaced.holdOthers
        ? {
            process_name: processName,
            psyberg_session_id: psybergSessionId,
            replaced_files: replaced.files,
            ...(ledger === undefined ? {} : { session: ledger.session }),
          }
        : {}),
    },
  );
  return { rows: file?.count as bigint, bytes: file?.file_size_bytes as bigint };
}

/**
 * Which of a process's live files give way to the new one: all of them when they are many, else those with
 * rows that are written anew.
 */
async function replacedFiles(
  engine: Engine,
  { definition, psybergSessionId, replacesSession, ledger }: StateWrite,
  live: readonly string[],
): Promise<ReplacedFiles> {
  if (live.length >= definition.filesPerProcess || (ledger?.undone === true && live.length > 0))
    return { files: live, holdOthers: definition.filesPerProcess > 1 };
  if (!replacesSession || live.length === 0) return { files: [], holdOthers: false };
  const holding = await engine.query(statement('state/files_of_session'), {
    files: live,
    psyberg_session_id: psybergSessionId,
  });
  return { files: holding.map((file) => file.path), holdOthers: holding.some((file) => file.holds_others) };
}

/** Every snapshot of a state table has a manifest of its own, named after it and after the session. */
function manifestOf(metadata: TableMetadata, { summary, 'snapshot-id': id }: Snapshot): string {
  const owner = branchName(summary?.[SUMMARY.processName] ?? '', summary?.[SUMMARY.sessionId] ?? '');
  return `${tableRoot(metadata)}/metadata/${owner}-${id}-m0.avro`;
}

/** The files that a snapshot's summary lists under `key`. */
const filesIn = (snapshot: Snapshot | undefined, key: string): string[] =>
  JSON.parse(snapshot?.summary?.[key] ?? '[]') as string[];

function stateChange(
  metadata: TableMetadata,
  write: StateWrite,
  files: readonly string[],
  written: Snapshot,
): StateChange {
  const base = mainSnapshot(metadata);
  const expired = expiredSnapshots(metadata);
  const obsoleteFiles = expired.flatMap((each) => [
    each['manifest-list'],
    manifestOf(metadata, each),
    ...filesIn(each, REPLACED_FILES),
  ]);
  const snapshot =
    obsoleteFiles.length === 0
      ? written
      : { ...written, summary: { ...written.summary, [OBSOLETE_FILES]: JSON.stringify(obsoleteFiles) } };
  return {
    change: {
      identifier: write.table,
      requirements: [
        { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
        // Without it two processes that publish at once would drop each other's rows.
        { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': base?.['snapshot-id'] ?? null },
      ],
      updates: [
        { action: 'add-snapshot', snapshot },
        moveMain(metadata, snapshot['snapshot-id']),
        ...(expired.length === 0
          ? []
          : [
              {
                action: 'remove-snapshots' as const,
                'snapshot-ids': expired.map((each) => each['snapshot-id']),
              },
            ]),
      ],
    },
    obsoleteFiles,
    files,
    sequenceNumber: snapshot['sequence-number'] ?? 0n,
    snapshotId: snapshot['snapshot-id'],
  };
}

/**
 * The oldest snapshots of a state table beyond those that it keeps; none while a tag or branch of somebody
 * holds one of them.
 */
function expiredSnapshots(metadata: TableMetadata): Snapshot[] {
  const held = new Set(Object.values(metadata.refs ?? {}).map((ref) => ref['snapshot-id']));
  const order = (snapshot: Snapshot): bigint => snapshot['sequence-number'] ?? 0n;
  const byAge = [...(metadata.snapshots ?? [])].sort((left, right) => (order(left) < order(right) ? -1 : 1));
  const oldest = byAge.slice(0, Math.max(0, byAge.length - SNAPSHOTS_KEPT));
  const firstHeld = oldest.findIndex((snapshot) => held.has(snapshot['snapshot-id']));
  return firstHeld < 0 ? oldest : oldest.slice(0, firstHeld);
}

/**
 * Composes a change and commits it by itself. Throws what the catalog answers; nothing is left then, but of a
 * commit that may have been made.
 */
export async function commitStateChange(
  { engine, catalog }: { readonly engine: Engine; readonly catalog: CatalogClient },
  metadata: TableMetadata,
  write: StateWrite,
): Promise<void> {
  const state = await composeStateChange(engine, metadata, write);
  await catalog.commitTransaction([state.change]).catch((error: unknown) => {
    discard(state.files, error);
    throw error;
  });
  deleteObsoleteFiles([state]);
}

/** Deletes files that a committed change made obsolete. */
export function deleteObsoleteFiles(changes: readonly StateChange[]): void {
  for (const file of changes.flatMap((each) => each.obsoleteFiles)) removeLocalFile(file);
}

/**
 * The manifests with files: of a snapshot of ours the one that it is known by, which saves reading the list.
 */
async function dataManifests(engine: Engine, metadata: TableMetadata, base: Snapshot): Promise<string[]> {
  if (base.summary?.[SUMMARY.sessionId] !== undefined) {
    const known = manifestOf(metadata, base);
    // Relocated with its warehouse, it has another name.
    if (mayBeThere(known)) return [known];
  }
  return ofData(await liveManifestsOf(engine, base)).map((manifest) => manifest.manifest_path);
}
