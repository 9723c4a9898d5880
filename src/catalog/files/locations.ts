/**
 * Checks where a table's files may lie. Location text -> place inside the warehouse, or an error: a local
 * path, or a location in the object store if the warehouse is in one.
 */
import { existsSync, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withoutSlash } from '../../model/without-slash.ts';
import { isInStore, objectLocation } from '../../objects/location.ts';
import { badRequest, forbidden } from '../errors.ts';

/**
 * The local path that a location names: a plain path, `file:/…` or `file:///…`; `undefined` for any other
 * scheme.
 */
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

/** Where files may lie: below the warehouse, and below other folders that the catalog was started with. */
export interface Roots {
  /** An absolute path, or `s3://bucket/prefix`; without a slash at its end. */
  readonly warehouse: string;
  /** Of the same kind; each may still be missing. */
  readonly allowed: readonly string[];
}

/**
 * Files and folders of the warehouse that belong to no table: the database lies beside the tables, and so
 * does what sessions keep.
 */
const NO_TABLE = /^(catalog\.db(-.*)?|\.psyberg)(\/|$)/;

/** Why a file cannot be at a place, by the operating system's error code. */
const IMPOSSIBLE: Readonly<Record<string, string>> = {
  ENAMETOOLONG: 'a name in it is too long',
  ENOTDIR: 'it lies below a file',
};
/** The longest path that Linux accepts, in bytes. */
const PATH_MAX = 4096;
/** How many characters of a location a message repeats. */
const LOCATION_SHOWN = 300;

/** Percent-encoded dots too: some clients decode a path before they use it. */
const DOTS = /^(\.|%2e){1,2}$/i;

/**
 * Checks that a location is in an allowed place, also once `..` and symbolic links are resolved.
 * @returns its place without a trailing slash.
 * @throws PsybergError `forbidden`: a catalog that followed any location would let a client write anywhere on
 * this machine; `bad-request` for a place inside that can hold no file.
 */
export function pathInside(roots: Roots, location: string): string {
  return isInStore(roots.warehouse) ? objectInside(roots, location) : localPathInside(roots, location);
}

/** The longest key that S3 accepts, in bytes. */
const KEY_MAX = 1024;

/**
 * A store takes a key exactly as it is spelled, so only one spelling is allowed. DuckDB would read what
 * follows `?` as settings.
 */
