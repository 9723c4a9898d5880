// Goal: metadata files lie where a table says, and only where they may. Method: the files of a running
// catalog, and its answers.
import { execFileSync } from 'node:child_process';
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
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startCatalog } from '../../src/catalog/index.ts';
import { renderJson } from '../../src/iceberg/json.ts';
import type { TableIdentifier } from '../../src/iceberg/table-metadata.ts';
import { catalogClient } from '../support/catalog-client.ts';
import { ownFileSystem } from '../support/own-file-system.ts';
import { append, type CatalogFixture, createTable, errorType, openCatalog, SCHEMA } from './fixture.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog();
});
afterAll(() => fixture.close());

describe('metadata files', () => {
  it('are compressed and lie elsewhere in the warehouse when the table says so', async () => {
    const folder = join(fixture.warehouse, 'all-metadata');
    const id = await createTable(fixture, {
      'write.metadata.compression-codec': 'gzip',
      'write.metadata.path': `${folder}/`,
    });
    const { metadataLocation } = await fixture.client.commitTable(id, append(1n, null));
    expect(metadataLocation).toMatch(new RegExp(`^${folder}/00001-[^/]*\\.gz\\.metadata\\.json$`));
    expect(JSON.parse(gunzipSync(readFileSync(metadataLocation)).toString())).toMatchObject({
      'current-snapshot-id': 1,
    });
    // Read again by a catalog that has not written it.
    const second = await startCatalog({ warehouse: fixture.warehouse });
    const client = catalogClient({ uri: second.uri, token: second.token, prefix: 'psyberg' });
    expect((await client.loadTable(id))?.metadata['current-snapshot-id']).toBe(1n);
    await second.close();
  });
  it('do not lie outside the warehouse, whatever the table says', async () => {
    const id = await createTable(fixture);
    const refused = fixture.client.commitTable(id, {
      requirements: [],
      updates: [{ action: 'set-properties', updates: { 'write.metadata.path': '/etc/psyberg' } }],
    });
    await expect(refused).rejects.toMatchObject({ code: 'forbidden' });
    expect((await fixture.client.loadTable(id))?.metadata.properties).not.toHaveProperty([
      'write.metadata.path',
    ]);
  });
  it('that are gone are missed, also by a catalog that still remembers them', async () => {
    const id = await createTable(fixture);
    const location = (await fixture.client.loadTable(id))?.metadataLocation as string;
    rmSync(location);
    const reply = await fixture.call('GET', `psyberg/namespaces/facts/tables/${id.name}`);
    expect([...errorType(reply), reply.body.error.message]).toEqual([
      404,
      'NotFoundException',
      `Failed to open input stream for file: ${location}: it does not exist`,
    ]);
    // Beside a table that cannot be read a purge would take nothing.
    await fixture.client.dropTable(id);
  });
  it('of something else cannot be registered', async () => {
    const view = await fixture.call('POST', 'psyberg/namespaces/facts/views', {
      name: 'v',
      schema: SCHEMA,
      'view-version': {
        'version-id': 1,
        'timestamp-ms': 1,
        'schema-id': 0,
        summary: {},
        representations: [{ type: 'sql', sql: 'x', dialect: 'd' }],
        'default-namespace': [],
      },
      properties: {},
    });
    const reply = await fixture.call('POST', 'psyberg/namespaces/facts/register', {
      name: 'table-of-view',
      'metadata-location': view.body['metadata-location'],
    });
    expect([reply.status, reply.body.error.message]).toEqual([
      400,
      expect.stringContaining('not the metadata of a table'),
    ]);
  });
  it('that fell off the log are deleted, and stay where the catalog may not write', async () => {
    const id = await createTable(fixture, {
      'write.metadata.previous-versions-max': '1',
      'write.metadata.delete-after-commit.enabled': 'true',
    });
    const first = (await fixture.client.loadTable(id))?.metadataLocation as string;
    const foreign = join(mkdtempSync(join(tmpdir(), 'psyberg-outside-')), 'old.metadata.json');
    writeFileSync(foreign, '{}');
    const copy = join(dirname(first), 'copy.metadata.json');
    writeFileSync(
      copy,
      JSON.stringify({
        ...JSON.parse(readFileSync(first, 'utf8')),
        'metadata-log': [{ 'metadata-file': foreign, 'timestamp-ms': 1 }],
      }),
    );
    await fixture.call('POST', 'psyberg/namespaces/facts/register', {
      name: id.name,
      'metadata-location': copy,
      overwrite: true,
    });
    for (let n = 1n; n <= 2n; n++) await fixture.client.commitTable(id, append(n, n === 1n ? null : n - 1n));
    expect([existsSync(copy), existsSync(foreign)]).toEqual([false, true]);
    rmSync(dirname(foreign), { recursive: true });
  });
});

