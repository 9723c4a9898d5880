/**
 * Opens PostgreSQL for a catalog that several machines share. URL -> database. The URL holds a password: no
 * message, hint, context or cause made here repeats it.
 */
import type { Pool } from 'pg';
import { usageError } from '../../model/errors.ts';
import { badRequest, databaseUnavailable } from '../errors.ts';
import { ICEBERG_TYPE_COLUMN, JDBC_SCHEMA } from './jdbc-schema.ts';
import type { CatalogDatabase, CatalogStore } from './store.ts';

/** Enough for the requests of one process: a commit uses a connection for a few round trips. */
const CONNECTIONS_MAX = 8;
const CONNECT_TIMEOUT_MS = 10_000;
/** A statement that waits longer than this waits for a lock that will not be released. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** Any number, but the same in all processes: they create the two tables one after the other. */
const SCHEMA_LOCK = 7_270_211_001n;
/** How often a call is repeated that PostgreSQL aborted to resolve a deadlock. */
const ATTEMPTS_MAX = 10;

const LOCATIONS =
  'select metadata_location from iceberg_tables where catalog_name = $1 and metadata_location is not null';

/**
 * Connects, and creates the two tables if they are missing.
 * @throws PsybergError `catalog-database-unreachable`, `catalog-database-unusable`.
 */
export async function openPostgresDatabase(url: string): Promise<CatalogDatabase> {
  const { default: pg } = await import('pg');
  const settings = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'psyberg',
  };
  // A client reads its URL when it is made, a pool only when it is first used.
  checkUrl(() => new pg.Client(settings));
  const pool = new pg.Pool({ ...settings, max: CONNECTIONS_MAX, allowExitOnIdle: true });
  // The next call replaces a broken connection, and a statement running on it fails by itself; without a
  // listener these events would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (connection) => void connection.on('error', () => undefined));
  try {
    await makeTables(pool);
  } catch (error) {
    await pool.end().catch(() => undefined);
    throw openingFailure(url, error);
  }
  return {
    async openStore(catalogName) {
      const [{ Kysely, PostgresDialect }, { kyselyStore }, { postgresTurn }] = await Promise.all([
        import('kysely'),
        import('./kysely-store.ts'),
        import('./postgres-turn.ts'),
      ]);
      const store = kyselyStore(new Kysely({ dialect: new PostgresDialect({ pool }) }), catalogName);
      return { ...withKnownFailures(store), inTurn: postgresTurn(pool, catalogName) };
    },
    async metadataLocations(catalogName) {
      const { rows } = await pool.query<{ metadata_location: string }>(LOCATIONS, [catalogName]);
      return rows.map((row) => row.metadata_location);
    },
    close: () => pool.end(),
  };
}

function checkUrl(read: () => unknown): void {
  try {
    read();
  } catch {
    // No cause is given, since it repeats the URL.
    throw usageError(
      'catalog-database-unusable',
      'the database of the catalog cannot be understood as a URL',
      {
        hint: 'write postgres://user:password@host:5432/database, and percent-encode special characters of the password',
      },
    );
  }
}

async function makeTables(pool: Pool): Promise<void> {
  const connection = await pool.connect();
  try {
    // Checked first: users who may only read and write the tables can still open the catalog.
    const { rows } = await connection.query<{
      tables: string | null;
      properties: string | null;
      type: boolean;
    }>(
      `select to_regclass('iceberg_tables')::text as tables, to_regclass('iceberg_namespace_properties')::text as properties,
        exists (select 1 from pg_attribute where attrelid = to_regclass('iceberg_tables') and attname = 'iceberg_type' and not attisdropped) as type`,
    );
    const [found] = rows;
    if (found?.tables != null && found.properties != null && found.type) return;
    await connection.query('begin');
    // If two processes run "create table if not exists" at once, it fails for one of them.
    await connection.query('select pg_advisory_xact_lock($1)', [String(SCHEMA_LOCK)]);
    for (const statement of JDBC_SCHEMA) await connection.query(statement);
    await connection.query(ICEBERG_TYPE_COLUMN.replace('add column', 'add column if not exists'));
    await connection.query('commit');
  } finally {
    // Not reused, in case the transaction has failed.
    connection.release(true);
  }
}

