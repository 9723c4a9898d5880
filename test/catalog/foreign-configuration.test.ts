// Goal: a foreign catalog is spoken to as its configuration says, and what it does not offer is said in words.
// Method: a server with manners, and what it was asked.
import { describe, expect, it } from 'vitest';
import { connectForeignCatalog } from '../../src/catalog/foreign/connect.ts';
import { append } from './fixture.ts';
import { failureOf, serverForTest, TABLE } from './foreign-fixture.ts';

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
