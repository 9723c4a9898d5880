/** A table of a foreign catalog, loaded: from memory where the catalog says that it is unchanged. */
import { parseJson } from '../../iceberg/json.ts';
import { completeTableMetadata, type MetadataFile } from '../../iceberg/read-metadata.ts';
import type { TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { StorageOrigin } from '../../model/storage-settings.ts';
import { codeOf, identifierKey } from '../errors.ts';
import type { CatalogTable, StorageCredential } from '../service/catalog.ts';
import { ask, type ForeignConnection, foreignRefusal, namespacePath, ofTable } from './requests.ts';
import { PROJECT_VOICE } from './settings.ts';
import { type StorageVoices, settingsOf, storageOrigins, tableStorage } from './storage-settings.ts';
import type { AskedAt, TableCache } from './table-cache.ts';
import type { ForeignReply } from './transport.ts';

/** A connection, and what is remembered of the tables behind it. */
export interface ForeignTables extends ForeignConnection {
  readonly cache: TableCache;
  /** Tokens for single tables, as some catalogs hand out with them; by the table's key. */
  readonly tokens: Map<string, string>;
  /** Reads an answer with a table; it remembers those of earlier ones. */
  readonly parseTable: (answer: Buffer) => LoadTableResult;
  /** Becomes false once the catalog has shown that it commits one table at a time. */
  commitsTogether: boolean;
}

/** A table as the catalog answers with it. */
export interface LoadTableResult {
  readonly 'metadata-location'?: string | null;
  readonly metadata: TableMetadata;
  readonly config?: Readonly<Record<string, string>> | null;
  readonly 'storage-credentials'?: readonly StorageCredential[] | null;
}

export function parseLoadTableResult(text: string): LoadTableResult {
  const { metadata, ...result } = parseJson<{ metadata: MetadataFile }>(text);
  return { ...result, metadata: completeTableMetadata(metadata) };
}

/**
 * Asks a catalog that can for credentials for the table's files. One that has none to give may refuse the
 * table for it (Apache Polaris without STS does).
 */
export const delegation = ({ settings }: ForeignConnection): Readonly<Record<string, string>> =>
  settings.delegatesAccess ? { 'x-iceberg-access-delegation': 'vended-credentials' } : {};

export const tablePath = (connection: ForeignConnection, id: TableIdentifier): string =>
  `${namespacePath(connection, id.namespace)}/tables/${encodeURIComponent(id.name)}`;

/** @throws PsybergError `no-such-table`, and the catalog's other refusals. */
export async function loadForeignTable(tables: ForeignTables, id: TableIdentifier): Promise<CatalogTable> {
  const key = identifierKey(id);
  const seen = tables.cache.seen(key);
  if (seen !== undefined) return seen;
  const known = tables.cache.find(key);
  const askedAt = tables.cache.askedAt();
  const reply = await ask(tables, {
    method: 'GET',
    path: tablePath(tables, id),
    headers: { ...delegation(tables), ...(known === undefined ? {} : { 'if-none-match': known.etag }) },
    token: tables.tokens.get(key),
  });
  if (reply.status === 304 && known !== undefined) {
    tables.cache.confirm(key, askedAt);
    return known.table;
  }
  if (reply.status === 200) return await readTable(tables, id, { reply, askedAt });
  tables.cache.forget(key);
  // A table's own token may have expired: the catalog's is asked for a new one.
  if ((reply.status === 401 || reply.status === 419) && tables.tokens.delete(key))
    return loadForeignTable(tables, id);
  throw foreignRefusal(tables, reply, ofTable(id, 'read'));
}

/** How the table's files are reached, and who says so; of several credentials the first. */
export async function describeStorage(tables: ForeignTables, id: TableIdentifier): Promise<StorageOrigin[]> {
  const reply = await ask(tables, {
    method: 'GET',
    path: tablePath(tables, id),
    headers: delegation(tables),
    token: tables.tokens.get(identifierKey(id)),
  });
  if (reply.status !== 200) throw foreignRefusal(tables, reply, ofTable(id, 'read'));
  const result = parseJson<Omit<LoadTableResult, 'metadata'>>(reply.text);
  return storageOrigins([
    ...(await voicesOf(tables)),
    ["the table's config", result.config],
    ['its storage credentials', result['storage-credentials']?.[0]?.config],
  ]);
}

/** What is said of all tables, with the keys that this machine has now. */
async function voicesOf({ settings, chain }: ForeignConnection): Promise<StorageVoices> {
  if (chain === undefined) return settings.storageVoices;
  // A catalog knows where its tables are; that this machine is elsewhere says nothing of them.
  const { 'client.region': region, ...keys } = await chain.settings();
  return [
    ['this machine', region === undefined ? {} : { 'client.region': region }],
    ...settings.storageVoices.flatMap((voice) =>
      voice[0] === PROJECT_VOICE ? [['the keys of this machine', keys] as const, voice] : [voice],
    ),
  ];
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
export async function readTable(
  tables: ForeignTables,
  id: TableIdentifier,
  { reply, askedAt }: { readonly reply: ForeignReply; readonly askedAt: AskedAt },
): Promise<CatalogTable> {
  const result = tables.parseTable(Buffer.from(reply.text));
  const { token, ...config } = result.config ?? {};
  const key = identifierKey(id);
  if (token === undefined) tables.tokens.delete(key);
  else tables.tokens.set(key, token);
  const table: CatalogTable = {
    ...located(result),
    ...tableStorage(settingsOf(await voicesOf(tables)), config, result['storage-credentials']),
  };
  tables.cache.remember(key, reply.headers.get('etag'), { table, askedAt });
  return table;
}

export const located = (result: LoadTableResult): Pick<CatalogTable, 'metadata' | 'metadataLocation'> => ({
  metadata: result.metadata,
  metadataLocation: result['metadata-location'] ?? undefined,
});
