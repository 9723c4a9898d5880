/**
 * Opens the catalog: a real Iceberg REST catalog on this machine, usable without the engine.
 *
 * Measured 2026-11 (2 cores, Node 24.21, cold): importing fastify 62-78 ms and its first listening 46-63 ms
 * more, node:http 30-39 ms; kysely 109-129 ms (304 files), zod 51-72 ms. So the server is node:http with a
 * small router, and everything behind the first request is imported while the caller goes on: starting takes
 * 10-30 ms, and the first answer of a cold process waits up to 290 ms for the rest.
 */
import { accessSync, constants } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { makeFolder } from '../disk/make-folder.ts';
import { PsybergError, usageError } from '../model/errors.ts';
import type { ForeignCatalog } from '../model/process-spec.ts';
import type { StorageSource } from '../model/storage-settings.ts';
import { isInStore } from '../objects/location.ts';
import { storeOnDemand } from '../objects/store-on-demand.ts';
import { type Disk, localDisk, storeDisk } from './files/disk.ts';
import { keepingCopies } from './files/kept-copies.ts';
import type { Roots } from './files/locations.ts';
import { findMove, isCopy, isSameFolder, liesIn, type Move } from './files/moved-warehouse.ts';
import { type CatalogServer, DEFAULT_NAME, type ServeOptions, serve } from './server/serve.ts';
import type { Catalog } from './service/catalog.ts';
import type { Warehouse } from './service/warehouse.ts';
import { openSqliteDatabase } from './store/sqlite-database.ts';
import type { CatalogDatabase, CatalogStore } from './store/store.ts';

export type { AroundRequest } from './around-request.ts';
export type { CatalogServer, ServeOptions } from './server/serve.ts';
export type { HeldCommits } from './service/held-commits.ts';
export type { Warehouse } from './service/warehouse.ts';
export { branchesText, type FoundBranch, findBranch, tablesOf } from './views/find-branches.ts';
export type {
  Collected,
  SessionTables,
  SessionViews,
  ShownAs,
  ViewShow,
  ViewTable,
} from './views/session-views.ts';

export interface CatalogOptions extends ServeOptions {
  /**
   * Absolute folder for data, metadata and the database `catalog.db`, created if missing; or
   * `s3://bucket/prefix`, which needs `database` or `state`.
   */
  readonly warehouse: string;
  /** `postgres://…`: the database for the pointers, instead of `catalog.db`. */
  readonly database?: string;
  /** Absolute folder for `catalog.db` if the warehouse is in an object store; created if missing. */
  readonly state?: string;
  /** Absolute folder for copies of metadata files from an object store; default: no copies. */
  readonly copies?: string;
  /** Other places, of the warehouse's kind, where tables and views may lie too; default: none. */
  readonly allowedLocations?: readonly string[];
  /** How files in an object store are reached, under Iceberg's names. */
  readonly storage?: StorageSource;
  /**
   * True: clients are told how files are reached, including the keys. `sessions`: only those that read the
   * tables of a session are, except for DuckDB. Default: clients have to know.
   */
  readonly vendsStorage?: boolean | 'sessions';
}
export interface ProxyOptions extends ServeOptions {
  readonly foreign: ForeignCatalog;
  /** Absolute folder for the branches of sessions, which the foreign catalog never sees. */
  readonly branches: string;
}

/**
 * Starts the catalog over a warehouse folder.
 * @throws PsybergError `warehouse-not-writable`, `warehouse-moved`, `catalog-database-unreachable`,
 * `catalog-port-taken`, `catalog-host-unusable`, `token-invalid`.
 */
export async function startCatalog(options: CatalogOptions): Promise<CatalogServer> {
  const { catalogName = DEFAULT_NAME } = options;
  const { roots: asked, disk, database } = await openParts(options);
  const roots = await rootsAsSpelled(asked, await database.metadataLocations(catalogName)).catch(
    async (error: unknown) => {
      await database.close();
      throw error;
    },
  );
  let store: CatalogStore | undefined;
  return serve(options, {
    warehouse: roots.warehouse,
    async open({ holdsBranch }) {
      const [{ warehouseCatalog }, { holdingBranches }, { heldInMemory }, parts] = await Promise.all([
        import('./service/warehouse-catalog.ts'),
        import('./service/held-branches.ts'),
        import('./service/held-in-memory.ts'),
        openWarehouseParts({ roots, disk, database, catalogName }),
      ]);
      ({ store } = parts);
      const catalog = holdingBranches(warehouseCatalog(parts), heldInMemory(holdsBranch));
      return options.vendsStorage === true ? vending(catalog, options.storage) : catalog;
    },
    forSessions: async (catalog) =>
      options.vendsStorage === 'sessions' ? vending(catalog, options.storage) : catalog,
    close: async () => (store ?? database).close(),
  });
}

async function vending(catalog: Catalog, storage: StorageSource | undefined): Promise<Catalog> {
  if (storage === undefined) return catalog;
  const { vendingStorage } = await import('./service/vend-storage.ts');
  return vendingStorage(catalog, storage);
}

