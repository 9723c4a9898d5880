/** Where a table's files may lie. Location text -> local path inside the warehouse, or a refusal. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, normalize, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { forbidden } from '../errors.ts';

/** The local path that a location names: a plain path, `file:/…` or `file:///…`; `undefined` for any other scheme. */
export function localPath(location: string): string | undefined {
  if (/^file:/i.test(location)) {
    const rest = location.slice('file:'.length);
    // Writers disagree on percent-encoding; a path that holds a literal percent sign must not be decoded.
    const path = rest.startsWith('//') ? rest.replace(/^\/\/[^/]*/, '') : rest;
    if (isAbsolute(path)) return path;
    try {
      return fileURLToPath(location);
    } catch {
      return undefined;
    }
  }
  return isAbsolute(location) ? location : undefined;
}

/** Where files may lie: below the warehouse, and below the folders that whoever runs the catalog added. */
export interface Roots {
  /** Absolute. */
  readonly warehouse: string;
  /** Absolute; each may be missing still. */
  readonly allowed: readonly string[];
}

/**
 * Checks that a location lies where files may lie, also after `..` and symbolic links.
 * @returns its local path without a trailing slash.
 * @throws PsybergError `forbidden`: a catalog that follows any location lets a client write anywhere on this machine.
 */
export function pathInside({ warehouse, allowed }: Roots, location: string): string {
  const path = localPath(location);
  if (path === undefined || path.includes('\0') || path.split('/').includes('..')) throw outside(location);
  const target = normalize(path).replace(/\/+$/, '');
  const realTarget = realPathOfExisting(target);
  const isInside = [warehouse, ...allowed].some((root) => {
    const realRoot = realPathOfExisting(root);
    return (isBelow(root, target) || isBelow(realRoot, target)) && isBelow(realRoot, realTarget);
  });
  // The database lies beside the tables.
  if (!isInside || [target, realTarget].some((each) => relative(warehouse, each).startsWith('catalog.db'))) throw outside(location);
  return target;
}

const isBelow = (folder: string, path: string): boolean => path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/** The real path of the deepest part that exists; the rest cannot be a link. */
function realPathOfExisting(path: string): string {
  let existing = path;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  return resolve(realpathSync(existing), path.slice(existing.length).replace(/^\/+/, ''));
}

const outside = (location: string): Error =>
  forbidden(`Location is outside the warehouse: ${location}`, 'leave the location out, choose a folder below the warehouse, or allow the folder when the catalog is started');
