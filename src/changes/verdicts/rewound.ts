/**
 * The rule for a source that was rolled back, so that the watermark is no ancestor of the head: both the
 * undone and the new snapshots count. A process that appends must not load a file again that an undone
 * snapshot had removed and that is now back. It has loaded such a file if the file was there at one of its
 * earlier watermarks; a file that came and went between two sessions was never loaded.
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
  /** Paths of those that the process has loaded. */
  readonly loaded: ReadonlySet<string>;
  /** True if some were not loaded: then only comparing the files of both ends tells what is new. */
  readonly unloaded: boolean;
}

/** The files that are back. `net`: what differs at the head; `undone`: ids of the undone snapshots. */
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
 * Paths of the files that were loaded before. `returned`: the files that are back, each with the id of the
 * undone snapshot that had removed it. `watermarks`: snapshots of all the process's watermarks, in any
 * order. Throws `history-expired` if the history that would tell is gone.
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
