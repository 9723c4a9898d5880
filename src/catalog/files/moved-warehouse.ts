/**
 * Finds whether a warehouse's folder has another path than its tables say: it was moved, copied, restored, or
 * is reached through a link. Locations of the pointers -> where it lay. Iceberg's metadata name every file by
 * its absolute path.
 */
import { realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { plainPath } from '../../model/plain-path.ts';
import { isInStore } from '../../objects/location.ts';
import { localPath, type Roots } from './locations.ts';

/** Absolute paths of folders, or places in stores, without a trailing slash. */
export interface Move {
  /** The path that the metadata name. */
  readonly from: string;
  readonly to: string;
}

/**
 * Moves a location to the new folder, in its own spelling; one outside of the old folder stays as it is. Like
 * `sql/macros/moved_path.sql`.
 */
export function movedLocation(location: string, { from, to }: Move): string {
  const path = plainPath(location);
  if (path !== from && !path.startsWith(from + sep)) return location;
  // A place in a store has no `file:` before it.
  const scheme = isInStore(to) ? '' : location.slice(0, location.length - path.length);
  return scheme + to + path.slice(from.length);
}

/** True if the location lies in a folder, by their spelling. */
export const liesIn = (folder: string, location: string): boolean => {
  const path = isInStore(location) ? location : localPath(location);
  return path !== undefined && (path === folder || path.startsWith(folder + sep));
};

/**
 * Where the warehouse lay when the metadata files at `locations` were written. Undefined unless the warehouse
 * holds a file with the same name and parent folders as a location outside of it. If several former places
 * are possible, the one that most files agree on.
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

/** The folder such that the `rest` of the path is a file of the warehouse; the longest rest counts. */
function formerFolder(warehouse: string, path: string | undefined): string | undefined {
  const segments = path?.split(sep) ?? [];
  for (let depth = 2; depth < segments.length; depth += 1)
    if (isFile(join(warehouse, ...segments.slice(depth)))) return segments.slice(0, depth).join(sep);
  return undefined;
}

/** True if both paths lead to the same folder: then nothing was moved. */
export const isSameFolder = ({ from, to }: Move): boolean =>
  realPath(from) !== undefined && realPath(from) === realPath(to);

/** True if a metadata file still exists where its location says: then this warehouse is a copy. */
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
