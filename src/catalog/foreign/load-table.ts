/** A table of a foreign catalog, loaded: from memory where the catalog says that it is unchanged. */
import { parseJson } from '../../iceberg/json.ts';
import { completeTableMetadata, type MetadataFile } from '../../iceberg/read-metadata.ts';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { codeOf, identifierKey } from '../errors.ts';
import type { CatalogTable, StorageCredential } from '../service/catalog.ts';
import { ask, type ForeignConnection, foreignRefusal, namespacePath, ofTable } from './requests.ts';
import type { TableCache } from './table-cache.ts';
import type { ForeignReply } from './transport.ts';

/** A connection, and what is remembered of the tables behind it. */
export interface ForeignTables extends ForeignConnection {
  readonly cache: TableCache;
  /** Tokens for single tables, as some catalogs hand out with them; by the table's key. */
  readonly tokens: Map<string, string>;
  /** Becomes false once the catalog has shown that it commits one table at a time. */
  commitsTogether: boolean;
}

export interface LoadTableResult {
  readonly 'metadata-location'?: string | null;
  readonly metadata: MetadataFile;
  readonly config?: Readonly<Record<string, string>> | null;
  readonly 'storage-credentials'?: readonly StorageCredential[] | null;
}

/** Asks a catalog that can for credentials for the table's files. */
export const DELEGATION = { 'x-iceberg-access-delegation': 'vended-credentials' } as const;

export const tablePath = (connection: ForeignConnection, id: TableIdentifier): string =>
  `${namespacePath(connection, id.namespace)}/tables/${encodeURIComponent(id.name)}`;

/** @throws PsybergError `no-such-table`, and the catalog's other refusals. */
export async function loadForeignTable(tables: ForeignTables, id: TableIdentifier): Promise<CatalogTable> {
  const key = identifierKey(id);
  const known = tables.cache.find(key);
  const reply = await ask(tables, {
    method: 'GET',
    path: tablePath(tables, id),
    headers: { ...DELEGATION, ...(known === undefined ? {} : { 'if-none-match': known.etag }) },
    token: tables.tokens.get(key),
  });
  if (reply.status === 304 && known !== undefined) return known.table;
  if (reply.status === 200) return readTable(tables, id, reply);
  tables.cache.forget(key);
  // A table's own token may have expired: the catalog's is asked for a new one.
  if ((reply.status === 401 || reply.status === 419) && tables.tokens.delete(key))
    return loadForeignTable(tables, id);
  throw foreignRefusal(tables, reply, ofTable(id, 'read'));
}

/** Undefined for a table that is not there. */
export async function findForeignTable(
  tables: ForeignTables,
  id: TableIdentifier,
): Promise<CatalogTable | undefined> {
  try {
    return await loadForeignTable(tables, id);
  } catch (error) {
    if (codeOf(error) === 'no-such-table' || codeOf(error) === 'no-such-namespace') return undefined;
    throw error;
  }
}

/** Reads a `LoadTableResult`, and remembers the table and its token. */
export function readTable(tables: ForeignTables, id: TableIdentifier, reply: ForeignReply): CatalogTable {
  const result = parseJson<LoadTableResult>(reply.text);
  const { token, ...config } = result.config ?? {};
  const key = identifierKey(id);
  if (token === undefined) tables.tokens.delete(key);
  else tables.tokens.set(key, token);
  const table: CatalogTable = {
    ...located(result),
    config,
    ...(result['storage-credentials'] == null ? {} : { storageCredentials: result['storage-credentials'] }),
  };
  tables.cache.remember(key, reply.headers.get('etag'), table);
  return table;
}

export const located = (result: LoadTableResult): Pick<CatalogTable, 'metadata' | 'metadataLocation'> => ({
  metadata: completeTableMetadata(result.metadata),
  metadataLocation: result['metadata-location'] ?? undefined,
});