/**
 * Opens what a catalog serves, without serving it: for operations on a whole warehouse. Closing the store
 * closes it.
 * @throws PsybergError like `startCatalog`, but not `warehouse-moved`.
 */
export async function openWarehouseFiles(options: CatalogOptions): Promise<Warehouse> {
  return openWarehouseParts({
    ...(await openParts(options)),
    catalogName: options.catalogName ?? DEFAULT_NAME,
  });
}

interface OpenParts {
  readonly roots: Roots;
  readonly disk: Disk;
  readonly database: CatalogDatabase;
}

async function openParts(options: CatalogOptions): Promise<OpenParts> {
  const { warehouse, allowedLocations: allowed = [], storage = () => ({}), copies } = options;
  if (isInStore(warehouse)) {
    const disk = storeDisk(storeOnDemand(storage));
    return {
      roots: { warehouse, allowed },
      disk: copies === undefined ? disk : keepingCopies(disk, copies),
      database: await openDatabase(options),
    };
  }
  checkWarehouse(warehouse);
  return {
    roots: { warehouse: resolve(warehouse), allowed: allowed.map((each) => resolve(each)) },
    disk: localDisk,
    database: await openDatabase(options),
  };
}

async function openWarehouseParts({
  database,
  catalogName,
  ...place
}: OpenParts & { readonly catalogName: string }): Promise<Warehouse> {
  const [{ tableMetadataFiles, viewMetadataFiles }, store] = await Promise.all([
    import('./files/metadata-files.ts'),
    database.openStore(catalogName),
  ]);
  return { ...place, store, files: tableMetadataFiles(place), viewFiles: viewMetadataFiles(place) };
}

/**
 * The warehouse under the path that its tables use: one folder may be reached by several paths, and files are
 * known by theirs. Throws `warehouse-moved` if the tables name another folder.
 */
async function rootsAsSpelled(roots: Roots, locations: readonly string[]): Promise<Roots> {
  if (isInStore(roots.warehouse)) return roots;
  const move = findMove(roots, locations);
  if (move === undefined) return roots;
  if (!isSameFolder(move)) throw warehouseMoved(move, isCopy(move, locations));
  // If tables use both spellings, those with the other one stay refused until `psyberg relocate` rewrites
  // them.
  const isMixed = locations.some((location) => liesIn(roots.warehouse, location));
  return isMixed ? roots : { ...roots, warehouse: move.from };
}

const warehouseMoved = (move: Move, copied: boolean): Error =>
  usageError(
    'warehouse-moved',
    `the warehouse was ${copied ? 'copied' : 'moved'} from ${move.from} to ${move.to}: the metadata of its tables name their files by the old path`,
    {
      hint: 'put the paths right: psyberg relocate (with --dry-run it only says what it would do)',
      context: { from: move.from, to: move.to, copied },
    },
  );

/**
 * Starts a proxy in front of a foreign Iceberg REST catalog: it serves the catalog's tables as they are, and
 * views of them. Whether the catalog answers shows only in the first call.
 * @throws PsybergError `catalog-port-taken`, `catalog-host-unusable`, `token-invalid`.
 */
export async function startProxy({ foreign, branches, ...options }: ProxyOptions): Promise<CatalogServer> {
  return serve(options, {
    warehouse: [foreign.uri, foreign.warehouse].filter((part) => part !== undefined).join(' '),
    async open() {
      const [{ connectForeignCatalog }, { holdingBranches }, { heldFiles }, { checkCommitted }] =
        await Promise.all([
          import('./foreign/connect.ts'),
          import('./service/held-branches.ts'),
          import('./foreign/held-files.ts'),
          import('./foreign/check-committed.ts'),
        ]);
      const connected = await connectForeignCatalog(foreign, options.aroundRequest);
      return holdingBranches(connected, heldFiles(branches), checkCommitted);
    },
    close: async () => undefined,
  });
}

function checkWarehouse(folder: string): void {
  try {
    if (!isAbsolute(folder)) throw new Error('the path is not absolute');
    makeFolder(folder);
    accessSync(folder, constants.W_OK | constants.R_OK | constants.X_OK);
  } catch (error) {
    throw warehouseNotWritable(folder, error);
  }
}

async function openDatabase({ warehouse, database, state }: CatalogOptions): Promise<CatalogDatabase> {
  if (database !== undefined) {
    // Imported only here, so that a catalog over SQLite starts without it.
    const { openPostgresDatabase } = await import('./store/postgres-database.ts');
    return await openPostgresDatabase(database);
  }
  const folder = state ?? warehouse;
  try {
    if (state !== undefined) makeFolder(state);
    return openSqliteDatabase(join(folder, 'catalog.db'));
  } catch (error) {
    if (error instanceof PsybergError) throw error;
    throw warehouseNotWritable(folder, error);
  }
}

const warehouseNotWritable = (folder: string, error: unknown): Error =>
  usageError(
    'warehouse-not-writable',
    `Warehouse folder cannot be used: ${folder}: ${(error as Error).message}`,
    {
      hint: 'choose a folder that you may write to, or change its permissions',
      context: { warehouse: folder },
      cause: error,
    },
  );
