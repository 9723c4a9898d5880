/**
 * Reads the rows of a small state table from its files, without DuckDB. Metadata -> rows, or undefined if a
 * statement has to read them. A command that needs DuckDB for nothing else then need not start it, which
 * takes 110 ms of CPU; here one file took 7, 16 files 28, and 64 files or 2,000 rows 70 to 75 (Intel Xeon,
 * 2026-11-30, loaded).
 */
import zlib from 'node:zlib';
import type { FileMetaData, SchemaElement } from 'hyparquet';
import { readLocalFile } from '../files/local.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import type { NestedField, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { type LiveFile, localContent, type SingleContent } from '../tables/write/single-manifest.ts';
import { STORED } from './state-file.ts';
import type { StateTable } from './tables/state-table.ts';

/** A date in days since 1970, a `timestamptz` in microseconds; a `long` is a bigint, too. */
export type FewValue = string | number | bigint | null;

/** Not measured beyond: from somewhere on a statement takes less time, its start included. */
const FILES_MAX = 64;
const ROWS_MAX = 2000n;
const BYTES_MAX = 8n * 1024n * 1024n;

/** The asked columns of all rows, in the order of the files; none of the table has to be there yet. */
export async function fewRows<Name extends string>(
  metadata: TableMetadata,
  definition: StateTable<Name>,
  columns: readonly Name[],
): Promise<Readonly<Record<Name, FewValue>>[] | undefined> {
  const asked = fieldsAsked(metadata, definition, columns);
  if (asked === undefined || saysMany(mainSnapshot(metadata))) return undefined;
  try {
    const content = await localContent(metadata, mainSnapshot(metadata));
    if (!isPlainAndSmall(content)) return undefined;
    const rows: Record<Name, FewValue>[] = [];
    for (const file of content.files) rows.push(...(await rowsOf(file, asked)));
    return rows;
  } catch {
    // DuckDB reads it, or says what is wrong with it.
    return undefined;
  }
}

interface AskedColumn {
  /** Undefined: the table was made by a release without it. */
  readonly field: NestedField | undefined;
  /** Files of such a release have no values of it. */
  readonly isAdded: boolean;
}
type Asked<Name extends string> = ReadonlyMap<Name, AskedColumn>;

/** A column that came later may be missing: its values are NULL. Undefined where somebody changed another. */
function fieldsAsked<Name extends string>(
  metadata: TableMetadata,
  { columns, added }: StateTable<Name>,
  names: readonly Name[],
): Asked<Name> | undefined {
  const { fields } = currentSchema(metadata);
  const asked = new Map<Name, AskedColumn>();
  for (const name of names) {
    const field = fields.find((each) => each.name.toLowerCase() === name);
    const type = columns.find((each) => each.name === name)?.type;
    const isAsMade = field?.name === name && field.type === type && field['initial-default'] == null;
    if (field === undefined ? !added.has(name) : !isAsMade) return undefined;
    asked.set(name, { field, isAdded: added.has(name) });
  }
  return asked;
}

/** What its summary says: of a table with many rows not even the manifest is read here. */
function saysMany(snapshot: Snapshot | undefined): boolean {
  const total = (name: string): number => Number(snapshot?.summary?.[name] ?? 0);
  return total('total-data-files') > FILES_MAX || total('total-records') > Number(ROWS_MAX);
}

function isPlainAndSmall({ files, deleteManifests }: SingleContent): boolean {
  const sum = (count: (file: LiveFile) => bigint): bigint =>
    files.reduce((all, file) => all + count(file), 0n);
  return (
    deleteManifests.length === 0 &&
    files.length <= FILES_MAX &&
    sum(({ rows }) => rows) <= ROWS_MAX &&
    sum(({ bytes }) => bytes) <= BYTES_MAX &&
    files.every(({ format }) => format.toLowerCase() === 'parquet')
  );
}

/** Throws RangeError where the file is not as the table and its manifest say. */
async function rowsOf<Name extends string>(
  file: LiveFile,
  asked: Asked<Name>,
): Promise<Record<Name, FewValue>[]> {
  // Only a command that starts no DuckDB needs it.
  const { parquetMetadata, parquetReadObjects } = await import('hyparquet');
  const bytes = readLocalFile(file.path);
  if (bytes === undefined) throw new RangeError(`${file.path} is not on this machine`);
  const content = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const metadata = parquetMetadata(content);
  const stored = storedNames(metadata, asked);
  const rows = await parquetReadObjects({
    file: { byteLength: content.byteLength, slice: (start, end) => content.slice(start, end) },
    metadata,
    columns: [...stored.values()],
    compressors: { ZSTD: (input) => zlib.zstdDecompressSync(input) },
    parsers: {
      dateFromDays: (days) => days,
      timestampFromMicroseconds: (micros) => micros,
      stringFromBytes: (text: Uint8Array | undefined) => text && TEXT.decode(text),
    },
  });
  if (BigInt(rows.length) !== file.rows) throw new RangeError(`${file.path} has other rows than promised`);
  return rows.map(
    (row) =>
      Object.fromEntries(
        [...asked.keys()].map((name) => {
          const column = stored.get(name);
          return [name, column === undefined ? null : ((row[column] ?? null) as FewValue)];
        }),
      ) as Record<Name, FewValue>,
  );
}

const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What the asked columns are called in the file: of one that came later it has none. */
function storedNames<Name extends string>(
  { schema: [root, ...leaves] }: FileMetaData,
  asked: Asked<Name>,
): ReadonlyMap<Name, string> {
  const ids = new Map(leaves.map((leaf) => [leaf.field_id, leaf]));
  const names = new Set(leaves.map(({ name }) => name));
  const isFlat = root?.num_children === leaves.length && names.size === leaves.length;
  if (!isFlat || ids.has(undefined) || ids.size < leaves.length) throw new RangeError('no plain columns');
  const stored = new Map<Name, string>();
  for (const [name, { field, isAdded }] of asked) {
    const leaf = field === undefined ? undefined : ids.get(field.id);
    if (leaf === undefined ? !isAdded : !isStoredAs(`${field?.type}`, leaf))
      throw new RangeError(`${name} is not stored as it was made`);
    if (leaf !== undefined) stored.set(name, leaf.name);
  }
  return stored;
}

/** DuckDB says of a number how many bits it has. */
const BITS: Readonly<Record<string, string>> = { INT32: 'INT_32', INT64: 'INT_64' };

function isStoredAs(
  type: string,
  { type: stored, converted_type: converted, ...leaf }: SchemaElement,
): boolean {
  const expected = STORED[type];
  return (
    stored !== undefined &&
    stored === expected?.type &&
    (converted === expected.converted_type ||
      (expected.converted_type === undefined && converted === BITS[stored])) &&
    (type !== 'timestamptz' ||
      (leaf.logical_type?.type === 'TIMESTAMP' && leaf.logical_type.isAdjustedToUTC)) &&
    leaf.repetition_type !== 'REPEATED'
  );
}
