// Goal: a request is repeated only where that is harmless, and a table is asked for no more often than it has to be.
// Method: a server that loses answers and asks for patience, and what it was asked.
import { describe, expect, it } from 'vitest';
import { connectForeignCatalog } from '../../src/catalog/foreign/connect.ts';
import { tableCache } from '../../src/catalog/foreign/table-cache.ts';
import { uuidV7 } from '../../src/catalog/foreign/uuid-v7.ts';
import type { CatalogTable } from '../../src/catalog/service/catalog.ts';
import { append, SCHEMA } from './fixture.ts';
import { catalogWithTable, failureOf, serverForTest, TABLE } from './foreign-fixture.ts';

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
