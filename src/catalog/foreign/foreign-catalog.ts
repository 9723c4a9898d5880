/**
 * Any Iceberg REST catalog as a catalog catalog, so that session views and branch views lie in front of it as
 * they do in front of the embedded one. Calls -> HTTP -> values. What the catalog does not offer is refused
 * in words; an answer that got lost is looked up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson } from '../../iceberg/json.ts';
import { completeTableMetadata, type MetadataFile } from '../../iceberg/read-metadata.ts';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import { codeOf, formatIdentifier, identifierKey, unsupported } from '../errors.ts';
import type { Catalog, CatalogTable, StorageCredential, CommitTableRequest } from '../service/catalog.ts';
import { COMMIT_TRANSACTION, REPORT_METRICS } from '../protocol/endpoints.ts';
import type { ForeignSettings } from './foreign-settings.ts';
import { type Attempted, foreignError } from './foreign-errors.ts';
import { foreignViews, VIEW_ENDPOINTS } from './foreign-views.ts';
import { showsUpdates } from './look-up-commit.ts';
import { tableCache } from './table-cache.ts';
import type { ForeignReply, ForeignRequest } from './transport.ts';

/** Looks at a table after a commit without an answer; a slow catalog may still be at it. */
const LOOKS_MS: readonly number[] = [0, 250, 1_000, 3_000];
/** Sendings of one commit whose fate the catalog does not tell. */
const COMMIT_ATTEMPTS = 3;
/** Asks a catalog that can for credentials for the table's files. */
const DELEGATION = { 'x-iceberg-access-delegation': 'vended-credentials' } as const;

interface LoadTableResult {
  readonly 'metadata-location'?: string | null;
  readonly metadata: MetadataFile;
  readonly config?: Readonly<Record<string, string>> | null;
  readonly 'storage-credentials'?: readonly StorageCredential[] | null;
}

export interface Connection {
  readonly settings: ForeignSettings;
  readonly transport: (request: ForeignRequest) => Promise<ForeignReply>;
  readonly blot: (text: string) => string;
}

