/**
 * Makes the rows of manifest lists (Iceberg specification, "Manifest Lists"). Entries of a manifest -> its
 * row, rows -> a list. Pure.
 */
import { MANIFEST_FILE, MANIFEST_FILE_WITH_ROW_IDS } from '../model/manifest-schema.ts';
import { writeAvroRows } from './avro-rows.ts';
import type { AvroObject } from './avro-values.ts';
import type { SnapshotId } from './table-metadata.ts';

/** The status of an entry. */
export const [EXISTING, ADDED, DELETED] = [0, 1, 2] as const;

export interface FieldSummary {
  readonly contains_null: boolean;
  readonly contains_nan: boolean | null;
  readonly lower_bound: Buffer | null;
  readonly upper_bound: Buffer | null;
}

/** A row with all that format version 2 requires. */
export interface ManifestFileRow {
  readonly manifest_path: string;
  readonly manifest_length: bigint;
  readonly partition_spec_id: number;
  /** 0: data, 1: deletes. */
  readonly content: number;
  readonly sequence_number: bigint;
  readonly min_sequence_number: bigint;
  readonly added_snapshot_id: bigint;
  readonly added_files_count: number;
  readonly existing_files_count: number;
  readonly deleted_files_count: number;
  readonly added_rows_count: bigint;
  readonly existing_rows_count: bigint;
  readonly deleted_rows_count: bigint;
  readonly partitions: readonly FieldSummary[] | null;
  /** Null if it has none, as delete manifests always do. */
  readonly first_row_id: bigint | null;
}

/** What is needed of an entry to count it in its manifest's row. */
export type CountedEntry = {
  readonly status: number;
  readonly sequence_number: bigint | null;
  readonly data_file: { readonly record_count: bigint };
};

/** What is known of a manifest before it is listed. */
export interface ManifestFacts {
  readonly entries: readonly CountedEntry[];
  readonly bytes: number;
}

/** The row of a new manifest, which the given snapshot lists first. */
export function manifestFileRow(
  { entries, bytes }: ManifestFacts,
  of: {
    readonly path: string;
    readonly specId: number;
    readonly content: number;
    readonly snapshotId: SnapshotId;
    readonly sequenceNumber: bigint;
    readonly partitions: readonly FieldSummary[] | null;
  },
): ManifestFileRow {
  const [files, rows, numbers] = [[0, 0, 0], [0n, 0n, 0n], [] as bigint[]];
  for (const { status, sequence_number: number, data_file: file } of entries) {
    files[status] = (files[status] as number) + 1;
    rows[status] = (rows[status] as bigint) + file.record_count;
    if (status !== DELETED) numbers.push(number ?? of.sequenceNumber);
  }
  const least = (one: bigint, other: bigint): bigint => (other < one ? other : one);
  return {
    manifest_path: of.path,
    manifest_length: BigInt(bytes),
    partition_spec_id: of.specId,
    content: of.content,
    sequence_number: of.sequenceNumber,
    min_sequence_number: numbers.length === 0 ? of.sequenceNumber : numbers.reduce(least),
    added_snapshot_id: of.snapshotId,
    added_files_count: files[ADDED] as number,
    existing_files_count: files[EXISTING] as number,
    deleted_files_count: files[DELETED] as number,
    added_rows_count: rows[ADDED] as bigint,
    existing_rows_count: rows[EXISTING] as bigint,
    deleted_rows_count: rows[DELETED] as bigint,
    partitions: of.partitions,
    first_row_id: null,
  };
}

/**
 * A row as some writer left it, read with {@link MANIFEST_FILE_WITH_ROW_IDS}: fields that it lacks are
 * undefined.
 */
type RowAsWritten = { readonly [Name in keyof ManifestFileRow]?: ManifestFileRow[Name] | null } & {
  readonly added_data_files_count?: number | null;
  readonly existing_data_files_count?: number | null;
  readonly deleted_data_files_count?: number | null;
};

/**
 * A row of a list that is read, like the SQL macro `manifest_list` returns it. `isLive`: it may list live
 * files, as far as its counts tell. Undefined if it lacks what every list of version 2 has.
 */
export function listedRow(
  written: AvroObject,
): { readonly row: ManifestFileRow; readonly isLive: boolean } | undefined {
  const row = written as unknown as RowAsWritten;
  const content = row.content ?? 0;
  const added = row.added_files_count ?? row.added_data_files_count;
  const existing = row.existing_files_count ?? row.existing_data_files_count;
  const deleted = row.deleted_files_count ?? row.deleted_data_files_count;
  const listed = {
    manifest_path: row.manifest_path,
    manifest_length: row.manifest_length,
    partition_spec_id: row.partition_spec_id,
    content,
    sequence_number: row.sequence_number ?? 0n,
    min_sequence_number: row.min_sequence_number ?? 0n,
    added_snapshot_id: row.added_snapshot_id,
    added_files_count: added,
    existing_files_count: existing,
    deleted_files_count: deleted,
    added_rows_count: row.added_rows_count,
    existing_rows_count: row.existing_rows_count,
    deleted_rows_count: row.deleted_rows_count,
  };
  if (Object.values(listed).some((value) => value === null || value === undefined)) return undefined;
  const complete = {
    ...(listed as Omit<ManifestFileRow, 'partitions' | 'first_row_id'>),
    partitions: row.partitions ?? null,
    first_row_id: content === 0 ? (row.first_row_id ?? null) : null,
  };
  return { row: complete, isLive: isLive(complete) };
}

/** If all counts are 0 they are unknown: this is how DuckDB carries on the manifests of a version 1 table. */
export const isLive = (row: ManifestFileRow): boolean =>
  row.added_files_count + row.existing_files_count > 0 || row.deleted_files_count === 0;

/**
 * How a list gets row ids: `none`: format version 2 has none. `kept`: a view shows those that exist. A
 * number: manifests without one get the next free ones from there on (Iceberg specification, "First Row ID
 * Assignment").
 */
export type RowIds = 'none' | 'kept' | bigint;

/** Writes a list of these rows; returns the file, and the rows as they would be read from it. */
export function manifestListFile(
  rows: readonly ManifestFileRow[],
  rowIds: RowIds,
): { readonly file: Buffer; readonly listed: readonly ManifestFileRow[] } {
  const sorted = [...rows].sort(
    (one, other) =>
      Number(one.sequence_number - other.sequence_number) ||
      Buffer.compare(Buffer.from(one.manifest_path), Buffer.from(other.manifest_path)),
  );
  const written = typeof rowIds === 'bigint' ? withRowIds(sorted, rowIds) : sorted;
  const schema = rowIds === 'none' ? MANIFEST_FILE : MANIFEST_FILE_WITH_ROW_IDS;
  const isRead = (row: ManifestFileRow): boolean =>
    row.first_row_id === null || (rowIds !== 'none' && row.content === 0);
  return {
    file: writeAvroRows(schema, {}, written as unknown as AvroObject[]),
    listed: written.map((row) => (isRead(row) ? row : { ...row, first_row_id: null })),
  };
}

function withRowIds(rows: readonly ManifestFileRow[], first: bigint): ManifestFileRow[] {
  let next = first;
  return rows.map((row) => {
    if (row.content !== 0 || row.first_row_id !== null) return row;
    const given = { ...row, first_row_id: next };
    next += row.added_rows_count + row.existing_rows_count;
    return given;
  });
}
