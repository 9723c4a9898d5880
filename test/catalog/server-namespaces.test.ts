// Goal: configuration and namespaces are those of the REST specification. Method: plain HTTP against a running
// catalog.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogFixture, errorType, openCatalog } from './fixture.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog();
});
afterAll(() => fixture.close());
const call: CatalogFixture['call'] = (...parameters) => fixture.call(...parameters);

describe('configuration', () => {
  it('names the prefix and the optional endpoints, multi-table commits among them', async () => {
    const { body } = await call('GET', 'config');
    expect(body.overrides).toEqual({ prefix: 'psyberg' });
    expect(body.endpoints).toContain('POST /v1/{prefix}/transactions/commit');
  });
  it('accepts the catalog by name and by folder, and answers 404 for another warehouse', async () => {
    expect((await call('GET', 'config?warehouse=psyberg')).status).toBe(200);
    expect(
      (await call('GET', `config?warehouse=${encodeURIComponent(fixture.warehouse)}`)).body.overrides.prefix,
    ).toBe('psyberg');
    expect(errorType(await call('GET', 'config?warehouse=nobody'))).toEqual([
      404,
      'NoSuchWarehouseException',
    ]);
    expect(errorType(await call('GET', 'nobody/namespaces'))).toEqual([404, 'NoSuchWarehouseException']);
  });
});

describe('namespaces', () => {
  it('are created, listed by level, described and dropped', async () => {
    expect(
      (await call('POST', 'psyberg/namespaces', { namespace: ['one'], properties: { owner: 'me' } })).body,
    ).toEqual({
      namespace: ['one'],
      properties: { owner: 'me' },
    });
    await call('POST', 'psyberg/namespaces', { namespace: ['one', 'two'] });
    expect((await call('GET', 'psyberg/namespaces?parent=one')).body.namespaces).toEqual([['one', 'two']]);
    expect((await call('GET', 'psyberg/namespaces')).body.namespaces).toContainEqual(['one']);
    expect((await call('GET', 'psyberg/namespaces/one%1Ftwo')).body).toEqual({
      namespace: ['one', 'two'],
      properties: {},
    });
    expect((await call('HEAD', 'psyberg/namespaces/one%1Ftwo')).status).toBe(204);
    expect(errorType(await call('DELETE', 'psyberg/namespaces/one'))).toEqual([
      409,
      'NamespaceNotEmptyException',
    ]);
    expect((await call('DELETE', 'psyberg/namespaces/one%1Ftwo')).status).toBe(204);
    expect((await call('DELETE', 'psyberg/namespaces/one')).status).toBe(204);
    expect((await call('HEAD', 'psyberg/namespaces/one')).status).toBe(404);
  });
  it('keep a name once and answer for missing ones as the reference does', async () => {
    await call('POST', 'psyberg/namespaces', { namespace: ['once'] });
    expect(errorType(await call('POST', 'psyberg/namespaces', { namespace: ['once'] }))).toEqual([
      409,
      'AlreadyExistsException',
    ]);
    const missing = await call('GET', 'psyberg/namespaces/never');
    expect(missing.body).toEqual({
      error: { message: 'Namespace does not exist: never', type: 'NoSuchNamespaceException', code: 404 },
    });
    for (const [method, path] of [
      ['DELETE', 'never'],
      ['GET', 'never/tables'],
      ['GET', 'never%1Fmore'],
    ] as const) {
      expect(errorType(await call(method, `psyberg/namespaces/${path}`))).toEqual([
        404,
        'NoSuchNamespaceException',
      ]);
    }
  });
  it('tell which properties were updated, removed and missing, and outlive their last one', async () => {
    await call('POST', 'psyberg/namespaces', { namespace: ['props'], properties: { a: '1', b: '2' } });
    const change = await call('POST', 'psyberg/namespaces/props/properties', {
      removals: ['a', 'x', 'b'],
      updates: { c: '3' },
    });
    expect(change.body).toEqual({ updated: ['c'], removed: ['a', 'b'], missing: ['x'] });
    await call('POST', 'psyberg/namespaces/props/properties', { removals: ['c'] });
    expect((await call('GET', 'psyberg/namespaces/props')).body.properties).toEqual({});
    expect(
      errorType(
        await call('POST', 'psyberg/namespaces/props/properties', { removals: ['a'], updates: { a: '' } }),
      ),
    ).toEqual([422, 'UnprocessableEntityException']);
  });
  it.each([[['']], [['a.b']], [[]], [['a\u0000']], [['x'.repeat(300)]], [['\ud800']], [['..']], [['.']]])(
    'refuse the name %j',
    async (namespace) => {
      expect((await call('POST', 'psyberg/namespaces', { namespace })).status).toBe(400);
    },
  );
  it('are listed in pages, which lose no name when others come and go between them', async () => {
    for (const name of ['p1', 'p2', 'p4', 'p5'])
      await call('POST', 'psyberg/namespaces', { namespace: ['pages', name] });
    const page = async (token: string) =>
      (await call('GET', `psyberg/namespaces?parent=pages&pageSize=2&pageToken=${token}`)).body;
    const first = await page('');
    expect(first.namespaces).toEqual([
      ['pages', 'p1'],
      ['pages', 'p2'],
    ]);
    await call('DELETE', 'psyberg/namespaces/pages%1Fp1');
    await call('POST', 'psyberg/namespaces', { namespace: ['pages', 'p3'] });
    const second = await page(first['next-page-token']);
    expect(second.namespaces).toEqual([
      ['pages', 'p3'],
      ['pages', 'p4'],
    ]);
    expect(await page(second['next-page-token'])).toEqual({
      namespaces: [['pages', 'p5']],
      'next-page-token': null,
    });
    // Without a token a client wants everything, as the specification says.
    expect((await call('GET', 'psyberg/namespaces?parent=pages&pageSize=1')).body).toEqual({
      namespaces: ['p2', 'p3', 'p4', 'p5'].map((name) => ['pages', name]),
      'next-page-token': null,
    });
  });
  it.each([
    'pageSize=0',
    'pageSize=-1',
    'pageSize=x',
    'pageSize=1e9',
    'pageSize=',
    'pageToken=1',
    'pageToken=../..',
    'pageToken=%00',
    `pageToken=${'A'.repeat(5000)}B`,
    'pageToken=gA',
  ])('refuse the page %s', async (query) => {
    for (const path of [
      'psyberg/namespaces',
      'psyberg/namespaces/facts/tables',
      'psyberg/namespaces/facts/views',
    ]) {
      await fixture.client.createNamespace(['facts']);
      expect(errorType(await call('GET', `${path}?${query}`))).toEqual([400, 'BadRequestException']);
    }
  });
});
