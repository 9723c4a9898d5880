// Goal: the client of foreign catalogs keeps to the Iceberg REST specification. Method: a server with
// manners, and what it was asked.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BearerTokens, bearerTokens } from '../../src/catalog/foreign/bearer-tokens.ts';
import { connectForeignCatalog } from '../../src/catalog/foreign/connect.ts';
import { httpSender } from '../../src/catalog/foreign/http.ts';
import { showsUpdates } from '../../src/catalog/foreign/look-up-commit.ts';
import { tableCache } from '../../src/catalog/foreign/table-cache.ts';
import { uuidV7 } from '../../src/catalog/foreign/uuid-v7.ts';
import { startProxy } from '../../src/catalog/index.ts';
import type { CatalogTable } from '../../src/catalog/service/catalog.ts';
import { renderJson } from '../../src/iceberg/json.ts';
import { PsybergError } from '../../src/model/errors.ts';
import { type ForeignManners, type ForeignServer, startForeignServer } from '../support/foreign-server.ts';
import { append, SCHEMA } from './fixture.ts';

async function serverForTest(manners: ForeignManners = {}): Promise<ForeignServer> {
  const server = await startForeignServer(manners);
  onTestFinished(() => server.close());
  return server;
}
/** Where nothing is staged. */
const noBranches = join(tmpdir(), 'psyberg-no-branches');
const TABLE = { namespace: ['a'], name: 't' };
async function catalogWithTable(server: ForeignServer, options: { readonly token?: string } = {}) {
  const catalog = await connectForeignCatalog({ uri: server.uri, ...options });
  await catalog.createNamespace(['a'], {});
  await catalog.createTable(TABLE, { schema: SCHEMA });
  return catalog;
}
const failureOf = async (work: Promise<unknown>): Promise<PsybergError> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof PsybergError) return error;
    throw error;
  }
  throw new Error('expected a failure');
};

