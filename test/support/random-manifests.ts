/**
 * Random manifests as writers of every format version leave them, each written twice: plainly, and in a codec
 * that only DuckDB reads.
 */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { writeAvroRows } from '../../src/iceberg/avro-rows.ts';
import type { AvroObject } from '../../src/iceberg/avro-values.ts';
import type { AvroRecord, AvroType } from '../../src/model/avro-schema.ts';
import { manifestEntry } from '../../src/model/manifest-schema.ts';
import type { FieldName } from './manifest-tables.ts';
import { withSnappy } from './with-snappy.ts';

const OPTIONAL = [
  'column_sizes',
  'value_counts',
  'null_value_counts',
  'nan_value_counts',
  'key_metadata',
  'split_offsets',
  'equality_ids',
  'sort_order_id',
  'first_row_id',
  'referenced_data_file',
  'content_offset',
  'content_size_in_bytes',
] as const;
const bytes = fc
  .constantFrom('61', 'c3bc', 'c3', 'ff', '', '00', 'eda080', 'f09f9880')
  .map((hex) => Buffer.from(hex, 'hex'));
const keyed = <T>(value: fc.Arbitrary<T>) =>
  fc.option(
    fc
      .uniqueArray(fc.constantFrom(1, 5, 6), { maxLength: 3 })
      .chain((keys) => fc.tuple(...keys.map((key) => value.map((each) => ({ key, value: each }))))),
  );
const counts = keyed(fc.constantFrom(0n, 3n, 2n ** 40n));
const id = fc.constantFrom(null, 5n, 9007199254740993n);
const entry = fc.record({
  status: fc.constantFrom(0, 1, 1, 2),
  snapshot_id: id,
  sequence_number: fc.constantFrom(null, 1n, 4n),
  file_sequence_number: fc.constantFrom(null, 1n),
  file: fc.constantFrom('a', 'b', 'c', "d'ü"),
  rows: fc.constantFrom(1n, 4n),
  at: fc.nat(),
  optional: fc.record({
    column_sizes: counts,
    value_counts: counts,
    null_value_counts: counts,
    nan_value_counts: counts,
    lower_bounds: keyed(bytes),
    upper_bounds: keyed(bytes),
    key_metadata: fc.option(bytes),
    split_offsets: fc.option(fc.array(fc.constantFrom(4n, 2n ** 33n))),
    equality_ids: fc.option(fc.array(fc.constantFrom(1, 2), { minLength: 1 })),
    sort_order_id: fc.constantFrom(null, 0, 2),
    first_row_id: fc.constantFrom(null, 1000n),
    referenced_data_file: fc.constantFrom(null, '', 'a.parquet'),
    content_offset: fc.constantFrom(null, 4n),
    content_size_in_bytes: fc.constantFrom(null, 4n),
  }),
});
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;
export const randomManifest = fc.record({
  entries: fc.array(entry, { minLength: 1, maxLength: 3 }),
  columns: fc.subarray([...OPTIONAL]),
  content: fc.constantFrom(0, 0, 0, 1),
  snapshot: fc.constantFrom(3n, 9007199254740995n),
  sequence: fc.constantFrom(4n, 5n),
  rowId: fc.constantFrom(null, 40n),
  summaries: fc.constantFrom('none', 'some', 'nulls', 'nulls or some'),
  at: fc.nat(),
});
export type RandomManifest = typeof randomManifest extends fc.Arbitrary<infer T> ? T : never;
/** How writers spell the partition: with the type of Avro, and by place where the name is another one. */
export const spelling = fc.constantFrom('plain', 'days as dates', 'other names');

const STORED: Readonly<
  Record<
    FieldName,
    { type: AvroType; values: readonly (string | number | bigint | boolean | null | Buffer)[] }
  >
