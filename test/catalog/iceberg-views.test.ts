// Goal: Iceberg's views behave as the REST specification says. Method: plain HTTP against a running catalog,
// and a look at the database.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogFixture, createTable, errorType, openCatalog, type Reply, SCHEMA } from './fixture.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog();
  await fixture.client.createNamespace(['facts']);
  await fixture.client.createNamespace(['facts', 'deep']);
});
afterAll(() => fixture.close());

const call: CatalogFixture['call'] = (...request) => fixture.call(...request);
const version = (sql: string) => ({
  'version-id': 1,
  'timestamp-ms': 1_700_000_000_000,
  'schema-id': 0,
  summary: {},
  representations: [{ type: 'sql', sql, dialect: 'duckdb' }],
  'default-namespace': ['facts'],
});
const create = (name: string, fields: object = {}, namespace = 'facts'): Promise<Reply> =>
  call('POST', `psyberg/namespaces/${namespace}/views`, {
    name,
    schema: SCHEMA,
    'view-version': version('select 1'),
    properties: {},
    ...fields,
  });
const path = (name: string, namespace = 'facts'): string => `psyberg/namespaces/${namespace}/views/${name}`;

describe('views', () => {
  it('are created, loaded, listed apart from tables, replaced and dropped', async () => {
    const created = await create('one', { properties: { owner: 'me' } });
    expect(created.status).toBe(200);
    expect(created.body).toMatchObject({
      config: {},
      metadata: {
        'current-version-id': 1,
        properties: { owner: 'me' },
        location: join(fixture.warehouse, 'facts', 'one'),
      },
    });
    expect((await call('GET', path('one'))).body).toEqual(created.body);
    expect((await call('HEAD', path('one'))).status).toBe(204);
    await createTable(fixture);
    expect((await call('GET', 'psyberg/namespaces/facts/views')).body).toEqual({
      identifiers: [{ namespace: ['facts'], name: 'one' }],
      'next-page-token': null,
    });
    expect(await fixture.client.listTables(['facts'])).not.toContainEqual({
      namespace: ['facts'],
      name: 'one',
    });
    const replaced = await call('POST', path('one'), {
      requirements: [{ type: 'assert-view-uuid', uuid: created.body.metadata['view-uuid'] }],
      updates: [
        { action: 'add-view-version', 'view-version': version('select 2') },
        { action: 'set-current-view-version', 'view-version-id': -1 },
      ],
    });
    expect(replaced.body.metadata).toMatchObject({
      'current-version-id': 2,
      'version-log': [{ 'version-id': 1 }, { 'version-id': 2 }],
    });
    expect(replaced.body['metadata-location']).toMatch(/\/00001-[^/]*\.metadata\.json$/);
    expect(JSON.parse(readFileSync(replaced.body['metadata-location'], 'utf8'))).toMatchObject({
      'current-version-id': 2,
    });
    expect((await call('DELETE', path('one'))).status).toBe(204);
    expect(errorType(await call('GET', path('one')))).toEqual([404, 'NoSuchViewException']);
    expect((await call('HEAD', path('one'))).status).toBe(404);
    // Dropping forgets the name; a view that was registered elsewhere still has its file.
    expect(existsSync(replaced.body['metadata-location'])).toBe(true);
  });
  it('are rows that Iceberg’s JDBC catalog reads as views', async () => {
    await create('row', {}, 'facts%1Fdeep');
    const database = new DatabaseSync(join(fixture.warehouse, 'catalog.db'), { readOnly: true });
    expect(
      database
        .prepare("select table_namespace, iceberg_type from iceberg_tables where table_name = 'row'")
        .get(),
    ).toEqual({
      table_namespace: 'facts.deep',
      iceberg_type: 'VIEW',
    });
    database.close();
    expect(errorType(await call('DELETE', 'psyberg/namespaces/facts%1Fdeep'))).toEqual([
      409,
      'NamespaceNotEmptyException',
    ]);
  });
  it('share one set of names with tables, and are no tables', async () => {
    const table = await createTable(fixture);
    await create('shared');
    for (const [reply, message] of [
      [await create('shared'), 'View already exists: facts.shared'],
      [await create(table.name), `Table with same name already exists: facts.${table.name}`],
      [
        await call('POST', 'psyberg/namespaces/facts/tables', { name: 'shared', schema: SCHEMA }),
        'View with same name already exists: facts.shared',
      ],
      [
        await call('POST', 'psyberg/namespaces/facts/tables', {
          name: 'shared',
          schema: SCHEMA,
          'stage-create': true,
        }),
        'View with same name already exists: facts.shared',
      ],
    ] as const) {
      expect([...errorType(reply), reply.body.error.message]).toEqual([
        409,
        'AlreadyExistsException',
        message,
      ]);
    }
    expect(errorType(await call('GET', 'psyberg/namespaces/facts/tables/shared'))).toEqual([
      404,
      'NoSuchTableException',
    ]);
    expect(errorType(await call('DELETE', 'psyberg/namespaces/facts/tables/shared'))).toEqual([
      404,
      'NoSuchTableException',
    ]);
    expect(errorType(await call('GET', path(table.name)))).toEqual([404, 'NoSuchViewException']);
    expect(errorType(await call('DELETE', path(table.name)))).toEqual([404, 'NoSuchViewException']);
  });
  it('are renamed, also into another namespace, never over a table or a view', async () => {
    const table = await createTable(fixture);
    await create('from');
    await create('taken');
    const rename = (source: string, namespace: string[], name: string): Promise<Reply> =>
      call('POST', 'psyberg/views/rename', {
        source: { namespace: ['facts'], name: source },
        destination: { namespace, name },
      });
    expect((await rename('from', ['facts', 'deep'], 'to')).status).toBe(204);
    expect((await call('GET', path('to', 'facts%1Fdeep'))).status).toBe(200);
    expect(errorType(await rename('from', ['facts'], 'x'))).toEqual([404, 'NoSuchViewException']);
    expect(errorType(await rename('taken', ['nowhere'], 'x'))).toEqual([404, 'NoSuchNamespaceException']);
    expect(errorType(await rename('taken', ['facts'], table.name))).toEqual([409, 'AlreadyExistsException']);
    expect(errorType(await rename(table.name, ['facts'], 'x'))).toEqual([404, 'NoSuchViewException']);
  });
  it('are registered from a metadata file of a view, and of nothing else', async () => {
    const location = (await create('gone')).body['metadata-location'];
    await call('DELETE', path('gone'));
    const register = (metadata: string): Promise<Reply> =>
      call('POST', 'psyberg/namespaces/facts/register-view', { name: 'back', 'metadata-location': metadata });
    expect((await register(location)).body['metadata-location']).toBe(location);
    expect(errorType(await register(location))).toEqual([409, 'AlreadyExistsException']);
    await call('DELETE', path('back'));
    const table = await fixture.client.loadTable(await createTable(fixture));
    expect(errorType(await register(table?.metadataLocation as string))).toEqual([
      400,
      'BadRequestException',
    ]);
    expect((await register('/etc/passwd')).status).toBe(403);
    expect(errorType(await register(join(fixture.warehouse, 'facts', 'none.metadata.json')))).toEqual([
      404,
      'NotFoundException',
    ]);
  });
  it('of many writers land all, one after the other', async () => {
    await create('busy', { properties: { 'version.history.num-entries': '100' } });
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        call('POST', path('busy'), {
          updates: [
            { action: 'add-view-version', 'view-version': version(`select ${n} as busy`) },
            { action: 'set-current-view-version', 'view-version-id': -1 },
          ],
        }),
      ),
    );
    expect(replies.map((reply) => reply.status)).toEqual(Array(8).fill(200));
    expect((await call('GET', path('busy'))).body.metadata.versions).toHaveLength(9);
  });
  it.each<[string, object]>([
    ['an unknown update', { updates: [{ action: 'add-snapshot' }] }],
    ['an unknown requirement', { requirements: [{ type: 'assert-table-uuid', uuid: 'x' }], updates: [] }],
    ['no updates', { requirements: [] }],
    [
      'a representation that is no SQL',
      {
        updates: [
          {
            action: 'add-view-version',
            'view-version': { ...version('x'), representations: [{ type: 'prql', sql: 'x', dialect: 'd' }] },
          },
        ],
      },
    ],
  ])('are not changed by %s', async (_what, body) => {
    await create('still');
    expect((await call('POST', path('still'), body)).status).toBe(400);
  });
  it.each<[string, object]>([
    ['no version', { 'view-version': undefined }],
    ['no schema', { schema: undefined }],
    ['a hostile name', { name: '..' }],
    [
      'two queries of one dialect',
      {
        'view-version': {
          ...version('x'),
          representations: [version('x').representations[0], version('y').representations[0]],
        },
      },
    ],
  ])('are not created with %s', async (_what, fields) =>
    expect((await create('bad', fields)).status).toBe(400),
  );
  it('are not created outside the warehouse or without their namespace', async () => {
    expect((await create('outside', { location: '/etc/psyberg' })).status).toBe(403);
    expect(errorType(await create('x', {}, 'nowhere'))).toEqual([404, 'NoSuchNamespaceException']);
    expect(errorType(await call('GET', 'psyberg/namespaces/nowhere/views'))).toEqual([
      404,
      'NoSuchNamespaceException',
    ]);
  });
  it('are not part of a session: its prefix has none and takes none', async () => {
    const table = await createTable(fixture);
    fixture.catalog.views.open({
      name: 'a-session',
      tables: [
        { identifier: { namespace: ['sources'], name: 's' }, table, show: { kind: 'branch', branch: 'b' } },
      ],
    });
    expect((await call('GET', 'a-session/namespaces/sources/views')).body.identifiers).toEqual([]);
    expect(errorType(await call('GET', 'a-session/namespaces/sources/views/x'))).toEqual([
      404,
      'NoSuchViewException',
    ]);
    expect(
      (
        await call('POST', 'a-session/namespaces/sources/views', {
          name: 'x',
          schema: SCHEMA,
          'view-version': version('x'),
          properties: {},
        })
      ).status,
    ).toBe(403);
  });
});
