/** A client of an Iceberg REST catalog over Node's own fetch. Calls -> HTTP -> values, 64-bit numbers intact. */
import { parseJson, renderJson } from '../../iceberg/json.ts';
import { completeTableMetadata } from '../../iceberg/read-metadata.ts';
import type { TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { ProposedSchema, ProposedSortOrder, TableRequirement, TableUpdate, UnboundPartitionSpec } from '../../iceberg/table-update.ts';
import { conflict, PsybergError, usageError } from '../../model/errors.ts';

export interface LoadedTable {
  readonly metadata: TableMetadata;
  readonly metadataLocation: string;
}
export interface TableCommit {
  readonly requirements: readonly TableRequirement[];
  readonly updates: readonly TableUpdate[];
}
export interface CreateTable {
  readonly schema: ProposedSchema;
  readonly location?: string;
  readonly partitionSpec?: UnboundPartitionSpec;
  readonly writeOrder?: ProposedSortOrder;
  readonly properties?: Readonly<Record<string, string>>;
}
export interface CatalogClient {
  /** @returns `undefined` when the table does not exist. */
  loadTable(id: TableIdentifier): Promise<LoadedTable | undefined>;
  tableExists(id: TableIdentifier): Promise<boolean>;
  /** Direct children of `parent`, by default of the root. */
  listNamespaces(parent?: readonly string[]): Promise<string[][]>;
  listTables(namespace: readonly string[]): Promise<TableIdentifier[]>;
  namespaceExists(namespace: readonly string[]): Promise<boolean>;
  /** No error when it exists. */
  createNamespace(namespace: readonly string[]): Promise<void>;
  /** @throws PsybergError `table-exists`. */
  createTable(id: TableIdentifier, request: CreateTable): Promise<LoadedTable>;
  /** @returns false when there was no such table. */
  dropTable(id: TableIdentifier, options?: { readonly purge: boolean }): Promise<boolean>;
  /** @throws PsybergError `commit-conflict`, retryable. */
  commitTable(id: TableIdentifier, commit: TableCommit): Promise<LoadedTable>;
  /** All changes or none. @throws PsybergError `commit-conflict`, retryable. */
  commitTransaction(changes: readonly (TableCommit & { readonly identifier: TableIdentifier })[]): Promise<void>;
}
export interface CatalogClientOptions {
  readonly uri: string;
  readonly token?: string;
  /** The prefix in the path: a catalog's or a view's name. Default: the catalog's own. */
  readonly prefix?: string;
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Makes a client; nothing is sent until its first call. */
export function catalogClient({ uri, token, prefix }: CatalogClientOptions): CatalogClient {
  const root = `${uri.replace(/\/+$/, '')}/v1/${prefix === undefined ? '' : `${encodeURIComponent(prefix)}/`}`;
  const namespacePath = (namespace: readonly string[]): string => `namespaces/${encodeURIComponent(namespace.join('\u001f'))}`;
  const tablePath = (id: TableIdentifier): string => `${namespacePath(id.namespace)}/tables/${encodeURIComponent(id.name)}`;

  async function send(method: string, path: string, body?: unknown): Promise<Reply> {
    let response: Response;
    try {
      response = await fetch(root + path, {
        method,
        headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: renderJson(body) }),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw new PsybergError('catalog-unreachable', `Catalog cannot be reached: ${uri}`, {
        hint: 'check the address, and that the catalog is running',
        context: { method, path },
        retryable: method === 'GET' || method === 'HEAD',
        cause: error,
      });
    }
  }
  const sendJson = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const reply = await send(method, path, body);
    if (reply.status >= 300) throw failure(reply, `${method} ${path}`);
    return (reply.text === '' ? undefined : parseJson(reply.text)) as T;
  };
  const exists = async (path: string): Promise<boolean> => {
    const reply = await send('HEAD', path);
    if (reply.status === 404) return false;
    if (reply.status >= 300) throw failure(reply, `HEAD ${path}`);
    return true;
  };
  const listPages = async <T>(path: string, field: string): Promise<T[]> => {
    const items: T[] = [];
    let next: string | undefined;
    do {
      const at = next === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}pageToken=${encodeURIComponent(next)}`;
      const page = await sendJson<Record<string, unknown>>('GET', at);
      items.push(...(page[field] as T[]));
      next = (page['next-page-token'] as string | null | undefined) ?? undefined;
    } while (next !== undefined && next !== '');
    return items;
  };

  return {
    async loadTable(id) {
      const reply = await send('GET', tablePath(id));
      if (reply.status === 404) return undefined;
      if (reply.status >= 300) throw failure(reply, `GET ${tablePath(id)}`);
      return readTable(reply.text);
    },
    tableExists: (id) => exists(tablePath(id)),
    listNamespaces: (parent = []) => listPages<string[]>(`namespaces${parent.length === 0 ? '' : `?parent=${encodeURIComponent(parent.join('\u001f'))}`}`, 'namespaces'),
    listTables: (namespace) => listPages<TableIdentifier>(`${namespacePath(namespace)}/tables`, 'identifiers'),
    namespaceExists: (namespace) => exists(namespacePath(namespace)),
    async createNamespace(namespace) {
      const reply = await send('POST', 'namespaces', { namespace, properties: {} });
      if (reply.status >= 300 && reply.status !== 409) throw failure(reply, 'POST namespaces');
    },
    async createTable(id, { schema, location, partitionSpec, writeOrder, properties }) {
      const reply = await send('POST', `${namespacePath(id.namespace)}/tables`, {
        name: id.name,
        schema,
        location,
        'partition-spec': partitionSpec,
        'write-order': writeOrder,
        properties,
      });
      if (reply.status === 409) throw new PsybergError('table-exists', `Table already exists: ${[...id.namespace, id.name].join('.')}`);
      if (reply.status >= 300) throw failure(reply, `POST ${namespacePath(id.namespace)}/tables`);
      return readTable(reply.text);
    },
    async dropTable(id, { purge } = { purge: false }) {
      const reply = await send('DELETE', `${tablePath(id)}?purgeRequested=${purge}`);
      if (reply.status === 404) return false;
      if (reply.status >= 300) throw failure(reply, `DELETE ${tablePath(id)}`);
      return true;
    },
    async commitTable(id, { requirements, updates }) {
      const reply = await send('POST', tablePath(id), { identifier: id, requirements, updates });
      if (reply.status >= 300) throw failure(reply, `POST ${tablePath(id)}`);
      return readTable(reply.text);
    },
    async commitTransaction(changes) {
      await sendJson('POST', 'transactions/commit', { 'table-changes': changes });
    },
  };
}

function readTable(text: string): LoadedTable {
  const answer = parseJson<{ 'metadata-location'?: string; metadata: TableMetadata }>(text);
  return { metadata: completeTableMetadata(answer.metadata), metadataLocation: answer['metadata-location'] ?? '' };
}

/** The error of a reply that is none of the expected ones. */
function failure({ status, text }: Reply, request: string): PsybergError {
  const { message, type } = errorOf(text);
  const context = { request, status, type };
  if (status === 409) return conflict('commit-conflict', message, { hint: 'load the table again and repeat the change on what it is now', context });
  if (status === 401 || status === 403) {
    return usageError(status === 401 ? 'catalog-unauthorized' : 'catalog-forbidden', message, { hint: 'check the token, and what it may do', context });
  }
  // After these nobody knows whether the commit was made: the caller must look, not repeat (Iceberg REST specification, "CommitStateUnknown").
  if (status >= 500) return new PsybergError('catalog-failed', `Catalog failed: ${message}`, { context });
  return new PsybergError('catalog-refused', `Catalog refused: ${message}`, { context });
}

function errorOf(text: string): { message: string; type: string | undefined } {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string; type?: string } };
    return { message: error?.message ?? 'no message', type: error?.type };
  } catch {
    return { message: text.slice(0, 200) || 'no message', type: undefined };
  }
}
