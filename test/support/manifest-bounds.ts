/**
 * Manifests whose statistics of a column are missing or wrong, as writers leave them. World + SQL of the
 * values -> the newest manifest, rewritten in place.
 */
import { renameSync } from 'node:fs';
import { columnOf, currentSchema } from '../../src/iceberg/event-time.ts';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import { manifestEntryFragments, statement } from '../../src/statements/index.ts';
import { manifestsOf } from '../../src/tables/read/manifest-list.ts';
import { declareEmptyPartitionIn, manifestMetadata } from '../../src/tables/write/manifest.ts';
import type { World } from './world.ts';

export interface StatedStatistics {
  /** SQL of a BLOB, or undefined for none. */
  readonly lower?: string;
  readonly upper?: string;
  /** SQL of a BIGINT, or undefined for not counted. */
  readonly nulls?: string;
  /** SQL of a BIGINT: the rows of each file, or undefined to leave their number as it is. */
  readonly rows?: string;
}

/** Replaces what the manifest that the head added says of one column. */
export async function restateColumn(
  world: World,
  table: string,
  column: string,
  stated: StatedStatistics,
): Promise<void> {
  const engine = await world.psyberg.internals.engine();
  const metadata = await world.metadata(table);
  const head = mainSnapshot(metadata);
  const id = columnOf(currentSchema(metadata), column)?.id;
  if (head === undefined || id === undefined) throw new Error(`${table}.${column} is not there`);
  const manifest = (await manifestsOf(engine, head)).find(
    (each) => each.added_snapshot_id === head['snapshot-id'],
  );
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === manifest?.partition_spec_id);
  if (manifest === undefined || spec === undefined) throw new Error(`the head of ${table} added no manifest`);
  const { columns } = await engine.table(statement('tables/data_file_columns'), {
    manifest: manifest.manifest_path,
  });
  const entry = manifestEntryFragments({
    columns,
    partition: spec.fields.map((field) => ({ name: field.name, fieldId: field['field-id'] })),
    rowIds: false,
  });
  const without = (name: string, type: string, value: string | undefined): string =>
    `${name} := map_concat(map_from_entries(list_filter(map_entries(data_file.${name}), lambda each: each.key <> ${id})), ${value === undefined ? `map {}::map(integer, ${type})` : `map {${id}: (${value})::${type}}`})`;
  const destination = `${manifest.manifest_path}.restated`;
  const { content: _content, ...described } = { ...manifestMetadata(metadata, spec), content: 'data' };
  await engine.execute({
    sql: `copy (
      select status, snapshot_id, sequence_number, file_sequence_number, ${entry.data_file.sql} as data_file
      from (
        select * replace (struct_update(data_file, ${without('lower_bounds', 'blob', stated.lower)}, ${without('upper_bounds', 'blob', stated.upper)},
          ${without('null_value_counts', 'bigint', stated.nulls)}${stated.rows === undefined ? '' : `, record_count := (${stated.rows})::bigint`}) as data_file)
        from read_avro($manifest)
      )
    ) to $destination (format avro, root_name 'manifest_entry', field_ids ${entry.entry_field_ids.sql}, metadata {
      'schema': $schema, 'schema-id': $schema_id, 'partition-spec': $partition_spec, 'partition-spec-id': $partition_spec_id, 'format-version': $format_version, 'content': 'data'})`,
    parameters: { manifest: manifest.manifest_path, destination, ...described },
  });
  if (spec.fields.length === 0) await declareEmptyPartitionIn(engine, destination);
  renameSync(destination, manifest.manifest_path);
}
