/**
 * Finds the data files in which two snapshots of a table may differ. Manifests -> paths. A manifest that
 * both list is not opened. A file that both have is not read, unless a delete file that only one of them has
 * may be about it.
 */
import type { Engine } from '../../engine/index.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { plainPath } from '../../model/plain-path.ts';
import { deletedPaths, deleteFilesOf, deleteKey } from '../../tables/read/delete-files.ts';
import { readEachSpec } from '../../tables/read/each-spec.ts';
import { listedFiles } from '../../tables/read/known-entries.ts';
import { liveManifestsOf, type ManifestRow, ofData, ofDeletes } from '../../tables/read/manifest-list.ts';

export interface FilesBetween {
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** Number of files that both have, and that need not be read. */
  readonly shared: number;
}

/** An undefined snapshot has no files. */
export async function filesBetween(
  engine: Engine,
  metadata: TableMetadata,
  { from, to }: { readonly from: Snapshot | undefined; readonly to: Snapshot | undefined },
): Promise<FilesBetween> {
  const [before, after] = [await manifestsIn(engine, from), await manifestsIn(engine, to)];
  const deletes = await deletesBetween(engine, before, after);
  const touched = deletes === 'any' ? undefined : new Set(deletes.map(plainPath));
  // To know which of the shared files a delete file touches, their names are needed.
  const isWhole = touched === undefined || touched.size > 0;
  const listed = async (one: readonly ManifestRow[], other: readonly ManifestRow[]) =>
    pathsOf(engine, metadata, isWhole ? ofData(one) : withoutCommon(ofData(one), other));
  const [earlier, later] = [await listed(before, after), await listed(after, before)];
  const isRead = (path: string, others: ReadonlySet<string>): boolean =>
    !others.has(path) || touched === undefined || touched.has(plainPath(path));
  const unread = [...earlier].filter((path) => !isRead(path, later)).length;
  return {
    from: [...earlier].filter((path) => isRead(path, later)),
    to: [...later].filter((path) => isRead(path, earlier)),
    shared: unread + (isWhole ? 0 : liveFiles(ofData(before)) - earlier.size),
  };
}

const manifestsIn = async (engine: Engine, snapshot: Snapshot | undefined): Promise<ManifestRow[]> =>
  snapshot === undefined ? [] : liveManifestsOf(engine, snapshot);

function withoutCommon(one: readonly ManifestRow[], other: readonly ManifestRow[]): ManifestRow[] {
  const paths = new Set(other.map(({ manifest_path: path }) => path));
  return one.filter(({ manifest_path: path }) => !paths.has(path));
}

const liveFiles = (manifests: readonly ManifestRow[]): number =>
  Number(manifests.reduce((sum, each) => sum + each.live_files, 0n));

async function pathsOf(
  engine: Engine,
  metadata: TableMetadata,
  manifests: readonly ManifestRow[],
): Promise<ReadonlySet<string>> {
  const rows = await readEachSpec(metadata, manifests, (paths) => listedFiles(engine, paths));
  return new Set(rows.map(({ path }) => path));
}

/** The data files that delete files of only one side are about; `any`: they may be about all files. */
async function deletesBetween(
  engine: Engine,
  before: readonly ManifestRow[],
  after: readonly ManifestRow[],
): Promise<readonly string[] | 'any'> {
  const one = await liveDeletes(engine, withoutCommon(ofDeletes(before), after));
  const other = await liveDeletes(engine, withoutCommon(ofDeletes(after), before));
  const differing = [
    ...[...one].filter(([key]) => !other.has(key)),
    ...[...other].filter(([key]) => !one.has(key)),
  ].map(([, file]) => file);
  if (differing.some(({ content }) => content === 2)) return 'any';
  const named = differing.flatMap(({ data_file: path }) => (path === null ? [] : [path]));
  const unnamed = differing.filter(({ data_file: path }) => path === null);
  if (unnamed.some(({ format }) => format !== 'parquet')) return 'any';
  const opened = await deletedPaths(
    engine,
    unnamed.map(({ path }) => path),
  );
  return [...named, ...[...opened.values()].flat()];
}

async function liveDeletes(engine: Engine, manifests: readonly ManifestRow[]) {
  const files = new Map<string, Awaited<ReturnType<typeof deleteFilesOf>>[number]>();
  for (const manifest of manifests)
    for (const file of await deleteFilesOf(engine, manifest))
      if (file.status < 2) files.set(deleteKey(file.path, file.content_offset), file);
  return files;
}
