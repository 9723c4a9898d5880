/**
 * The door of the catalog: a real Iceberg REST catalog on this machine, usable without the engine.
 *
 * Measured 2026-11 (2 cores, Node 24.21, cold): importing fastify 62-78 ms and its first listening 46-63 ms
 * more, node:http 30-39 ms; kysely 109-129 ms (304 files), zod 51-72 ms. So the server is node:http with a
 * small router, and everything behind the first request is imported while the caller goes on: starting takes
 * 10-30 ms, the first answer of a cold process waits up to 290 ms for the rest.
 */
import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isAbsolute, join, resolve } from 'node:path';
import { PsybergError, usageError } from '../model/errors.ts';
import type { CatalogClient } from './client/catalog-client.ts';
import type { ForeignCatalog } from '../model/process-spec.ts';
import { localClient } from './client/local-client.ts';
import type { CatalogHandler } from './server/handler.ts';
import { listenToCatalog } from './server/listener.ts';
import { makeFolder } from './files/folders.ts';
import { findMove, isCopy, isSameFolder, liesIn, type Move } from './files/moved-warehouse.ts';
import type { Roots } from './files/locations.ts';
import type { Catalog } from './service/catalog.ts';
import type { Warehouse } from './service/warehouse.ts';
import type { CatalogDatabase, CatalogStore } from './store/store.ts';
import type { DuckDbHelp } from './views/duckdb-catalog.ts';
import { openSqliteDatabase } from './store/sqlite-database.ts';
import { type SessionViews, viewRegistry } from './views/session-views.ts';

export { branchesText, findBranch, tablesOf } from './views/find-branches.ts';
export type { SessionTables, SessionViews, ShownAs, ViewShow, ViewTable } from './views/session-views.ts';
export type { Warehouse } from './service/warehouse.ts';
export type { DuckDbHelp } from './views/duckdb-catalog.ts';

export interface ServeOptions {
  /** The name that clients attach and the prefix of its paths; default `psyberg`. */
  readonly catalogName?: string;
  /**
   * Default 127.0.0.1: this machine only. Any other address is served too when it is named here; the protocol
   * is plain HTTP.
   */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Printable characters without blanks. Default: random. */
  readonly token?: string;
  /** Default true: the process goes on while it serves. */
  readonly holdsProcess?: boolean;
  /** How long a client may take; default {@link REQUEST_LIMITS}. */
  readonly limits?: Partial<typeof REQUEST_LIMITS>;
  /** For clients that are DuckDB; default: what they write is taken as it is. */
  readonly duckDb?: DuckDbHelp;
}
export interface CatalogOptions extends ServeOptions {
  /** Absolute folder for data, metadata and the database `catalog.db`; created when missing. */
  readonly warehouse: string;
  /** `postgres://…`: the pointers live there instead of in `catalog.db`. */
  readonly database?: string;
  /** Absolute folders beside the warehouse in which tables and views may lie too; default: none. */
  readonly allowedLocations?: readonly string[];
}
export interface ProxyOptions extends ServeOptions {
  readonly foreign: ForeignCatalog;
}
export interface CatalogServer {
  readonly uri: string;
  readonly token: string;
  /** The warehouse folder; of a foreign catalog its address. */
  readonly warehouse: string;
  readonly views: SessionViews;
  /** The same catalog without HTTP, for this process. */
  readonly client: CatalogClient;
  close(): Promise<void>;
}

/**
 * Starts the catalog over a warehouse folder.
 * @throws PsybergError `warehouse-not-writable`, `warehouse-moved`, `catalog-database-unreachable`,
 * `catalog-port-taken`, `catalog-host-unusable`, `token-invalid`.
 */
