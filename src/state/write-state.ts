/**
 * Writes the state tables. Rows -> files, and a table change to be committed together with the target.
 * Nothing is visible before that commit. Every table keeps one manifest, so reading and writing state costs
 * the same after ten thousand sessions.
 */
import { randomUUID } from 'node:crypto';
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import type { CommitTableRequest } from '../catalog/service/catalog.ts';
import type { Engine } from '../engine/index.ts';
import { isLocalFile, isLocalPath, makeLocalFolder } from '../files/local.ts';
import { discard, removeFile } from '../files/remove.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import { newSnapshotId, nextSequenceNumber, tableRoot } from '../iceberg/new-snapshot.ts';
import { moveMain } from '../iceberg/references.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import { PsybergError } from '../model/errors.ts';
import type { TableIdentifier } from '../model/names.ts';
import { branchName } from '../model/session-branch.ts';
import {
  fieldIdsFragment,
  lakeTable,
  NOTHING,
  renderStatement,
  statement,
  statementFragment,
} from '../statements/index.ts';
import { writeFile } from '../tables/avro-files.ts';
import { singleContent, writeSingleManifest } from '../tables/write/single-manifest.ts';
import { filesThatGo, type ReplacedFiles, type Replacing } from './files-that-go.ts';
import { noteRows } from './known-rows.ts';
import { stateFile } from './state-file.ts';
import { SUMMARY } from './summary-keys.ts';
import type { StateRow, StateTable } from './tables/state-table.ts';
import { withColumns } from './widen-table.ts';

/** A change of a state table, and the files that nothing refers to once it is committed. */
export interface StateChange {
  readonly change: CommitTableRequest;
  readonly obsoleteFiles: readonly string[];
  /** The files of this change: to be deleted if it is not committed. */
  readonly files: readonly string[];
  readonly sequenceNumber: bigint;
  readonly snapshotId: SnapshotId;
  /** Its data file, if that holds only rows of this change. */
  readonly data?: WrittenData | undefined;
}

/** A data file with the rows of a change, which can be used again on another base of the table. */
export interface WrittenData {
  readonly path: string;
  readonly rows: bigint;
  readonly bytes: bigint;
  /** The schema that it was written with. */
  readonly schemaId: number;
}

/**
 * How many snapshots a state table keeps. Each commit expires older ones, so that its metadata do not grow.
 * Not measured.
 */
const SNAPSHOTS_KEPT = 100;
/**
 * Summary key: the data files that a snapshot replaced. They are deleted when that snapshot expires: then no
 * older snapshot is left that needs them.
 */
const REPLACED_FILES = 'psyberg.replaced-files';
/**
 * Summary key: the files that a snapshot made obsolete. If the session that committed it was killed before
 * deleting them, the next session deletes those that are still there.
 */
const OBSOLETE_FILES = 'psyberg.obsolete-files';

export interface StateWrite extends Replacing {
  readonly table: TableIdentifier;
  readonly rows: readonly StateRow[];
}

/**
 * Loads the table, or creates it on first use. If another process creates it at the same moment, that table
 * is used.
 */
export async function ensureStateTable(
  catalog: CatalogClient,
  table: TableIdentifier,
  definition: StateTable,
): Promise<TableMetadata> {
  const found = await catalog.loadTable(table);
  if (found !== undefined) return withColumns(catalog, found.metadata, table, definition);
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
    return withColumns(catalog, raced.metadata, table, definition);
  }
}

/**
 * Writes the files of one state change and returns the change. After a lost race it is called again with
 * fresh metadata; `before`: the data file of the try that lost, which is used again if possible.
 */
