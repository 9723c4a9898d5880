/**
 * Merges manifests at commit, since every session adds one and readers open them all. Base -> a manifest list
 * with few manifests. Without this a table of 314 hourly sessions took 170 ms and more for every scan,
 * however little the scan read (2026-11-22).
 */
import type { Engine } from '../../engine/index.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import { liveManifestsOf, type ManifestRow } from '../read/manifest-list.ts';
import { FILES_PER_MANIFEST, rewriteManifests } from './manifest.ts';
import { writeClearedList } from './manifest-list.ts';
import { metadataPath } from './new-files.ts';

/** Iceberg's own properties for merging manifests. */
const ENABLED = 'commit.manifest-merge.enabled';
const MIN_COUNT = 'commit.manifest.min-count-to-merge';
/**
 * Iceberg's writers use 100. A session reads and writes lists several times. With 100 the list after the
 * 1,000th session, each of 11 files, had 135 rows; with 10 it has 60, and ten small manifests are merged
 * without a statement.
 */
const MIN_COUNT_DEFAULT = 10;

export interface MergeInput {
  readonly metadata: TableMetadata;
  /** The snapshot whose manifests are carried over. */
  readonly carried: Snapshot;
  /** Manifests of these snapshots are not touched: they say what the session added and removed. */
  readonly stagingIds: readonly SnapshotId[];
  /** The snapshot that will hold the merged manifests, and its sequence number. */
  readonly snapshotId: SnapshotId;
  readonly sequenceNumber: bigint;
  /** The session's branch, for the names of its files. */
  readonly owner: string;
}

/**
 * If many manifests are carried over, writes them as one for each partition spec and kind of content, and
 * returns the list with the result; otherwise undefined. Files keep their snapshot ids and sequence numbers,
 * so nothing looks new to anybody.
 */
export async function mergeManifests(engine: Engine, input: MergeInput): Promise<string | undefined> {
  const { metadata, carried } = input;
  const properties = metadata.properties ?? {};
  const minCount = Number(properties[MIN_COUNT] ?? MIN_COUNT_DEFAULT);
  if (properties[ENABLED] === 'false' || !(minCount > 1)) return undefined;
  const staging = new Set(input.stagingIds);
  const all = (await liveManifestsOf(engine, carried)).filter(
    (manifest) => !staging.has(manifest.added_snapshot_id),
  );
  // A manifest that is more than half full stays as it is: if it were merged again and again, every hundredth
  // session would cost as much as the whole table. And any two of the others fit together: a manifest of 247
  // files that came first left no room for anything, and after 1,360 sessions there were 1,178 manifests
  // (2026-11-28).
  const old = all.filter((manifest) => Number(manifest.live_files) * 2 <= FILES_PER_MANIFEST);
  // Data manifests and delete manifests cannot be merged with each other, nor those of different specs; a
  // single one has nothing to be merged with.
  const kindOf = (manifest: ManifestRow): string => `${manifest.content}/${manifest.partition_spec_id}`;
  const sizes = new Map<string, number>();
  for (const manifest of old) sizes.set(kindOf(manifest), (sizes.get(kindOf(manifest)) ?? 0) + 1);
  const filled = new Map<string, number>();
  const many = old.filter((manifest) => {
    const kind = kindOf(manifest);
    const files = (filled.get(kind) ?? 0) + Number(manifest.live_files);
    if ((sizes.get(kind) as number) < 2 || files > FILES_PER_MANIFEST) return false;
    filled.set(kind, files);
    return true;
  });
  if (old.length < minCount || many.length <= sizes.size) return undefined;
  const rewritten = await rewriteManifests(engine, {
    metadata,
    manifestList: carried['manifest-list'],
    manifests: many,
    removedFiles: [],
    keptFiles: [],
    destination: () => metadataPath(metadata, `merged-${input.snapshotId}`, input.owner),
  });
  return writeClearedList(engine, {
    metadata,
    base: carried,
    affected: many,
    rewritten,
    snapshotId: input.snapshotId,
    sequenceNumber: input.sequenceNumber,
    owner: input.owner,
  });
}
