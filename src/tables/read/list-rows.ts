/**
 * Manifest lists of this machine as rows, without DuckDB. Path -> rows, or undefined where DuckDB reads it.
 */
import { readLocalFile } from '../../files/local.ts';
import { readAvroRows } from '../../iceberg/avro-rows.ts';
import type { AvroObject, AvroRowsAsked } from '../../iceberg/avro-values.ts';
import { listedRow, type ManifestFileRow } from '../../iceberg/manifest-row.ts';
import type { SnapshotId } from '../../iceberg/table-metadata.ts';
import { MANIFEST_FILE_WITH_ROW_IDS } from '../../model/manifest-schema.ts';

/** The rows as their writer left them; undefined of a list that is not small, not here, or cannot be read. */
export function rowsOfList(
  path: string,
  bytesMax: number,
  asked?: AvroRowsAsked,
): { readonly rows: readonly AvroObject[]; readonly bytes: number } | undefined {
  try {
    const file = readLocalFile(path);
    if (file === undefined || file.length > bytesMax) return undefined;
    const rows = readAvroRows(file, MANIFEST_FILE_WITH_ROW_IDS, asked);
    return rows === undefined ? undefined : { rows, bytes: file.length };
  } catch {
    // DuckDB says what is wrong with it.
    return undefined;
  }
}

/** A row of a list, and whether it lists live files, as far as anybody knows. */
export interface KnownRow {
  readonly row: ManifestFileRow;
  readonly isLive: boolean;
}

/** A list of 1,800 manifests. Not measured. */
const BYTES_MAX = 256 * 1024;

/** All rows of a list; undefined also where one lacks what every list of version 2 says. */
export function readKnownList(path: string): readonly KnownRow[] | undefined {
  const listed = rowsOfList(path, BYTES_MAX)?.rows.map(listedRow);
  return listed?.every((each) => each !== undefined) === true ? (listed as KnownRow[]) : undefined;
}

/** Bytes of all lists, which are mostly passed over. Not measured. */
const ALL_BYTES_MAX = 2 ** 20;

/** The rows of several lists that these snapshots added, a manifest perhaps more than once. */
export function readChanges(
  lists: readonly string[],
  addedBy: readonly SnapshotId[],
): readonly KnownRow[] | undefined {
  const asked = { only: ROW, among: { field: 'added_snapshot_id', values: new Set(addedBy) } };
  const rows: KnownRow[] = [];
  let bytes = 0;
  for (const list of lists) {
    const found = rowsOfList(list, ALL_BYTES_MAX - bytes, asked);
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

/** Older writers call the counts otherwise, and a file without field ids says so. */
const ROW = MANIFEST_FILE_WITH_ROW_IDS.fields.flatMap(({ name }) => [
  name,
  name.replace(/_files_count$/, '_data_files_count'),
]);
