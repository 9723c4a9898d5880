/** Lists files below a folder, on this machine or in a store. Place -> files. */
import { type Dirent, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { localPath } from '../catalog/files/locations.ts';
import { storeOf } from '../objects/mounts.ts';

export interface ListedFile {
  /** A local path, or a location in a store. */
  readonly path: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
}

/** True if {@link filesBeginning} can list the folder. */
export const canList = (folder: string): boolean =>
  localPath(folder) !== undefined || storeOf(folder) !== undefined;

/**
 * Lists files of a folder whose names begin with `beginning`, and all files below folders with such names;
 * `''` for all. A folder that does not exist is empty.
 */
export async function filesBeginning(folder: string, beginning: string): Promise<ListedFile[]> {
  const path = localPath(folder);
  if (path !== undefined)
    return entriesOf(path)
      .filter(({ name }) => name.startsWith(beginning))
      .flatMap((entry) => filesBelow(path, entry));
  const found = (await storeOf(folder)?.list(`${folder}/${beginning}`)) ?? [];
  return found.map(({ location, ...object }) => ({ path: location, ...object }));
}

/** True for a file, or for a folder that is not empty. Also false if this process cannot look there. */
export async function exists(path: string): Promise<boolean> {
  const local = localPath(path);
  if (local !== undefined) return existsSync(local);
  const store = storeOf(path);
  if (store === undefined) return false;
  return (await store.exists(path)) || (await store.list(`${path}/`)).length > 0;
}

function filesBelow(folder: string, entry: Dirent): ListedFile[] {
  const path = join(folder, entry.name);
  if (entry.isDirectory()) return entriesOf(path).flatMap((each) => filesBelow(path, each));
  const file = statSync(path, { throwIfNoEntry: false });
  return [{ path, bytes: file?.size ?? 0, modifiedAtMs: file?.mtimeMs ?? 0 }];
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
