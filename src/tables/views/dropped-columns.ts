/**
 * Finds manifests at which DuckDB 1.5.5 ends the whole process: those of a partition spec whose every field
 * derives from a column that the table dropped. One of its threads then throws an exception that nobody can
 * catch. Snapshot -> an error instead, before it is read.
 */
import type { Engine } from '../../engine/index.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import { listFields } from '../../iceberg/schema-fields.ts';
import type { PartitionSpec, Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { refusal } from '../../model/errors.ts';
import { type ManifestRow, manifestsOf } from '../read/manifest-list.ts';

/**
 * The manifests of such specs that list no live file any more: a view leaves them out.
 * @throws PsybergError `partition-column-dropped` if there are others. `table`: its name.
 */
export async function refuseDroppedColumns(
  engine: Engine,
  {
    metadata,
    snapshot,
    table,
  }: { readonly metadata: TableMetadata; readonly snapshot: Snapshot; readonly table: string },
): Promise<ManifestRow[]> {
  const specs = unreadableSpecs(metadata);
  if (specs.length === 0) return [];
  const manifests = (await manifestsOf(engine, snapshot)).filter((manifest) =>
    specs.some((spec) => spec['spec-id'] === manifest.partition_spec_id),
  );
  const live = manifests.find((manifest) => manifest.live_files > 0n);
  if (live === undefined) return manifests;
  const spec = specs.find((each) => each['spec-id'] === live.partition_spec_id) as PartitionSpec;
  const columns = spec.fields.map((field) => columnText(metadata, field['source-id']));
  throw refusal(
    'partition-column-dropped',
    `files of ${table} (snapshot ${snapshot['snapshot-id']}) are partitioned by ${columns.join(', ')}, which the table no longer has; DuckDB cannot read them`,
    {
      hint: `rewrite the files of ${table} in its present partitioning with its own writer (in Spark: rewrite_data_files); nothing was moved`,
      context: {
        table,
        snapshot_id: String(snapshot['snapshot-id']),
        column: columns[0] ?? null,
        manifest: live.manifest_path,
      },
    },
  );
}

/** False if no manifest has to be looked at: no partition spec has lost all its columns. */
export const mayHaveDroppedColumns = (metadata: TableMetadata): boolean =>
  unreadableSpecs(metadata).length > 0;

/** Fields with transform `void` alone do no harm. */
function unreadableSpecs(metadata: TableMetadata): PartitionSpec[] {
  const known = new Set(listFields(currentSchema(metadata).fields).map((field) => field.id));
  return metadata['partition-specs'].filter(
    ({ fields }) =>
      fields.length > 0 &&
      fields.every((field) => !known.has(field['source-id'])) &&
      fields.some((field) => field.transform !== 'void'),
  );
}

/** The name that the column had, as long as a schema with it is kept. */
function columnText(metadata: TableMetadata, id: number): string {
  const names = metadata.schemas.flatMap((schema) =>
    listFields(schema.fields).flatMap((field) => (field.id === id ? [field.path] : [])),
  );
  return names.at(-1) ?? `field id ${id}`;
}
