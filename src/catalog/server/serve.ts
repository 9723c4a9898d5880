/**
 * The server in front of a catalog: it listens at once, and opens what lies behind it meanwhile. Options ->
 * address, token, client.
 */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
// Node's own: where Deno runs notebooks, the global one returns a number.
import { setTimeout as later } from 'node:timers';
import { PsybergError, usageError } from '../../model/errors.ts';
import { type AroundRequest, untold } from '../around-request.ts';
import type { CatalogClient } from '../client/catalog-client.ts';
import { localClient } from '../client/local-client.ts';
import type { Catalog } from '../service/catalog.ts';
import type { HeldCommits } from '../service/held-commits.ts';
import type { DuckDbHelp } from '../views/duckdb-catalog.ts';
import { type SessionViews, type ViewRegistry, viewRegistry } from '../views/session-views.ts';
import type { CatalogHandler } from './handler.ts';
import { listenToCatalog } from './listener.ts';

// An `import` of it asks for every export, and thereby loads Node's WebSocket client: 20 ms of CPU time.
const { createServer } = process.getBuiltinModule('node:http');

export const DEFAULT_NAME = 'psyberg';
const CLOSE_GRACE_MS = 500;
/**
 * A client that sends its request too slowly is cut off, and others are served meanwhile. In ms, but for the
 * number of connections: each costs some kB and a file of the process, of which 1024 is a common limit. Long
 * enough for a machine that is far too busy: at ten seconds, a session on 2 cores with 50 programs waiting
 * was refused because its own request was too slow (2026-11-22).
 */
const REQUEST_LIMITS = {
  headersTimeout: 30_000,
  requestTimeout: 120_000,
  idleTimeout: 180_000,
  connectionsCheckingInterval: 5_000,
  maxConnections: 800,
};

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
  /** Called around every request that is answered, and that is sent to a foreign catalog. */
  readonly aroundRequest?: AroundRequest;
  /** For clients that are DuckDB; default: what they write is taken as it is. */
  readonly duckDb?: DuckDbHelp;
  /** Holds the commits of all clients; default: each is made at once. */
  readonly held?: HeldCommits | undefined;
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

/** What lies behind the server. */
export interface Backing {
  readonly warehouse: string;
  /** `holdsBranch`: of sessions at work, see `holdsBranch` of their tables. */
  open(views: Pick<ViewRegistry, 'holdsBranch'>): Promise<Catalog>;
  /** That catalog as the tables of a session are read from it; default: as it is. */
  forSessions?(catalog: Catalog): Promise<Catalog>;
  close(): Promise<void>;
}

/**
 * Serves what lies behind, which is closed with the server, and where the server cannot start.
 * @throws PsybergError `catalog-port-taken`, `catalog-host-unusable`, `token-invalid`.
 */
export async function serve(options: ServeOptions, backing: Backing): Promise<CatalogServer> {
  const {
    catalogName = DEFAULT_NAME,
    host = '127.0.0.1',
    port = 0,
    token = randomBytes(24).toString('base64url'),
  } = options;
  const { warehouse } = backing;
  const views = viewRegistry((name) => name === catalogName || name.startsWith('branch@'));
  const opening = openedOnce(async () => {
    const [{ catalogHandler }, opened] = await Promise.all([import('./handler.ts'), backing.open(views)]);
    const real = options.held?.over(opened) ?? opened;
    const forSessions = (await backing.forSessions?.(real)) ?? real;
    return catalogHandler({ real, forSessions, warehouse, catalogName, views, duckDb: options.duckDb });
  });
  const limits = { ...REQUEST_LIMITS, ...options.limits };
  const server = limitedServer(limits, { holdsProcess: options.holdsProcess ?? true });
  const { maxConnections } = limits;
  const { aroundRequest = untold } = options;
  listenToCatalog(server, { handler: opening.get, token, maxConnections, aroundRequest });
  try {
    checkToken(token);
    await listen(server, { host, port });
  } catch (error) {
    await backing.close();
    throw error instanceof PsybergError ? error : listeningFailure({ host, port }, error);
  }
  // Not awaited, and only after the caller went on: kysely and zod load while the caller's engine starts in
  // its own threads.
  setImmediate(() => void opening.get().catch(() => undefined));
  const { port: boundPort } = server.address() as AddressInfo;
  return {
    uri: `http://${addressFor(host)}:${boundPort}`,
    token,
    warehouse,
    views,
    client: localClient(async () => (await opening.get()).real),
    async close() {
      await closeServer(server);
      await opening.settled();
      await backing.close();
    },
  };
}

/** Opens with the first call, and again after one that failed: a foreign catalog may be there by then. */
function openedOnce(open: () => Promise<CatalogHandler>): {
  get(): Promise<CatalogHandler>;
  /** Waits for an opening that is under way. */
  settled(): Promise<void>;
} {
  let opening: Promise<CatalogHandler> | undefined;
  return {
    get() {
      opening ??= open().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    async settled() {
      await opening?.catch(() => undefined);
    },
  };
}

function limitedServer(
  limits: typeof REQUEST_LIMITS,
  { holdsProcess }: { readonly holdsProcess: boolean },
): Server {
  const server = createServer({ ...limits, keepAliveTimeout: 30_000, maxHeaderSize: 16 * 1024 });
  // Ends a connection on which nothing moves, such as one whose client does not take its answer.
  server.setTimeout(limits.idleTimeout);
  if (!holdsProcess) {
    server.unref();
    server.on('connection', (socket) => socket.unref());
  }
  return server;
}

/**
 * No header of a client could say any other token; an empty one would be said by clients that say nothing.
 */
function checkToken(token: string): void {
  if (/^[\x21-\x7e]+$/.test(token)) return;
  throw usageError('token-invalid', 'the token must be printable characters without blanks', {
    hint: 'leave it out to get a random one',
  });
}

const closeServer = (server: Server): Promise<void> =>
  new Promise((done) => {
    server.close(() => done());
    server.closeIdleConnections();
    // DuckDB keeps its connections open; who closes the catalog has no more requests under way.
    later(() => server.closeAllConnections(), CLOSE_GRACE_MS).unref();
  });

/** No client can connect to "every address": what is shown is that of this machine. */
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
      { hint: 'choose another port, or none', cause: error },
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

const listen = (server: Server, address: { readonly host: string; readonly port: number }): Promise<void> =>
  new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(address, () => {
      server.off('error', failed);
      done();
    });
  });
