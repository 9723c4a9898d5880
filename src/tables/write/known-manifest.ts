/**
 * Writes small manifests without a statement: DuckDB takes 4 to 10 ms to plan one that writes a manifest of a
 * file, and here it takes a tenth of a millisecond (2026-11-30). Entries -> the bytes of a manifest, or
 * undefined if DuckDB has to write it: if it is large, or has values that only DuckDB can spell.
 */
import { writeAvroRows } from '../../iceberg/avro-rows.ts';
import type { AvroObject } from '../../iceberg/avro-values.ts';
import {
  ADDED,
  type CountedEntry,
  type FieldSummary,
  type ManifestFacts,
} from '../../iceberg/manifest-row.ts';
import {
  columnBound,
  compareStored,
  type SpelledField,
  type StoredValue,
  spelledField,
} from '../../iceberg/spelled-values.ts';
import { avroName } from '../../model/avro-name.ts';
import { manifestEntry, type PartitionOfEntry } from '../../model/manifest-schema.ts';
import type { ParametersOf, PartitionColumn, PartitionValue } from '../../statements/index.ts';

/** A manifest that has not been written yet. */
export interface KnownManifest extends ManifestFacts {
  readonly file: Buffer;
}

/** What a manifest says about its table. */
export type ManifestWords = ParametersOf<'fragments/manifest_format'>;

/** An entry of any kind of file. */
export type ManifestEntry = CountedEntry & {
  readonly snapshot_id: bigint | null;
  readonly file_sequence_number: bigint | null;
  readonly data_file: AvroObject & CountedEntry['data_file'];
};

/** `columns`: those of `data_file`, including `partition`. */
export function manifestFile(
  schema: { readonly columns: readonly string[]; readonly partition: readonly PartitionOfEntry[] },
  words: ManifestWords,
  entries: readonly ManifestEntry[],
): KnownManifest {
  const named = Object.entries(words).map(([name, word]) => [name.replaceAll('_', '-'), `${word}`]);
  const file = writeAvroRows(
    manifestEntry(schema.partition, schema.columns),
    Object.fromEntries(named),
    entries as readonly AvroObject[],
  );
  return { file, entries, bytes: file.length };
}

/** That many cost a fifth of what DuckDB takes (27 and 130 ms of CPU, 2026-11-30); more were not measured. */
const FILES_MAX = 250;

/** A file that COPY has written, in the form for `tables/write_file_manifest`. */
export interface DescribedFile {
  readonly path: string;
  readonly rows: string;
  readonly bytes: string;
  readonly partition: readonly (string | null)[];
  readonly column_sizes: CountsById;
  readonly value_counts: CountsById;
  readonly null_value_counts: CountsById;
  readonly bounds: readonly {
    readonly field_id: number;
    /** The Iceberg type. */
    readonly kind: string;
    readonly is_lower: boolean;
    readonly value: string | null;
  }[];
}
type CountsById = Readonly<Record<string, string>> | null;

export interface FilesToKnow {
  readonly files: readonly DescribedFile[];
  /** The fields of the spec, with the types of their values. */
  readonly values: readonly PartitionValue[];
  readonly partition: readonly PartitionColumn[];
  readonly columns: readonly string[];
  readonly sortOrderId: number | undefined;
  readonly words: ManifestWords;
}

/** What is known of the manifest of new files, and what a list says about their partitions. */
export interface KnownFiles extends ManifestFacts {
  readonly partitions: readonly FieldSummary[] | null;
}

/** Makes the manifest of new files, and what a list says about their partitions. */
export function knownFileManifest(input: FilesToKnow): (KnownManifest & KnownFiles) | undefined {
  const { files, values, partition, columns, sortOrderId, words } = input;
  if (files.length > FILES_MAX) return undefined;
  return orDuckdb(() => {
    const fields = values.map(spelledField);
    const tuples = files.map((file) =>
      fields.map((field, index) => readOrNull(field, file.partition[index] ?? null)),
    );
    const names = partition.map(({ name }) => avroName(name));
    const entries = files.map((file, index) =>
      addedEntry({
        ...describedFile(file),
        partition: Object.fromEntries(names.map((name, at) => [name, tuples[index]?.[at] ?? null])),
        sort_order_id: sortOrderId ?? null,
      }),
    );
    const typed = partition.map((each, index) => ({ ...each, type: (fields[index] as SpelledField).avro }));
    return {
      ...manifestFile({ columns, partition: typed }, words, entries),
      partitions: fields.length === 0 ? null : fields.map((field, at) => summaryOf(field, tuples, at)),
    };
  });
}

/** Undefined if `write` throws because only DuckDB can do it. */
export function orDuckdb<T>(write: () => T): T | undefined {
  try {
    return write();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const readOrNull = ({ read }: SpelledField, text: string | null): StoredValue | null =>
  text === null ? null : read(text);

/** An entry with the numbers of the snapshot that adds it. */
const addedEntry = (file: ManifestEntry['data_file']): ManifestEntry => ({
  status: ADDED,
  snapshot_id: null,
  sequence_number: null,
  file_sequence_number: null,
  data_file: file,
});

function describedFile(file: DescribedFile): ManifestEntry['data_file'] {
  const bounds = (isLower: boolean): AvroObject[] =>
    file.bounds.flatMap(({ field_id: key, kind, is_lower, value: text }) => {
      const value = text === null || is_lower !== isLower ? undefined : columnBound(kind, text, isLower);
      return value === undefined ? [] : [{ key, value }];
    });
  return {
    content: 0,
    file_path: file.path,
    file_format: 'parquet',
    record_count: BigInt(file.rows),
    file_size_in_bytes: BigInt(file.bytes),
    column_sizes: countsOf(file.column_sizes),
    value_counts: countsOf(file.value_counts),
    null_value_counts: countsOf(file.null_value_counts),
    lower_bounds: bounds(true),
    upper_bounds: bounds(false),
  };
}

const countsOf = (counts: CountsById): AvroObject[] | null =>
  counts === null
    ? null
    : Object.entries(counts).map(([key, count]) => ({ key: Number(key), value: BigInt(count) }));

/** A field without bounds means that all its values are null. */
function summaryOf(
  { bytes }: SpelledField,
  tuples: readonly (readonly (StoredValue | null)[])[],
  position: number,
): FieldSummary {
  const values = tuples.map((tuple) => tuple[position] ?? null);
  const sorted = values.filter((value) => value !== null).sort(compareStored);
  const [least, most] = [sorted[0], sorted.at(-1)];
  return {
    contains_null: sorted.length < values.length,
    contains_nan: false,
    lower_bound: least === undefined ? null : bytes(least),
    upper_bound: most === undefined ? null : bytes(most),
  };
}
