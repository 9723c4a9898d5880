/**
 * What a process that appends has loaded of files that come back to a source: by a rollback that undid their
 * removal, or by a snapshot that was picked once more. Files + the snapshots up to which the process once
 * read -> those whose rows it has. A file was loaded when it was there at one of its watermarks; one that
 * came and went between two sessions never was.
 */
import { type Engine, togetherOrSingly } from '../engine/index.ts';
import { ancestors, snapshotById } from '../iceberg/history.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ChangedFile } from '../model/session.ts';
import { renderStatement } from '../statements/index.ts';
import { type SourceTable, readAllManifests, reading } from './read-files.ts';

/**
 * Paths of the files that were loaded. `returned`: files that undone snapshots had removed, under the ids of
 * those; `watermarks`: snapshots of the source up to which the process has read, in any order. Throws
 * `history-expired` where the history that would tell is gone.
 */
export async function loadedBefore(
  engine: Engine,
  table: SourceTable,
  {
    returned,
    watermarks,
  }: { readonly returned: readonly ChangedFile[]; readonly watermarks: ReadonlySet<SnapshotId> },
): Promise<Set<string>> {
  const loaded = new Set<string>();
  for (const [removedBy, files] of Map.groupBy(returned, (file) => file.snapshotId)) {
    const seen = newestWatermarkBefore(table, removedBy, watermarks);
    if (seen === undefined) continue;
    const manifests = (await readAllManifests(engine, table, seen))
      .filter((manifest) => manifest.content === 0)
      .map((manifest) => manifest.manifest_path);
    const there = await reading(table, seen, () =>
      togetherOrSingly(manifests, (some) =>
        engine.query<{ path: string }>({
          sql: renderStatement('session/live_paths_among'),
          parameters: { manifests: some, paths: files.map((file) => file.path) },
        }),
      ),
    );
    for (const { path } of there) loaded.add(path);
  }
  return loaded;
}

/** The last watermark at which a file that `removedBy` took away may have been there. */
function newestWatermarkBefore(
  { metadata, spec }: SourceTable,
  removedBy: SnapshotId,
  watermarks: ReadonlySet<SnapshotId>,
): Snapshot | undefined {
  const parent = snapshotById(metadata, removedBy)?.['parent-snapshot-id'];
  const before = parent === undefined ? undefined : snapshotById(metadata, parent);
  let oldest: Snapshot | undefined;
  for (const snapshot of ancestors(metadata, before)) {
    if (watermarks.has(snapshot['snapshot-id'])) return snapshot;
    oldest = snapshot;
  }
  const goesOn = (before === undefined ? parent : oldest?.['parent-snapshot-id']) !== undefined;
  if (!goesOn || [...watermarks].every((id) => snapshotById(metadata, id) !== undefined)) return undefined;
  throw refusal(
    'history-expired',
    `a rollback of ${tableName(spec.table)} brought back files that its snapshot ${removedBy} had removed, and snapshots before it were expired: whether their rows were loaded cannot be told`,
    {
      hint: 'rebuild the target from the source (drop it and run again), and keep snapshots of the source longer than the time between two runs',
      context: { table: tableName(spec.table), snapshot_id: String(removedBy) },
    },
  );
}

/**
 * Of `added`, the snapshots that were picked from a history which the process has read (Iceberg's writers
 * name it in the summary): their rows are there.
 */
export function pickedAgain(
  metadata: TableMetadata,
  added: readonly Snapshot[],
  watermarks: ReadonlySet<SnapshotId>,
): Set<SnapshotId> {
  const read = new Set(
    [...watermarks].flatMap((id) =>
      [...ancestors(metadata, snapshotById(metadata, id))].map((snapshot) => snapshot['snapshot-id']),
    ),
  );
  return new Set(
    added
      .filter((snapshot) => read.has(pickedFrom(snapshot) ?? -1n))
      .map((snapshot) => snapshot['snapshot-id']),
  );
}

/** The snapshot whose files this one took over; undefined for one that was not picked. */
export function pickedFrom({ summary }: Snapshot): SnapshotId | undefined {
  const source = summary?.['source-snapshot-id'];
  return source === undefined || !/^\d+$/.test(source) ? undefined : BigInt(source);
}
