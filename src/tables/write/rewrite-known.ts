/**
 * Rewrites small manifests of this machine without a statement, like `tables/rewrite_manifest` in SQL.
 * Manifests of one shape -> one manifest, or undefined if DuckDB has to write it.
 */
import { isUtf8 } from 'node:buffer';
import { readLocalFile } from '../../files/local.ts';
import { avroSchemaIn } from '../../iceberg/avro-header.ts';
import { readAvroRows } from '../../iceberg/avro-rows.ts';
import type { AvroObject, AvroValue } from '../../iceberg/avro-values.ts';
import { ADDED, DELETED, EXISTING, type ManifestFileRow } from '../../iceberg/manifest-row.ts';
import { avroName } from '../../model/avro-name.ts';
import type { AvroComplexType, AvroRecord } from '../../model/avro-schema.ts';
import { plainPath } from '../../model/plain-path.ts';
import type { RewriteShape } from '../../statements/index.ts';
import { partitionFields, type StoredField } from '../read/known-entries.ts';
import { readKnownList } from '../read/list-rows.ts';
import {
  type KnownManifest,
  type ManifestEntry,
  type ManifestWords,
  manifestFile,
  orDuckdb,
} from './known-manifest.ts';

/**
 * Bytes of all manifests together: one of 250 files has 22 kB (15 ms of CPU, DuckDB 100). Above this, not
 * measured.
 */
const BYTES_MAX = 64 * 1024;

export interface RewriteKnown {
  /** The same that DuckDB is given as {@link RewriteShape}. */
  readonly shape: RewriteShape;
  readonly manifests: readonly string[];
  /** The list that contains the manifests. */
  readonly manifestList: string;
  readonly removedFiles: readonly string[];
  /** If not empty, only these files are written. */
  readonly keptFiles: readonly string[];
  readonly words: ManifestWords;
}

/** Files that stay become EXISTING, removed files DELETED, and inherited values are written out. */
export function rewriteKnown(input: RewriteKnown): KnownManifest | undefined {
  const { shape, words } = input;
  return orDuckdb(() => {
    refuseOtherTypes(shape);
    const { entries, fields } = inheritedEntries(input);
    const removed = new Set(input.removedFiles);
    const partition = shape.partition.map((each, index) => ({
      ...each,
      type: (fields[index] as StoredField).type,
    }));
    return manifestFile(
      { columns: columnsOf(shape), partition },
      words,
      chosenOf(input, entries).map(({ key, ...entry }) => ({
        ...entry,
        status: removed.has(key) ? DELETED : EXISTING,
        // It inherits the id of the snapshot that adopts the manifest.
        snapshot_id: removed.has(key) ? null : entry.snapshot_id,
      })),
    );
  });
}

/** In the manifests' own order. */
const columnsOf = ({ columns, rowIds }: RewriteShape): string[] => {
  const names = new Set(columns.map(({ name }) => name));
  return [
    'content',
    ...[...names].filter((name) => name !== 'content' && name !== 'first_row_id'),
    ...(rowIds ? ['first_row_id'] : []),
  ];
};

/** DuckDB's types of the columns as they are written here. */
const DUCKDB_TYPES: Readonly<Record<string, string>> = {
  status: 'INTEGER',
  snapshot_id: 'BIGINT',
  sequence_number: 'BIGINT',
  file_sequence_number: 'BIGINT',
  content: 'INTEGER',
  file_path: 'VARCHAR',
  file_format: 'VARCHAR',
  record_count: 'BIGINT',
  file_size_in_bytes: 'BIGINT',
  column_sizes: 'MAP(INTEGER, BIGINT)',
  value_counts: 'MAP(INTEGER, BIGINT)',
  null_value_counts: 'MAP(INTEGER, BIGINT)',
  nan_value_counts: 'MAP(INTEGER, BIGINT)',
  lower_bounds: 'MAP(INTEGER, BLOB)',
  upper_bounds: 'MAP(INTEGER, BLOB)',
  key_metadata: 'BLOB',
  split_offsets: 'BIGINT[]',
  equality_ids: 'INTEGER[]',
  sort_order_id: 'INTEGER',
  first_row_id: 'BIGINT',
  referenced_data_file: 'VARCHAR',
  content_offset: 'BIGINT',
  content_size_in_bytes: 'BIGINT',
};

/** Leaves it to DuckDB to write a column that has another type there, with that type. */
function refuseOtherTypes({ columns }: RewriteShape): void {
  for (const { name, type } of columns)
    if (name !== 'partition' && (DUCKDB_TYPES[name] ?? type) !== type)
      throw new RangeError(`${name} is ${type}`);
}

/** An entry with its inherited values, and the key that distinguishes its file. */
type Inherited = ManifestEntry & { readonly key: string };
type EntryAsRead = {
  readonly status: number;
  readonly snapshot_id?: bigint | null;
  readonly sequence_number?: bigint | null;
  readonly file_sequence_number?: bigint | null;
  readonly data_file: ManifestEntry['data_file'];
};

/** Leaves the names as the files have them. */
const AS_NAMED: AvroRecord = { name: 'as_named', fields: [] };

