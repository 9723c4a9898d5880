// Goal: an Iceberg client finds the catalog that the REST specification describes. Method: plain HTTP against
// a running catalog.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { append, type CatalogFixture, createTable, errorType, openCatalog, SCHEMA } from './fixture.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog();
});
afterAll(() => fixture.close());
const call: CatalogFixture['call'] = (...parameters) => fixture.call(...parameters);
const tablePath = (name: string): string => `psyberg/namespaces/facts/tables/${name}`;

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

describe('tables', () => {
  it('are created below the warehouse with fresh ids and loaded with a metadata file', async () => {
    const id = await createTable(fixture);
    const { body, status } = await call('GET', tablePath(id.name));
    expect(status).toBe(200);
    expect(body['metadata-location']).toMatch(
      new RegExp(`^${fixture.warehouse}/facts/${id.name}/metadata/00000-[0-9a-f-]{36}\\.metadata\\.json$`),
    );
    expect(body.metadata).toMatchObject({
      'format-version': 2,
      'last-column-id': 2,
      location: join(fixture.warehouse, 'facts', id.name),
    });
    expect(readFileSync(body['metadata-location'], 'utf8')).toContain(body.metadata['table-uuid']);
    expect((await call('HEAD', tablePath(id.name))).status).toBe(204);
    expect((await call('GET', 'psyberg/namespaces/facts/tables')).body.identifiers).toContainEqual(id);
  });
  it('are refused twice, without their namespace, and under unknown names', async () => {
    const id = await createTable(fixture);
    const create = (namespace: string, name: string) =>
      call('POST', `psyberg/namespaces/${namespace}/tables`, { name, schema: SCHEMA });
    expect(errorType(await create('facts', id.name))).toEqual([409, 'AlreadyExistsException']);
    expect(errorType(await create('never', 't'))).toEqual([404, 'NoSuchNamespaceException']);
    expect(errorType(await call('GET', tablePath('never')))).toEqual([404, 'NoSuchTableException']);
    // Spark asks so before it understands `table.branch_x`.
    expect(errorType(await call('GET', `psyberg/namespaces/facts%1F${id.name}/tables/branch_x`))).toEqual([
      404,
      'NoSuchTableException',
    ]);
  });
  it('answer 304 to a client that has them already, and only then', async () => {
    const id = await createTable(fixture);
    const etag = (await call('GET', tablePath(id.name))).headers.get('etag') as string;
    expect((await call('GET', tablePath(id.name), undefined, { 'if-none-match': etag })).status).toBe(304);
    await fixture.client.commitTable(id, append(1n, null));
    expect((await call('GET', tablePath(id.name), undefined, { 'if-none-match': etag })).status).toBe(200);
  });
  it('load only referenced snapshots on demand', async () => {
    const id = await createTable(fixture);
    await fixture.client.commitTable(id, append(1n, null));
    await fixture.client.commitTable(id, append(2n, 1n));
    expect((await call('GET', `${tablePath(id.name)}?snapshots=refs`)).body.metadata.snapshots).toHaveLength(
      1,
    );
    expect((await call('GET', `${tablePath(id.name)}?snapshots=all`)).body.metadata.snapshots).toHaveLength(
      2,
    );
    expect((await call('GET', `${tablePath(id.name)}?snapshots=some`)).status).toBe(400);
  });
  it('are staged without an entry and created by the commit that asserts so', async () => {
    await fixture.client.createNamespace(['facts']);
    const staged = await call('POST', 'psyberg/namespaces/facts/tables', {
      name: 'staged',
      schema: SCHEMA,
      'stage-create': true,
    });
    expect(staged.body['metadata-location']).toBeUndefined();
    expect((await call('HEAD', tablePath('staged'))).status).toBe(404);
    const { metadata } = staged.body;
    const commit = {
      requirements: [{ type: 'assert-create' }],
      updates: [
        { action: 'assign-uuid', uuid: metadata['table-uuid'] },
        { action: 'upgrade-format-version', 'format-version': 2 },
        { action: 'add-schema', schema: metadata.schemas[0] },
        { action: 'add-spec', spec: metadata['partition-specs'][0] },
        { action: 'add-sort-order', 'sort-order': metadata['sort-orders'][0] },
        { action: 'set-location', location: metadata.location },
        { action: 'set-current-schema', 'schema-id': 0 },
      ],
    };
    expect((await call('POST', tablePath('staged'), commit)).body.metadata['table-uuid']).toBe(
      metadata['table-uuid'],
    );
    expect(errorType(await call('POST', tablePath('staged'), commit))).toEqual([
      409,
      'CommitFailedException',
    ]);
  });
  it('are renamed, also into another namespace, never over another table', async () => {
    const [from, other] = [await createTable(fixture), await createTable(fixture)];
    await fixture.client.createNamespace(['archive']);
    const to = { namespace: ['archive'], name: 'moved' };
    expect((await call('POST', 'psyberg/tables/rename', { source: from, destination: to })).status).toBe(204);
    expect(await fixture.client.tableExists(to)).toBe(true);
    expect(await fixture.client.tableExists(from)).toBe(false);
    expect(
      errorType(await call('POST', 'psyberg/tables/rename', { source: to, destination: other })),
    ).toEqual([409, 'AlreadyExistsException']);
    expect(errorType(await call('POST', 'psyberg/tables/rename', { source: from, destination: to }))).toEqual(
      [404, 'NoSuchTableException'],
    );
    expect(
      errorType(
        await call('POST', 'psyberg/tables/rename', {
          source: to,
          destination: { namespace: ['x'], name: 'y' },
        }),
      ),
    ).toEqual([404, 'NoSuchNamespaceException']);
  });
  it('keep their files when dropped, can be registered again, and lose them when purged', async () => {
    const id = await createTable(fixture);
    const location = (await fixture.client.loadTable(id))?.metadataLocation as string;
    expect(await fixture.client.dropTable(id)).toBe(true);
    expect(await fixture.client.dropTable(id)).toBe(false);
    expect(existsSync(location)).toBe(true);
    const register = (overwrite?: boolean) =>
      call('POST', 'psyberg/namespaces/facts/register', {
        name: id.name,
        'metadata-location': location,
        overwrite,
      });
    expect((await register()).body['metadata-location']).toBe(location);
    expect(errorType(await register())).toEqual([409, 'AlreadyExistsException']);
    expect((await register(true)).status).toBe(200);
    expect(await fixture.client.dropTable(id, { purge: true })).toBe(true);
    expect(existsSync(join(fixture.warehouse, 'facts', id.name))).toBe(false);
  });
  it('keep the folder of a purged table in which another one lives', async () => {
    const [inner, outer] = [await createTable(fixture), await createTable(fixture)];
    await fixture.client.commitTable(outer, {
      requirements: [],
      updates: [{ action: 'set-location', location: join(fixture.warehouse, 'facts') }],
    });
    await fixture.client.dropTable(outer, { purge: true });
    expect((await fixture.client.loadTable(inner))?.metadata.location).toContain(inner.name);
  });
  it('take any harmless name without leaving the warehouse', async () => {
    for (const name of ['...', 'a/b', 'ü ñ', "it's", '%2e%2e', 'a\\b']) {
      const created = await call('POST', 'psyberg/namespaces/facts/tables', { name, schema: SCHEMA });
      expect(created.status).toBe(200);
      expect(created.body.metadata.location.split('/')).toHaveLength(fixture.warehouse.split('/').length + 2);
      expect((await call('GET', tablePath(encodeURIComponent(name)))).body.metadata.location).not.toContain(
        '/..',
      );
      await fixture.client.dropTable({ namespace: ['facts'], name }, { purge: true });
    }
    expect(existsSync(join(fixture.warehouse, 'catalog.db'))).toBe(true);
  });
});

