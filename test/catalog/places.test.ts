// Goal: whoever reaches the catalog gets at no file and folder beside its tables' own, and deletes none. Method:
// hostile locations, pointers and logs over HTTP.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startCatalog } from '../../src/catalog/index.ts';
import type { TableIdentifier } from '../../src/iceberg/table-metadata.ts';
import { withoutSlash } from '../../src/model/without-slash.ts';
import { catalogClient } from '../support/catalog-client.ts';
import { type CatalogFixture, createTable, openCatalog, type Reply, SCHEMA } from './fixture.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog();
  await fixture.client.createNamespace(['facts']);
});
afterAll(() => fixture.close());
const call: CatalogFixture['call'] = (...parameters) => fixture.call(...parameters);
const create = (body: Record<string, unknown>): Promise<Reply> =>
  call('POST', 'psyberg/namespaces/facts/tables', { schema: SCHEMA, ...body });
const commit = ({ name }: TableIdentifier, updates: unknown[]): Promise<Reply> =>
  call('POST', `psyberg/namespaces/facts/tables/${name}`, { requirements: [], updates });

describe('places', () => {
  /** `{w}` stands for the warehouse. Each would be a file or folder outside every table's own. */
  const OUTSIDE = [
    '/etc/psyberg',
    '{w}/../x',
    '{w}/a/./b',
    '{w}/%2e%2e/x',
    'file://{w}/%2E./x',
    'file:{w}/../../x',
    'FILE:///etc/x',
    'file://localhost/etc/x',
    'file:relative',
    '{w}',
    'file://{w}/',
    '{w}/catalog.db',
    '{w}/catalog.db-wal',
    '{w}/.psyberg/sessions/x',
    '{w}-beside/x',
    '{w}/out/x',
    '{w}/out-soon/x',
    '{w}/round/x',
    's3://bucket/x',
    'https://example.com/x',
    `{w}/${'long/'.repeat(300)}`,
  ];
  const placeOf = (template: string): string => template.replace('{w}', fixture.warehouse);
  const refused = (reply: Reply): boolean =>
    reply.status === 403 || (reply.status === 400 && /location/i.test(reply.body.error.message));

  beforeAll(() => {
    symlinkSync('/etc', join(fixture.warehouse, 'out'));
    symlinkSync('/tmp/psyberg-not-there-yet', join(fixture.warehouse, 'out-soon'));
    symlinkSync('round', join(fixture.warehouse, 'round'));
  });
  it.each(OUTSIDE)(
    '%s is refused as the location of a table, a namespace, a staged table and a move',
    async (template) => {
      const location = placeOf(template);
      expect(await create({ name: 'outside', location })).toSatisfy(refused);
      expect(await create({ name: 'outside', location, 'stage-create': true })).toSatisfy(refused);
      const table = await createTable(fixture);
      expect(await commit(table, [{ action: 'set-location', location }])).toSatisfy(refused);
      expect(
        await call('POST', 'psyberg/namespaces', { namespace: ['outside'], properties: { location } }),
      ).toSatisfy((reply: Reply) => reply.status === 403 || reply.status === 400);
      const updates = { location };
      expect(await call('POST', 'psyberg/namespaces/facts/properties', { updates })).toSatisfy(
        (reply: Reply) => reply.status === 403 || reply.status === 400,
      );
      expect(await fixture.client.tableExists({ namespace: ['facts'], name: 'outside' })).toBe(false);
    },
  );
  it.each([
    'write.data.path',
    'write.metadata.path',
    'write.object-storage.path',
    'write.folder-storage.path',
  ])('%s cannot send files elsewhere', async (property) => {
    expect(await create({ name: 'outside', properties: { [property]: '/etc/x' } })).toSatisfy(refused);
    const table = await createTable(fixture);
    for (const path of ['/etc/x', `${fixture.warehouse}/../x`, `${fixture.warehouse}/out/x`]) {
      expect(await commit(table, [{ action: 'set-properties', updates: { [property]: path } }])).toSatisfy(
        refused,
      );
    }
    expect(
      (
        await commit(table, [
          { action: 'set-properties', updates: { [property]: `${fixture.warehouse}/facts/elsewhere` } },
        ])
      ).status,
    ).toBe(200);
  });
  it('a metadata file outside is not registered, nor one inside that points outside', async () => {
    const table = await createTable(fixture);
    const loaded = await fixture.client.loadTable(table);
    const text = readFileSync(loaded?.metadataLocation as string, 'utf8');
    const outside = `${fixture.warehouse}-outside`;
    mkdirSync(outside);
    writeFileSync(join(outside, '00000-a.metadata.json'), text);
    symlinkSync(outside, join(fixture.warehouse, 'linked'));
    const register = (name: string, location: string): Promise<Reply> =>
      call('POST', 'psyberg/namespaces/facts/register', { name, 'metadata-location': location });
    try {
      expect((await register('r1', join(outside, '00000-a.metadata.json'))).status).toBe(403);
      expect((await register('r2', join(fixture.warehouse, 'linked', '00000-a.metadata.json'))).status).toBe(
        403,
      );
      const inside = join(fixture.warehouse, 'inside.metadata.json');
      writeFileSync(
        inside,
        text.replace(`"location":"${fixture.warehouse}/facts/${table.name}"`, '"location":"/etc"'),
      );
      expect((await register('r3', inside)).status).toBe(403);
      writeFileSync(
        join(fixture.warehouse, 'property.metadata.json'),
        text
          .replace('"properties":{', '"properties":{"write.data.path":"/etc","x":"y"')
          .replace('"y""', '"y","'),
      );
      expect(
        (await register('r4', join(fixture.warehouse, 'property.metadata.json'))).status,
      ).toBeGreaterThanOrEqual(400);
      // Unless the one who starts the catalog says so.
      const allowing = await openCatalog({ allowedLocations: [outside, fixture.warehouse] });
      await allowing.client.createNamespace(['facts']);
      const reply = await allowing.call('POST', 'psyberg/namespaces/facts/register', {
        name: 'r1',
        'metadata-location': join(outside, '00000-a.metadata.json'),
      });
      expect([reply.status, reply.body.metadata?.['table-uuid']]).toEqual([
        200,
        loaded?.metadata['table-uuid'],
      ]);
      await allowing.close();
    } finally {
      rmSync(outside, { recursive: true });
    }
  });
  it('a purge deletes no folder that another table lives in, however its location is spelled', async () => {
    const [w, inner] = [fixture.warehouse, 'facts/outer/inner'];
    await create({ name: 'outer', location: `${w}/facts/outer` });
    await create({ name: 'inner', location: `file:${w}//${inner}` });
    await fixture.client.dropTable({ namespace: ['facts'], name: 'outer' }, { purge: true });
    expect(await fixture.client.tableExists({ namespace: ['facts'], name: 'inner' })).toBe(true);
    await fixture.client.dropTable({ namespace: ['facts'], name: 'inner' }, { purge: true });
    expect(existsSync(join(w, inner))).toBe(false);
  });
  it('a purge deletes no rows of a table that keeps its metadata elsewhere', async () => {
    const w = fixture.warehouse;
    await create({ name: 'around', location: `${w}/a/around` });
    await create({
      name: 'within',
      location: `${w}/a/around/within`,
      properties: { 'write.metadata.path': `${w}/meta/within` },
    });
    await create({ name: 'by_path', properties: { 'write.data.path': `${w}/a/around/rows` } });
    for (const rows of ['within/data', 'rows']) mkdirSync(join(w, 'a/around', rows), { recursive: true });
    for (const [dropped, kept] of [
      ['around', true],
      ['within', false],
    ] as const) {
      await fixture.client.dropTable({ namespace: ['facts'], name: dropped }, { purge: true });
      expect(existsSync(join(w, 'a/around/within/data'))).toBe(kept);
    }
    expect(existsSync(join(w, 'a/around/rows'))).toBe(true);
  });
  it('a purge leaves the rows of a table that says gc.enabled=false, and takes its metadata files', async () => {
    const table = await createTable(fixture, { 'gc.enabled': 'false' });
    await commit(table, [{ action: 'set-properties', updates: { a: 'b' } }]);
    const folder = join(fixture.warehouse, 'facts', table.name);
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'rows.parquet'), 'rows');
    await fixture.client.dropTable(table, { purge: true });
    expect([readdirSync(join(folder, 'data')), readdirSync(join(folder, 'metadata'))]).toEqual([
      ['rows.parquet'],
      [],
    ]);
  });
  it('an allowed folder that holds the warehouse opens neither the warehouse itself nor what the catalog keeps in it', async () => {
    const above = mkdtempSync(join(tmpdir(), 'psyberg-above-'));
    onTestFinished(() => rmSync(above, { recursive: true }));
    const warehouse = join(above, 'deep', 'wh');
    const catalog = await startCatalog({ warehouse, allowedLocations: [above] });
    onTestFinished(() => catalog.close());
    const client = catalogClient({ uri: catalog.uri, token: catalog.token, prefix: 'psyberg' });
    await client.createNamespace(['facts']);
    for (const place of ['deep', 'deep/wh', 'deep/wh/catalog.db-x', 'deep/wh/.psyberg/sessions'])
      await expect(
        client.createTable(
          { namespace: ['facts'], name: 't' },
          { schema: SCHEMA, location: join(above, place) },
        ),
        place,
      ).rejects.toMatchObject({ code: 'forbidden' });
    for (const [index, place] of ['deep/wh/x', 'beside/x'].entries())
      await client.createTable(
        { namespace: ['facts'], name: `t${index}` },
        { schema: SCHEMA, location: join(above, place) },
      );
  });
  it('a location of very many slashes holds nobody up', () => {
    // A regular expression took a minute for as many.
    expect(withoutSlash(`/tmp${'/'.repeat(1_000_000)}x`)).toHaveLength(1_000_005);
    expect([withoutSlash('/a/b//'), withoutSlash('//'), withoutSlash('')]).toEqual(['/a/b', '/', '']);
  });
  it('numbers that other clients have no room for are wrong requests, and so is an unknown sort order', async () => {
    const table = await createTable(fixture);
    const summary = { operation: 'append' };
    const added = (fields: string): string =>
      `{"requirements":[],"updates":[{"action":"add-snapshot","snapshot":{"timestamp-ms":1,"manifest-list":"/x","summary":${JSON.stringify(summary)},${fields}}}]}`;
    const field = { id: 3_000_000_000, name: 'far', required: false, type: 'long' };
    for (const body of [
      added('"snapshot-id":99999999999999999999,"sequence-number":1'),
      added('"snapshot-id":1,"sequence-number":1000000000000000000000000'),
      {
        requirements: [],
        updates: [{ action: 'add-schema', schema: { ...SCHEMA, fields: [...SCHEMA.fields, field] } }],
      },
      {
        requirements: [],
        updates: [
          {
            action: 'add-sort-order',
            'sort-order': {
              'order-id': 1,
              fields: [
                { 'source-id': 1, transform: 'identity', direction: 'sideways', 'null-order': 'nulls-first' },
              ],
            },
          },
        ],
      },
    ]) {
      const reply = await call('POST', `psyberg/namespaces/facts/tables/${table.name}`, body);
      expect([reply.status, reply.body.error.type], JSON.stringify(body)).toEqual([
        400,
        'BadRequestException',
      ]);
    }
    expect((await fixture.client.loadTable(table))?.metadata).toMatchObject({
      snapshots: [],
      'last-column-id': 2,
    });
  });
  it('a file in the place of a folder is a wrong request', async () => {
    const location = join(fixture.warehouse, 'a-file');
    writeFileSync(location, '');
    const table = await createTable(fixture);
    for (const reply of [
      await create({ name: 'on_file', location }),
      await create({ name: 'on_file', location, 'stage-create': true }),
      await commit(table, [{ action: 'set-location', location }]),
      await commit(table, [{ action: 'set-properties', updates: { 'write.metadata.path': location } }]),
    ])
      expect([reply.status, reply.body.error.type]).toEqual([400, 'BadRequestException']);
    expect(await call('GET', `psyberg/namespaces/facts/tables/${table.name}`)).toMatchObject({ status: 200 });
  });
  it('a folder of too long a name, and a place below a file, are wrong requests; a long name is none', async () => {
    const file = join(fixture.warehouse, 'plain-file');
    writeFileSync(file, '');
    const table = await createTable(fixture);
    for (const reply of [
      await create({ name: 'long', location: `${fixture.warehouse}/${'a'.repeat(256)}` }),
      await create({ name: 'below', location: `${file}/t` }),
      await create({ name: 'below', location: `${file}/t`, 'stage-create': true }),
      await commit(table, [{ action: 'set-location', location: `${file}/t` }]),
      await call('POST', 'psyberg/namespaces/facts/register', {
        name: 'below',
        'metadata-location': `${file}/v1.metadata.json`,
      }),
    ])
      expect([reply.status, reply.body.error.type, reply.body.error.message]).toEqual([
        400,
        'BadRequestException',
        expect.stringMatching(/^Invalid location/),
      ]);
    for (const name of ['/'.repeat(100), '語'.repeat(100), '語'.repeat(255)])
      expect((await create({ name })).status).toBe(200);
    // Of what lies elsewhere nothing is told.
    for (const location of ['/etc/passwd/t', `${fixture.warehouse}/out/passwd/t`])
      expect((await create({ name: 'below', location })).status).toBe(403);
    expect(
      (await create({ name: 'below', location: `${fixture.warehouse}/${'a/'.repeat(500_000)}` })).status,
    ).toBe(400);
  });
  it('what is no metadata file is a wrong request to register', async () => {
    const folder = join(fixture.warehouse, 'not-metadata');
    mkdirSync(folder);
    writeFileSync(join(folder, '00000-a.gz.metadata.json'), 'not gzip');
    for (const location of [folder, join(folder, '00000-a.gz.metadata.json')]) {
      const reply = await call('POST', 'psyberg/namespaces/facts/register', {
        name: 'nothing',
        'metadata-location': location,
      });
      expect([reply.status, reply.body.error.type], location).toEqual([400, 'BadRequestException']);
    }
  });
  it('metadata whose references dangle are not registered', async () => {
    const table = await createTable(fixture);
    const location = (await fixture.client.loadTable(table))?.metadataLocation as string;
    const dangling = location.replace('00000-', '00001-');
    writeFileSync(
      dangling,
      readFileSync(location, 'utf8').replace('"refs":{}', '"refs":{"lost":{"snapshot-id":7,"type":"tag"}}'),
    );
    const reply = await call('POST', 'psyberg/namespaces/facts/register', {
      name: 'dangling',
      'metadata-location': dangling,
    });
    expect([reply.status, reply.body.error.type, reply.body.error.message]).toEqual([
      400,
      'ValidationException',
      expect.stringContaining('reference lost'),
    ]);
  });
  it("a metadata log of somebody's making deletes no file of another table", async () => {
    const victim = await createTable(fixture);
    const victimFile = (await fixture.client.loadTable(victim))?.metadataLocation as string;
    const table = await createTable(fixture, {
      'write.metadata.delete-after-commit.enabled': 'true',
      'write.metadata.previous-versions-max': '1',
    });
    const own = (await fixture.client.loadTable(table))?.metadataLocation as string;
    const crafted = readFileSync(own, 'utf8').replace(
      '"metadata-log":[]',
      `"metadata-log":[${JSON.stringify({ 'metadata-file': victimFile, 'timestamp-ms': 1 })}]`,
    );
    const file = own.replace('00000-', '00001-');
    writeFileSync(file, crafted);
    expect(
      (
        await call('POST', 'psyberg/namespaces/facts/register', {
          name: table.name,
          'metadata-location': file,
          overwrite: true,
        })
      ).status,
    ).toBe(200);
    for (const value of ['1', '2', '3'])
      expect((await commit(table, [{ action: 'set-properties', updates: { a: value } }])).status).toBe(200);
    expect(existsSync(victimFile)).toBe(true);
    // While its own old files go.
    expect(existsSync(own)).toBe(true);
    expect(
      readdirSync(join(fixture.warehouse, 'facts', table.name, 'metadata')).filter((name) =>
        name.startsWith('00002-'),
      ),
    ).toEqual([]);
  });
});
