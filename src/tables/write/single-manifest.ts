/**
 * Writes the manifest and the list of a table that keeps only one manifest, partitioned by process: the
 * engine's own state. A new file that replaces others -> a manifest and a list that are in no snapshot yet.
 * On this machine no statement is run for it: every session commits to three such tables, and does so again
 * if another one was first.
 */
import type { Engine } from '../../engine/index.ts';
import { writeAvroRows } from '../../iceberg/avro-rows.ts';
import type { AvroObject } from '../../iceberg/avro-values.ts';
import type { PartitionSpec, Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { AvroRecord } from '../../model/avro-schema.ts';
import { usageError } from '../../model/errors.ts';
import { MANIFEST_FILE, manifestEntry } from '../../model/manifest-schema.ts';
import { localAvroRows, readAvroFile, writeFile } from '../avro-files.ts';
import { manifestMetadata } from './manifest.ts';

/** What a snapshot holds. */
export interface SingleContent {
  /** Its live data files. */
  readonly files: readonly LiveFile[];
  /**
   * Rows of its manifest list: somebody deleted rows by hand, and such manifests are carried over unchanged.
   */
  readonly deleteManifests: readonly ListedManifest[];
}

/** A data file, with the ids and numbers that its entry has or inherits. */
export interface LiveFile {
  readonly snapshotId: SnapshotId;
  readonly sequenceNumber: bigint;
  readonly fileSequenceNumber: bigint;
  readonly path: string;
  /** The format, as its writer spelled it. */
  readonly format: string;
  readonly processName: string;
  readonly rows: bigint;
  readonly bytes: bigint;
}

export interface SingleManifest {
  readonly metadata: TableMetadata;
  /** The content of the snapshot that it follows. */
  readonly content: SingleContent;
  /** Undefined if files are only removed. */
  readonly added: Pick<LiveFile, 'path' | 'processName' | 'rows' | 'bytes'> | undefined;
  /** Paths of the data files to remove. */
  readonly removed: ReadonlySet<string>;
  readonly snapshotId: SnapshotId;
  readonly sequenceNumber: bigint;
  /** Paths of the new manifest and the new list. */
  readonly manifest: string;
  readonly list: string;
}

/** The fields of {@link MANIFEST_FILE} that are needed; old writers leave out those after the path. */
type ListedManifest = {
  readonly manifest_path: string;
  readonly content?: number | null;
  readonly sequence_number?: bigint | null;
  readonly added_snapshot_id: bigint;
  readonly added_files_count?: number | null;
  readonly existing_files_count?: number | null;
};

/** The fields of {@link manifestEntry}. */
type Entry = {
  readonly status: number;
  readonly snapshot_id: bigint | null;
  readonly sequence_number: bigint | null;
  readonly file_sequence_number: bigint | null;
  readonly data_file: {
    readonly content: number;
    readonly file_path: string;
    readonly file_format: string;
    readonly record_count: bigint;
    readonly file_size_in_bytes: bigint;
    readonly partition: { readonly process_name: string };
  };
};

const [EXISTING, ADDED, DELETED] = [0, 1, 2];

/** Reads the rows of an Avro file. */
type ReadRows = <Row extends AvroObject>(location: string, expected: AvroRecord) => Promise<Row[]>;

/** The content of a snapshot of such a table, whoever wrote it; undefined: the table is empty. */
export const singleContent = (
  engine: Engine,
  metadata: TableMetadata,
  snapshot: Snapshot | undefined,
): Promise<SingleContent> =>
  contentBy((location, expected) => readAvroFile(engine, location, expected), metadata, snapshot);

/** The same without DuckDB. Throws RangeError if only DuckDB can read a file. */
export const localContent = (
  metadata: TableMetadata,
  snapshot: Snapshot | undefined,
): Promise<SingleContent> =>
  contentBy(
    async <Row extends AvroObject>(location: string, expected: AvroRecord) => {
      const rows = localAvroRows<Row>(location, expected);
      if (rows === undefined) throw new RangeError(`${location} cannot be read here`);
      return rows;
    },
    metadata,
    snapshot,
  );

async function contentBy(
  read: ReadRows,
  metadata: TableMetadata,
  snapshot: Snapshot | undefined,
): Promise<SingleContent> {
  if (snapshot === undefined) return { files: [], deleteManifests: [] };
  const listed = await read<ListedManifest>(snapshot['manifest-list'], MANIFEST_FILE);
  const schema = entrySchema(defaultSpec(metadata));
  const files: LiveFile[] = [];
  for (const manifest of listed)
    if (isOfData(manifest) && mayBeLive(manifest)) files.push(...(await liveFiles(read, schema, manifest)));
  return { files, deleteManifests: listed.filter((each) => !isOfData(each)) };
}

const isOfData = ({ content }: ListedManifest): boolean => (content ?? 0) === 0;

const mayBeLive = ({ added_files_count: added, existing_files_count: existing }: ListedManifest): boolean =>
  (added ?? 1) + (existing ?? 1) > 0;

/** Iceberg specification, "Sequence Number Inheritance". */
async function liveFiles(
  read: ReadRows,
  schema: AvroRecord,
  { manifest_path: path, added_snapshot_id: addedBy, sequence_number: number }: ListedManifest,
): Promise<LiveFile[]> {
  const entries = await read<Entry>(path, schema);
  return entries
    .filter(({ status }) => status !== DELETED)
    .map(({ data_file: file, ...entry }) => {
      const { process_name: processName } = file.partition;
      if (typeof processName !== 'string') throw partitionedOtherwise(path);
      return {
        snapshotId: entry.snapshot_id ?? addedBy,
        sequenceNumber: entry.sequence_number ?? number ?? 0n,
        fileSequenceNumber: entry.file_sequence_number ?? number ?? 0n,
        path: file.file_path,
        format: file.file_format,
        processName,
        rows: file.record_count,
        bytes: file.file_size_in_bytes,
      };
    });
}

const partitionedOtherwise = (manifest: string): Error =>
  usageError(
    'state-table-columns',
    `the manifest ${manifest} of one of the engine's own tables names a file without process_name: the table was partitioned otherwise`,
    { hint: 'name another table in psyberg.yaml, or partition it by process_name again' },
  );

/** Writes the manifest and the list. */
export async function writeSingleManifest(engine: Engine, input: SingleManifest): Promise<void> {
  const { metadata } = input;
  const spec = defaultSpec(metadata);
  const entries = entriesOf(input);
  const words = { ...manifestMetadata(metadata, spec), format_version: 2 };
  const manifest = writeAvroRows(
    entrySchema(spec),
    Object.fromEntries(Object.entries(words).map(([name, word]) => [name.replaceAll('_', '-'), `${word}`])),
    entries,
  );
  await writeFile(engine, input.manifest, manifest);
  const row = rowOf(input, { entries, bytes: manifest.length, specId: spec['spec-id'] });
  await writeFile(
    engine,
    input.list,
    writeAvroRows(MANIFEST_FILE, {}, [...input.content.deleteManifests, row]),
  );
}

/**
 * The existing entries, with removed files marked as such; then the new file, which gets its numbers from the
 * list.
 */
function entriesOf({ content, added, removed }: SingleManifest): Entry[] {
  const there = content.files.map((file): Entry => {
    const goes = removed.has(file.path);
    return {
      status: goes ? DELETED : EXISTING,
      snapshot_id: goes ? null : file.snapshotId,
      sequence_number: file.sequenceNumber,
      file_sequence_number: file.fileSequenceNumber,
      data_file: dataFile(file),
    };
  });
  const numbers = { snapshot_id: null, sequence_number: null, file_sequence_number: null };
  return added === undefined
    ? there
    : [...there, { status: ADDED, ...numbers, data_file: dataFile({ ...added, format: 'parquet' }) }];
}

const dataFile = (
  file: Pick<LiveFile, 'path' | 'format' | 'processName' | 'rows' | 'bytes'>,
): Entry['data_file'] => ({
  content: 0,
  file_path: file.path,
  file_format: file.format,
  record_count: file.rows,
  file_size_in_bytes: file.bytes,
  partition: { process_name: file.processName },
});

/** The manifest's row in the list: its counts are known by now. */
function rowOf(
  { snapshotId, sequenceNumber, manifest }: SingleManifest,
  {
    entries,
    bytes,
    specId,
  }: { readonly entries: readonly Entry[]; readonly bytes: number; readonly specId: number },
): AvroObject {
  const of = (status: number): readonly Entry[] => entries.filter((entry) => entry.status === status);
  const rows = (some: readonly Entry[]): bigint =>
    some.reduce((sum, { data_file: file }) => sum + file.record_count, 0n);
  const numbers = of(EXISTING).map((entry) => entry.sequence_number ?? sequenceNumber);
  const processes = entries
    .map(({ data_file: file }) => Buffer.from(file.partition.process_name))
    .sort(Buffer.compare);
  return {
    manifest_path: manifest,
    manifest_length: BigInt(bytes),
    partition_spec_id: specId,
    content: 0,
    sequence_number: sequenceNumber,
    min_sequence_number: numbers.reduce((least, each) => (each < least ? each : least), sequenceNumber),
    added_snapshot_id: snapshotId,
    added_files_count: of(ADDED).length,
    existing_files_count: of(EXISTING).length,
    deleted_files_count: of(DELETED).length,
    added_rows_count: rows(of(ADDED)),
    existing_rows_count: rows(of(EXISTING)),
    deleted_rows_count: rows(of(DELETED)),
    partitions: [
      {
        contains_null: false,
        contains_nan: false,
        lower_bound: processes[0] ?? null,
        upper_bound: processes.at(-1) ?? null,
      },
    ],
  };
}

const defaultSpec = (metadata: TableMetadata): PartitionSpec =>
  metadata['partition-specs'].find(
    (each) => each['spec-id'] === metadata['default-spec-id'],
  ) as PartitionSpec;

const entrySchema = (spec: PartitionSpec): AvroRecord =>
  manifestEntry([{ name: 'process_name', fieldId: spec.fields[0]?.['field-id'] ?? 1000, type: 'string' }]);
