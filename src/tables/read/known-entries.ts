/**
 * Reads entries of small manifests as values, so that statements about them need not open the files: of 7 ms
 * of CPU that one took over a manifest of a file, 5 were planning it anew (2026-11-30). The statements still
 * decide what the entries mean. Paths -> entries, or undefined if DuckDB has to read the manifests.
 */
import type { Engine } from '../../engine/index.ts';
import { readLocalFile } from '../../files/local.ts';
import { avroSchemaIn } from '../../iceberg/avro-header.ts';
import { readAvroRows } from '../../iceberg/avro-rows.ts';
import type { AvroObject, AvroValue } from '../../iceberg/avro-values.ts';
import { renderJson } from '../../iceberg/json.ts';
import { DELETED } from '../../iceberg/manifest-row.ts';
import type { AvroComplexType, AvroField, AvroType } from '../../model/avro-schema.ts';
import { DAY_MS } from '../../model/hour.ts';
import { ENTRY_AS_READ } from '../../model/manifest-schema.ts';
import {
  hoursOfKnown,
  hoursOfManifests,
  keptStatement,
  type ParametersOf,
  renderStatement,
  type SqlFragment,
  type StatementRow,
  statement,
  statementFragment,
} from '../../statements/index.ts';

/** With more than this, DuckDB reads them faster than JavaScript. */
const MANIFESTS_MAX = 32;
const BYTES_MAX = 64 * 1024;

type Bounds = readonly { readonly key: number; readonly value: Buffer }[] | null;
type Counts = readonly { readonly key: number; readonly value: bigint }[] | null;

/** Fields that are optional in the format may be missing. */
export interface KnownEntry {
  readonly manifest_path: string;
  readonly status: number;
  readonly snapshot_id?: bigint | null;
  readonly data_file: {
    readonly content?: number | null;
    readonly file_path: string;
    readonly file_format: string;
    readonly record_count: bigint;
    readonly file_size_in_bytes: bigint;
    readonly null_value_counts?: Counts;
    readonly nan_value_counts?: Counts;
    readonly lower_bounds?: Bounds;
    readonly upper_bounds?: Bounds;
    readonly partition: AvroValue;
  };
}

/**
 * All entries of the manifests. Undefined if a manifest is not on this machine, is not small, cannot be read
 * here, or has a partition whose JSON only DuckDB can write.
 */
export function knownEntries(manifests: readonly string[]): readonly KnownEntry[] | undefined {
  if (manifests.length > MANIFESTS_MAX) return undefined;
  const entries: KnownEntry[] = [];
  let bytes = 0;
  for (const manifest of manifests) {
    const found = entriesIn(manifest, BYTES_MAX - bytes);
    if (found === undefined) return undefined;
    bytes += found.bytes;
    entries.push(...found.entries);
  }
  return entries;
}

function entriesIn(
  manifest: string,
  bytesMax: number,
): { readonly entries: readonly KnownEntry[]; readonly bytes: number } | undefined {
  try {
    const file = readLocalFile(manifest);
    if (file === undefined || file.length > bytesMax) return undefined;
    const partition = partitionIn(JSON.parse(avroSchemaIn(file) ?? '{}') as AvroComplexType);
    const rows = readAvroRows(file, ENTRY_AS_READ) as unknown as
      | Omit<KnownEntry, 'manifest_path'>[]
      | undefined;
    const entries = rows?.map((row) => ({
      ...row,
      manifest_path: manifest,
      data_file: { ...row.data_file, partition: partition(row.data_file.partition) },
    }));
    return entries === undefined ? undefined : { entries, bytes: file.length };
  } catch {
    // DuckDB reports what is wrong with it.
    return undefined;
  }
}

/** A field of partition tuples in a file, with the type of its non-null values. */
export interface StoredField {
  readonly name: string;
  readonly type: AvroType;
}

/**
 * The fields of the partitions, from the schema of an entry. Throws RangeError if only DuckDB can write a
 * type's values.
 */
export function partitionFields(entry: AvroComplexType): readonly StoredField[] {
  const record = presentOf(fieldOf(presentOf(fieldOf(entry, 'data_file')), 'partition'));
  if (typeof record === 'string' || record.type !== 'record') throw new RangeError('no partition');
  return (record.fields ?? []).map((field) => ({ name: field.name, type: storedType(presentOf(field)) }));
}

/** Writes a partition like DuckDB's JSON, by the schema of an entry. Throws RangeError if only DuckDB can. */
function partitionIn(entry: AvroComplexType): (tuple: AvroValue) => AvroObject | null {
  const fields = partitionFields(entry);
  const values = fields.map(({ name, type }) => [name, storedValue(type)] as const);
  // An empty tuple counts as none.
  return (tuple) =>
    tuple === null || fields.length === 0
      ? null
      : Object.fromEntries(values.map(([name, value]) => [name, value((tuple as AvroObject)[name] ?? null)]));
}

/** Types whose JSON is the same everywhere. */
const PLAIN: readonly AvroType[] = ['int', 'long', 'string', 'boolean'];

const DATE = { type: 'int', logicalType: 'date' } as const;

function storedType(type: string | AvroComplexType): AvroType {
  const { type: stored, logicalType } = typeof type === 'string' ? { type } : type;
  if (PLAIN.includes(stored) && logicalType === undefined) return stored;
  if (stored === 'int' && logicalType === 'date') return DATE;
  throw new RangeError(`a partition of ${JSON.stringify(type)}`);
}

