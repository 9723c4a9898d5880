/**
 * Reads the delete files that manifests list. Manifest -> rows; delete files -> the data files that they
 * name.
 */
import type { Engine } from '../../engine/index.ts';
import { liveEntryFragments, type StatementRow, statement } from '../../statements/index.ts';
import { manifestColumns } from './manifest-columns.ts';
import type { ManifestRow } from './manifest-list.ts';

export type DeleteFileRow = StatementRow<'tables/delete_files'>;

/**
 * Identifies an entry of a delete manifest: by its path, and for a deletion vector by `path#offset`, since
 * several may share one Puffin file.
 */
export const deleteKey = (path: string, contentOffset: string | null): string =>
  contentOffset === null ? path : `${path}#${contentOffset}`;

/**
 * The entries of one delete manifest: writers differ in the columns that tell what a delete file applies to,
 * and DuckDB reads several files with the columns of the first.
 */
export async function deleteFilesOf(engine: Engine, manifest: ManifestRow): Promise<DeleteFileRow[]> {
  const columns = await manifestColumns(engine, manifest.manifest_path);
  return engine.query(
    statement('tables/delete_files', {
      referenced_data_file: liveEntryFragments(columns, 1).referenced_data_file,
    }),
    {
      manifest: manifest.manifest_path,
      snapshot_id: manifest.added_snapshot_id,
      sequence_number: manifest.sequence_number,
    },
  );
}

/**
 * The data files that position delete files in Parquet name, with their paths as written there; opens the
 * files.
 */
export async function deletedPaths(
  engine: Engine,
  files: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const named = new Map<string, string[]>(files.map((file) => [file, []]));
  if (files.length === 0) return named;
  const rows = await engine.query(statement('tables/deleted_paths'), { files });
  for (const row of rows) named.get(row.path)?.push(row.data_file);
  return named;
}