/** A token server; the answers are taken one after the other, the last one again and again. */
async function tokenServer(
  ...answers: { readonly status?: number; readonly body: unknown }[]
): Promise<{ uri: string; asked: URLSearchParams[] }> {
  const asked: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    asked.push(new URLSearchParams(text));
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    response.statusCode = answer?.status ?? 200;
    response.end(JSON.stringify(answer?.body));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => void server.close());
  return { uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth`, asked };
}

describe('configuration', () => {
  it('asks for the warehouse, then uses prefix, namespace separator and headers that the catalog gives', async () => {
    const server = await serverForTest({
      prefix: 'ws/one',
      config: { overrides: { prefix: 'ws/one', 'namespace-separator': '%2E', 'header.X-Team': 'blue' } },
    });
    const catalog = await connectForeignCatalog({ uri: `${server.uri}/`, warehouse: 'my wh' });
    await catalog.createNamespace(['a'], {});
    await failureOf(catalog.listTables(['a', 'b']));
    expect(server.calls.map((call) => call.path)).toEqual([
      '/config?warehouse=my%20wh',
      '/ws/one/namespaces',
      '/ws/one/namespaces/a.b/tables',
    ]);
    expect(server.calls[1]?.headers['x-team']).toBe('blue');
  });
  it('takes a prefix that is percent-encoded already, and a separator that is not', async () => {
    const server = await serverForTest({
      prefix: 'ws%2Fone%20two',
      config: { overrides: { prefix: 'ws%2Fone two', 'namespace-separator': '%' } },
    });
    const catalog = await connectForeignCatalog({ uri: server.uri });
    await failureOf(catalog.listTables(['a', 'b']));
    expect(server.calls.map((call) => call.path)).toEqual([
      '/config',
      '/ws%2Fone%20two/namespaces/a%25b/tables',
    ]);
  });
  it('is refused with the place to correct when something else answers', async () => {
    const server = await serverForTest({ interfere: () => ({ status: 200, body: 'hello' }) });
    expect(await failureOf(connectForeignCatalog({ uri: server.uri }))).toMatchObject({
      code: 'catalog-unreachable',
      kind: 'usage',
      hint: expect.stringContaining('catalog.uri'),
    });
    const gone = await failureOf(connectForeignCatalog({ uri: 'http://127.0.0.1:9' }));
    expect(gone).toMatchObject({ code: 'catalog-unreachable', retryable: true });
    const missing = await serverForTest({
      interfere: () => ({
        status: 404,
        body: { error: { message: 'no w', type: 'NoSuchWarehouseException', code: 404 } },
      }),
    });
    expect(await failureOf(connectForeignCatalog({ uri: missing.uri, warehouse: 'w' }))).toMatchObject({
      code: 'no-such-warehouse',
    });
  });
  it('refuses in words what the catalog does not offer', async () => {
    const server = await serverForTest({ config: { endpoints: ['GET /v1/{prefix}/namespaces'] } });
    const catalog = await connectForeignCatalog({ uri: server.uri });
    expect(await failureOf(catalog.renameTable({ from: TABLE, to: { ...TABLE, name: 'u' } }))).toMatchObject({
      code: 'unsupported',
    });
    expect(await failureOf(catalog.icebergViews.list(['a']))).toMatchObject({ code: 'unsupported' });
    expect(catalog.commitsTogether).toBe(false);
    const calls = server.calls.length;
    expect(
      await failureOf(
        catalog.commitTables([
          { identifier: TABLE, ...append(1n, null) },
          { identifier: { ...TABLE, name: 'u' }, ...append(1n, null) },
        ]),
      ),
    ).toMatchObject({
      code: 'no-transactions',
    });
    expect(server.calls).toHaveLength(calls);
  });
});

describe('tokens', () => {
  it('are exchanged for those of another issuer, which are read anew each time', async () => {
    const { uri, asked } = await tokenServer(
      { body: { access_token: 'first', expires_in: 100 } },
      { status: 400, body: { error: 'invalid_grant', error_description: 'no, two-of-the-pod' } },
    );
    const file = join(mkdtempSync(join(tmpdir(), 'psyberg-subject-')), 'token');
    onTestFinished(() => rmSync(file));
    writeFileSync(file, 'one-of-the-pod\n');
    let nowMs = 1_000_000;
    const tokens = bearerTokens(
      {
        uri: 'http://nowhere',
        credential: 'id:secret',
        oauth2ServerUri: uri,
        subjectToken: { file },
        audience: 'lake',
      },
      { http: httpSender(undefined), nowMs: () => nowMs },
    );
    expect(await tokens.current()).toBe('first');
    expect(Object.fromEntries(asked[0] as URLSearchParams)).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'one-of-the-pod',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      client_id: 'id',
      client_secret: 'secret',
      scope: 'catalog',
      audience: 'lake',
    });
    writeFileSync(file, 'two-of-the-pod');
    nowMs += 100_000;
    const error = await failureOf(tokens.current());
    expect(asked[1]?.get('subject_token')).toBe('two-of-the-pod');
    expect(error).toMatchObject({ code: 'catalog-unauthorized' });
    expect(error.message).toContain('invalid_grant');
    expect(error.message).not.toContain('two-of-the-pod');
  });

  it('are bought with client credentials, once for many requests, and renewed before they expire', async () => {
    const { uri, asked } = await tokenServer(
      { body: { access_token: 'first', expires_in: 100 } },
      { body: { access_token: 'second' } },
    );
    let nowMs = 1_000_000;
    const tokens: BearerTokens = bearerTokens(
      { uri: 'http://nowhere', credential: 'id:se:cret', oauth2ServerUri: uri, scope: 'PRINCIPAL_ROLE:ALL' },
      { http: httpSender(undefined), nowMs: () => nowMs },
    );
    expect(await Promise.all([tokens.current(), tokens.current()])).toEqual(['first', 'first']);
    nowMs += 89_000;
    expect(await tokens.current()).toBe('first');
    expect(asked.map((form) => Object.fromEntries(form))).toEqual([
      {
        grant_type: 'client_credentials',
        client_id: 'id',
        client_secret: 'se:cret',
        scope: 'PRINCIPAL_ROLE:ALL',
      },
    ]);
    nowMs += 2_000;
    expect(await tokens.current()).toBe('second');
    nowMs += 3_600_000 - 300_001;
    expect(await tokens.current()).toBe('second');
    nowMs += 2;
    await tokens.current();
    expect(asked).toHaveLength(3);
  });
  it('that the catalog refuses are bought anew, and the request is sent again', async () => {
    const { uri, asked } = await tokenServer(
      { body: { access_token: 'one' } },
      { body: { access_token: 'two' } },
    );
    const server = await serverForTest({ tokens: new Set(['one']) });
    const catalog = await connectForeignCatalog({
      uri: server.uri,
      credential: 'id:secret',
      oauth2ServerUri: uri,
    });
    server.manners.tokens = new Set(['two']);
    expect(await catalog.listNamespaces([])).toEqual([]);
    expect(asked).toHaveLength(2);
    server.manners.tokens = new Set(['three']);
    expect(await failureOf(catalog.listNamespaces([]))).toMatchObject({
      code: 'catalog-unauthorized',
      kind: 'usage',
    });
  });
  it('and secrets are in no message, also where the server repeats them', async () => {
    const { uri } = await tokenServer({
      status: 400,
      body: { error: 'invalid_client', error_description: 'wrong: hush-hush for id:hush-hush' },
    });
    const refused = await failureOf(
      connectForeignCatalog({ uri: 'http://127.0.0.1:9', credential: 'id:hush-hush', oauth2ServerUri: uri }),
    );
    expect(refused).toMatchObject({
      code: 'catalog-unauthorized',
      message: expect.stringContaining('invalid_client'),
    });
    const server = await serverForTest({ tokens: new Set(['other']) });
    const unauthorized = await failureOf(connectForeignCatalog({ uri: server.uri, token: 'hush-hush' }));
    expect(unauthorized).toMatchObject({
      code: 'catalog-unauthorized',
      message: expect.stringContaining('not authorized: Bearer …'),
    });
    for (const error of [refused, unauthorized])
      expect(JSON.stringify([error, error.message, error.hint, error.context, error.stack])).not.toContain(
        'hush',
      );
  });
});

describe('requests', () => {
  it('that read are repeated, changes only where the catalog cannot have made them', async () => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    const answers: (number | 'cut')[] = [503, 502, 500];
    const sent = (): number => server.calls.filter((call) => call.method === 'POST').length;
    server.manners.interfere = () => {
      const status = answers.shift();
      return status === undefined ? undefined : status === 'cut' ? { status: 0, cut: true } : { status };
    };
    expect(await catalog.listNamespaces([])).toEqual([['a']]);
    let before = sent();
    answers.push(500);
    expect(await failureOf(catalog.createNamespace(['b'], {}))).toMatchObject({
      code: 'commit-state-unknown',
      retryable: true,
    });
    expect(sent() - before).toBe(1);
    answers.length = 0;
    before = sent();
    answers.push('cut');
    expect(await failureOf(catalog.createNamespace(['b'], {}))).toMatchObject({
      code: 'commit-state-unknown',
    });
    expect(sent() - before).toBe(1);
  });
  it('give up after a bound, and never wait longer than one', async () => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    const before = server.calls.length;
    server.manners.interfere = () => ({ status: 429, headers: { 'retry-after': '0' } });
    expect(await failureOf(catalog.listNamespaces([]))).toMatchObject({
      code: 'catalog-busy',
      retryable: true,
    });
    expect(server.calls.length - before).toBe(5);
    server.manners.interfere = () => ({
      status: 503,
      headers: { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() },
    });
    expect(await failureOf(catalog.listNamespaces([]))).toMatchObject({ code: 'catalog-busy' });
    expect(server.calls.length - before).toBe(6);
  });
  it('carry one Idempotency-Key over their repetitions where the catalog remembers keys, and none elsewhere', async () => {
    const server = await serverForTest({ config: { 'idempotency-key-lifetime': 'PT30M' } });
    let failures = 2;
    server.manners.interfere = (call) =>
      call.method === 'POST' && failures-- > 0 ? { status: 500 } : undefined;
    const catalog = await connectForeignCatalog({ uri: server.uri });
    await catalog.createNamespace(['a'], {});
    await catalog.createNamespace(['b'], {});
    const keys = server.calls.map((call) => call.headers['idempotency-key']);
    expect(keys[0]).toBeUndefined();
    expect(keys[1]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(keys.slice(1, 4)).toEqual([keys[1], keys[1], keys[1]]);
    expect(keys[4]).not.toBe(keys[1]);
    const forgetful = await serverForTest();
    await (await connectForeignCatalog({ uri: forgetful.uri })).createNamespace(['a'], {});
    expect(forgetful.calls.every((call) => call.headers['idempotency-key'] === undefined)).toBe(true);
    expect(uuidV7(0x0123456789ab).startsWith('01234567-89ab-7')).toBe(true);
  });
  it('load a table that did not change without sending it again', async () => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    const one = await catalog.loadTable(TABLE);
    expect(await catalog.loadTable(TABLE)).toBe(one);
    expect(server.calls.at(-1)?.headers['if-none-match']).toBeDefined();
    await catalog.commitTables([{ identifier: TABLE, ...append(1n, null) }]);
    expect((await catalog.loadTable(TABLE)).metadata['current-snapshot-id']).toBe(1n);
  });
});

describe('lists', () => {
  it('end with an error when the catalog gives one page token again and again', async () => {
    const server = await serverForTest({
      interfere: ({ path }) =>
        path.startsWith('/namespaces')
          ? { status: 200, body: { namespaces: [['a']], 'next-page-token': 'x' } }
          : undefined,
    });
    const catalog = await connectForeignCatalog({ uri: server.uri });
    expect(await failureOf(catalog.listNamespaces([]))).toMatchObject({
      code: 'catalog-failed',
      message: expect.stringContaining('page token twice'),
    });
    expect(server.calls).toHaveLength(3);
  });
});

describe('tables whose dotted names are the same', () => {
  it('are not taken for each other', async () => {
    const server = await serverForTest();
    const catalog = await connectForeignCatalog({ uri: server.uri });
    const tables = [
      { namespace: ['a'], name: 'b.c' },
      { namespace: ['a', 'b'], name: 'c' },
    ];
    const locations: (string | undefined)[] = [];
    for (const table of tables) {
      await catalog.createNamespace(table.namespace, {});
      locations.push((await catalog.createTable(table, { schema: SCHEMA })).metadata['table-uuid']);
    }
    // A catalog may count versions in its entity tags: "1" of one table is no "1" of another.
    server.calls.length = 0;
    for (const [index, table] of tables.entries())
      expect((await catalog.loadTable(table)).metadata['table-uuid']).toBe(locations[index]);
    const tags = server.calls.map((each) => each.headers['if-none-match']);
    expect(new Set(tags).size).toBe(2);
  });
});

describe('a commit without an answer', () => {
  it.each([
    ['made, and the answer was 504', { status: 504, after: true }],
    ['made, and the connection was cut', { status: 0, after: true, cut: true }],
    [
      'made, repeated, and the repetition met it',
      { status: 503, after: true, headers: { 'retry-after': '0' } },
    ],
    ['made, and the answer cannot be read', { status: 200, after: true, body: '{"metadata": {' }],
    ['not made, and the answer was 500', { status: 500 }],
  ] as const)('%s: it is looked up, and made once', async (_what, interference) => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    let once = true;
    server.manners.interfere = (call) => {
      if (call.method !== 'POST' || !once) return undefined;
      once = false;
      return interference;
    };
    const [committed] = await catalog.commitTables([{ identifier: TABLE, ...append(1n, null) }]);
    expect(committed?.metadata['current-snapshot-id']).toBe(1n);
    expect((await catalog.loadTable(TABLE)).metadata.snapshots).toHaveLength(1);
  });
  it('that expects nothing is not sent again: it could be made twice', async () => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    server.manners.interfere = (call) => (call.method === 'POST' ? { status: 500 } : undefined);
    const before = server.calls.filter((call) => call.method === 'POST').length;
    const { updates } = append(1n, null);
    expect(
      await failureOf(catalog.commitTables([{ identifier: TABLE, requirements: [], updates }])),
    ).toMatchObject({ code: 'commit-state-unknown', retryable: true });
    expect(server.calls.filter((call) => call.method === 'POST').length - before).toBe(1);
  });
  it('of a namespace or a table that is there is that of one that exists', async () => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    server.manners.interfere = (call) => (call.method === 'POST' ? { status: 500, after: true } : undefined);
    expect(await failureOf(catalog.createNamespace(['b'], {}))).toMatchObject({ code: 'already-exists' });
    expect(
      await failureOf(catalog.createTable({ namespace: ['b'], name: 't' }, { schema: SCHEMA })),
    ).toMatchObject({ code: 'already-exists' });
  });
  it("is not taken for made when somebody else's was, or when one update cannot be seen", async () => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    await catalog.commitTables([{ identifier: TABLE, ...append(1n, null) }]);
    const { metadata } = await catalog.loadTable(TABLE);
    expect(showsUpdates(metadata, append(1n, null).updates)).toBe(true);
    expect(showsUpdates(metadata, append(2n, 1n).updates)).toBe(false);
    expect(showsUpdates(undefined, append(1n, null).updates)).toBe(false);
    expect(showsUpdates(metadata, [])).toBe(false);
    expect(showsUpdates(metadata, [{ action: 'remove-snapshot-ref', 'ref-name': 'gone' }])).toBe(true);
    expect(showsUpdates(metadata, [{ action: 'remove-snapshots', 'snapshot-ids': [1n] }])).toBe(false);
    expect(showsUpdates(metadata, [{ action: 'add-schema', schema: SCHEMA }])).toBe(false);
  });
});

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

describe('in a session a table', () => {
  it('is asked for once, whatever others do, and anew after a commit or in the next session', async () => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    const other = await connectForeignCatalog({ uri: server.uri });
    const inSession = catalog.inSession as NonNullable<typeof catalog.inSession>;
    const head = async () => (await catalog.loadTable(TABLE)).metadata['current-snapshot-id'] ?? null;
    const loads = () => server.calls.filter((call) => call.path.endsWith('/tables/t')).length;
    await inSession(async () => {
      expect([await head(), await head()]).toEqual([null, null]);
      await other.commitTables([{ identifier: TABLE, ...append(1n, null) }]);
      const asked = loads();
      expect(await head()).toBeNull();
      expect(loads()).toBe(asked);
      // What was expected is not so: from then on it is looked at again.
      const error = await failureOf(catalog.commitTables([{ identifier: TABLE, ...append(2n, null) }]));
      expect(error.code).toBe('commit-conflict');
      expect([await head(), await head()]).toEqual([1n, 1n]);
    });
    await other.commitTables([{ identifier: TABLE, ...append(3n, 1n) }]);
    expect(await head()).toBe(3n);
    await inSession(async () => expect(await head()).toBe(3n));
  });

  it('is asked for again when it was committed to while an answer was under way', () => {
    const cache = tableCache();
    const end = cache.beginSession();
    const table = { metadata: {}, metadataLocation: 'm' } as CatalogTable;
    const askedAt = cache.askedAt();
    cache.forget('t');
    cache.remember('t', '"1"', { table, askedAt });
    expect(cache.seen('t')).toBeUndefined();
    cache.remember('t', '"2"', { table, askedAt: cache.askedAt() });
    expect(cache.seen('t')).toBe(table);
    const endOther = cache.beginSession();
    expect(cache.seen('t')).toBeUndefined();
    cache.confirm('t', cache.askedAt());
    expect(cache.seen('t')).toBe(table);
    endOther();
    end();
    expect(cache.seen('t')).toBeUndefined();
    expect(cache.find('t')?.etag).toBe('"2"');
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
