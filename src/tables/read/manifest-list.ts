/** Reads which manifests the lists of snapshots name. Lists -> rows. */
import type { Engine } from '../../engine/index.ts';
import { localFacts } from '../../files/local.ts';
import type { Snapshot, SnapshotId } from '../../iceberg/table-metadata.ts';
import { keepNewest } from '../../model/keep-newest.ts';
import { MANIFEST_FILE } from '../../model/manifest-schema.ts';
import { localAvroRows, readAvroFile } from '../avro-files.ts';
import { amongAddedBy, recalledList } from './list-rows.ts';

export interface ManifestRow {
  readonly manifest_path: string;
  readonly partition_spec_id: number;
  /** 0: data, 1: deletes. */
  readonly content: number;
  readonly added_snapshot_id: SnapshotId;
  /** 0 if it was written in format version 1. */
  readonly sequence_number: bigint;
  /** 0: no entry is live. At least 1 if the list has no counts. */
  readonly live_files: bigint;
  /** True if it also has entries that its snapshot did not add, after a merge or a removal. */
  readonly mixed: boolean;
}

/**
 * A row of a manifest list, as far as it is needed. Fields that format version 1 lacks may be missing; older
 * writers name the counts otherwise, and in a file without field ids only names tell the fields.
 */
type ListedRow = {
  readonly manifest_path: string;
  readonly partition_spec_id: number;
  readonly content?: number | null;
  readonly added_snapshot_id: bigint;
  readonly sequence_number?: bigint | null;
} & { readonly [Count in (typeof COUNTS)[number]]?: number | null };

const COUNTS = [
  ...(['added_files_count', 'existing_files_count', 'deleted_files_count'] as const),
  ...(['added_data_files_count', 'existing_data_files_count', 'deleted_data_files_count'] as const),
] as const;

const LISTED: readonly (keyof ListedRow)[] = [
  ...(['manifest_path', 'partition_spec_id', 'content', 'added_snapshot_id', 'sequence_number'] as const),
  ...COUNTS,
];

/**
 * The manifests of several lists, each once, oldest first. `addedBy`: only those that these snapshots added.
 * Gives the same as the SQL macro `manifest_list`.
 */
export async function readManifests(
  engine: Engine,
  lists: readonly string[],
  addedBy?: readonly SnapshotId[],
): Promise<ManifestRow[]> {
  const rows: ManifestRow[] = [];
  for (const list of lists)
    rows.push(
      ...(addedBy === undefined ? await rowsOf(engine, list) : await rowsAddedBy(engine, list, addedBy)),
    );
  rows.sort(oldestFirst);
  return lists.length > 1 ? eachOnce(rows) : rows;
}

async function rowsOf(engine: Engine, list: string, addedBy?: readonly SnapshotId[]): Promise<ManifestRow[]> {
  const among = addedBy === undefined ? undefined : amongAddedBy(list, addedBy);
  const recalled = among === undefined ? recalledList(list)?.map(({ row }) => row) : undefined;
  const listed =
    recalled ?? (await readAvroFile<ListedRow>(engine, list, MANIFEST_FILE, { only: LISTED, among }));
  return listed.map(manifestRow);
}

/** The data manifests that a list of this machine names; undefined if it cannot be read here. */
export function localManifests(list: string): readonly string[] | undefined {
  const rows = localAvroRows<ListedRow>(list, MANIFEST_FILE, { only: ['manifest_path', 'content'] });
  return rows?.flatMap(({ manifest_path: path, content }) => ((content ?? 0) === 0 ? [path] : []));
}

/** What an engine has read of long lists, by list and snapshots; those asked for last are at the end. */
const readOfLongLists = new WeakMap<Engine, Map<string, readonly ManifestRow[]>>();

/** As much as a list of 7,000 manifests, which is walked in 1.5 ms: shorter ones are read again. */
const LONG_LIST_BYTES = 2 ** 20;

/**
 * Several processes that read one source, and plans while it does not change, ask for the same. A list never
 * changes under its name, and it is cheap to check that it is still the same file.
 */
async function rowsAddedBy(
  engine: Engine,
  list: string,
  addedBy: readonly SnapshotId[],
): Promise<readonly ManifestRow[]> {
  const file = localFacts(list);
  if (file === undefined || file.bytes < LONG_LIST_BYTES) return rowsOf(engine, list, addedBy);
  const answers = readOfLongLists.get(engine) ?? new Map<string, readonly ManifestRow[]>();
  readOfLongLists.set(engine, answers);
  const question = [list, file.bytes, file.mtimeMs, ...addedBy].join(' ');
  const rows = answers.get(question) ?? Object.freeze(await rowsOf(engine, list, addedBy));
  keepLast(answers, question, rows);
  return rows;
}

