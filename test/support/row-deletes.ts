/**
 * Delete files as other engines leave them: equality deletes (Flink), position deletes of a file or of a
 * whole partition (Spark). Rows -> manifests. Deletion vectors, and position deletes of one file, DuckDB
 * writes itself with DELETE.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Engine } from '../../src/engine/index.ts';
import { columnOf, currentSchema } from '../../src/iceberg/event-time.ts';
import { renderJson } from '../../src/iceberg/json.ts';
import { tableRoot } from '../../src/iceberg/new-snapshot.ts';
import type { Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import {
  manifestListFragment,
  newEntryFragments,
  quoteIdentifier,
  type RowLineage,
} from '../../src/statements/index.ts';
import { manifestsOf } from '../../src/tables/read/manifest-list.ts';
import { declareEmptyPartitionIn } from '../../src/tables/write/manifest.ts';
import { metadataPath } from '../../src/tables/write/new-files.ts';

export type RowDelete =
  /**
   * Rows whose columns equal one of the rows of `values` (its columns in the same order); one delete file for
   * each partition. NULL equals NULL.
   */
  | {
      readonly kind: 'equality';
      readonly columns: readonly string[];
      readonly values: string;
      /** Of the partitions (as JSON) only these; default: all. */
      readonly partitions?: (partition: string) => boolean;
      /** Below the table's folder of data, as engines name folders after partitions: `k=a`. */
      readonly folder?: string;
    }
  /**
   * Rows of the data files (as they are stored) that `where` selects. `per`: one delete file for each data
   * file, or for each partition.
   */
  | { readonly kind: 'position'; readonly where: string; readonly per: 'file' | 'partition' };

export interface DeleteManifest {
  readonly path: string;
  readonly specId: number;
  readonly files: number;
  readonly rows: bigint;
}

interface DataFile extends Record<string, unknown> {
  readonly path: string;
  readonly partition: string;
  readonly manifest_path: string;
  readonly spec_id: number;
}

/**
 * Writes the delete files for the live files of `base`, and a delete manifest for each partition. Nothing
 * refers to them yet.
 */
