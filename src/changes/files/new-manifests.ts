/**
 * Finds the manifests behind a chain of new snapshots. Snapshots -> manifests, each with the snapshot that
 * added it. A table of 10,000 manifests has manifest lists of 1.2 MB, and ten new snapshots have ten of them,
 * but the newest list alone shows all appends that nothing has rewritten since (2026-11-22: one list 25 ms,
 * ten lists 250 ms).
 */
import { operationOf } from '../../iceberg/history.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { byManifestPath, type ManifestRow, readManifests } from '../../tables/read/manifest-list.ts';
import { reading } from '../../tables/read/reading.ts';
import type { Source } from '../source.ts';

export interface NewManifests {
  readonly manifests: readonly ManifestRow[];
  /** The manifest lists in which they stand. */
  readonly manifestLists: readonly string[];
}

/**
 * The manifests that the snapshots of `chain` added; `chain` is a line of parents without a gap, oldest
 * first. A snapshot for which `isKnown` holds is passed over: its manifests are not asked for.
 */
export async function readNewManifests(
  source: Source,
  {
    chain,
    isKnown,
  }: { readonly chain: readonly Snapshot[]; readonly isKnown: (snapshot: Snapshot) => boolean },
): Promise<NewManifests> {
  const wanted = chain.filter((snapshot) => !isKnown(snapshot));
  const tip = chain.at(-1);
  if (tip === undefined || wanted.length === 0) return { manifests: [], manifestLists: [] };
  // What the chain holds beside the wanted snapshots is asked for too: a known compaction has moved entries,
  // and the newest list shows it.
  const inTip = await addedIn(source, tip, [tip], chain);
  // DuckDB forgets the counts of the manifests that it carries on in a version 1 table: only a snapshot's own
  // list has them.
  const complete = source.metadata['format-version'] === 1 ? chain.length : completeFrom(chain, inTip);
  const own = chain.filter((snapshot, index) => index < complete && snapshot !== tip && !isKnown(snapshot));
  const inOwn = own.length === 0 ? [] : await addedIn(source, tip, own, own);
  const ids = new Set(wanted.map((snapshot) => snapshot['snapshot-id']));
  // The own list comes last: where both name a manifest, it is the one that knows.
  const byPath = new Map(
    [...inTip, ...inOwn]
      .filter((manifest) => ids.has(manifest.added_snapshot_id))
      .map((manifest) => [manifest.manifest_path, manifest]),
  );
  return {
    manifests: [...byPath.values()],
    manifestLists: [...own, tip].map((snapshot) => snapshot['manifest-list']),
  };
}

/**
 * From which snapshot of the chain on the newest list holds every manifest. An append only adds; whatever
 * takes a manifest away is another operation, or an append that merged manifests and so leaves one with
 * entries of others. After the last of those, nothing was taken.
 */
function completeFrom(chain: readonly Snapshot[], inTip: readonly ManifestRow[]): number {
  const rewriting = new Set(
    inTip.filter((manifest) => manifest.mixed).map((manifest) => manifest.added_snapshot_id),
  );
  const last = chain.findLastIndex(
    (snapshot) => operationOf(snapshot) !== 'append' || rewriting.has(snapshot['snapshot-id']),
  );
  return last + 1;
}

function addedIn(
  source: Source,
  tip: Snapshot,
  lists: readonly Snapshot[],
  snapshots: readonly Snapshot[],
): Promise<ManifestRow[]> {
  const files = lists.map((snapshot) => snapshot['manifest-list']);
  const ids = snapshots.map((snapshot) => snapshot['snapshot-id']);
  return reading(
    source,
    tip,
    async () => (await readManifests(source.engine, files, ids)).toSorted(byManifestPath),
    files,
  );
}
