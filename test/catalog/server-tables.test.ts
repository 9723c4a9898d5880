// Goal: tables are created, loaded, renamed and dropped as the REST specification says. Method: plain HTTP against
// a running catalog.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  append,
  type CatalogFixture,
  createTable,
  errorType,
  openCatalog,
  SCHEMA,
  tablePath,
} from './fixture.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog();
});
afterAll(() => fixture.close());
const call: CatalogFixture['call'] = (...parameters) => fixture.call(...parameters);

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
