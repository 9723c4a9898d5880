/**
 * Deletes files that nothing reaches any more. Paths -> what was freed. Never touches a file outside the
 * warehouse.
 */
import { statSync, unlinkSync } from 'node:fs';
import { localPath, pathInside } from '../catalog/files/locations.ts';
import { canList, filesBeginning } from '../files/list.ts';
import { removeStored } from '../files/remove.ts';
import { type FreedFiles, NO_FILES } from '../model/maintain-record.ts';
import type { FileKind, TableFile } from './reach.ts';

export interface Deletion {
  readonly freed: FreedFiles;
  /** Files that lie outside the warehouse, or on a store that this process cannot reach. */
  readonly outside: number;
  /** Files that could not be deleted, with the first reason. */
  readonly failed: number;
  readonly failure: string | undefined;
}

interface DeleteOptions {
  readonly warehouse: string;
  readonly dryRun: boolean;
}

/** Deletes files, or with `dryRun` only measures them. A file that is already gone is not counted. */
export async function deleteFiles(files: readonly TableFile[], options: DeleteOptions): Promise<Deletion> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const inside = [...byPath.values()].filter(({ path }) => isInside(options.warehouse, path));
  const stored = inside.filter(({ path }) => localPath(path) === undefined);
  const deletion = deleteLocal(
    inside.filter(({ path }) => localPath(path) !== undefined),
    options,
  );
  if (stored.length > 0) await deleteStored(stored, options, deletion);
  const { counts, bytes, failed, failure } = deletion;
  return {
    freed: { ...counts, bytes: String(bytes) },
    outside: byPath.size - inside.length,
    failed,
    failure,
  };
}

/** Counts that grow along the way. */
interface Counted {
  readonly counts: Record<FileKind, number>;
  bytes: bigint;
  failed: number;
  failure: string | undefined;
}

function deleteLocal(files: readonly TableFile[], { dryRun }: DeleteOptions): Counted {
  const counted: Counted = { counts: { ...NO_FILES }, bytes: 0n, failed: 0, failure: undefined };
  for (const { path, kind } of files) {
    const local = localPath(path) as string;
    try {
      const { size } = statSync(local);
      if (!dryRun) unlinkSync(local);
      counted.counts[kind] += 1;
      counted.bytes += BigInt(size);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      counted.failed += 1;
      counted.failure ??= (error as Error).message;
    }
  }
  return counted;
}

/**
 * Deletes stored files with one listing of the folder that holds them all, and one request for each
 * thousand.
 */
async function deleteStored(
  files: readonly TableFile[],
  { dryRun }: DeleteOptions,
  counted: Counted,
): Promise<void> {
  try {
    const listed = await filesBeginning(commonFolder(files.map(({ path }) => path)), '');
    const sizes = new Map(listed.map(({ path, bytes }) => [path, bytes]));
    const there = files.filter(({ path }) => sizes.has(path));
    if (!dryRun) await removeStored(there.map(({ path }) => path));
    for (const { path, kind } of there) {
      counted.counts[kind] += 1;
      counted.bytes += BigInt(sizes.get(path) ?? 0);
    }
  } catch (error) {
    counted.failed += files.length;
    counted.failure ??= (error as Error).message;
  }
}

/** Finds the deepest folder in which all of them lie. */
function commonFolder(paths: readonly string[]): string {
  const [first = '', ...others] = paths.map((path) => path.split('/').slice(0, -1));
  const depth = others.reduce((common, folders) => {
    const differs = folders.findIndex((folder, index) => folder !== first[index]);
    return Math.min(common, differs < 0 ? folders.length : differs);
  }, first.length);
  return [...first].slice(0, depth).join('/');
}

function isInside(warehouse: string, path: string): boolean {
  if (!canList(path)) return false;
  try {
    pathInside({ warehouse, allowed: [] }, path);
    return true;
  } catch {
    return false;
  }
}

/** Adds up what two deletions freed. */
export function sumFreed(left: FreedFiles, right: FreedFiles): FreedFiles {
  return {
    data_files: left.data_files + right.data_files,
    delete_files: left.delete_files + right.delete_files,
    manifests: left.manifests + right.manifests,
    manifest_lists: left.manifest_lists + right.manifest_lists,
    metadata_files: left.metadata_files + right.metadata_files,
    other_files: left.other_files + right.other_files,
    bytes: String(BigInt(left.bytes) + BigInt(right.bytes)),
  };
}
