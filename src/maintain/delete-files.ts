/**
 * Deletes files that nothing reaches any more. Paths -> what was freed. A file outside the warehouse is never
 * touched.
 */
import { statSync, unlinkSync } from 'node:fs';
import { localPath, pathInside } from '../catalog/files/locations.ts';
import type { FreedFiles } from '../model/maintain-record.ts';
import type { TableFile } from './reach.ts';

export interface Deletion {
  readonly freed: FreedFiles;
  /** Files that lie outside the warehouse, or on a store that this process cannot reach. */
  readonly outside: number;
  /** Files that could not be deleted, with the first reason. */
  readonly failed: number;
  readonly failure: string | undefined;
}

/** Deletes, or with `dryRun` only measures. A file that is gone already counts for nothing. */
export function deleteFiles(
  files: readonly TableFile[],
  options: { readonly warehouse: string; readonly dryRun: boolean },
): Deletion {
  const counts = {
    data_files: 0,
    delete_files: 0,
    manifests: 0,
    manifest_lists: 0,
    metadata_files: 0,
    other_files: 0,
  };
  let bytes = 0n;
  let outside = 0;
  let failed = 0;
  let failure: string | undefined;
  const seen = new Set<string>();
  for (const { path, kind } of files) {
    if (seen.has(path)) continue;
    seen.add(path);
    const local = insideOf(options.warehouse, path);
    if (local === undefined) {
      outside += 1;
      continue;
    }
    try {
      const { size } = statSync(local);
      if (!options.dryRun) unlinkSync(local);
      counts[kind] += 1;
      bytes += BigInt(size);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      failed += 1;
      failure ??= (error as Error).message;
    }
  }
  return { freed: { ...counts, bytes: String(bytes) }, outside, failed, failure };
}

function insideOf(warehouse: string, path: string): string | undefined {
  if (localPath(path) === undefined) return undefined;
  try {
    return pathInside({ warehouse, allowed: [] }, path);
  } catch {
    return undefined;
  }
}

/** Two accounts as one. */
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