describe('a metadata file under two names', () => {
  const register = (name: string, location: string) =>
    fixture.call('POST', 'psyberg/namespaces/facts/register', { name, 'metadata-location': location });
  const touch = (id: TableIdentifier, value: string) =>
    fixture.client.commitTable(id, {
      requirements: [],
      updates: [{ action: 'set-properties', updates: { a: value } }],
    });
  it('stays when one of them forgets it, as long as the other points at it, however it spells it', async () => {
    const id = await createTable(fixture, {
      'write.metadata.previous-versions-max': '1',
      'write.metadata.delete-after-commit.enabled': 'true',
    });
    const shared = (await fixture.client.loadTable(id))?.metadataLocation as string;
    const other = { ...id, name: `${id.name}_again` };
    expect((await register(other.name, `file:${shared}`)).status).toBe(200);
    for (const value of ['1', '2', '3']) await touch(id, value);
    expect((await fixture.client.loadTable(other))?.metadata['metadata-log']).toEqual([]);
    expect(readdirSync(dirname(shared))).toHaveLength(3);
    for (const value of ['1', '2', '3']) await touch(other, value);
    expect(existsSync(shared)).toBe(false);
  });
  it('stays when one of them is purged', async () => {
    for (const gc of ['true', 'false']) {
      const id = await createTable(fixture, { 'gc.enabled': gc });
      const shared = (await fixture.client.loadTable(id))?.metadataLocation as string;
      const other = { ...id, name: `${id.name}_again` };
      await register(other.name, shared);
      await fixture.client.dropTable(id, { purge: true });
      expect([gc, (await fixture.client.loadTable(other))?.metadata['table-uuid']]).toEqual([
        gc,
        expect.any(String),
      ]);
      await fixture.client.dropTable(other, { purge: true });
      expect([gc, existsSync(shared)]).toEqual([gc, false]);
    }
  });
});

describe('a purge', () => {
  it("takes the table's metadata files wherever they are, and the folders that its properties name once nothing is in them", async () => {
    const folder = (name: string): string => join(fixture.warehouse, 'places', name);
    const make = () =>
      createTable(fixture, { 'write.metadata.path': folder('metadata'), 'write.data.path': folder('data') });
    const [one, other] = [await make(), await make()];
    mkdirSync(folder('data'));
    await fixture.client.commitTable(one, append(1n, null));
    await fixture.client.dropTable(one, { purge: true });
    expect(readdirSync(folder('metadata'))).toHaveLength(1);
    writeFileSync(join(folder('data'), 'rows.parquet'), '');
    await fixture.client.dropTable(other, { purge: true });
    expect([existsSync(folder('metadata')), existsSync(folder('data'))]).toEqual([false, true]);
    rmSync(join(folder('data'), 'rows.parquet'));
    await fixture.client.dropTable(await make(), { purge: true });
    expect(readdirSync(join(fixture.warehouse, 'places'))).toEqual([]);
  });
});

describe('a warehouse that turns read-only', () => {
  it('is told as such, whatever had to be written', async ({ skip }) => {
    const warehouse = ownFileSystem();
    if (warehouse === undefined) return skip('this user may not mount a file system');
    const catalog = await startCatalog({ warehouse });
    onTestFinished(() => catalog.close());
    const client = catalogClient({ uri: catalog.uri, token: catalog.token, prefix: 'psyberg' });
    const id = { namespace: ['facts'], name: 't' };
    await client.createNamespace(id.namespace);
    await client.createTable(id, { schema: SCHEMA });
    const tables = join(warehouse, 'facts');
    execFileSync('mount', ['--bind', tables, tables]);
    onTestFinished(() => void execFileSync('umount', ['--lazy', tables]));
    execFileSync('mount', ['-o', 'remount,bind,ro', tables]);
    const post = async (path: string, body: unknown): Promise<unknown[]> => {
      const options = {
        method: 'POST',
        headers: { authorization: `Bearer ${catalog.token}` },
        body: renderJson(body),
      };
      const reply = await fetch(`${catalog.uri}/v1/psyberg/namespaces/facts/tables${path}`, options);
      const { error } = (await reply.json()) as { error: { type: string; message: string } };
      return [reply.status, error.type, error.message];
    };
    const told = [403, 'ForbiddenException', expect.stringContaining('cannot be written: it is read-only')];
    expect(await post('/t', append(1n, null))).toEqual(told);
    expect(await post('', { name: 'u', schema: SCHEMA })).toEqual(told);
    expect(await post('', { name: 'u', schema: SCHEMA, 'stage-create': true })).toEqual(told);
  });
});

describe('locations beside the warehouse', () => {
  it('hold tables only where whoever runs the catalog allowed it, also behind links', async () => {
    const beside = mkdtempSync(join(tmpdir(), 'psyberg-beside-'));
    const warehouse = mkdtempSync(join(tmpdir(), 'psyberg-allowing-'));
    const catalog = await startCatalog({
      warehouse,
      allowedLocations: [join(beside, 'allowed'), join(beside, 'later')],
    });
    const client = catalogClient({ uri: catalog.uri, token: catalog.token, prefix: 'psyberg' });
    await client.createNamespace(['n']);
    const place = (name: string, location: string) =>
      client.createTable({ namespace: ['n'], name }, { schema: SCHEMA, location });
    expect((await place('a', `file:${beside}/allowed/a`)).metadataLocation).toContain(
      `file:${beside}/allowed/a/metadata/`,
    );
    expect((await place('b', join(beside, 'later', 'deep', 'b'))).metadata.location).toBe(
      join(beside, 'later', 'deep', 'b'),
    );
    symlinkSync('/tmp', join(beside, 'allowed', 'link'));
    for (const location of [
      join(beside, 'other', 'x'),
      join(beside, 'allowed'),
      join(beside, 'allowed-not', 'x'),
      join(beside, 'allowed', 'link', 'x'),
      `${beside}/allowed/../x`,
    ]) {
      await expect(place('x', location), location).rejects.toMatchObject({ code: 'forbidden' });
    }
    await catalog.close();
    for (const folder of [beside, warehouse]) rmSync(folder, { recursive: true });
  });
});
