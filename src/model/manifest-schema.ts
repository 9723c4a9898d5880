/**
 * Defines the schemas of manifest lists and manifests (Iceberg specification, "Manifest Lists" and
 * "Manifests"), for everything that writes such a file: statements take the field ids from here, and what is
 * written without DuckDB the whole schema.
 */
import { avroName } from './avro-name.ts';
import type { AvroField, AvroRecord, AvroType } from './avro-schema.ts';

const required = (name: string, id: number, type: AvroType): AvroField => ({ name, type, 'field-id': id });
/** Avro specification, "Complex Types": the default of a union has the type of its first branch. */
const optional = (name: string, id: number, type: AvroType): AvroField => ({
  name,
  type: ['null', type],
  default: null,
  'field-id': id,
});

/** A row of a manifest list in format version 2. */
export const MANIFEST_FILE: AvroRecord = {
  type: 'record',
  name: 'manifest_file',
  fields: [
    required('manifest_path', 500, 'string'),
    required('manifest_length', 501, 'long'),
    required('partition_spec_id', 502, 'int'),
    required('content', 517, 'int'),
    required('sequence_number', 515, 'long'),
    required('min_sequence_number', 516, 'long'),
    required('added_snapshot_id', 503, 'long'),
    required('added_files_count', 504, 'int'),
    required('existing_files_count', 505, 'int'),
    required('deleted_files_count', 506, 'int'),
    required('added_rows_count', 512, 'long'),
    required('existing_rows_count', 513, 'long'),
    required('deleted_rows_count', 514, 'long'),
    optional('partitions', 507, {
      type: 'array',
      items: {
        type: 'record',
        name: 'r508',
        fields: [
          required('contains_null', 509, 'boolean'),
          optional('contains_nan', 518, 'boolean'),
          optional('lower_bound', 510, 'bytes'),
          optional('upper_bound', 511, 'bytes'),
        ],
      },
      'element-id': 508,
    }),
  ],
};

/** The same in format version 3. */
export const MANIFEST_FILE_WITH_ROW_IDS: AvroRecord = {
  ...MANIFEST_FILE,
  fields: [...MANIFEST_FILE.fields, optional('first_row_id', 520, 'long')],
};

/** The fields of an entry besides `data_file`. */
export const ENTRY_FIELDS: readonly AvroField[] = [
  required('status', 0, 'int'),
  optional('snapshot_id', 1, 'long'),
  optional('sequence_number', 3, 'long'),
  optional('file_sequence_number', 4, 'long'),
];

/** What every entry says about its file. */
const REQUIRED_OF_FILE: readonly AvroField[] = [
  required('content', 134, 'int'),
  required('file_path', 100, 'string'),
  required('file_format', 101, 'string'),
  required('record_count', 103, 'long'),
  required('file_size_in_bytes', 104, 'long'),
];

/**
 * Avro has no maps with numbers as keys (Iceberg specification, "Appendix A: Avro"): an array of their
 * entries instead.
 */
const mapByField = (name: string, id: number, keyId: number, valueId: number, value: AvroType): AvroField =>
  optional(name, id, {
    type: 'array',
    items: {
      type: 'record',
      name: `k${keyId}_v${valueId}`,
      fields: [required('key', keyId, 'int'), required('value', valueId, value)],
    },
    logicalType: 'map',
  });
const listOf = (name: string, id: number, elementId: number, element: AvroType): AvroField =>
  optional(name, id, { type: 'array', items: element, 'element-id': elementId });

/** What an entry may also say. */
const OPTIONAL_OF_FILE: readonly AvroField[] = [
  mapByField('column_sizes', 108, 117, 118, 'long'),
  mapByField('value_counts', 109, 119, 120, 'long'),
  mapByField('null_value_counts', 110, 121, 122, 'long'),
  mapByField('nan_value_counts', 137, 138, 139, 'long'),
  mapByField('lower_bounds', 125, 126, 127, 'bytes'),
  mapByField('upper_bounds', 128, 129, 130, 'bytes'),
  optional('key_metadata', 131, 'bytes'),
  listOf('split_offsets', 132, 133, 'long'),
  listOf('equality_ids', 135, 136, 'int'),
  optional('sort_order_id', 140, 'int'),
  optional('first_row_id', 142, 'long'),
  optional('referenced_data_file', 143, 'string'),
  optional('content_offset', 144, 'long'),
  optional('content_size_in_bytes', 145, 'long'),
];

const FIELDS_OF_FILE: ReadonlyMap<string, AvroField> = new Map(
  [...REQUIRED_OF_FILE, ...OPTIONAL_OF_FILE].map((field) => [field.name, field]),
);

/**
 * A field of `data_file` other than its partition; undefined for one that the specification does not have.
 */
export const fieldOfFile = (name: string): AvroField | undefined => FIELDS_OF_FILE.get(name);

const entryOf = (ofFile: readonly AvroField[]): AvroRecord => ({
  type: 'record',
  name: 'manifest_entry',
  fields: [...ENTRY_FIELDS, required('data_file', 2, { type: 'record', name: 'r2', fields: ofFile })],
});

const READ_OF_FILE = ['null_value_counts', 'nan_value_counts', 'lower_bounds', 'upper_bounds'];

/** What readers of manifests need of an entry; its partition is as the file has it. */
export const ENTRY_AS_READ: AvroRecord = entryOf([
  ...REQUIRED_OF_FILE,
  ...OPTIONAL_OF_FILE.filter(({ name }) => READ_OF_FILE.includes(name)),
]);

/** A partition field with the type of its non-null values. */
export interface PartitionOfEntry {
  readonly name: string;
  readonly fieldId: number;
  readonly type: AvroType;
}

/** No field id of the specification is near 9000; see `iceberg/empty-partition.ts`. */
const UNPARTITIONED = optional('unpartitioned', 9000, 'int');

/**
 * An entry with what is required of its file, and its partition. `columns`: what it says about the file and
 * in which order, including `partition`; names that {@link fieldOfFile} does not know are left out.
 */
export function manifestEntry(
  partition: readonly PartitionOfEntry[],
  columns: readonly string[] = [...REQUIRED_OF_FILE.map(({ name }) => name), 'partition'],
): AvroRecord {
  const tuple: AvroType = {
    type: 'record',
    name: 'r102',
    fields: partition.map(({ name, fieldId, type }) => optional(avroName(name), fieldId, type)),
  };
  return entryOf(
    columns.flatMap((name) =>
      name === 'partition'
        ? [required('partition', 102, tuple), ...(partition.length === 0 ? [UNPARTITIONED] : [])]
        : (fieldOfFile(name) ?? []),
    ),
  );
}
