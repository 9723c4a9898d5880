/**
 * Makes the manifests of data files that COPY has written. What COPY reports -> a manifest with counts, sizes
 * and bounds, which is in no snapshot yet.
 */
import type { Engine } from '../../engine/index.ts';
import { isLocalPath } from '../../files/local.ts';
import type { PartitionSpec, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { LayoutColumn, LayoutPartition } from '../../model/file-layout.ts';
import { plainPath } from '../../model/plain-path.ts';
import {
  isLongKey,
  longValuesFragment,
  manifestFormatFragment,
  newEntryFragments,
  type PartitionColumn,
  type PartitionValue,
  partitionColumnName,
  partitionTupleFragment,
  quoteIdentifier,
  type SqlFragment,
  statement,
} from '../../statements/index.ts';
import { writeFile } from '../avro-files.ts';
import { type DescribedFile, type KnownFiles, knownFileManifest } from './known-manifest.ts';
import { declareEmptyPartitionIn, manifestMetadata } from './manifest.ts';

/** What COPY reports about a file. */
export interface WrittenFile {
  readonly filename: string;
  readonly count: bigint;
  readonly file_size_bytes: bigint;
  readonly column_statistics: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly partition_keys: Readonly<Record<string, string | null>> | null;
}

/** Files to describe in a manifest. */
export interface NewDataFiles {
  readonly metadata: TableMetadata;
  readonly spec: PartitionSpec;
  /** The spec's fields, with the types of their values. */
  readonly values: readonly PartitionValue[];
  readonly columns: readonly LayoutColumn[];
  /** The table's location, as the table spells it. */
  readonly location: string;
  /** `partition`: values as texts, in the spec's order. */
  readonly files: readonly { readonly file: WrittenFile; readonly partition: readonly (string | null)[] }[];
  /** The order in which the rows were written; undefined for none. */
  readonly sortOrderId?: number | undefined;
  /** Path of the new manifest. */
  readonly destination: string;
}

/**
 * Writes the manifest of new files, which get the numbers of the snapshot that adds them. Returns its content
 * if it was written without DuckDB.
 */
export async function writeFileManifest(
  engine: Engine,
  input: NewDataFiles,
): Promise<KnownFiles | undefined> {
  const { metadata, spec, values, sortOrderId, destination } = input;
  const known = isLocalPath(destination)
    ? knownFileManifest({
        files: describedFiles(input),
        values,
        partition: partitionOf(spec),
        columns: columnsWritten(sortOrderId),
        sortOrderId,
        words: manifestMetadata(metadata, spec),
      })
    : undefined;
  if (known !== undefined) {
    await writeFile(engine, destination, known.file);
    return known;
  }
  await describeFiles(engine, input);
  if (spec.fields.length === 0) await declareEmptyPartitionIn(engine, destination);
  return undefined;
}

/**
 * Writes the manifest of files that hold rows which existed before: each file has the sequence number of its
 * rows. `described`: a path for an intermediate file, which nobody needs afterwards.
 */
export async function writeNumberedManifest(
  engine: Engine,
  input: NewDataFiles,
  { numbers, described }: { readonly numbers: readonly bigint[]; readonly described: string },
): Promise<void> {
  const { metadata, spec, location, files, destination } = input;
  const fragments = await describeFiles(engine, { ...input, destination: described });
  await engine.execute(statement('tables/number_manifest', fragments), {
    manifest: described,
    numbers: JSON.stringify(
      files.map(({ file }, index) => ({
        path: spelledAs(location, file.filename),
        sequence_number: String(numbers[index]),
      })),
    ),
    destination,
    ...manifestMetadata(metadata, spec),
  });
  if (spec.fields.length === 0) await declareEmptyPartitionIn(engine, destination);
}

/** Returns the values that the statements writing such entries have in common. */
async function describeFiles(
  engine: Engine,
  input: NewDataFiles,
): Promise<{ readonly data_file: SqlFragment; readonly manifest_format: SqlFragment }> {
  const { metadata, spec, values, sortOrderId, destination } = input;
  const entry = newEntryFragments(columnsWritten(sortOrderId), partitionOf(spec));
  const fragments = { data_file: entry.dataFile, manifest_format: manifestFormatFragment(entry.fieldIds) };
  await engine.execute(
    statement('tables/write_file_manifest', {
      ...fragments,
      partition: partitionTupleFragment(values),
    }),
    {
      files: JSON.stringify(describedFiles(input)),
      sort_order_id: sortOrderId ?? null,
      destination,
      ...manifestMetadata(metadata, spec),
    },
  );
  return fragments;
}

const partitionOf = (spec: PartitionSpec): PartitionColumn[] =>
  spec.fields.map((field) => ({ name: field.name, fieldId: field['field-id'] }));

const describedFiles = ({ location, files, columns }: NewDataFiles): DescribedFile[] =>
  files.map(({ file, partition }) => ({
    path: spelledAs(location, file.filename),
    rows: String(file.count),
    bytes: String(file.file_size_bytes),
    partition,
    ...metricsOf(file, columns),
  }));

/** Replaces hashes of partition values that are too long for the name of a folder by the values. */
export async function withLongValues(
  engine: Engine,
  partition: readonly LayoutPartition[],
  files: readonly WrittenFile[],
): Promise<readonly WrittenFile[]> {
  const hashed = files.filter((file) => Object.values(file.partition_keys ?? {}).some(isLongKey));
  if (hashed.length === 0) return files;
  const rows = await engine.query(
    statement('tables/long_partition_values', { values: longValuesFragment(partition) }),
    { files: hashed.map((file) => file.filename) },
  );
  const byFile = new Map(rows.map((row) => [row.filename, row.partition]));
  return files.map((file) => {
    const values = byFile.get(file.filename);
    const keys = values?.map((value, index) => [partitionColumnName(index), value] as const);
    return keys === undefined ? file : { ...file, partition_keys: Object.fromEntries(keys) };
  });
}

/** The columns of `data_file` that say what kind of file it is. */
const FILE_COLUMNS = [
  'content',
  'file_path',
  'file_format',
  'partition',
  'record_count',
  'file_size_in_bytes',
];
/** The columns that the engine writes for a data file. */
const DATA_FILE_COLUMNS = [
  ...FILE_COLUMNS,
  'column_sizes',
  'value_counts',
  'null_value_counts',
  'lower_bounds',
  'upper_bounds',
];
const columnsWritten = (sortOrderId: number | undefined): readonly string[] => [
  ...DATA_FILE_COLUMNS,
  ...(sortOrderId === undefined ? [] : ['sort_order_id']),
];

/**
 * COPY reports `file:/a/b` as `/a/b`. A path must begin as the table spells its location, or the clean-up of
 * other writers would not recognise the file.
 */
const spelledAs = (location: string, path: string): string => {
  const plain = plainPath(location);
  return path.startsWith(plain) ? location + path.slice(plain.length) : path;
};

/** What COPY has counted for a column, which it reports under its quoted name; nothing for nested columns. */
export const statisticsOf = (
  { column_statistics: columns }: WrittenFile,
  column: string,
): WrittenFile['column_statistics'][string] | undefined =>
  columns[quoteIdentifier(column)] ?? columns[column];

/**
 * What COPY reports about the columns, by field id; null if it reports nothing for any. Nothing for nested
 * columns: counts and bounds are optional, and those of their parts tell readers little.
 */
function metricsOf(
  file: WrittenFile,
  columns: readonly LayoutColumn[],
): Omit<DescribedFile, 'path' | 'rows' | 'bytes' | 'partition'> {
  const known = columns.flatMap(({ id, name, type }) => {
    const statistics = statisticsOf(file, name);
    return typeof type !== 'string' || statistics === undefined ? [] : [{ id, kind: type, statistics }];
  });
  const byField = (metric: string): Readonly<Record<string, string>> | null => {
    const entries = known.flatMap(({ id, statistics }) => {
      const value = statistics[metric];
      return value === undefined ? [] : [[String(id), value] as const];
    });
    return entries.length === 0 ? null : Object.fromEntries(entries);
  };
  return {
    column_sizes: byField('column_size_bytes'),
    value_counts: byField('num_values'),
    null_value_counts: byField('null_count'),
    bounds: known.flatMap(({ id, kind, statistics }) => [
      { field_id: id, kind, is_lower: true, value: statistics['min'] ?? null },
      { field_id: id, kind, is_lower: false, value: statistics['max'] ?? null },
    ]),
  };
}