describe('commits', () => {
  it('write the next metadata file, remember the last one, and keep every digit of a snapshot id', async () => {
    const id = await createTable(fixture);
    const before = await fixture.client.loadTable(id);
    const snapshotId = 9223372036854775807n;
    const after = await fixture.client.commitTable(id, append(snapshotId, null, { 'sequence-number': 1n }));
    expect(after.metadataLocation).toMatch(/\/00001-[^/]*\.metadata\.json$/);
    expect(after.metadata['metadata-log']?.at(-1)?.['metadata-file']).toBe(before?.metadataLocation);
    expect(readFileSync(after.metadataLocation, 'utf8')).toContain(
      '"current-snapshot-id":9223372036854775807',
    );
    expect((await fixture.client.loadTable(id))?.metadata['current-snapshot-id']).toBe(snapshotId);
  });
  it('answer 409 when the table moved, and leave no file behind', async () => {
    const id = await createTable(fixture);
    await fixture.client.commitTable(id, append(1n, null));
    const folder = join(fixture.warehouse, 'facts', id.name, 'metadata');
    const files = readdirSync(folder).length;
    await expect(fixture.client.commitTable(id, append(2n, null))).rejects.toMatchObject({
      code: 'commit-conflict',
      retryable: true,
      kind: 'conflict',
    });
    expect(readdirSync(folder)).toHaveLength(files);
  });
  it('change several tables or none', async () => {
    const [one, two] = [await createTable(fixture), await createTable(fixture)];
    await fixture.client.commitTransaction([
      { identifier: one, ...append(1n, null) },
      { identifier: two, ...append(1n, null) },
    ]);
    await expect(
      fixture.client.commitTransaction([
        { identifier: one, ...append(2n, 1n) },
        { identifier: two, ...append(2n, 7n) },
      ]),
    ).rejects.toMatchObject({
      code: 'commit-conflict',
    });
    for (const id of [one, two])
      expect((await fixture.client.loadTable(id))?.metadata['current-snapshot-id']).toBe(1n);
    expect((await call('POST', 'psyberg/transactions/commit', { 'table-changes': [] })).status).toBe(204);
    await expect(
      fixture.client.commitTransaction([
        { identifier: one, ...append(2n, 1n) },
        { identifier: one, ...append(3n, 2n) },
      ]),
    ).rejects.toMatchObject({ code: 'bad-request' });
  });
  it('delete the metadata files that fall off the log, if the table says so', async () => {
    const id = await createTable(fixture, {
      'write.metadata.previous-versions-max': '1',
      'write.metadata.delete-after-commit.enabled': 'true',
    });
    for (let n = 1n; n <= 5n; n++) await fixture.client.commitTable(id, append(n, n === 1n ? null : n - 1n));
    expect(readdirSync(join(fixture.warehouse, 'facts', id.name, 'metadata'))).toHaveLength(2);
  });
  it.each([
    ['an unknown update', { requirements: [], updates: [{ action: 'paint' }] }],
    ['an unknown requirement', { requirements: [{ type: 'assert-moon' }], updates: [] }],
    ['an update without its fields', { requirements: [], updates: [{ action: 'add-snapshot' }] }],
    ['a body that is a list', []],
    ['a body that is cut off', '{"requirements":['],
    [
      'a body that is nested without end',
      `{"requirements":[],"updates":[{"action":"add-schema","schema":{"type":"struct","fields":[{"id":1,"name":"a","required":false,"type":${'{"type":"list","element-id":1,"element-required":true,"element":'.repeat(20_000)}"int"${'}'.repeat(20_000)}}]}}]}`,
    ],
    ['an empty body', ''],
    ['bytes that are not text', '\u0000'],
  ])('answer 400 to %s', async (_what, body) => {
    const id = await createTable(fixture);
    expect((await call('POST', tablePath(id.name), body)).status).toBe(400);
  });
  it('take null for what may be left out, and keep none of it', async () => {
    const id = await createTable(fixture);
    const nulls = { 'spec-id': null, 'order-id': null };
    const field = {
      id: 3,
      name: 'c',
      required: false,
      type: 'long',
      doc: null,
      'initial-default': null,
      'write-default': null,
    };
    const updates = [
      {
        action: 'add-schema',
        'last-column-id': null,
        schema: {
          type: 'struct',
          'schema-id': null,
          'identifier-field-ids': null,
          fields: [...SCHEMA.fields, field],
        },
      },
      {
        action: 'add-spec',
        spec: {
          ...nulls,
          fields: [{ 'source-id': 1, 'field-id': null, name: 'part', transform: 'identity' }],
        },
      },
      { action: 'add-sort-order', 'sort-order': { ...nulls, fields: [] } },
    ];
    const reply = await call('POST', tablePath(id.name), { identifier: null, requirements: [], updates });
    expect([reply.status, reply.body.metadata?.schemas[1]?.fields[2]]).toEqual([
      200,
      { id: 3, name: 'c', required: false, type: 'long' },
    ]);
    expect(
      JSON.stringify([reply.body.metadata.schemas, reply.body.metadata['partition-specs']]),
    ).not.toContain('null');
    expect(reply.body.metadata['partition-specs'][1].fields[0]['field-id']).toBe(1000);
    const view = {
      'version-id': 1,
      'timestamp-ms': 1,
      'schema-id': 0,
      summary: {},
      representations: [{ type: 'sql', sql: 'x', dialect: 'd' }],
      'default-namespace': [],
    };
    expect(
      (
        await call('POST', 'psyberg/namespaces/facts/views', {
          name: 'of_null',
          schema: SCHEMA,
          'view-version': view,
          properties: {},
        })
      ).status,
    ).toBe(200);
    expect(
      (
        await call('POST', 'psyberg/namespaces/facts/views/of_null', {
          identifier: null,
          requirements: null,
          updates: [],
        })
      ).status,
    ).toBe(200);
  });
  it('answer 404 for a table that is gone and accept metrics without keeping them', async () => {
    const id = await createTable(fixture);
    expect(
      (await call('POST', `${tablePath(id.name)}/metrics`, { 'report-type': 'scan-report' })).status,
    ).toBe(204);
    await fixture.client.dropTable(id);
    expect(errorType(await call('POST', tablePath(id.name), append(1n, null)))).toEqual([
      404,
      'NoSuchTableException',
    ]);
  });
});

