/**
 * A warehouse whose folder has another path than its tables say: moved, copied, restored, or reached
 * through a link. Locations of the pointers -> where it lay. Iceberg's metadata name every file by its
 * absolute path.
 */
import { realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { plainPath } from '../../model/plain-path.ts';
import { isInStore } from '../../objects/location.ts';
import { localPath, type Roots } from './locations.ts';

/** Absolute paths of one folder, or places in stores, without a slash at the end. */
export interface Move {
  /** As the metadata name it. */
  readonly from: string;
  readonly to: string;
}

/**
 * A location, as it is spelled, in the new folder; what does not lie in the old one stays as it is. As
 * `sql/macros/moved_path.sql`.
 */
export function movedLocation(location: string, { from, to }: Move): string {
  const path = plainPath(location);
  if (path !== from && !path.startsWith(from + sep)) return location;
  // `file:` before a place in a store would be none.
  const scheme = isInStore(to) ? '' : location.slice(0, location.length - path.length);
  return scheme + to + path.slice(from.length);
}

/** True where the location lies in a folder, as both are spelled. */
export const liesIn = (folder: string, location: string): boolean => {
  const path = isInStore(location) ? location : localPath(location);
  return path !== undefined && (path === folder || path.startsWith(folder + sep));
};

/**
 * Where the warehouse lay when the metadata files at `locations` were written; undefined unless a place
 * outside of it has a file of the very same name and folders in it. Several such places: the one of most
 * files.
 */
export function findMove({ warehouse, allowed }: Roots, locations: readonly string[]): Move | undefined {
  const homes = [warehouse, realPath(warehouse), ...allowed.flatMap((each) => [each, realPath(each)])];
  const counts = new Map<string, number>();
  for (const location of locations) {
    if (homes.some((home) => home !== undefined && liesIn(home, location))) continue;
    const from = formerFolder(warehouse, localPath(location));
    if (from !== undefined) counts.set(from, (counts.get(from) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  return most === undefined ? undefined : { from: most[0], to: warehouse };
}

/** The folder whose `rest` of a path is a file of the warehouse, the longest rest first. */
function formerFolder(warehouse: string, path: string | undefined): string | undefined {
  const segments = path?.split(sep) ?? [];
  for (let depth = 2; depth < segments.length; depth += 1)
    if (isFile(join(warehouse, ...segments.slice(depth)))) return segments.slice(0, depth).join(sep);
  return undefined;
}

/** True when both paths lead to one folder: then nothing was moved. */
export const isSameFolder = ({ from, to }: Move): boolean =>
  realPath(from) !== undefined && realPath(from) === realPath(to);

/** True when a metadata file is still where its location says: this warehouse is a copy of that one. */
export const isCopy = (move: Move, locations: readonly string[]): boolean =>
  !isSameFolder(move) &&
  locations.some((location) => liesIn(move.from, location) && isFile(plainPath(location)));

const isFile = (path: string): boolean => {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}
