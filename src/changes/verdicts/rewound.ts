/**
 * The watermark is no ancestor of the head: the source was rolled back, and what was undone and what is new
 * both count. To a process that appends, files that an undone snapshot had removed are no news where it has
 * loaded them: where one of its earlier watermarks had them. One that came and went between two sessions was
 * never loaded.
 */
import { togetherOrSingly } from '../../engine/index.ts';
import { ancestors, snapshotById } from '../../iceberg/history.ts';
import type { Snapshot, SnapshotId } from '../../iceberg/table-metadata.ts';
import { refusal } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import type { ChangedFile } from '../../model/session.ts';
import { statement } from '../../statements/index.ts';
import { ofData } from '../../tables/read/manifest-list.ts';
import { reading } from '../../tables/read/reading.ts';
import type { Reader, Source, SourceTable } from '../source.ts';

export interface ReturnedFiles {
  /** Files that an undone snapshot had removed, and that are back. */
  readonly returned: readonly ChangedFile[];
  /** Paths of those whose rows the process has. */
  readonly loaded: ReadonlySet<string>;
  /** True when some of them are not loaded: then only the files of the two ends tell what is new. */
  readonly unloaded: boolean;
}

/** The files that are back. `net`: what is different at the head; `undone`: ids of the undone snapshots. */
export async function returnedFiles(
  { source, needs, watermarksEver }: Reader,
  net: readonly ChangedFile[],
  undone: ReadonlySet<SnapshotId>,
): Promise<ReturnedFiles> {
  const returned = net.filter((file) => file.status === 'added' && undone.has(file.snapshotId));
  if (needs === 'hours' || returned.length === 0) return { returned: [], loaded: new Set(), unloaded: false };
  const loaded = await loadedBefore(source, { returned, watermarks: await watermarksEver() });
  return { returned, loaded, unloaded: returned.some((file) => !loaded.has(file.path)) };
}

/**
 * Paths of the files that were loaded. `returned`: files that undone snapshots had removed, under the ids of
 * those; `watermarks`: snapshots of the source up to which the process has read, in any order. Throws
 * `history-expired` where the history that would tell is gone.
 */
async function loadedBefore(
  source: Source,
  {
    returned,
    watermarks,
  }: { readonly returned: readonly ChangedFile[]; readonly watermarks: ReadonlySet<SnapshotId> },
): Promise<Set<string>> {
  const loaded = new Set<string>();
  for (const [removedBy, files] of Map.groupBy(returned, (file) => file.snapshotId)) {
    const seen = newestWatermarkBefore(source, removedBy, watermarks);
    if (seen === undefined) continue;
    const manifests = ofData(await source.manifestsOf(seen)).map((manifest) => manifest.manifest_path);
    const there = await reading(source, seen, () =>
      togetherOrSingly(manifests, (some) =>
        source.engine.query(statement('changes/live_paths_among'), {
          manifests: some,
          paths: files.map((file) => file.path),
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