const storedValue = (type: AvroType): ((value: AvroValue) => AvroValue) =>
  type === DATE ? (value) => (value === null ? null : dateText(value as number)) : (value) => value;

/** ISO 8601, for years of four digits. */
function dateText(days: number): string {
  const text = new Date(days * DAY_MS).toISOString();
  if (!/^\d{4}-/.test(text)) throw new RangeError(`a date of ${text}`);
  return text.slice(0, 'yyyy-mm-dd'.length);
}

/** Finds a field by its name, like DuckDB. */
const fieldOf = (type: string | AvroComplexType, name: string): AvroField | undefined =>
  typeof type === 'string' ? undefined : type.fields?.find((field) => field.name === name);

/** The type of a field's non-null values. */
function presentOf(field: AvroField | undefined): AvroType & (string | AvroComplexType) {
  const type = field?.type ?? 'null';
  return (Array.isArray(type) ? (type.find((each) => each !== 'null') ?? 'null') : type) as
    | string
    | AvroComplexType;
}

type OverHours = 'tables/data_files' | 'tables/files_in_hours' | 'tables/misleading_manifests';
/** What such a statement asks, and of which manifests. */
type AskedOfHours<Name extends OverHours> = Omit<ParametersOf<Name>, 'entries'> & {
  readonly manifests: readonly string[];
  readonly field_id: number;
};

/**
 * Runs a statement about the hours of files: over the entries if they are known, with the bounds of the one
 * column, otherwise over the manifests.
 */
export async function queryHours<Name extends OverHours>(
  engine: Engine,
  name: Name,
  asked: AskedOfHours<Name>,
): Promise<StatementRow<Name>[]> {
  const { manifests, field_id: fieldId, ...rest } = asked;
  const entries = knownEntries(manifests);
  const one = name as 'tables/data_files';
  const rows =
    entries === undefined
      ? await engine.query(statement(one, hoursOfManifests()), asked as never)
      : await engine.query(keptStatement(one, hoursOfKnown()), {
          ...(rest as Omit<AskedOfHours<'tables/data_files'>, 'manifests' | 'field_id'>),
          entries: withBoundsOf(fieldId, entries),
        });
  return rows as readonly unknown[] as StatementRow<Name>[];
}

/** As `macros/hours_of_entries` takes them. */
const withBoundsOf = (fieldId: number, entries: readonly KnownEntry[]): string =>
  renderJson(
    entries.map(({ manifest_path, status, snapshot_id, data_file: file }) => ({
      manifest_path,
      path: file.file_path,
      file_format: file.file_format,
      status,
      snapshot_id: snapshot_id ?? null,
      rows: file.record_count,
      bytes: file.file_size_in_bytes,
      partition: file.partition,
      lower_bound: hexOf(file.lower_bounds, fieldId),
      upper_bound: hexOf(file.upper_bounds, fieldId),
      null_event_times: file.null_value_counts?.find((each) => each.key === fieldId)?.value ?? null,
    })),
  );

/** The live data files of manifests: like `tables/listed_files`, but for few of them without a statement. */
export async function listedFiles(
  engine: Engine,
  manifests: readonly string[],
): Promise<readonly StatementRow<'tables/listed_files'>[]> {
  const entries = knownEntries(manifests);
  if (entries === undefined) return engine.query(statement('tables/listed_files'), { manifests });
  return entries
    .filter(({ status }) => status !== DELETED)
    .map(({ manifest_path, data_file: file }) => ({
      manifest_path,
      path: file.file_path,
      rows: file.record_count,
    }));
}

/** Runs `tables/misleading_bounds`: over the entries if they are known, otherwise over the manifests. */
export async function queryBounds(
  engine: Engine,
  asked: ParametersOf<'tables/misleading_bounds'> & { readonly manifests: readonly string[] },
): Promise<StatementRow<'tables/misleading_bounds'>[]> {
  const { manifests, ...ids } = asked;
  const entries = knownEntries(manifests);
  if (entries === undefined)
    return engine.query(statement('tables/misleading_bounds', boundsOf('manifests')), asked);
  const wanted = new Set([...ids.byte_ids, ...ids.number_ids]);
  return engine.query(keptStatement('tables/misleading_bounds', boundsOf('known')), {
    ...ids,
    entries: renderJson(
      entries
        .filter(({ status }) => status !== DELETED)
        .map(({ data_file: file }) => ({
          lower_bounds: hexById(file.lower_bounds, wanted),
          upper_bounds: hexById(file.upper_bounds, wanted),
          nan_counts: Object.fromEntries((file.nan_value_counts ?? []).map(({ key, value }) => [key, value])),
        })),
    ),
  });
}

const boundsOf = (where: 'known' | 'manifests'): { readonly entries: SqlFragment } => ({
  entries: statementFragment(renderStatement(`fragments/bounds_of_${where}`)),
});

const hexById = (bounds: Bounds | undefined, wanted: ReadonlySet<number>): Readonly<Record<number, string>> =>
  Object.fromEntries(
    (bounds ?? [])
      .filter(({ key }) => wanted.has(key))
      .map(({ key, value }) => [key, value.toString('hex').toUpperCase()]),
  );

const hexOf = (bounds: Bounds | undefined, fieldId: number): string | null =>
  bounds
    ?.find((each) => each.key === fieldId)
    ?.value.toString('hex')
    .toUpperCase() ?? null;
