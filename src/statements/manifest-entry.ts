/**
 * The columns of a manifest as COPY has to write them. Columns of an existing manifest -> fragments. Pure.
 * Writers differ in the optional columns they write; a rewritten manifest keeps those that it finds.
 * Field ids: Iceberg specification, "Manifests" (`manifest_entry`, `data_file`).
 */
import { type SqlFragment, quoteIdentifier, statementFragment } from './quote.ts';

/** A column of `data_file` or of its partition tuple, with DuckDB's name of its type. */
export interface ManifestColumn {
  readonly name: string;
  readonly type: string;
}
export interface PartitionColumn {
  readonly name: string;
  readonly fieldId: number;
}

const REQUIRED: Readonly<Record<string, number>> = { content: 134, file_path: 100, file_format: 101, record_count: 103, file_size_in_bytes: 104 };
const OPTIONAL: Readonly<Record<string, number>> = { key_metadata: 131, sort_order_id: 140, referenced_data_file: 143, content_offset: 144, content_size_in_bytes: 145 };
/** Map columns: [field id, key id, value id]. Keys and values are required, or PyIceberg cannot read the file. */
const MAPS: Readonly<Record<string, readonly [number, number, number]>> = {
  column_sizes: [108, 117, 118],
  value_counts: [109, 119, 120],
  null_value_counts: [110, 121, 122],
  nan_value_counts: [137, 138, 139],
  lower_bounds: [125, 126, 127],
  upper_bounds: [128, 129, 130],
};
/** List columns: [field id, element id]. */
const LISTS: Readonly<Record<string, readonly [number, number]>> = { split_offsets: [132, 133], equality_ids: [135, 136] };

/** The value of `data_file`, and the FIELD_IDS of the whole entry. */
export function manifestEntryFragments(columns: readonly ManifestColumn[], partition: readonly PartitionColumn[]): { dataFile: SqlFragment; fieldIds: SqlFragment } {
  const values: string[] = [];
  const ids: string[] = [];
  for (const { name } of columns) {
    const quoted = quoteIdentifier(name);
    if (name === 'partition') {
      if (partition.length === 0) {
        // SQL cannot write an empty struct: `iceberg/empty-partition.ts` declares it afterwards in the file's schema.
        values.push(`${quoted} := null::integer`);
        ids.push(`${quoted}: 102`);
      } else {
        values.push(`${quoted} := data_file.${quoted}`);
        ids.push(`${quoted}: {__duckdb_field_id: 102, __duckdb_nullable: false, ${partition.map((field) => `${quoteIdentifier(field.name)}: ${field.fieldId}`).join(', ')}}`);
      }
      continue;
    }
    const id = fieldIds(name);
    // A column that the specification does not know (or that only v3 has) is left out: readers find columns by id.
    if (id === undefined) continue;
    values.push(`${quoted} := data_file.${quoted}`);
    ids.push(`${quoted}: ${id}`);
  }
  return {
    dataFile: statementFragment(`struct_pack(${values.join(', ')})`),
    fieldIds: statementFragment(
      `{status: {__duckdb_field_id: 0, __duckdb_nullable: false}, snapshot_id: 1, sequence_number: 3, file_sequence_number: 4, data_file: {__duckdb_field_id: 2, __duckdb_nullable: false, ${ids.join(', ')}}}`,
    ),
  };
}

function fieldIds(name: string): string | undefined {
  const required = REQUIRED[name];
  if (required !== undefined) return `{__duckdb_field_id: ${required}, __duckdb_nullable: false}`;
  const map = MAPS[name];
  if (map !== undefined)
    return `{__duckdb_field_id: ${map[0]}, key: {__duckdb_field_id: ${map[1]}, __duckdb_nullable: false}, value: {__duckdb_field_id: ${map[2]}, __duckdb_nullable: false}}`;
  const list = LISTS[name];
  if (list !== undefined) return `{__duckdb_field_id: ${list[0]}, list: {__duckdb_field_id: ${list[1]}, __duckdb_nullable: false}}`;
  return OPTIONAL[name] === undefined ? undefined : String(OPTIONAL[name]);
}