/** The catalog of a catalog that has answered. */
export function foreignCatalog({ settings, transport, blot }: Connection): Catalog {
  const cache = tableCache();
  /** Tokens for single tables, as some catalogs hand out with them. */
  const tableTokens = new Map<string, string>();
  let commitsTogether = settings.endpoints.has(COMMIT_TRANSACTION);

  const namespacePath = (namespace: readonly string[]): string =>
    `namespaces/${encodeURIComponent(namespace.join(settings.namespaceSeparator))}`;
  const tablePath = (id: TableIdentifier): string =>
    `${namespacePath(id.namespace)}/tables/${encodeURIComponent(id.name)}`;

  const ask = async (
    request: Omit<ForeignRequest, 'url'> & { readonly path: string },
  ): Promise<ForeignReply> => {
    const { path, headers, ...rest } = request;
    return transport({ ...rest, url: settings.root + path, headers: { ...settings.headers, ...headers } });
  };
  /** The parsed answer of a request that must succeed. */
  const answered = async <T>(request: Parameters<typeof ask>[0], attempted: Attempted): Promise<T> => {
    const reply = await ask(request);
    if (reply.status >= 300) throw foreignError(reply, attempted, blot);
    return (reply.text === '' ? undefined : parseJson(reply.text)) as T;
  };
  const ofNamespace = (namespace: readonly string[], what: Attempted['what']): Attempted => ({
    what,
    subject: `Namespace ${namespace.join('.')}`,
    absent: 'no-such-namespace',
  });
  const ofTable = (id: TableIdentifier, what: Attempted['what']): Attempted => ({
    what,
    subject: `Table ${formatIdentifier(id)}`,
    absent: 'no-such-table',
  });
  const requireEndpoint = (endpoint: string, what: string): void => {
    if (!settings.endpoints.has(endpoint))
      throw unsupported(`The catalog does not offer to ${what} (${endpoint})`);
  };

  async function listPages<T>(path: string, field: string, attempted: Attempted): Promise<T[]> {
    const items: T[] = [];
    const tokens = new Set<string>();
    let next: string | undefined;
    do {
      const at: string =
        next === undefined
          ? path
          : `${path}${path.includes('?') ? '&' : '?'}pageToken=${encodeURIComponent(next)}`;
      const page: Record<string, unknown> = await answered({ method: 'GET', path: at }, attempted);
      items.push(...((page[field] ?? []) as T[]));
      next = (page['next-page-token'] as string | null | undefined) ?? undefined;
      // Its list would never end.
      if (next !== undefined && tokens.has(next))
        throw new PsybergError(
          'catalog-failed',
          `${attempted.subject}: the catalog gave one page token twice while it listed ${field}`,
          { retryable: false },
        );
      if (next !== undefined) tokens.add(next);
    } while (next !== undefined && next !== '');
    return items;
  }

  function readTable(id: TableIdentifier, reply: ForeignReply): CatalogTable {
    const result = parseJson<LoadTableResult>(reply.text);
    const { token, ...config } = result.config ?? {};
    const key = identifierKey(id);
    if (token === undefined) tableTokens.delete(key);
    else tableTokens.set(key, token);
    const table: CatalogTable = {
      metadata: completeTableMetadata(result.metadata),
      metadataLocation: result['metadata-location'] ?? undefined,
      config,
      ...(result['storage-credentials'] == null ? {} : { storageCredentials: result['storage-credentials'] }),
    };
    cache.remember(key, reply.headers.get('etag'), table);
    return table;
  }

  async function loadTable(id: TableIdentifier): Promise<CatalogTable> {
    const key = identifierKey(id);
    const known = cache.find(key);
    const reply = await ask({
      method: 'GET',
      path: tablePath(id),
      headers: { ...DELEGATION, ...(known === undefined ? {} : { 'if-none-match': known.etag }) },
      token: tableTokens.get(key),
    });
    if (reply.status === 304 && known !== undefined) return known.table;
    if (reply.status === 200) return readTable(id, reply);
    cache.forget(key);
    // A table's own token may have expired: the catalog's is asked for a new one.
    if ((reply.status === 401 || reply.status === 419) && tableTokens.delete(key)) return loadTable(id);
    throw foreignError(reply, ofTable(id, 'read'), blot);
  }

  const existing = async (id: TableIdentifier): Promise<CatalogTable | undefined> => {
    try {
      return await loadTable(id);
    } catch (error) {
      if (codeOf(error) === 'no-such-table' || codeOf(error) === 'no-such-namespace') return undefined;
      throw error;
    }
  };

  const namespaceExists = async (namespace: readonly string[]): Promise<boolean> =>
    (await ask({ method: 'GET', path: namespacePath(namespace) })).status === 200;

  /**
   * After a commit that failed: the tables when it was made all the same, by a request whose answer got lost;
   * else undefined.
   */
  async function lookUp(
    changes: readonly CommitTableRequest[],
    error: unknown,
  ): Promise<CatalogTable[] | undefined> {
    const lost = codeOf(error) === 'commit-state-unknown';
    const refused = codeOf(error) === 'commit-conflict';
    // A repeated request may meet its own first attempt: a snapshot's id tells them from somebody else's
    // commit.
    if (
      !lost &&
      !(
        refused &&
        changes.every((change) => change.updates.some((update) => update.action === 'add-snapshot'))
      )
    )
      return undefined;
    for (const waitMs of lost ? LOOKS_MS : [0]) {
      await sleep(waitMs);
      const tables = await Promise.all(changes.map((change) => existing(change.identifier)));
      if (
        tables.every((table, index) =>
          showsUpdates(table?.metadata, (changes[index] as CommitTableRequest).updates),
        )
      )
        return tables as CatalogTable[];
    }
    return undefined;
  }

  async function commitOne(change: CommitTableRequest): Promise<CatalogTable> {
    const { identifier, requirements, updates } = change;
    const key = identifierKey(identifier);
    cache.forget(key);
    const reply = await ask({
      method: 'POST',
      path: tablePath(identifier),
      body: { identifier, requirements, updates },
      token: tableTokens.get(key),
    });
    if (reply.status >= 300) throw foreignError(reply, ofTable(identifier, 'commit'), blot);
    const result = parseJson<LoadTableResult>(reply.text);
    return {
      metadata: completeTableMetadata(result.metadata),
      metadataLocation: result['metadata-location'] ?? undefined,
    };
  }

  async function commitAll(changes: readonly CommitTableRequest[]): Promise<void> {
    if (!commitsTogether) throw noTransactions();
    for (const change of changes) cache.forget(identifierKey(change.identifier));
    const reply = await ask({
      method: 'POST',
      path: 'transactions/commit',
      body: { 'table-changes': changes },
    });
    if (reply.status < 300) return;
    const { type } =
      (foreignError(reply, { what: 'commit', subject: 'Transaction', absent: 'no-such-table' }, blot)
        .context as { type?: string }) ?? {};
    // A catalog that does not list its endpoints may not have this one: it then answers as to any unknown
    // path.
    if (
      [404, 405, 406, 501].includes(reply.status) &&
      type !== 'NoSuchTableException' &&
      type !== 'NoSuchNamespaceException'
    ) {
      commitsTogether = false;
      throw noTransactions();
    }
    throw foreignError(
      reply,
      {
        what: 'commit',
        subject: `Tables ${changes.map((change) => formatIdentifier(change.identifier)).join(', ')}`,
        absent: 'no-such-table',
      },
      blot,
    );
  }

  return {
    lacks: new Set(
      [...OPTIONAL_ENDPOINTS, ...VIEW_ENDPOINTS].filter((endpoint) => !settings.endpoints.has(endpoint)),
    ),
    icebergViews: foreignViews({ namespacePath, requireEndpoint, listPages, answered }),
    get commitsTogether() {
      return commitsTogether;
    },
    async listNamespaces(parent) {
      const query =
        parent.length === 0 ? '' : `?parent=${encodeURIComponent(parent.join(settings.namespaceSeparator))}`;
      return listPages<string[]>(`namespaces${query}`, 'namespaces', ofNamespace(parent, 'read'));
    },
    async namespaceProperties(namespace) {
      const found = await answered<{ properties?: Record<string, string> | null }>(
        { method: 'GET', path: namespacePath(namespace) },
        ofNamespace(namespace, 'read'),
      );
      return found.properties ?? {};
    },
    async createNamespace(namespace, properties) {
      try {
        const body = { namespace, properties };
        const made = await answered<{ properties?: Record<string, string> | null }>(
          { method: 'POST', path: 'namespaces', body },
          ofNamespace(namespace, 'create'),
        );
        return made.properties ?? {};
      } catch (error) {
        // Apache's JDBC catalog answers 500 to one of two that create it at the same moment.
        if (codeOf(error) !== 'commit-state-unknown' || !(await namespaceExists(namespace))) throw error;
        throw isThere(`Namespace ${namespace.join('.')}`);
      }
    },
    async changeNamespaceProperties(namespace, { removals, updates }) {
      requireEndpoint(
        'POST /v1/{prefix}/namespaces/{namespace}/properties',
        'change the properties of a namespace',
      );
      return answered(
        { method: 'POST', path: `${namespacePath(namespace)}/properties`, body: { removals, updates } },
        ofNamespace(namespace, 'change'),
      );
    },
    async dropNamespace(namespace) {
      requireEndpoint('DELETE /v1/{prefix}/namespaces/{namespace}', 'drop a namespace');
      await answered({ method: 'DELETE', path: namespacePath(namespace) }, ofNamespace(namespace, 'change'));
    },
    listTables: (namespace) =>
      listPages<TableIdentifier>(
        `${namespacePath(namespace)}/tables`,
        'identifiers',
        ofNamespace(namespace, 'read'),
      ),
    loadTable,
    async createTable(id, { schema, location, partitionSpec, sortOrder, properties, stageCreate }) {
      const reply = await ask({
        method: 'POST',
        path: `${namespacePath(id.namespace)}/tables`,
        headers: DELEGATION,
        // The specification leaves ids of proposals to the catalog; Java's parsers want them all the same.
        body: {
          name: id.name,
          schema: { 'schema-id': 0, ...schema },
          location,
          'partition-spec': partitionSpec === undefined ? undefined : { 'spec-id': 0, ...partitionSpec },
          'write-order': sortOrder === undefined ? undefined : { 'order-id': 1, ...sortOrder },
          'stage-create': stageCreate ?? false,
          properties,
        },
      });
      if (reply.status >= 300) {
        const error = foreignError(reply, { ...ofTable(id, 'create'), absent: 'no-such-namespace' }, blot);
        // Whoever made it: it is there.
        if (
          error.code === 'commit-state-unknown' &&
          stageCreate !== true &&
          (await existing(id)) !== undefined
        )
          throw isThere(`Table ${formatIdentifier(id)}`);
        throw error;
      }
      const created = readTable(id, reply);
      // A staged table is not there yet: nothing about it may be taken from memory.
      if (stageCreate === true) cache.forget(identifierKey(id));
      return created;
    },
    async registerTable(id, { metadataLocation, overwrite }) {
      requireEndpoint('POST /v1/{prefix}/namespaces/{namespace}/register', 'register a table');
      const reply = await ask({
        method: 'POST',
        path: `${namespacePath(id.namespace)}/register`,
        headers: DELEGATION,
        body: { name: id.name, 'metadata-location': metadataLocation, overwrite },
      });
      if (reply.status >= 300)
        throw foreignError(reply, { ...ofTable(id, 'create'), absent: 'no-such-namespace' }, blot);
      return readTable(id, reply);
    },
    async renameTable({ from, to }) {
      requireEndpoint('POST /v1/{prefix}/tables/rename', 'rename a table');
      cache.forget(identifierKey(from));
      await answered(
        { method: 'POST', path: 'tables/rename', body: { source: from, destination: to } },
        ofTable(from, 'change'),
      );
    },
    async dropTable(id, { purge }) {
      requireEndpoint('DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}', 'drop a table');
      cache.forget(identifierKey(id));
      await answered(
        {
          method: 'DELETE',
          path: `${tablePath(id)}?purgeRequested=${purge}`,
          token: tableTokens.get(identifierKey(id)),
        },
        ofTable(id, 'change'),
      );
    },
    async reportMetrics(id, report) {
      if (!settings.endpoints.has(REPORT_METRICS)) return;
      await ask({
        method: 'POST',
        path: `${tablePath(id)}/metrics`,
        body: report,
        token: tableTokens.get(identifierKey(id)),
      }).catch(() => undefined);
    },
    async commitTables(changes) {
      const [only, ...others] = changes;
      if (only === undefined) return [];
      for (let attempt = 1; ; attempt += 1) {
        try {
          if (others.length === 0) return [await commitOne(only)];
          await commitAll(changes);
          return [];
        } catch (error) {
          const found = await lookUp(changes, error);
          if (found !== undefined) return found;
          // Not made, or not yet: the same commit can be made once only, because it says what it expects.
          const repeatable = codeOf(error) === 'commit-state-unknown' && changes.every(saysWhatItExpects);
          if (!repeatable || attempt >= COMMIT_ATTEMPTS) throw error;
        }
      }
    },
  };
}

const isThere = (what: string): PsybergError => new PsybergError('already-exists', `${what} already exists`);

const saysWhatItExpects = ({ requirements }: CommitTableRequest): boolean =>
  requirements.some(({ type }) => type === 'assert-ref-snapshot-id' || type === 'assert-create');

/** What a session can do without; the rest is what a catalog of tables is. */
const OPTIONAL_ENDPOINTS: readonly string[] = [
  'POST /v1/{prefix}/namespaces/{namespace}/properties',
  'DELETE /v1/{prefix}/namespaces/{namespace}',
  'POST /v1/{prefix}/namespaces/{namespace}/register',
  'POST /v1/{prefix}/tables/rename',
];

/** Retryable: whoever asks first what the catalog can do goes another way then. */
const noTransactions = (): PsybergError =>
  new PsybergError(
    'no-transactions',
    `The catalog commits one table at a time: it does not offer ${COMMIT_TRANSACTION}`,
    {
      hint: 'commit the tables one by one',
      retryable: true,
    },
  );