export async function startCatalog(options: CatalogOptions): Promise<CatalogServer> {
  const { catalogName = DEFAULT_NAME } = options;
  const { roots: asked, database } = await openParts(options);
  const roots = await rootsAsSpelled(asked, await database.metadataLocations(catalogName)).catch(
    async (error: unknown) => {
      await database.close();
      throw error;
    },
  );
  let store: CatalogStore | undefined;
  return serve(options, {
    warehouse: roots.warehouse,
    async open() {
      const [{ warehouseCatalog }, parts] = await Promise.all([
        import('./service/warehouse-catalog.ts'),
        openWarehouseParts({ roots, database, catalogName }),
      ]);
      ({ store } = parts);
      return warehouseCatalog(parts);
    },
    close: async () => (store ?? database).close(),
  });
}

/**
 * Opens what lies behind a catalog, without serving it: for what is done to a warehouse as a whole. Closing
 * the store closes it.
 * @throws PsybergError as `startCatalog`, but not `warehouse-moved`.
 */
export async function openWarehouseFiles(options: CatalogOptions): Promise<Warehouse> {
  return openWarehouseParts({
    ...(await openParts(options)),
    catalogName: options.catalogName ?? DEFAULT_NAME,
  });
}

async function openParts(
  options: CatalogOptions,
): Promise<{ readonly roots: Roots; readonly database: CatalogDatabase }> {
  checkWarehouse(options.warehouse);
  const allowed = (options.allowedLocations ?? []).map((each) => resolve(each));
  return {
    roots: { warehouse: resolve(options.warehouse), allowed },
    database: await openDatabase(options),
  };
}

async function openWarehouseParts({
  roots,
  database,
  catalogName,
}: {
  readonly roots: Roots;
  readonly database: CatalogDatabase;
  readonly catalogName: string;
}): Promise<Warehouse> {
  const [{ tableMetadataFiles, viewMetadataFiles }, store] = await Promise.all([
    import('./files/metadata-files.ts'),
    database.openStore(catalogName),
  ]);
  return { roots, store, files: tableMetadataFiles(roots), viewFiles: viewMetadataFiles(roots) };
}

/**
 * The warehouse under the path by which its tables name it: one folder may be reached through several, and
 * files are told apart by their paths. Throws `warehouse-moved` where they name another folder.
 */
async function rootsAsSpelled(roots: Roots, locations: readonly string[]): Promise<Roots> {
  const move = findMove(roots, locations);
  if (move === undefined) return roots;
  if (!isSameFolder(move)) throw warehouseMoved(move, isCopy(move, locations));
  // Tables of both spellings: those of the other one stay refused, until psyberg relocate has spelled them.
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
 * Starts a proxy in front of a foreign Iceberg REST catalog: its tables as they are, and views of them. That
 * the catalog answers shows with the first call.
 * @throws PsybergError `catalog-port-taken`, `catalog-host-unusable`, `token-invalid`.
 */
export async function startProxy({ foreign, ...options }: ProxyOptions): Promise<CatalogServer> {
  return serve(options, {
    warehouse: [foreign.uri, foreign.warehouse].filter((part) => part !== undefined).join(' '),
    open: async () => (await import('./foreign/connect.ts')).connectForeignCatalog(foreign),
    close: async () => undefined,
  });
}

/** What lies behind the server. */
interface Backing {
  readonly warehouse: string;
  open(): Promise<Catalog>;
  close(): Promise<void>;
}

async function serve(options: ServeOptions, backing: Backing): Promise<CatalogServer> {
  const {
    catalogName = DEFAULT_NAME,
    host = '127.0.0.1',
    port = 0,
    token = randomBytes(24).toString('base64url'),
  } = options;
  const { warehouse } = backing;
  const views = viewRegistry((name) => name === catalogName || name.startsWith('branch@'));
  let opening: Promise<CatalogHandler> | undefined;
  const handler = (): Promise<CatalogHandler> => {
    opening ??= Promise.all([import('./server/handler.ts'), backing.open()])
      .then(([{ catalogHandler }, real]) =>
        catalogHandler({ real, warehouse, catalogName, views, duckDb: options.duckDb }),
      )
      .catch((error: unknown) => {
        // A foreign catalog that was not there a moment ago may be now.
        opening = undefined;
        throw error;
      });
    return opening;
  };
  const limits = { ...REQUEST_LIMITS, ...options.limits };
  const server = createServer({ ...limits, keepAliveTimeout: 30_000, maxHeaderSize: 16 * 1024 });
  // Ends a connection on which nothing moves, such as one whose client does not take its answer.
  server.setTimeout(limits.idleTimeout);
  if (options.holdsProcess === false) {
    server.unref();
    server.on('connection', (socket) => socket.unref());
  }
  listenToCatalog(server, { handler, token, maxConnections: limits.maxConnections });
  try {
    // No header of a client could say any other; an empty one would be said by clients that say nothing.
    if (!/^[\x21-\x7e]+$/.test(token))
      throw usageError('token-invalid', 'the token must be printable characters without blanks', {
        hint: 'leave it out to get a random one',
      });
    await listen(server, { host, port });
  } catch (error) {
    await backing.close();
    throw error instanceof PsybergError ? error : listeningFailure({ host, port }, error);
  }
  // Not awaited, and only after the caller went on: kysely and zod load while the caller's engine starts in
  // its own threads.
  setImmediate(() => void handler().catch(() => undefined));
  const { port: boundPort } = server.address() as AddressInfo;
  return {
    uri: `http://${addressFor(host)}:${boundPort}`,
    token,
    warehouse,
    views,
    client: localClient(async () => (await handler()).real),
    async close() {
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeIdleConnections();
        // DuckDB keeps its connections open; whoever closes the catalog has no more requests under way.
        setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS).unref();
      });
      await opening?.catch(() => undefined);
      await backing.close();
    },
  };
}

