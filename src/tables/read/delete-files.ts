/** The delete files that delete manifests list. Manifest -> rows; delete files -> the data files that they name. */
import type { Engine } from '../../engine/index.ts';
import { liveEntryFragments, renderStatement } from '../../statements/index.ts';
import type { ManifestRow } from './manifest-list.ts';

/** Numbers are texts, as JSON has them; `null` where the writer does not say. */
export interface DeleteFileRow extends Record<string, unknown> {
  readonly path: string;
  /** 1 positions, 2 equality. */
  readonly content: number;
  readonly format: string;
  /** 0 existing, 1 added, 2 removed. */
  readonly status: number;
  readonly snapshot_id: string;
  readonly sequence_number: string;
  /** A JSON object. */
  readonly partition: string | null;
  readonly rows: string;
  readonly bytes: string;
  readonly content_offset: string | null;
  /** The one data file that it is about, where metadata says so. */
  readonly data_file: string | null;
  /** A JSON array of field ids. */
  readonly equality_ids: string | null;
}

/**
 * What names an entry of a delete manifest: its path, and of a deletion vector `path#offset`, since several may share
 * one Puffin file.
 */
export const deleteKey = (path: string, contentOffset: string | null): string =>
  contentOffset === null ? path : `${path}#${contentOffset}`;

/**
 * The entries of one delete manifest: writers differ in the columns that tell what a delete file is about, and DuckDB
 * reads several files with the columns of the first.
 */
export async function deleteFilesOf(engine: Engine, manifest: ManifestRow): Promise<DeleteFileRow[]> {
  const { columns } = await engine.table({
    sql: renderStatement('tables/data_file_columns'),
    parameters: { manifest: manifest.manifest_path },
  });
  return engine.query<DeleteFileRow>({
    sql: renderStatement('tables/delete_files', {
      referenced_data_file: liveEntryFragments(columns, 1).referenced_data_file,
    }),
    parameters: {
      manifest: manifest.manifest_path,
      snapshot_id: manifest.added_snapshot_id,
      sequence_number: String(manifest.sequence_number),
    },
  });
}

/** The data files that position delete files in Parquet name, by their paths as given; the files are opened. */
export async function deletedPaths(
  engine: Engine,
  files: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const named = new Map<string, string[]>(files.map((file) => [file, []]));
  if (files.length === 0) return named;
  const rows = await engine.query<{ path: string; data_file: string }>({
    sql: renderStatement('tables/deleted_paths'),
    parameters: { files },
  });
  for (const row of rows) named.get(row.path)?.push(row.data_file);
  return named;
}