function inheritedEntries({ shape, manifests, manifestList }: RewriteKnown): {
  readonly entries: readonly Inherited[];
  readonly fields: readonly StoredField[];
} {
  const listed = readKnownList(manifestList) ?? refused(`the list ${manifestList}`);
  const byPath = new Map(listed.map(({ row }) => [plainPath(row.manifest_path), row]));
  const entries: Inherited[] = [];
  let fields: readonly StoredField[] | undefined;
  let bytes = 0;
  for (const path of manifests) {
    const file = readLocalFile(path) ?? refused(path);
    bytes += file.length;
    if (bytes > BYTES_MAX) refused('many files');
    const row = byPath.get(plainPath(path)) ?? refused(path);
    const found = fieldsOfSpec(shape, JSON.parse(avroSchemaIn(file) ?? '{}') as AvroComplexType);
    if (fields !== undefined && JSON.stringify(found) !== JSON.stringify(fields)) refused('other partitions');
    fields = found;
    const rows = readAvroRows(file, AS_NAMED) ?? refused(path);
    entries.push(...inherited(rows as unknown as readonly EntryAsRead[], { row, shape, fields }));
  }
  return { entries, fields: fields ?? [] };
}

const refused = (what: string): never => {
  throw new RangeError(`only DuckDB knows: ${what}`);
};

/** The fields of the spec among those of the files: by name, or by place if the writer uses other names. */
function fieldsOfSpec({ partition }: RewriteShape, entry: AvroComplexType): readonly StoredField[] {
  const stored = partitionFields(entry);
  return partition.map(
    ({ name }, index) =>
      stored.find((field) => field.name === name) ??
      stored.find((field) => field.name === avroName(name)) ??
      stored[index] ??
      refused(`the partition field ${name}`),
  );
}

/**
 * Iceberg specification, "Snapshot ID Inheritance", "Sequence Number Inheritance", "First Row ID
 * Inheritance".
 */
function inherited(
  rows: readonly EntryAsRead[],
  {
    row: manifest,
    shape,
    fields,
  }: {
    readonly row: ManifestFileRow;
    readonly shape: RewriteShape;
    readonly fields: readonly StoredField[];
  },
): Inherited[] {
  const names = new Set(shape.columns.map(({ name }) => name));
  // Entries written by version 1 have number 0.
  const number = (name: 'sequence_number' | 'file_sequence_number', entry: EntryAsRead): bigint =>
    names.has(name) ? (entry[name] ?? manifest.sequence_number) : 0n;
  let nextRowId = manifest.first_row_id;
  return rows.map((entry) => {
    const { data_file: file, status } = entry;
    let firstRowId: bigint | null = null;
    if (nextRowId !== null) {
      const own = (file['first_row_id'] ?? null) as bigint | null;
      firstRowId = own ?? nextRowId;
      if (own === null && status !== DELETED) nextRowId += file.record_count;
    }
    return {
      status,
      key: keyOf(file),
      snapshot_id: entry.snapshot_id ?? manifest.added_snapshot_id,
      sequence_number: number('sequence_number', entry),
      file_sequence_number: number('file_sequence_number', entry),
      data_file: {
        ...file,
        content: file['content'] ?? 0,
        lower_bounds: keptBounds(file['lower_bounds'], shape),
        upper_bounds: keptBounds(file['upper_bounds'], shape),
        referenced_data_file: file['referenced_data_file'] || null,
        first_row_id: firstRowId,
        partition: tupleOf(shape, fields, file['partition'] as AvroObject | null),
      },
    };
  });
}

const keyOf = ({ file_path: path, content_offset: offset }: AvroObject): string =>
  `${path}${offset === undefined || offset === null ? '' : `#${offset}`}`;

/** The bounds of a file that readers can use: PyIceberg fails at a text that was cut within a character. */
function keptBounds(
  bounds: AvroValue | undefined,
  { withoutBoundsOf = [], textFields = [] }: RewriteShape,
): AvroValue {
  if (bounds === undefined || bounds === null) return null;
  return (bounds as readonly { readonly key: number; readonly value: Buffer }[]).filter(
    ({ key, value }) => !withoutBoundsOf.includes(key) && (!textFields.includes(key) || isUtf8(value)),
  );
}

function tupleOf(
  { partition }: RewriteShape,
  fields: readonly StoredField[],
  tuple: AvroObject | null,
): AvroObject {
  if (partition.length === 0) return {};
  const given = tuple ?? refused('a file without partition');
  return Object.fromEntries(
    partition.map(({ name }, index) => [avroName(name), given[(fields[index] as StoredField).name] ?? null]),
  );
}

/**
 * The entries to write, each file once: among several snapshots' manifests one may carry over what another
 * added.
 */
function chosenOf({ keptFiles }: RewriteKnown, entries: readonly Inherited[]): Inherited[] {
  const kept = new Set(keptFiles);
  const chosen = new Map<string, Inherited>();
  for (const entry of entries) {
    if (entry.status === DELETED || (kept.size > 0 && !kept.has(entry.key))) continue;
    if (!chosen.has(entry.key) || entry.status === ADDED) chosen.set(entry.key, entry);
  }
  return [...chosen.values()];
}