/** Keeps the most recent answers, but no large ones. */
function keepLast(
  kept: Map<string, readonly ManifestRow[]>,
  key: string,
  rows: readonly ManifestRow[],
): void {
  kept.delete(key);
  if (rows.length > MANIFESTS_KEPT) return;
  const weightOf = ({ length }: readonly ManifestRow[]): number =>
    Math.max(length, MANIFESTS_KEPT / LISTS_KEPT);
  keepNewest(kept, [key, rows], { max: MANIFESTS_KEPT, weightOf });
}

/**
 * Iceberg specification, "Reading v1 metadata for v2"; counts are optional in version 1. If all counts are 0
 * they are unknown: this is how DuckDB carries on the manifests of a version 1 table.
 */
function manifestRow(listed: ListedRow): ManifestRow {
  const added = listed.added_files_count ?? listed.added_data_files_count;
  const existing = listed.existing_files_count ?? listed.existing_data_files_count;
  const deleted = listed.deleted_files_count ?? listed.deleted_data_files_count;
  const live = sumOf(added, existing);
  const notAdded = sumOf(existing, deleted);
  const isDead = live === 0 && (deleted ?? 0) > 0;
  return {
    manifest_path: listed.manifest_path,
    partition_spec_id: listed.partition_spec_id,
    content: listed.content ?? 0,
    added_snapshot_id: listed.added_snapshot_id,
    sequence_number: listed.sequence_number ?? 0n,
    live_files: isDead ? 0n : BigInt(Math.max(live ?? 0, 1)),
    mixed: notAdded === undefined || notAdded > 0 || (added ?? 0) === 0,
  };
}

/** Undefined if one of them is unknown. */
const sumOf = (one: number | null | undefined, other: number | null | undefined): number | undefined =>
  typeof one === 'number' && typeof other === 'number' ? one + other : undefined;

const oldestFirst = (left: ManifestRow, right: ManifestRow): number => {
  const later = left.sequence_number - right.sequence_number;
  return later === 0n ? byManifestPath(left, right) : Number(later);
};

/**
 * A list of a version 1 table may have lost the counts of a manifest that an older list still has: then it
 * counts as one with live files, and with entries that are not additions.
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

/** What an engine has read of whole lists; those asked for last are at the end. */
const readLists = new WeakMap<Engine, Map<string, readonly ManifestRow[]>>();

/**
 * A session asks for the same few lists, each up to four times. The limit is on the manifests of all lists
 * together, 2 MB at most: 16 lists of a source with 1,000 manifests, the older of which nobody asks for, were
 * the largest part of what each garbage collection had to copy.
 */
const LISTS_KEPT = 16;
const MANIFESTS_KEPT = 5000;

/** The data manifests and delete manifests of a snapshot. A list never changes, so it is read once. */
export async function manifestsOf(engine: Engine, snapshot: Snapshot): Promise<readonly ManifestRow[]> {
  const list = snapshot['manifest-list'];
  const lists = readLists.get(engine) ?? new Map<string, readonly ManifestRow[]>();
  readLists.set(engine, lists);
  const rows = lists.get(list) ?? Object.freeze(await readManifests(engine, [list]));
  keepLast(lists, list, rows);
  return rows;
}

/** Those of the snapshot's manifests that have live files. */
export const liveManifestsOf = async (engine: Engine, snapshot: Snapshot): Promise<ManifestRow[]> =>
  (await manifestsOf(engine, snapshot)).filter((manifest) => manifest.live_files > 0n);

/** Orders manifests for those who list their files, so that the order is the same whoever wrote the list. */
export const byManifestPath = (left: ManifestRow, right: ManifestRow): number =>
  left.manifest_path < right.manifest_path ? -1 : 1;

/** Manifests of data files. */
export const ofData = (manifests: readonly ManifestRow[]): ManifestRow[] =>
  manifests.filter((manifest) => manifest.content === 0);

/** Manifests of delete files. */
export const ofDeletes = (manifests: readonly ManifestRow[]): ManifestRow[] =>
  manifests.filter((manifest) => manifest.content === 1);
