/** Checks names of a warehouse and finds their places: the part that is the same for tables and views. */
import { join } from 'node:path';
import type { TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import { withoutSlash } from '../../model/without-slash.ts';
import { isInStore } from '../../objects/location.ts';
import { nameTaken, noSuchNamespace, renameTaken } from '../errors.ts';
import {
  checkPathProperties,
  checkSpelling,
  folderInside,
  pathInside,
  type Roots,
} from '../files/locations.ts';
import {
  checkIdentifier,
  checkMetadataLocation,
  checkNamespace,
  checkPathNames,
  folderOf,
} from '../names.ts';
import type { PointerKind } from '../store/store.ts';
import type { Warehouse } from './warehouse.ts';

/** @throws PsybergError `no-such-namespace`, `bad-request`. */
export async function requireNamespace(
  { store }: Pick<Warehouse, 'store'>,
  namespace: readonly string[],
): Promise<void> {
  checkNamespace(namespace);
  if (!(await store.namespaceExists(namespace))) throw noSuchNamespace(namespace);
}

/** @throws PsybergError `already-exists` if a table or a view has the name. */
export async function requireFree(
  { store }: Pick<Warehouse, 'store'>,
  id: TableIdentifier,
  wanted: PointerKind,
): Promise<void> {
  const pointer = await store.findPointer(id);
  if (pointer) throw nameTaken(id, pointer.kind, wanted);
}

/**
 * Checks that a table or view of this name can be made.
 * @throws PsybergError `bad-request`, `no-such-namespace`, `already-exists`.
 */
export async function requireNew(
  warehouse: Pick<Warehouse, 'store'>,
  id: TableIdentifier,
  wanted: PointerKind,
): Promise<void> {
  checkIdentifier(id);
  await requireNamespace(warehouse, id.namespace);
  await requireFree(warehouse, id, wanted);
}

/**
 * The location of a table or view if the client gives none: below its namespace's location, or the warehouse.
 */
export async function defaultLocation(
  { roots, store }: Pick<Warehouse, 'roots' | 'store'>,
  id: TableIdentifier,
): Promise<string> {
  const parent = (await store.namespaceProperties(id.namespace)).location;
  if (parent !== undefined) return `${withoutSlash(parent)}/${folderOf(id).at(-1)}`;
  const folders = folderOf(id);
  // `join` would drop one of the two slashes after a scheme.
  return isInStore(roots.warehouse)
    ? [roots.warehouse, ...folders].join('/')
    : join(roots.warehouse, ...folders);
}

/**
 * @returns false if there is no such thing to rename.
 * @throws PsybergError `no-such-namespace`, `already-exists`.
 */
export async function renameIn(
  warehouse: Pick<Warehouse, 'store'>,
  {
    from,
    to,
    kind,
  }: { readonly from: TableIdentifier; readonly to: TableIdentifier; readonly kind: PointerKind },
): Promise<boolean> {
  const { store } = warehouse;
  checkPathNames(from.namespace, from.name);
  checkIdentifier(to);
  if ((await store.findPointer(from))?.kind !== kind) return false;
  await requireNamespace(warehouse, to.namespace);
  const outcome = await store.renamePointer({ from, to, kind });
  if (outcome === 'taken') throw renameTaken(from, to, (await store.findPointer(to))?.kind ?? kind);
  return outcome === 'renamed';
}

/**
 * Refuses places outside of the warehouse, except those that the table had before: it may have got them where
 * nobody checked.
 * @throws PsybergError `forbidden`, `bad-request`.
 */
export function checkPlaces(
  roots: Roots,
  { location, properties = {} }: Pick<TableMetadata, 'location' | 'properties'>,
  before?: TableMetadata,
): void {
  folderInside(roots, location);
  if (location !== before?.location) checkSpelling(location);
  checkMetadataLocation(location);
  const changed = Object.entries(properties).filter(([name, value]) => before?.properties?.[name] !== value);
  checkPathProperties(roots, Object.fromEntries(changed));
}

/** @throws PsybergError `forbidden`, `bad-request`. */
export function checkNewPlace(roots: Roots, location: string): void {
  pathInside(roots, location);
  checkSpelling(location);
}
