/** A table's live data files as a temporary table, for compaction to choose from. Snapshot -> rows that the statements of `sql/maintain` ask. */
import { type Engine, togetherOrSingly } from '../engine/index.ts';
import type { PartitionSpec, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { type ManifestRow, manifestsOf } from '../manifests/compose.ts';
import { partitionKeyFragment, renderStatement } from '../statements/index.ts';
import { partitionValues } from './layout.ts';

/** Notes the live data files of the snapshot, in place of what was noted before. Returns its manifests. */
export async function listLiveFiles(engine: Engine, metadata: TableMetadata, snapshot: Snapshot): Promise<readonly ManifestRow[]> {
  await engine.execute({ sql: renderStatement('maintain/begin_files'), parameters: {} });
  const manifests = (await manifestsOf(engine, snapshot)).filter((manifest) => manifest.live_files > 0n);
  const data = manifests.filter((manifest) => manifest.content === 0);
  for (const spec of metadata['partition-specs']) {
    const paths = data.filter((manifest) => manifest.partition_spec_id === spec['spec-id']).map((manifest) => manifest.manifest_path);
    if (paths.length > 0) await listOfSpec(engine, { metadata, snapshot, spec, paths });
  }
  return manifests;
}

async function listOfSpec(
  engine: Engine,
  { metadata, snapshot, spec, paths }: { readonly metadata: TableMetadata; readonly snapshot: Snapshot; readonly spec: PartitionSpec; readonly paths: readonly string[] },
): Promise<void> {
  const sql = renderStatement('maintain/list_files', { partition_key: partitionKeyFragment(partitionValues(metadata, spec)) });
  await togetherOrSingly(paths, async (each) => {
    await engine.execute({ sql, parameters: { manifests: each, manifest_list: snapshot['manifest-list'], spec_id: String(spec['spec-id']) } });
    return [];
  });
}

/** Forgets the noted files and the groups chosen from them. */
export async function forgetFiles(engine: Engine): Promise<void> {
  for (const name of ['maintain/end_groups', 'maintain/end_files']) await engine.execute({ sql: renderStatement(name), parameters: {} }).catch(() => undefined);
}
