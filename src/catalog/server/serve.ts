/**
 * Starts the server in front of a catalog: it listens at once, and meanwhile opens what it serves. Options ->
 * address, token, client.
 */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
// Node's own: in Deno, which runs notebooks, the global one returns a number.
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

// `import` would ask for every export, and so load Node's WebSocket client: 20 ms of CPU time.
const { createServer } = process.getBuiltinModule('node:http');

export const DEFAULT_NAME = 'psyberg';
const CLOSE_GRACE_MS = 500;
/**
 * A client that sends its request too slowly is cut off; meanwhile others are served. In ms, except for the
 * number of connections: each costs some kB and a file of the process, of which 1024 is a common limit. Long
 * enough for a machine that is far too busy: with ten seconds, a session on 2 cores with 50 programs waiting
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
  /** Default 127.0.0.1: this machine only. Another address can be given, but the protocol is plain HTTP. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Printable characters without blanks. Default: a random one. */
  readonly token?: string;
  /** Whether serving keeps the process alive; default true. */
  readonly holdsProcess?: boolean;
  /** How long a client may take; default {@link REQUEST_LIMITS}. */
  readonly limits?: Partial<typeof REQUEST_LIMITS>;
  /** Called around every request that is answered, or sent to a foreign catalog. */
  readonly aroundRequest?: AroundRequest;
  /** Help for clients that are DuckDB; default: what they write is taken as it is. */
  readonly duckDb?: DuckDbHelp;
  /** Holds back the commits of all clients; default: each is made at once. */
  readonly held?: HeldCommits | undefined;
}
export interface CatalogServer {
  readonly uri: string;
  readonly token: string;
  /** The warehouse folder; for a foreign catalog its address. */
  readonly warehouse: string;
  readonly views: SessionViews;
  /** The same catalog without HTTP, for this process. */
  readonly client: CatalogClient;
  close(): Promise<void>;
}

/** What the server serves. */
export interface Backing {
  readonly warehouse: string;
  /** `holdsBranch`: which branches belong to running sessions, see `holdsBranch` of their tables. */
  open(views: Pick<ViewRegistry, 'holdsBranch'>): Promise<Catalog>;
  /** The same catalog for reading the tables of a session; default: as it is. */
  forSessions?(catalog: Catalog): Promise<Catalog>;
  close(): Promise<void>;
}

/**
 * Serves a backing, and closes it with the server, or if the server cannot start.
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
  // Not awaited, and started only after the caller has gone on: kysely and zod load while the caller's engine
  // starts in its own threads.
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

/** Opens at the first call, and again if that failed: by then a foreign catalog may be there. */
function openedOnce(open: () => Promise<CatalogHandler>): {
  get(): Promise<CatalogHandler>;
  /** Waits until an opening in progress has ended. */
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
  // Ends a connection without traffic, such as one whose client does not take its answer.
  server.setTimeout(limits.idleTimeout);
  if (!holdsProcess) {
    server.unref();
    server.on('connection', (socket) => socket.unref());
  }
  return server;
}

/** A client's header can carry no other token, and an empty one would let in clients that send none. */
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
    // DuckDB keeps its connections open; whoever closes the catalog has no more requests in progress.
    later(() => server.closeAllConnections(), CLOSE_GRACE_MS).unref();
  });

/** A client cannot connect to "every address", so this machine's is shown. */
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