> = {
  hour: { type: 'int', values: [470736, -1, null] },
  'a day': { type: 'int', values: [19600, -7, null] },
  month: { type: 'int', values: [640, -5] },
  bucket: { type: 'int', values: [0, 3] },
  long: { type: 'long', values: [-9007199254740993n, 5n, null] },
  int: { type: 'int', values: [-2147483648, null] },
  date: { type: { type: 'int', logicalType: 'date' }, values: [-1, 19600, null] },
  'a text': { type: 'string', values: ['', 'ü', null] },
  cut: { type: 'string', values: ['ab', null] },
  boolean: { type: 'boolean', values: [true, false, null] },
  gone: { type: 'int', values: [null] },
  price: { type: 'bytes', values: [Buffer.from([1]), null] },
  instant: { type: { type: 'long', logicalType: 'timestamp-micros' }, values: [5n, null] },
};
const BOUNDS = [
  Buffer.from([1, 0, 0, 0]),
  Buffer.from([255, 255, 255, 255]),
  Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]),
];

export interface MadeManifest {
  readonly path: string;
  readonly twin: string;
  /** That of a manifest list, but for its path. */
  readonly row: AvroObject;
}

/** Writes a manifest twice, the second time so that only DuckDB reads it. */
export function madeManifest(
  newPath: () => string,
  of: readonly FieldName[],
  { entries, columns, content, snapshot, sequence, rowId, summaries, at }: RandomManifest,
  { version, spelled }: { readonly version: 1 | 2 | 3; readonly spelled: string },
): MadeManifest {
  const partition = of.map((name, index) => ({
    name: spelled === 'other names' ? `f${index}` : name,
    fieldId: 1000 + index,
    type:
      spelled === 'days as dates' && name === 'a day'
        ? { type: 'int', logicalType: 'date' }
        : STORED[name].type,
  }));
  const required = ['content', 'file_path', 'file_format', 'partition', 'record_count', 'file_size_in_bytes'];
  const schema = manifestEntry(partition, [...required, 'lower_bounds', 'upper_bounds', ...columns]);
  const avro = Object.keys(Object.fromEntries(partition.map(({ name }) => [name, 0])));
  const rows = entries.map((each) => ({
    status: each.status,
    snapshot_id: each.snapshot_id,
    sequence_number: each.sequence_number,
    file_sequence_number: each.file_sequence_number,
    data_file: {
      content,
      file_path: `/data/${each.file}.parquet`,
      file_format: 'PARQUET',
      record_count: each.rows,
      file_size_in_bytes: 9n,
      ...each.optional,
      partition: Object.fromEntries(
        avro.map((name, index) => {
          const { values } = STORED[of[index] as FieldName];
          return [name.replaceAll(' ', '_x20'), values[(each.at + index) % values.length] ?? null];
        }),
      ),
    },
  }));
  const shape: AvroRecord =
    version === 1
      ? { ...schema, fields: schema.fields.filter(({ name }) => !name.endsWith('sequence_number')) }
      : schema;
  const file = writeAvroRows(shape, {}, rows as unknown as AvroObject[]);
  const [path, twin] = [newPath(), newPath()];
  writeFileSync(path, file);
  writeFileSync(twin, withSnappy(file));
  const of2 = (status: number): Entry[] => entries.filter((each) => each.status === status);
  const sum = (some: readonly Entry[]): bigint => some.reduce((all, each) => all + each.rows, 0n);
  const bound = (index: number): Buffer => BOUNDS[(at + index) % BOUNDS.length] as Buffer;
  const nulls = (index: number): boolean =>
    summaries === 'nulls' || (summaries === 'nulls or some' && (at + index) % 2 === 0);
  return {
    path,
    twin,
    row: {
      manifest_length: 9n,
      partition_spec_id: 0,
      content,
      sequence_number: sequence,
      min_sequence_number: 1n,
      added_snapshot_id: snapshot,
      added_files_count: of2(1).length,
      existing_files_count: of2(0).length,
      deleted_files_count: of2(2).length,
      added_rows_count: sum(of2(1)),
      existing_rows_count: sum(of2(0)),
      deleted_rows_count: sum(of2(2)),
      partitions:
        summaries === 'none'
          ? null
          : of.map((_name, index) => ({
              contains_null: nulls(index),
              contains_nan: at % 3 === 0 ? null : false,
              lower_bound: nulls(index) ? null : bound(index),
              upper_bound: nulls(index) ? null : bound(index + 1),
            })),
      first_row_id: version === 3 && content === 0 ? rowId : null,
    },
  };
}
