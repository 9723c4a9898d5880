/** A catalog over a fresh warehouse for one test file, and plain HTTP to it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CatalogClient, TableCommit } from '../../src/catalog/client/catalog-client.ts';
import { type CatalogOptions, type CatalogServer, startCatalog } from '../../src/catalog/index.ts';
import { parseJson, renderJson } from '../../src/iceberg/json.ts';
import type { Snapshot, TableIdentifier } from '../../src/iceberg/table-metadata.ts';
import { catalogClient } from '../support/catalog-client.ts';

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a body is whatever the server says; tests assert its shape.
  readonly body: any;
  readonly headers: Headers;
}
export interface CatalogFixture {
  readonly catalog: CatalogServer;
  readonly warehouse: string;
  readonly client: CatalogClient;
  /** A request with the token; `body` is rendered unless it is text. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  clientOf(prefix: string): CatalogClient;
  close(): Promise<void>;
}

export const SCHEMA = {
  type: 'struct' as const,
  fields: [
    { id: 1, name: 'id', required: false, type: 'long' },
    { id: 2, name: 'ts', required: false, type: 'timestamp' },
  ],
};

export async function openCatalog(options: Omit<CatalogOptions, 'warehouse'> = {}): Promise<CatalogFixture> {
  const warehouse = mkdtempSync(join(tmpdir(), 'psyberg-catalog-'));
  const catalog = await startCatalog({ warehouse, ...options });
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> => {
    const response = await fetch(`${catalog.uri}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${catalog.token}`, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : renderJson(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? undefined : parseJson(text),
      headers: response.headers,
    };
  };
  return {
    catalog,
    warehouse,
    call,
    client: catalogClient({ uri: catalog.uri, token: catalog.token, prefix: 'psyberg' }),
    clientOf: (prefix) => catalogClient({ uri: catalog.uri, token: catalog.token, prefix }),
    async close() {
      await catalog.close();
      rmSync(warehouse, { recursive: true, force: true });
    },
  };
}

/** The error type of the specification that a reply carries. */
export const errorType = (reply: Reply): [number, string] => [reply.status, reply.body?.error?.type];

/** A snapshot that only the catalog looks at: its manifest list is never read. */
export const snapshot = (id: bigint, fields: Partial<Snapshot> = {}): Snapshot => ({
  'snapshot-id': id,
  'sequence-number': id,
  'timestamp-ms': Date.now(),
  'manifest-list': `/nowhere/snap-${id}.avro`,
  summary: { operation: 'append' },
  'schema-id': 0,
  ...fields,
});
/** What a writer sends to append: as DuckDB, it knows only `main`. */
export const append = (id: bigint, expected: bigint | null, fields: Partial<Snapshot> = {}): TableCommit => ({
  requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': expected }],
  updates: [
    {
      action: 'add-snapshot',
      snapshot: snapshot(id, { ...(expected === null ? {} : { 'parent-snapshot-id': expected }), ...fields }),
    },
    { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': id },
  ],
});

/** Where the catalog has a table that {@link createTable} made. */
export const tablePath = (name: string): string => `psyberg/namespaces/facts/tables/${name}`;

let tableCount = 0;
/** A new table under a name of its own. */
export async function createTable(
  { client }: CatalogFixture,
  properties: Record<string, string> = {},
): Promise<TableIdentifier> {
  tableCount += 1;
  const id = { namespace: ['facts'], name: `table_${tableCount}` };
  await client.createNamespace(id.namespace);
  await client.createTable(id, { schema: SCHEMA, properties });
  return id;
}