/** A client cannot connect to "every address": it is told the one of this machine. */
const addressFor = (host: string): string =>
  host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;

function listeningFailure(
  { host, port }: { readonly host: string; readonly port: number },
  error: unknown,
): Error {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE' || code === 'EACCES')
    return usageError(
      'catalog-port-taken',
      `The catalog cannot listen on ${host}:${port}: ${code === 'EACCES' ? 'this user may not take the port' : 'another program does'}`,
      {
        hint: 'choose another port, or none',
        cause: error,
      },
    );
  return usageError(
    'catalog-host-unusable',
    `The catalog cannot listen on ${host}:${port}: this machine has no such address`,
    {
      hint: 'leave the host out to serve this machine only, or name one of its addresses',
      cause: error,
    },
  );
}

const DEFAULT_NAME = 'psyberg';
const CLOSE_GRACE_MS = 500;
/**
 * A client that sends its request too slowly is cut off, and others are served meanwhile. In ms, but for the
 * number of connections: each costs some kB and a file of the process, of which 1024 is a common limit. Long
 * enough for a machine that is far too busy: at ten seconds, a session on 2 cores with 50 programs waiting
 * was told that its own request was too slow (2026-11-22).
 */
const REQUEST_LIMITS = {
  headersTimeout: 30_000,
  requestTimeout: 120_000,
  idleTimeout: 180_000,
  connectionsCheckingInterval: 5_000,
  maxConnections: 800,
};

function checkWarehouse(folder: string): void {
  try {
    if (!isAbsolute(folder)) throw new Error('the path is not absolute');
    makeFolder(folder);
    accessSync(folder, constants.W_OK | constants.R_OK | constants.X_OK);
  } catch (error) {
    throw warehouseNotWritable(folder, error);
  }
}

async function openDatabase({ warehouse, database }: CatalogOptions): Promise<CatalogDatabase> {
  if (database !== undefined) {
    // Imported only here: a catalog over SQLite starts without it.
    const { openPostgresDatabase } = await import('./store/postgres-database.ts');
    return await openPostgresDatabase(database);
  }
  try {
    return openSqliteDatabase(join(warehouse, 'catalog.db'));
  } catch (error) {
    if (error instanceof PsybergError) throw error;
    throw warehouseNotWritable(warehouse, error);
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

const listen = (server: Server, address: { readonly host: string; readonly port: number }): Promise<void> =>
  new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(address, () => {
      server.off('error', failed);
      done();
    });
  });
