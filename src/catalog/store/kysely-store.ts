/**
 * Implements the catalog's store with kysely: Iceberg's JDBC-catalog tables in any database that kysely
 * supports.
 */
import type { Kysely } from 'kysely';
import type { JdbcTables } from './jdbc-schema.ts';
import {
  changeProperties,
  deleteNamespace,
  hasNamespace,
  insertNamespace,
  listNamespaces,
  readProperties,
} from './namespaces.ts';
import { placesIn, relocateIn } from './places.ts';
import {
  dropPointer,
  findPointer,
  listPointers,
  locationsWith,
  metadataLocations,
  renamePointer,
} from './pointers.ts';
import type { CatalogRows } from './rows.ts';
import type { CatalogStore } from './store.ts';
import { swapPointers } from './swap-pointers.ts';

/** Wraps a database; `catalogName` separates catalogs that share one. */
export function kyselyStore(db: Kysely<JdbcTables>, catalogName: string): CatalogStore {
  const rows: CatalogRows = { db, catalogName };
  return {
    namespaceExists: (namespace) => hasNamespace(rows, namespace),
    listNamespaces: (parent) => listNamespaces(rows, parent),
    namespaceProperties: (namespace) => readProperties(rows, namespace),
    createNamespace: (namespace, properties) => insertNamespace(rows, namespace, properties),
    changeNamespaceProperties: (namespace, changes) => changeProperties(rows, namespace, changes),
    dropNamespace: (namespace) => deleteNamespace(rows, namespace),
    listPointers: (namespace, kind) => listPointers(rows, namespace, kind),
    findPointer: (id) => findPointer(rows, id),
    swapPointers: (swaps) => swapPointers(rows, swaps),
    dropPointer: (id, kind) => dropPointer(rows, id, kind),
    renamePointer: (rename) => renamePointer(rows, rename),
    locationsWith: (texts) => locationsWith(rows, texts),
    metadataLocations: () => metadataLocations(rows),
    places: () => placesIn(rows),
    relocate: (changes) => relocateIn(rows, changes),
    close: () => db.destroy(),
  };
}
