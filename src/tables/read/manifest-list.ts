/** The manifests that snapshots' lists name. Lists -> rows. */
import type { Engine } from '../../engine/index.ts';
import type { Snapshot, SnapshotId } from '../../iceberg/table-metadata.ts';
import { statement } from '../../statements/index.ts';

export interface ManifestRow {
  readonly manifest_path: string;
  readonly partition_spec_id: number;
  /** 0 data, 1 deletes. */
  readonly content: number;
  readonly added_snapshot_id: SnapshotId;
  /** 0 for one that was written in format version 1. */
  readonly sequence_number: bigint;
  /** 0: no entry is live. A list without counts says at least 1. */
  readonly live_files: bigint;
  /** True when it also holds entries that its snapshot did not add: a merge, or a removal. */
  readonly mixed: boolean;
}

/**
 * The manifests of several lists, each once, oldest first. `addedBy`: only those that these snapshots added.
 */
export async function readManifests(
  engine: Engine,
  lists: readonly string[],
  addedBy?: readonly SnapshotId[],
): Promise<ManifestRow[]> {
  const rows = await engine.query(statement('tables/manifests'), {
    manifest_lists: lists,
    added_by: addedBy ?? null,
  });
  return lists.length > 1 ? eachOnce(rows) : rows;
}

/**
 * Of a version 1 table a list may have lost the counts of a manifest that an older one still has: then it is
 * taken for one with live files, and with entries that are not additions.
 */
function eachOnce(rows: readonly ManifestRow[]): ManifestRow[] {
  const byPath = new Map<string, ManifestRow>();
  for (const row of rows) {
    const known = byPath.get(row.manifest_path) ?? row;
    const liveFiles = known.live_files > row.live_files ? known.live_files : row.live_files;
    byPath.set(row.manifest_path, { ...known, live_files: liveFiles, mixed: known.mixed || row.mixed });
  }
  return [...byPath.values()];
}

/** What an engine has read of lists, those that were asked for last at the end. */
const read = new WeakMap<Engine, Map<string, readonly ManifestRow[]>>();

/** About 20 MB at most: a session asks for the same few lists, each up to four times. */
const LISTS_KEPT = 16;
const MANIFESTS_KEPT = 5000;

/**
 * The manifests of a snapshot, data manifests and delete manifests. A list never changes, so it is read once.
 */
export async function manifestsOf(engine: Engine, snapshot: Snapshot): Promise<readonly ManifestRow[]> {
  const list = snapshot['manifest-list'];
  const lists = read.get(engine) ?? new Map<string, readonly ManifestRow[]>();
  read.set(engine, lists);
  const rows = lists.get(list) ?? Object.freeze(await readManifests(engine, [list]));
  lists.delete(list);
  if (rows.length <= MANIFESTS_KEPT) lists.set(list, rows);
  const [oldest] = lists.keys();
  if (lists.size > LISTS_KEPT && oldest !== undefined) lists.delete(oldest);
  return rows;
}

/** Those of them with live files. */
export const liveManifestsOf = async (engine: Engine, snapshot: Snapshot): Promise<ManifestRow[]> =>
  (await manifestsOf(engine, snapshot)).filter((manifest) => manifest.live_files > 0n);

/** An order for those who list the files of manifests: it is the same whoever wrote the list. */
export const byManifestPath = (left: ManifestRow, right: ManifestRow): number =>
  left.manifest_path < right.manifest_path ? -1 : 1;

/** Manifests of data files. */
export const ofData = (manifests: readonly ManifestRow[]): ManifestRow[] =>
  manifests.filter((manifest) => manifest.content === 0);

/** Manifests of delete files. */
export const ofDeletes = (manifests: readonly ManifestRow[]): ManifestRow[] =>
  manifests.filter((manifest) => manifest.content === 1);
