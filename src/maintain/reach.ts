/**
 * Finds what metadata reach, in a temporary table that the statements of `sql/maintain` fill and query.
 * Lists and manifests -> the files that only they reach.
 */
import { type Engine, togetherOrSingly } from '../engine/index.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { statement } from '../statements/index.ts';
import { readManifests } from '../tables/read/manifest-list.ts';
import type { ManifestToRewrite } from '../tables/read/manifest-shapes.ts';
import { dropWorkTables } from './work-tables.ts';

/** A file of a table, and its kind. */
export interface TableFile {
  readonly path: string;
  readonly kind: FileKind;
}
export type FileKind =
  | 'data_files'
  | 'delete_files'
  | 'manifests'
  | 'manifest_lists'
  | 'metadata_files'
  | 'other_files';

/** Runs `work` with an empty list of reached files. */
export async function withReach<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  await engine.execute(statement('maintain/begin_reach'));
  try {
    return await work();
  } finally {
    await dropWorkTables(engine, 'maintain_reached');
  }
}

const manifestLists = (snapshots: readonly Snapshot[]): string[] => [
  ...new Set(snapshots.map((snapshot) => snapshot['manifest-list'])),
];

/** Notes the manifests of the snapshots as reached. */
export async function reachManifests(engine: Engine, snapshots: readonly Snapshot[]): Promise<void> {
  if (snapshots.length > 0)
    await engine.execute(statement('maintain/reach_manifests'), { manifest_lists: manifestLists(snapshots) });
}

/** Notes every live file of the snapshots as reached. */
export async function reachFiles(engine: Engine, snapshots: readonly Snapshot[]): Promise<void> {
  if (snapshots.length === 0) return;
  const manifests = await readManifests(engine, manifestLists(snapshots));
  for (const paths of bySpec(manifests))
    await togetherOrSingly(paths, async (each) => {
      await engine.execute(statement('maintain/reach_files'), { manifests: each });
      return [];
    });
}

/** The snapshots' manifests, and the files in them, that are not noted as reached. */
export async function unreachedFiles(
  engine: Engine,
  snapshots: readonly Snapshot[],
  reach: () => Promise<void>,
): Promise<TableFile[]> {
  const manifests = await engine.query(statement('maintain/unreached_manifests'), {
    manifest_lists: manifestLists(snapshots),
  });
  if (manifests.length === 0) return [];
  // Only now: if no manifest is removed then no data file is, and the manifests that stay need not be read.
  await reach();
  const files: TableFile[] = [];
  for (const content of [0, 1])
    for (const paths of bySpec(manifests.filter((manifest) => manifest.content === content))) {
      const rows = await togetherOrSingly(paths, (each) =>
        engine.query(statement('maintain/unreached_files'), { manifests: each }),
      );
      for (const { path } of rows) files.push({ path, kind: content === 0 ? 'data_files' : 'delete_files' });
    }
  return [
    ...files,
    ...manifests.map((manifest): TableFile => ({ path: manifest.manifest_path, kind: 'manifests' })),
  ];
}

/** Groups manifests by spec and content: those have the same shape and are read together. */
function bySpec(manifests: readonly ManifestToRewrite[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const { manifest_path, partition_spec_id, content } of manifests) {
    const key = `${partition_spec_id}:${content}`;
    groups.set(key, [...(groups.get(key) ?? []), manifest_path]);
  }
  return [...groups.values()];
}
