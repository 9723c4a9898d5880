/**
 * Reads manifest lists of this machine as rows, without DuckDB. Path -> rows, or undefined if DuckDB has to
 * read it.
 */
import { type FileFacts, localFacts, readLocalFile, useLocalFile } from '../../files/local.ts';
import { readAvroRows } from '../../iceberg/avro-rows.ts';
import type { AvroObject, AvroRowsAsked } from '../../iceberg/avro-values.ts';
import { lengthOf } from '../../iceberg/byte-pieces.ts';
import { listedRow, type ManifestFileRow } from '../../iceberg/manifest-row.ts';
import type { LastRead } from '../../iceberg/rows-read-before.ts';
import type { SnapshotId } from '../../iceberg/table-metadata.ts';
import { keepNewest } from '../../model/keep-newest.ts';
import { MANIFEST_FILE_WITH_ROW_IDS } from '../../model/manifest-schema.ts';

interface RowsOfList {
  readonly rows: readonly AvroObject[];
  readonly bytes: number;
}

/** The rows as their writer left them; undefined if the list is not small, not here, or cannot be read. */
function rowsOfList(path: string, bytesMax: number, asked?: AvroRowsAsked): RowsOfList | undefined {
  const rowsIn = (file: Buffer): RowsOfList | undefined => {
    if (file.length > bytesMax) return undefined;
    const rows = readAvroRows(file, MANIFEST_FILE_WITH_ROW_IDS, asked);
    return rows === undefined ? undefined : { rows, bytes: file.length };
  };
  try {
    // Then the rows are read from copies, so the bytes of the file itself need not be kept.
    if (asked?.among?.last !== undefined) return useLocalFile(path, rowsIn);
    const file = readLocalFile(path);
    return file === undefined ? undefined : rowsIn(file);
  } catch {
    // DuckDB reports what is wrong with it.
    return undefined;
  }
}

/** A row of a list, and whether it may list live files, as far as its counts tell. */
export interface KnownRow {
  readonly row: ManifestFileRow;
  readonly isLive: boolean;
}

/** As much as a list of 1,800 manifests. Not measured. */
const BYTES_MAX = 256 * 1024;

/** All rows of a list; also undefined if a row lacks what every list of version 2 has. */
export function readKnownList(path: string): readonly KnownRow[] | undefined {
  const facts = localFacts(path);
  const known = facts === undefined ? undefined : recalledList(path, facts);
  if (known !== undefined) return known;
  const listed = rowsOfList(path, BYTES_MAX)?.rows.map(listedRow);
  if (listed?.every((each) => each !== undefined) !== true) return undefined;
  rememberList(path, facts, listed as KnownRow[]);
  return listed as KnownRow[];
}

interface RememberedList extends FileFacts {
  readonly rows: readonly KnownRow[];
}

/**
 * Lists that were read or written most recently; those asked for last are at the end. A list never changes
 * under its name, and a session asks four times for what it and the one before it have written: with 135
 * manifests that took 0.6 ms each time (Intel Xeon, 2026-11-30).
 */
const remembered = new Map<string, RememberedList>();

/** Rows of all lists together: some 2 MB. Not measured. */
const ROWS_KEPT = 5000;

/** The rows of a list if it is still the same file that was read or written. */
export function recalledList(path: string, facts = localFacts(path)): readonly KnownRow[] | undefined {
  const list = remembered.get(path);
  if (list === undefined || list.bytes !== facts?.bytes || list.mtimeMs !== facts.mtimeMs) return undefined;
  remembered.delete(path);
  remembered.set(path, list);
  return list.rows;
}

/** `rows`: as they would be read from the file. */
export function rememberList(path: string, facts: FileFacts | undefined, rows: readonly KnownRow[]): void {
  remembered.delete(path);
  if (facts === undefined || rows.length > ROWS_KEPT) return;
  keepNewest(remembered, [path, { ...facts, rows }], {
    max: ROWS_KEPT,
    weightOf: (list) => list.rows.length,
  });
}

/** The list of each table that was read last, by its folder; those asked for last are at the end. */
const readLast = new Map<string, LastRead>();

/** As much as two lists of 100,000 manifests; the list that was asked for last is kept, however long. */
const BYTES_KEPT = 32 * 1024 * 1024;

/**
 * Rows of a list that these snapshots added. Lists of a table repeat each other: of 1,000 rows 1 ms went into
 * walking over what the list before had too, of 100,000 rows 20 ms (AMD EPYC, 2026-12-01).
 */
export function amongAddedBy(list: string, addedBy: readonly SnapshotId[]): AvroRowsAsked['among'] {
  const folder = list.slice(0, list.lastIndexOf('/'));
  const last = readLast.get(folder) ?? { rows: undefined };
  keepNewest(readLast, [folder, last], {
    max: BYTES_KEPT,
    weightOf: ({ rows }) => (rows === undefined ? 0 : lengthOf(rows.bytes)),
  });
  return { field: 'added_snapshot_id', values: new Set(addedBy), last };
}

/** Bytes of all the lists, most of which are only passed over. Not measured. */
const ALL_BYTES_MAX = 2 ** 20;

/** The rows of several lists that these snapshots added; a manifest may occur more than once. */
export function readChanges(
  lists: readonly string[],
  addedBy: readonly SnapshotId[],
): readonly KnownRow[] | undefined {
  const rows: KnownRow[] = [];
  let bytes = 0;
  for (const list of lists) {
    const found = rowsOfList(list, ALL_BYTES_MAX - bytes, { only: ROW, among: amongAddedBy(list, addedBy) });
    if (found === undefined) return undefined;
    bytes += found.bytes;
    for (const written of found.rows) {
      const row = listedRow(written);
      if (row === undefined) return undefined;
      rows.push(row);
    }
  }
  return rows;
}

/** Older writers name the counts otherwise, and in a file without field ids only names tell the fields. */
const ROW = MANIFEST_FILE_WITH_ROW_IDS.fields.flatMap(({ name }) => [
  name,
  name.replace(/_files_count$/, '_data_files_count'),
]);