function objectInside({ warehouse, allowed }: Roots, location: string): string {
  const target = withoutSlash(location);
  const segments = objectLocation(target)?.key.split('/') ?? [''];
  const isOdd = segments.some((segment) => segment === '' || DOTS.test(segment) || /[\0?#]/.test(segment));
  const isInside = [warehouse, ...allowed].some((root) => target.startsWith(`${root}/`));
  const isOwn = target.startsWith(`${warehouse}/`) && NO_TABLE.test(target.slice(warehouse.length + 1));
  if (isOdd || !isInside || isOwn || `${warehouse}/`.startsWith(`${target}/`)) throw outside(location);
  if (Buffer.byteLength(segments.join('/')) > KEY_MAX) throw impossible(location, 'ENAMETOOLONG');
  return target;
}

function localPathInside({ warehouse, allowed }: Roots, location: string): string {
  const path = localPath(location);
  if (path === undefined || path.includes('\0') || path.split('/').some((segment) => DOTS.test(segment)))
    throw outside(location);
  const target = withoutSlash(normalize(path));
  if (target.length > PATH_MAX) throw impossible(location, 'ENAMETOOLONG');
  let real: string;
  let fault: string | undefined;
  try {
    real = realPathOfExisting(target);
  } catch (error) {
    fault = (error as NodeJS.ErrnoException).code ?? '';
    // A circle of links, or a folder that may not be read.
    if (!Object.hasOwn(IMPOSSIBLE, fault)) throw outside(location);
    real = realPathOfPossible(dirname(target));
  }
  const realWarehouse = realPathOfExisting(warehouse);
  const holds = (folder: string): boolean => {
    const realFolder = folder === warehouse ? realWarehouse : realPathOfExisting(folder);
    return (isBelow(folder, target) || isBelow(realFolder, target)) && isBelow(realFolder, real);
  };
  // Also if an allowed folder contains the warehouse: what the catalog keeps for itself is in no table's
  // folder, and the warehouse is no table's folder either.
  const inWarehouse = relative(realWarehouse, real);
  const holdsWarehouse = inWarehouse === '' || /^\.\.(\/\.\.)*$/.test(inWarehouse);
  const isInside = [warehouse, ...allowed].some(holds) && !NO_TABLE.test(inWarehouse);
  // Only for places inside: otherwise the error would tell what exists on this machine.
  if (fault !== undefined && (isInside || inWarehouse === '')) throw impossible(location, fault);
  if (!isInside || holdsWarehouse) throw outside(location);
  return target;
}

/**
 * One text for every spelling of a place; for a local one its real path, with links resolved. Undefined if
 * this catalog cannot reach it.
 */
export function realPlace(location: string): string | undefined {
  if (isInStore(location)) return withoutSlash(location);
  const path = localPath(location);
  return path === undefined ? undefined : realPathOfExisting(normalize(path));
}

/**
 * Checks that a folder is at a location, or can be made there.
 * @returns its place.
 * @throws PsybergError `forbidden` like `pathInside`; `bad-request` if something else is there.
 */
export function folderInside(roots: Roots, location: string): string {
  const path = pathInside(roots, location);
  if (isInStore(path)) return path;
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false)
    throw badRequest(`Invalid location: ${location} is no folder`);
  return path;
}

/**
 * Refuses a new location with an encoded separator or NUL: here it is a harmless name, but for a client that
 * decodes locations it leads out of the warehouse. Locations of existing tables are not checked.
 * @throws PsybergError `forbidden`.
 */
export function checkSpelling(location: string): void {
  if (/%(2f|5c|00)/i.test(location)) throw outside(location);
}

/** Properties of a table that tell writers where to put files. */
export const PATH_PROPERTIES = [
  'write.data.path',
  'write.metadata.path',
  'write.object-storage.path',
  'write.folder-storage.path',
];

/**
 * Checks the properties that send files to other folders: what is written there would be read with the table,
 * and deleted with it.
 * @throws PsybergError like `folderInside`.
 */
export function checkPathProperties(
  roots: Roots,
  properties: Readonly<Record<string, string>> | undefined,
): void {
  for (const name of PATH_PROPERTIES)
    if (properties !== undefined && Object.hasOwn(properties, name))
      folderInside(roots, properties[name] as string);
}

const isBelow = (folder: string, path: string): boolean =>
  path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/**
 * The real path of the deepest part that exists; the rest cannot be a link. A dangling link leads where its
 * target would be.
 */
function realPathOfExisting(path: string): string {
  let existing = path;
  let rest = '';
  while (dirname(existing) !== existing) {
    const entry = lstatSync(existing, { throwIfNoEntry: false });
    if (entry?.isSymbolicLink() && !existsSync(existing))
      return realPathOfExisting(join(resolve(dirname(existing), readlinkSync(existing)), rest));
    if (entry !== undefined) break;
    rest = join(basename(existing), rest);
    existing = dirname(existing);
  }
  return withoutSlash(join(realpathSync.native(existing), rest));
}

/** Like `realPathOfExisting`, for the deepest part of a path that can hold a file. */
function realPathOfPossible(path: string): string {
  try {
    return realPathOfExisting(path);
  } catch {
    return realPathOfPossible(dirname(path));
  }
}

const impossible = (location: string, fault: string): Error =>
  badRequest(`Invalid location: ${IMPOSSIBLE[fault]}: ${location.slice(0, LOCATION_SHOWN)}`);
const outside = (location: string): Error =>
  forbidden(
    `Location is outside the warehouse: ${location}`,
    'leave the location out, choose a folder below the warehouse, or allow the folder when the catalog is started',
  );