export async function writeRowDeletes(
  engine: Engine,
  metadata: TableMetadata,
  base: Snapshot,
  change: RowDelete,
): Promise<DeleteManifest[]> {
  const groups = new Map<string, DataFile[]>();
  for (const file of await dataFiles(engine, base)) {
    if (change.kind === 'equality' && change.partitions?.(file.partition) === false) continue;
    const key = `${file.spec_id} ${file.partition}${change.kind === 'position' && change.per === 'file' ? ` ${file.path}` : ''}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  const written: DeleteManifest[] = [];
  for (const files of groups.values()) {
    const folder = change.kind === 'equality' && change.folder !== undefined ? `${change.folder}/` : '';
    const path = `${tableRoot(metadata)}/data/${folder}${randomUUID()}-deletes.parquet`;
    if (folder !== '') mkdirSync(dirname(path), { recursive: true });
    const rows = await writeDeleteFile(engine, metadata, files, change, path);
    if (rows > 0n)
      written.push(await writeDeleteManifest(engine, metadata, files[0] as DataFile, { change, path, rows }));
  }
  return written;
}

async function dataFiles(engine: Engine, base: Snapshot): Promise<DataFile[]> {
  const manifests = (await manifestsOf(engine, base)).filter(
    (manifest) => manifest.content === 0 && manifest.live_files > 0n,
  );
  const files: DataFile[] = [];
  for (const { manifest_path, partition_spec_id } of manifests) {
    const rows = await engine.query<{ path: string; partition: string }>({
      sql: 'select data_file.file_path as path, to_json(data_file.partition)::varchar as partition from read_avro($manifest) where status < 2 order by 1',
      parameters: { manifest: manifest_path },
    });
    files.push(...rows.map((row) => ({ ...row, manifest_path, spec_id: partition_spec_id })));
  }
  return files;
}

async function writeDeleteFile(
  engine: Engine,
  metadata: TableMetadata,
  files: readonly DataFile[],
  change: RowDelete,
  path: string,
): Promise<bigint> {
  if (change.kind === 'equality') {
    const ids = change.columns
      .map((name) => `${quoteIdentifier(name)}: ${fieldId(metadata, name)}`)
      .join(', ');
    const names = change.columns.map(quoteIdentifier).join(', ');
    return engine.execute({
      sql: `copy (select * from (${change.values}) as t(${names})) to $path (format parquet, field_ids {${ids}})`,
      parameters: { path },
    });
  }
  // Iceberg specification, "Position Delete Files": sorted by file and position, with these two field ids.
  return engine.execute({
    sql: `copy (
      select filename as file_path, file_row_number as pos from read_parquet($files, filename = true, file_row_number = true, union_by_name = true) where ${change.where} order by all
    ) to $path (format parquet, field_ids {file_path: 2147483546, pos: 2147483545})`,
    parameters: { files: files.map((file) => file.path), path },
  });
}

/**
 * By the name that the column has now, or had in any schema: a delete file may be keyed by a column that was
 * dropped since.
 */
function fieldId(metadata: TableMetadata, name: string): number {
  const found = [currentSchema(metadata), ...metadata.schemas]
    .map((schema) => columnOf(schema, name))
    .find((column) => column !== undefined);
  if (found === undefined) throw new Error(`no column ${name}`);
  return found.id;
}

async function writeDeleteManifest(
  engine: Engine,
  metadata: TableMetadata,
  like: DataFile,
  { change, path, rows }: { readonly change: RowDelete; readonly path: string; readonly rows: bigint },
): Promise<DeleteManifest> {
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === like.spec_id);
  if (spec === undefined) throw new Error(`no partition spec ${like.spec_id}`);
  const names = [
    'content',
    'file_path',
    'file_format',
    'partition',
    'record_count',
    'file_size_in_bytes',
    'equality_ids',
  ];
  const entry = newEntryFragments(
    names,
    spec.fields.map((field) => ({ name: field.name, fieldId: field['field-id'] })),
  );
  const ids = change.kind === 'equality' ? change.columns.map((name) => fieldId(metadata, name)) : undefined;
  const manifest = metadataPath(metadata, `${randomUUID()}-deletes`);
  await engine.execute({
    sql: `copy (
      select 1::integer as status, null::bigint as snapshot_id, null::bigint as sequence_number, null::bigint as file_sequence_number, ${entry.dataFile.sql} as data_file
      from (
        select struct_pack(
          content := ${change.kind === 'equality' ? 2 : 1}, file_path := $path, file_format := 'PARQUET', partition := data_file.partition, record_count := ${rows}::bigint,
          file_size_in_bytes := (select size from read_blob($path)), equality_ids := ${ids === undefined ? 'null::integer[]' : `[${ids.join(', ')}]`}
        ) as data_file
        from read_avro($like_manifest) where data_file.file_path = $like_path
      )
    ) to $manifest (format avro, root_name 'manifest_entry', field_ids ${entry.fieldIds.sql},
      metadata {'schema': $schema, 'partition-spec': $spec, 'schema-id': '${metadata['current-schema-id']}', 'partition-spec-id': '${like.spec_id}', 'format-version': '${metadata['format-version']}', 'content': 'deletes'})`,
    parameters: {
      path,
      like_manifest: like.manifest_path,
      like_path: like.path,
      manifest,
      schema: renderJson(currentSchema(metadata)),
      spec: renderJson(spec.fields),
    },
  });
  if (spec.fields.length === 0) await declareEmptyPartitionIn(engine, manifest);
  return { path: manifest, specId: like.spec_id, files: 1, rows };
}

/** The manifest list `list` with delete manifests added. */
export async function writeListWithDeletes(
  engine: Engine,
  options: {
    readonly list: string;
    readonly manifests: readonly DeleteManifest[];
    readonly lineage: RowLineage;
    readonly snapshotId: bigint;
    readonly sequenceNumber: bigint;
    readonly destination: string;
  },
): Promise<void> {
  const rowIds = options.lineage === 'none' ? '' : ', first_row_id';
  const rows = options.manifests.map(
    (
      manifest,
    ) => `union all by name select '${manifest.path}' as manifest_path, (select size from read_blob('${manifest.path}')) as manifest_length, ${manifest.specId} as partition_spec_id,
      1 as content, ${options.sequenceNumber}::bigint as sequence_number, ${options.sequenceNumber}::bigint as min_sequence_number, ${options.snapshotId}::bigint as added_snapshot_id,
      ${manifest.files} as added_files_count, 0 as existing_files_count, 0 as deleted_files_count, ${manifest.rows}::bigint as added_rows_count, 0::bigint as existing_rows_count,
      0::bigint as deleted_rows_count, null::struct(contains_null boolean, contains_nan boolean, lower_bound blob, upper_bound blob)[] as partitions,
      null::bigint as first_row_id`,
  );
  await engine.execute({
    sql: `copy (select manifest_path, manifest_length, partition_spec_id, content, sequence_number, min_sequence_number, added_snapshot_id, added_files_count, existing_files_count,
      deleted_files_count, added_rows_count, existing_rows_count, deleted_rows_count, partitions${rowIds} from (select * exclude (filename, is_live) from manifest_list($list) ${rows.join('\n')})) to $destination (${manifestListFragment(options.lineage).sql})`,
    parameters: { list: options.list, destination: options.destination },
  });
}
