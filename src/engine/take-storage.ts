/**
 * Tells DuckDB about a store: the keys, whom to trust, how long to wait. StorageAccess -> secrets and
 * settings of a database.
 */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { PsybergError, usageError } from '../model/errors.ts';
import { storageFault } from '../model/storage-faults.ts';
import {
  CA_FILE,
  hasS3Keys,
  type StorageSettings,
  secretsAmong,
  stallSecondsOf,
} from '../model/storage-settings.ts';
import { quoteLiteral } from '../statements/index.ts';
import { messageOf, type Parts } from './connection.ts';
import { type StorageAccess, secretStatement } from './storage-secrets.ts';

/** Requests for one file's answer, the first included: DuckDB asks again where nothing comes. */
const STORE_REQUESTS = 4;

/**
 * A thread waits for its file, and computes nothing meanwhile: with one a core, as DuckDB has by itself, a
 * session over two dozen small files waits a dozen times.
 */
const STORE_THREADS = Math.max(8, availableParallelism());

/**
 * A connection for every file, and every file again for each statement, is what DuckDB 1.5.5 does by itself.
 * A session of 10 rows over 6 loaded hours, requests and connections without and with these settings
 * (2026-11-29): stateless 71 over 46, 34 over 1; stateful 133 over 87, 51 over 1; dimension 169 over 120, 60
 * over 2. Its `http_timeout` is the longest that nothing comes: a slow answer may take longer (tried).
 */
const storeSettings = ({ filesNeverChange, threads = STORE_THREADS }: StoreParts): string =>
  `set global httpfs_connection_caching = true;
   set global enable_external_file_cache = true;
   set global validate_external_file_cache = '${filesNeverChange ? 'NO_VALIDATION' : 'VALIDATE_ALL'}';
   set global http_retries = ${STORE_REQUESTS - 1};
   set global threads = ${threads}`;

type StoreParts = Pick<
  Parts,
  'instance' | 'storage' | 'storeWaits' | 'hidden' | 'filesNeverChange' | 'threads'
>;

/**
 * Makes one secret, unless the same one was made before; on a connection of its own, since those of work may
 * be in the middle of a statement. No value of it stands in an error.
 */
export async function takeStorage(parts: StoreParts, access: StorageAccess): Promise<void> {
  const { instance, storage, storeWaits, hidden } = parts;
  // Before `__internal…`, the names of those that DuckDB's Iceberg extension makes for the same files.
  const name = `!psyberg_${createHash('sha256').update(access.scope).digest('hex').slice(0, 16)}`;
  const secret = secretStatement(name, access);
  if (secret === undefined && signsRemotely(access)) await refuseRemoteSigning(parts, access);
  const trusted = certificatesStatement(access.config);
  if (secret === undefined && trusted !== undefined)
    // Tables that DuckDB asks a catalog for come with keys of their own, and not with whom to trust.
    await instance.aside((connection) => connection.run(trusted));
  if (secret === undefined || storage.get(name) === secret) return;
  for (const value of secretsAmong(access.config)) hidden.add(value);
  const seconds = stallSecondsOf(access.config);
  try {
    await instance.aside(async (connection) => {
      if (storage.size === 0) await connection.run(storeSettings(parts));
      if (trusted !== undefined) await connection.run(trusted);
      // One for all stores: the most patient one says it.
      if (seconds > (storeWaits.of?.seconds ?? 0)) {
        await connection.run(`set global http_timeout = ${seconds}`);
        storeWaits.of = { seconds, asked: STORE_REQUESTS };
      }
      await connection.run(secret);
      storage.set(name, secret);
    });
  } catch (error) {
    if (error instanceof PsybergError) throw error;
    const fault = storageFault(error);
    if (fault !== undefined) throw fault;
    const message = [...hidden].reduce((rest, value) => rest.replaceAll(value, '…'), messageOf(error));
    throw new PsybergError(
      'storage-refused',
      `DuckDB does not take the catalog's credentials for ${access.scope}: ${message}`,
      { hint: 'ask whoever runs the catalog which storage properties it hands out' },
    );
  }
}

/** Iceberg REST specification, "S3 remote signing": who hands out no keys signs each request himself. */
const signsRemotely = ({ scope, config }: StorageAccess): boolean =>
  config['s3.remote-signing-enabled'] === 'true' && /^s3[an]?:/.test(scope) && !hasS3Keys(config);

/** Unless DuckDB has keys of the user's own: then nobody has to sign anything. */
async function refuseRemoteSigning(
  { instance }: StoreParts,
  { scope }: Pick<StorageAccess, 'scope'>,
): Promise<void> {
  if ((process.env['AWS_ACCESS_KEY_ID'] ?? '') !== '') return;
  const known = await instance.aside((connection) => connection.runAndReadAll(SECRETS_OF_S3));
  const scopes = known.getRows().map(([each]) => String(each));
  if (scopes.some((each) => each === '' || scope.startsWith(each) || each.startsWith(scope))) return;
  throw usageError(
    'storage-keys-missing',
    `the catalog hands out no keys for ${scope} and wants to sign each request itself, which DuckDB cannot have done`,
    {
      hint: 'have the catalog hand out keys (vended credentials), or write some under catalog.storage in psyberg.yaml: s3.access-key-id and s3.secret-access-key, or credentials: chain for those of this machine',
      context: { location: scope },
    },
  );
}
const SECRETS_OF_S3 =
  "select unnest(case when len(scope) = 0 then [''] else scope end) from duckdb_secrets() where type in ('s3', 'aws')";

/** In place of those that DuckDB trusts by itself. */
function certificatesStatement(config: StorageSettings): string | undefined {
  const file = config[CA_FILE];
  return file === undefined ? undefined : `set global ca_cert_file = ${quoteLiteral(file)}`;
}