/** The database's address without user and password. */
function placeOf(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname || 'localhost'}:${port || '5432'}${pathname}`;
  } catch {
    return 'its URL';
  }
}

function openingFailure(url: string, error: unknown): Error {
  const { code, message } = error as { code?: string; message?: string };
  const place = placeOf(url);
  const said = withoutSecrets(url, message ?? String(code ?? error));
  if (isUnavailable(error))
    return usageError(
      'catalog-database-unreachable',
      `the database of the catalog at ${place} cannot be reached: ${said || code}`,
      {
        hint: 'check catalog.database in psyberg.yaml, and that PostgreSQL is running there',
        context: { database: place },
        retryable: true,
      },
    );
  return usageError(
    'catalog-database-unusable',
    `the database of the catalog at ${place} cannot be used: ${said}`,
    {
      hint: 'check user, password and database in catalog.database of psyberg.yaml; the user needs to create tables once, then to read and write them',
      context: { database: place, ...(code === undefined ? {} : { sqlstate: code }) },
    },
  );
}

/** A message should not contain the password; if it does it is removed here. */
function withoutSecrets(url: string, message: string): string {
  const written = /^[a-z]+:\/\/[^/?#]*?:([^/?#]*)@/i.exec(url)?.[1] ?? '';
  let decoded = written;
  try {
    decoded = decodeURIComponent(written);
  } catch {
    // The URL is not percent-encoded: then the password is as written.
  }
  return [url, written, decoded].reduce(
    (text, secret) => (secret === '' ? text : text.replaceAll(secret, '***')),
    message,
  );
}

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ENOENT',
]);

/**
 * PostgreSQL, error codes: class 08 connection, 53 resources, 57P shutdown, 57014 a statement that waited too
 * long for a lock and was rolled back; the rest comes from the network.
 */
function isUnavailable(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return (
    /^(08|53)/.test(code) ||
    /^57(014|P0[1-4])$/.test(code) ||
    NETWORK_CODES.has(code) ||
    /connection terminated|timeout exceeded when trying to connect|timeout expired/i.test(message)
  );
}

/**
 * Deadlock and serialisation failure: the transaction was rolled back as a whole, through no fault of its
 * own.
 */
const isBrokenOff = (error: unknown): boolean =>
  ['40P01', '40001'].includes((error as { code?: string }).code ?? '');
/**
 * Two creators of one name meet at the primary key; when it is repeated, the later one sees the earlier one's
 * row.
 */
const isOvertaken = (error: unknown): boolean => (error as { code?: string }).code === '23505';
/** A text that is too long for its column, or contains NUL. */
const isUnfit = (error: unknown): boolean =>
  ['22001', '22021', '22P05'].includes((error as { code?: string }).code ?? '');

/** The store, with PostgreSQL's failures turned into the catalog's errors. */
function withKnownFailures(store: CatalogStore): CatalogStore {
  const guard =
    <Parameters extends readonly unknown[], Result>(call: (...parameters: Parameters) => Promise<Result>) =>
    async (...parameters: Parameters): Promise<Result> => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await call(...parameters);
        } catch (error) {
          if ((isBrokenOff(error) || isOvertaken(error)) && attempt < ATTEMPTS_MAX) continue;
          if (isUnfit(error))
            throw badRequest(
              'Malformed request: a name or value does not fit into the database of the catalog',
            );
          throw isUnavailable(error) ? databaseUnavailable(error) : error;
        }
      }
    };
  return {
    namespaceExists: guard(store.namespaceExists),
    listNamespaces: guard(store.listNamespaces),
    namespaceProperties: guard(store.namespaceProperties),
    createNamespace: guard(store.createNamespace),
    changeNamespaceProperties: guard(store.changeNamespaceProperties),
    dropNamespace: guard(store.dropNamespace),
    listPointers: guard(store.listPointers),
    findPointer: guard(store.findPointer),
    swapPointers: guard(store.swapPointers),
    dropPointer: guard(store.dropPointer),
    renamePointer: guard(store.renamePointer),
    locationsWith: guard(store.locationsWith),
    metadataLocations: guard(store.metadataLocations),
    places: guard(store.places),
    relocate: guard(store.relocate),
    close: store.close,
  };
}