export async function composeStateChange(
  engine: Engine,
  metadata: TableMetadata,
  write: StateWrite,
  before?: WrittenData,
): Promise<StateChange> {
  const base = mainSnapshot(metadata);
  const content = await singleContent(engine, metadata, base);
  const { replaced, removed } = await filesThatGo(engine, content.files, write);
  const removes = write.removesProcess === true;
  const root = tableRoot(metadata);
  const snapshotId = newSnapshotId();
  const sequenceNumber = nextSequenceNumber(metadata);
  const owner = branchName(write.processName, write.psybergSessionId);
  const schemaId = metadata['current-schema-id'];
  const kept = before?.schemaId === schemaId && !replaced.holdOthers ? before : undefined;
  const path = kept?.path ?? `${root}/data/${owner}-${randomUUID()}.parquet`;
  const manifest = `${root}/metadata/${owner}-${snapshotId}-m0.avro`;
  const list = `${root}/metadata/${owner}-snap-${snapshotId}-${randomUUID()}.avro`;
  makeLocalFolder(`${root}/data`);
  const written = removes
    ? undefined
    : (kept ?? (await writeRows(engine, metadata, write, { path, replaced })));
  await writeSingleManifest(engine, {
    metadata,
    content,
    added:
      written === undefined
        ? undefined
        : { path, processName: write.processName, rows: written.rows, bytes: written.bytes },
    removed: new Set(removed),
    snapshotId,
    sequenceNumber,
    manifest,
    list,
  });
  if (write.definition.filesPerProcess === 1)
    noteRows(list, { ...write, endedProcess: write.endedProcess, base: base?.['manifest-list'] });
  const change = stateChange(metadata, write, [...(written === undefined ? [] : [path]), manifest, list], {
    'snapshot-id': snapshotId,
    ...(base === undefined ? {} : { 'parent-snapshot-id': base['snapshot-id'] }),
    'sequence-number': sequenceNumber,
    'timestamp-ms': Math.max(Date.now(), base?.['timestamp-ms'] ?? 0),
    'manifest-list': list,
    'schema-id': metadata['current-schema-id'],
    summary: {
      operation: removes ? 'delete' : removed.length > 0 ? 'overwrite' : 'append',
      [SUMMARY.processName]: write.processName,
      [SUMMARY.sessionId]: write.psybergSessionId,
      ...(removed.length > 0 ? { [REPLACED_FILES]: JSON.stringify(removed) } : {}),
    },
  });
  return replaced.holdOthers || written === undefined
    ? change
    : { ...change, data: { path, rows: written.rows, bytes: written.bytes, schemaId } };
}

/** Writes one file with the new rows, and with the rows to keep of files that it replaces. */
async function writeRows(
  engine: Engine,
  metadata: TableMetadata,
  { definition, table, processName, psybergSessionId, rows, ledger }: StateWrite,
  { path, replaced }: { readonly path: string; readonly replaced: ReplacedFiles },
): Promise<{ readonly rows: bigint; readonly bytes: bigint }> {
  const known = new Set(definition.columns.map(({ name }) => name));
  // Columns that others have added have values only in kept rows.
  const fields = currentSchema(metadata).fields.filter(({ name }) => replaced.holdOthers || known.has(name));
  const file = replaced.holdOthers || !isLocalPath(path) ? undefined : await stateFile(fields, rows);
  if (file !== undefined) {
    await writeFile(engine, path, file);
    return { rows: BigInt(rows.length), bytes: BigInt(file.length) };
  }
  const kept = (): string => renderStatement(definition.keptStatement, { table: lakeTable(table) });
  const [written] = await engine.query(
    statement('state/write_file', {
      rows: statementFragment(definition.rowsQuery()),
      kept: replaced.holdOthers ? statementFragment(`union all by name\n${kept()}`) : NOTHING,
      field_ids: fieldIdsFragment(fields),
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
  return { rows: written?.count as bigint, bytes: written?.file_size_bytes as bigint };
}

/**
 * The manifest of a snapshot: every snapshot of a state table has its own, named after it and its session.
 */
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
  const left = filesIn(base, OBSOLETE_FILES);
  const outdated = expired.flatMap((each) => [
    each['manifest-list'],
    manifestOf(metadata, each),
    ...filesIn(each, REPLACED_FILES),
  ]);
  // Those in a store are deleted once more, without a look whether they are there.
  const noted = [...left.filter(isLocalFile), ...outdated];
  const snapshot =
    noted.length === 0
      ? written
      : { ...written, summary: { ...written.summary, [OBSOLETE_FILES]: JSON.stringify(noted) } };
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
    obsoleteFiles: [...left, ...outdated],
    files,
    sequenceNumber: snapshot['sequence-number'] ?? 0n,
    snapshotId: snapshot['snapshot-id'],
  };
}

/**
 * The oldest snapshots of a state table beyond those that it keeps, up to the first one that a tag or branch
 * of somebody holds.
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
 * Composes a change and commits it on its own. Throws the catalog's error; its files are then deleted,
 * unless the commit may have been made.
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
  for (const file of changes.flatMap((each) => each.obsoleteFiles)) removeFile(file);
}
