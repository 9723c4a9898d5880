// Goal: the proxy in front of a foreign catalog passes on what that says, and credentials to those alone who
// need them. Method: clients of the proxy, and what the catalog was asked.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tableCache } from '../../src/catalog/foreign/table-cache.ts';
import { startProxy } from '../../src/catalog/index.ts';
import type { CatalogTable } from '../../src/catalog/service/catalog.ts';
import { renderJson } from '../../src/iceberg/json.ts';
import { append } from './fixture.ts';
import { catalogWithTable, failureOf, serverForTest, TABLE } from './foreign-fixture.ts';

/** Where nothing is staged. */
const noBranches = join(tmpdir(), 'psyberg-no-branches');

describe('storage credentials', () => {
  const credentials = [
    {
      prefix: 's3://bucket/t',
      config: {
        's3.access-key-id': 'key',
        's3.secret-access-key': 'secret',
        's3.session-token-expires-at-ms': '99',
      },
    },
  ];
  it('reach the client of the proxy with the table and with its views; a token for the table stays here', async () => {
    const server = await serverForTest({
      tableResult: {
        config: { 'client.region': 'eu-1', token: 'of-the-table' },
        'storage-credentials': credentials,
      },
    });
    await catalogWithTable(server, { token: 'of-the-catalog' });
    const proxy = await startProxy({
      foreign: { uri: server.uri, token: 'of-the-catalog' },
      branches: noBranches,
    });
    onTestFinished(() => proxy.close());
    proxy.views.open({
      name: 'session',
      tables: [{ identifier: TABLE, table: TABLE, show: { kind: 'branch', branch: 'b' } }],
    });
    for (const prefix of ['psyberg', 'session', 'branch@b']) {
      const response = await fetch(`${proxy.uri}/v1/${prefix}/namespaces/a/tables/t`, {
        headers: { authorization: `Bearer ${proxy.token}` },
      });
      expect(await response.json(), prefix).toMatchObject({
        config: { 'client.region': 'eu-1' },
        'storage-credentials': credentials,
      });
      expect(response.headers.get('etag'), prefix).toBeNull();
    }
    const loads = server.calls.filter((call) => call.method === 'GET' && call.path.endsWith('/tables/t'));
    expect(loads.map((call) => call.headers['authorization'])).toEqual([
      'Bearer of-the-catalog',
      'Bearer of-the-table',
      'Bearer of-the-table',
    ]);
    expect(loads.every((call) => call.headers['x-iceberg-access-delegation'] === 'vended-credentials')).toBe(
      true,
    );
  });
  it('are asked for anew before they expire', () => {
    let nowMs = 0;
    const cache = tableCache(() => nowMs);
    const table = { metadata: {}, metadataLocation: 'm' } as CatalogTable;
    const remember = (key: string, more: Partial<CatalogTable>): void =>
      cache.remember(key, '"1"', { table: { ...table, ...more }, askedAt: cache.askedAt() });
    remember('plain', {});
    remember('dated', {
      storageCredentials: [{ prefix: 's3://b', config: { 's3.session-token-expires-at-ms': '900000' } }],
    });
    remember('silent', { config: { 's3.secret-access-key': 'x' } });
    nowMs = 299_999;
    expect(['plain', 'dated', 'silent'].map((key) => cache.find(key) !== undefined)).toEqual([
      true,
      true,
      true,
    ]);
    nowMs = 300_001;
    expect(['plain', 'dated', 'silent'].map((key) => cache.find(key) !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
    nowMs = 600_001;
    expect(['plain', 'dated'].map((key) => cache.find(key) !== undefined)).toEqual([true, false]);
  });
});

describe('the proxy', () => {
  it("passes the catalog's refusals on in its own words and with the right status", async () => {
    const server = await serverForTest();
    await catalogWithTable(server);
    const proxy = await startProxy({ foreign: { uri: server.uri }, branches: noBranches });
    onTestFinished(() => proxy.close());
    const call = async (path: string): Promise<[number, string, string]> => {
      const response = await fetch(`${proxy.uri}/v1/psyberg/${path}`, {
        headers: { authorization: `Bearer ${proxy.token}` },
      });
      const { error } = (await response.json()) as { error: { type: string; message: string } };
      return [response.status, error.type, error.message];
    };
    expect((await call('namespaces/a/tables/none')).slice(0, 2)).toEqual([404, 'NoSuchTableException']);
    expect((await call('namespaces/none/tables')).slice(0, 2)).toEqual([404, 'NoSuchNamespaceException']);
    server.manners.interfere = () => ({
      status: 401,
      body: { error: { message: 'who?', type: 'NotAuthorizedException', code: 401 } },
    });
    expect(await call('namespaces')).toEqual([403, 'ForbiddenException', expect.stringContaining('who?')]);
    await server.close();
  });
  it('answers a commit in JSON also where the catalog does not say where the metadata is, and passes metrics on without failing', async () => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    const { metadata } = await catalog.loadTable(TABLE);
    const proxy = await startProxy({ foreign: { uri: server.uri }, branches: noBranches });
    onTestFinished(() => proxy.close());
    const post = (path: string, body: unknown) =>
      fetch(`${proxy.uri}/v1/psyberg/namespaces/a/tables/t${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${proxy.token}` },
        body: renderJson(body),
      });
    const report = { 'report-type': 'scan-report', 'table-name': 't', 'snapshot-id': 9223372036854775807n };
    expect((await post('/metrics', report)).status).toBe(204);
    expect(server.calls.at(-1)).toMatchObject({
      method: 'POST',
      path: '/namespaces/a/tables/t/metrics',
      body: renderJson(report),
    });
    server.manners.interfere = ({ method, path }) => {
      if (method !== 'POST') return undefined;
      return path.endsWith('/metrics')
        ? { status: 500 }
        : { status: 200, body: JSON.parse(renderJson({ metadata })) };
    };
    expect((await post('/metrics', report)).status).toBe(204);
    const properties = { requirements: [], updates: [{ action: 'set-properties', updates: { a: 'b' } }] };
    const reply = await post('', properties);
    expect(await reply.json()).toMatchObject({ metadata: { 'table-uuid': metadata['table-uuid'] } });
  });
  it('refuses to go on where a commit is answered with another main than it asked for', async () => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    const { metadata } = await catalog.loadTable(TABLE);
    const proxy = await startProxy({ foreign: { uri: server.uri }, branches: noBranches });
    onTestFinished(() => proxy.close());
    server.manners.interfere = ({ method }) =>
      method === 'POST' ? { status: 200, body: JSON.parse(renderJson({ metadata })) } : undefined;
    expect(await failureOf(proxy.client.commitTable(TABLE, append(1n, null)))).toMatchObject({
      code: 'commit-not-as-asked',
      kind: 'refused',
      message: /a\.t and did something else: main is no snapshot, not 1/,
    });
  });
  it('offers several tables in one commit only where the catalog does', async () => {
    for (const oneTableAtATime of [true, false]) {
      const server = await serverForTest({ oneTableAtATime });
      const proxy = await startProxy({ foreign: { uri: server.uri }, branches: noBranches });
      onTestFinished(() => proxy.close());
      const response = await fetch(`${proxy.uri}/v1/config`, {
        headers: { authorization: `Bearer ${proxy.token}` },
      });
      const { endpoints } = (await response.json()) as { endpoints: string[] };
      expect(endpoints.includes('POST /v1/{prefix}/transactions/commit')).toBe(!oneTableAtATime);
      expect(endpoints).toContain('GET /v1/{prefix}/namespaces/{namespace}/views');
    }
  });
});