describe('security', () => {
  it.each([undefined, 'Bearer wrong', 'Bearer ', 'Basic abc'])(
    'answers 401 to the authorization %s',
    async (authorization) => {
      const response = await fetch(`${fixture.catalog.uri}/v1/config`, {
        headers: authorization === undefined ? {} : { authorization },
      });
      expect([response.status, ((await response.json()) as { error: { type: string } }).error.type]).toEqual([
        401,
        'NotAuthorizedException',
      ]);
    },
  );
  it.each([
    '/etc/psyberg',
    '/tmp/../etc/x',
    'file:///etc/x',
    's3://bucket/x',
    'relative/x',
    '{w}',
    '{w}/../x',
    '{w}/catalog.db',
    '{w}-beside/x',
    'file://{w}/a/%2e%2e/../../x',
  ])('refuses the location %s', async (template) => {
    const location = template.replace('{w}', fixture.warehouse);
    await fixture.client.createNamespace(['facts']);
    expect(
      errorType(
        await call('POST', 'psyberg/namespaces/facts/tables', { name: 'outside', schema: SCHEMA, location }),
      ),
    ).toEqual([403, 'ForbiddenException']);
    const id = await createTable(fixture);
    expect(
      (
        await call('POST', tablePath(id.name), {
          requirements: [],
          updates: [{ action: 'set-location', location }],
        })
      ).status,
    ).toBe(403);
  });
  it('refuses a location behind a symbolic link, and metadata from outside', async () => {
    symlinkSync('/tmp', join(fixture.warehouse, 'link'));
    const location = join(fixture.warehouse, 'link', 'table');
    expect(
      (await call('POST', 'psyberg/namespaces/facts/tables', { name: 'outside', schema: SCHEMA, location }))
        .status,
    ).toBe(403);
    expect(
      (
        await call('POST', 'psyberg/namespaces/facts/register', {
          name: 'passwd',
          'metadata-location': '/etc/passwd',
        })
      ).status,
    ).toBe(403);
  });
  it('answers with its own words when something unforeseen fails', async () => {
    const id = await createTable(fixture);
    const folder = join(fixture.warehouse, 'facts', id.name, 'metadata');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'broken.metadata.json'), '{"secret":');
    const reply = await call('POST', 'psyberg/namespaces/facts/register', {
      name: 'broken',
      'metadata-location': join(folder, 'broken.metadata.json'),
    });
    expect(JSON.stringify(reply.body)).not.toContain('secret');
    expect(reply.status).toBeGreaterThanOrEqual(400);
  });
  it('answers 404 and 405 outside its routes, and 400 to a path that cannot be decoded', async () => {
    expect((await call('GET', 'psyberg/nothing')).status).toBe(404);
    for (const [method, path] of [
      ['PATCH', 'psyberg/namespaces'],
      ['POST', 'config'],
    ] as const)
      expect(errorType(await call(method, path))).toEqual([405, 'UnsupportedOperationException']);
    expect((await call('GET', 'psyberg/namespaces/%ff')).status).toBe(400);
  });
  it('refuses a body that announces more than it may hold before reading it', async () => {
    const { port } = new URL(fixture.catalog.uri);
    const status = await new Promise<number | undefined>((done) => {
      const request = httpRequest(
        {
          port,
          host: '127.0.0.1',
          method: 'POST',
          path: '/v1/psyberg/namespaces',
          headers: { authorization: `Bearer ${fixture.catalog.token}`, 'content-length': 1e10 },
        },
        (response) => done(response.statusCode),
      );
      request.on('error', () => undefined);
      request.write('{');
    });
    expect(status).toBe(413);
  });
  it('serves others while somebody sends half a request', async () => {
    const { port } = new URL(fixture.catalog.uri);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('POST /v1/psyberg/namespaces HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n');
    expect((await call('GET', 'config')).status).toBe(200);
    socket.destroy();
  });
});
