/**
 * Notes a table's live files in temporary tables, for compaction to choose from. Snapshot -> rows for the
 * statements of `sql/maintain`.
 */
import type { Engine } from '../engine/index.ts';
import type { PartitionSpec, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import {
  fileKindFragment,
  liveEntryFragments,
  partitionKeyFragment,
  renderStatement,
  statement,
  statementFragment,
} from '../statements/index.ts';
import { liveManifestsOf, type ManifestRow } from '../tables/read/manifest-list.ts';
import { shapesOf } from '../tables/read/manifest-shapes.ts';
import { dropWorkTables } from './work-tables.ts';

/**
 * Notes the live data and delete files of the snapshot, instead of those noted before. Returns its
 * manifests.
 */
export async function listLiveFiles(
  engine: Engine,
  metadata: TableMetadata,
  snapshot: Snapshot,
): Promise<readonly ManifestRow[]> {
  for (const name of ['maintain/begin_files', 'maintain/begin_deletes'] as const)
    await engine.execute(statement(name));
  const manifests = await liveManifestsOf(engine, snapshot);
  for (const { manifest, columns, paths } of await shapesOf(engine, manifests)) {
    const spec = metadata['partition-specs'].find(
      (each) => each['spec-id'] === manifest.partition_spec_id,
    ) as PartitionSpec;
    const partitionKey = partitionKeyFragment(spec['spec-id'], spec.fields, columns);
    const entries = liveEntryFragments(columns, manifest.content);
    const parameters = { manifests: paths, manifest_list: snapshot['manifest-list'] };
    if (manifest.content === 0)
      await engine.execute(
        statement('maintain/list_files', {
          entry_columns: entries.entry_columns,
          partition_key: partitionKey,
        }),
        { ...parameters, spec_id: spec['spec-id'] },
      );
    else
      await engine.execute(
        statement('maintain/list_deletes', {
          live_entries: statementFragment(
            renderStatement('tables/live_entries', {
              ...entries,
              partition_key: partitionKey,
              kind: fileKindFragment(),
            }),
          ),
        }),
        { ...parameters, unpartitioned: spec.fields.length === 0 },
      );
  }
  return manifests;
}

/** Returns the noted delete files: paths, and for deletion vectors `path#offset`. */
export async function notedDeletes(engine: Engine): Promise<ReadonlySet<string>> {
  const rows = await engine.query(statement('maintain/delete_keys'));
  return new Set(rows.map((row) => row.file_key));
}

/** Drops the noted files and the groups chosen from them. */
export const forgetFiles = (engine: Engine): Promise<void> =>
  dropWorkTables(engine, 'maintain_groups', 'maintain_deletes', 'maintain_files');
