/**
 * Commits that DuckDB's own INSERT and DELETE cannot make: whole files out, rows in, under any operation.
 * Change -> one snapshot. What another engine's overwrite, metadata delete or compaction leaves in a table.
 */
import { randomUUID } from 'node:crypto';
import type { CatalogClient } from '../../src/catalog/client/catalog-client.ts';
import type { Engine } from '../../src/engine/index.ts';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import { newSnapshotId, nextSequenceNumber } from '../../src/iceberg/new-snapshot.ts';
import type { Snapshot, TableIdentifier, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { listStatement } from '../../src/statements/index.ts';
import { manifestsOf } from '../../src/tables/read/manifest-list.ts';
import { rewriteManifests } from '../../src/tables/write/manifest.ts';
import { writeClearedList } from '../../src/tables/write/manifest-list.ts';
import { firstRowIdParameter, metadataPath, rowLineageOf } from '../../src/tables/write/new-files.ts';
import { describeSnapshot } from '../../src/tables/write/snapshot-summary.ts';
import { type RowDelete, writeListWithDeletes, writeRowDeletes } from './row-deletes.ts';

export interface LiveFile {
  readonly path: string;
  readonly rows: bigint;
  readonly manifest_path: string;
}

export interface FileChange {
  readonly operation: 'overwrite' | 'delete' | 'replace' | 'append';
  /** Picks the files that go, of all live ones in the order of their paths. */
  readonly remove?: (files: readonly LiveFile[]) => readonly LiveFile[];
  /** The rows that come: a query over the tables as they are before the change. */
  readonly insert?: string;
  /** Delete files for rows that were there before. */
  readonly deletes?: readonly RowDelete[];
  readonly summary?: Readonly<Record<string, string>>;
}

/** The live data files of the table's `main`. */
export async function liveFiles(engine: Engine, snapshot: Snapshot | undefined): Promise<LiveFile[]> {
  const manifests =
    snapshot === undefined
      ? []
      : (await manifestsOf(engine, snapshot)).filter(
          (manifest) => manifest.content === 0 && manifest.live_files > 0n,
        );
  if (manifests.length === 0) return [];
  return engine.query<LiveFile & Record<string, unknown>>({
    sql: 'select data_file.file_path as path, data_file.record_count as rows, as_stored(filename) as manifest_path from read_avro($manifests, filename = true) where status < 2 order by 1',
    parameters: { manifests: manifests.map((manifest) => manifest.manifest_path) },
  });
}

export async function composeFilesInto(input: {
  readonly engine: Engine;
  readonly client: CatalogClient;
  readonly table: TableIdentifier;
  readonly change: FileChange;
  /** A table of the same layout that holds the rows that come. */
  readonly added: TableMetadata | undefined;
}): Promise<void> {
  const { engine, client, table, change } = input;
  const loaded = await client.loadTable(table);
  if (loaded === undefined) throw new Error(`no table ${table.name}`);
  const { metadata } = loaded;
  const base = mainSnapshot(metadata);
  if (base === undefined) throw new Error(`${table.name} is empty: nothing to change`);
  const removed = change.remove?.(await liveFiles(engine, base)) ?? [];
  const affected = new Set(removed.map((file) => file.manifest_path));
  const snapshotId = newSnapshotId();
  const sequenceNumber = nextSequenceNumber(metadata);
  const manifests = (await manifestsOf(engine, base)).filter((manifest) =>
    affected.has(manifest.manifest_path),
  );
  const rewritten = await rewriteManifests(engine, {
    metadata,
    manifestList: base['manifest-list'],
    manifests,
    removedFiles: removed.map((file) => file.path),
    keptFiles: [],
    destination: () => metadataPath(metadata, `${randomUUID()}-m0`),
  });
  let list =
    rewritten.length === 0
      ? base['manifest-list']
      : await writeClearedList(engine, {
          metadata,
          base,
          affected: manifests,
          rewritten,
          snapshotId,
          sequenceNumber,
        });
  const incoming = input.added === undefined ? undefined : mainSnapshot(input.added);
  if (incoming !== undefined) {
    const cleared = list;
    list = metadataPath(metadata, `snap-${snapshotId}`);
    await engine.execute(listStatement('tables/write_manifest_list', rowLineageOf(metadata)), {
      carried_list: cleared,
      staged_list: incoming['manifest-list'],
      ...firstRowIdParameter(metadata),
      staging_snapshot_ids: [incoming['snapshot-id'], snapshotId],
      snapshot_id: snapshotId,
      sequence_number: sequenceNumber,
      destination: list,
    });
  }
  const deletes = [];
  for (const each of change.deletes ?? [])
    deletes.push(...(await writeRowDeletes(engine, metadata, base, each)));
  if (deletes.length > 0) {
    const destination = metadataPath(metadata, `snap-${snapshotId}-deletes`);
    await writeListWithDeletes(engine, {
      list,
      manifests: deletes,
      lineage: rowLineageOf(metadata),
      snapshotId,
      sequenceNumber,
      destination,
    });
    list = destination;
  }
  const snapshot = await describeSnapshot(engine, {
    metadata,
    parent: base,
    snapshotId,
    sequenceNumber,
    manifestList: list,
    operation: change.operation,
    ...(change.summary === undefined ? {} : { properties: change.summary }),
  });
  await client.commitTable(table, {
    requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': base['snapshot-id'] }],
    updates: [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshotId },
    ],
  });
}
