// Goal: the catalog starts fast, refuses what it cannot serve, and stops. Method: the door itself.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { startCatalog } from '../../src/catalog/index.ts';
import { catalogClient } from '../support/catalog-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'psyberg-start-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('starting', () => {
  it('makes the warehouse, a token nobody knows, and a server on this machine only', async () => {
    const one = await startCatalog({ warehouse: join(folder, 'deep', 'warehouse') });
    const two = await startCatalog({ warehouse: join(folder, 'deep', 'warehouse') });
    expect(one.uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(one.token).not.toBe(two.token);
    expect(one.token.length).toBeGreaterThanOrEqual(32);
    await Promise.all([one.close(), two.close()]);
  });
  it('does not load kysely, zod or fastify before it listens', () => {
    const script = `import { startCatalog } from ${JSON.stringify(join(import.meta.dirname, '../../src/catalog/index.ts'))};
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ resolve(specifier, context, next) { loaded.push(specifier); return next(specifier, context); } });
      const catalog = await startCatalog({ warehouse: ${JSON.stringify(join(folder, 'cold'))} });
      console.log(JSON.stringify(loaded));
      await catalog.close();`;
    const output = execFileSync(process.execPath, ['--input-type=module-typescript', '--eval', script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(JSON.parse(output)).toEqual([]);
  });
  it('refuses a folder that is a file, a relative path, and an address that this machine does not have', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(startCatalog({ warehouse: join(folder, 'file') })).rejects.toMatchObject({
      code: 'warehouse-not-writable',
      kind: 'usage',
    });
    await expect(startCatalog({ warehouse: 'relative' })).rejects.toMatchObject({
      code: 'warehouse-not-writable',
    });
    await expect(startCatalog({ warehouse: folder, host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'catalog-host-unusable',
      kind: 'usage',
    });
  });
  it.each([
    [
      'no database',
      'catalog-database-damaged',
      /catalog\.db is no SQLite database$/,
      (file: string) => writeFileSync(file, 'x'.repeat(99)),
    ],
    [
      'cut off',
      'catalog-database-damaged',
      /catalog\.db is damaged: /,
      (file: string) => truncateSync(file, 5000),
    ],
    [
      'a folder',
      'catalog-database-unusable',
      /catalog\.db cannot be opened: it is a folder$/,
      (file: string) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
    [
      "another program's",
      'catalog-database-unusable',
      /catalog\.db holds a table iceberg_tables of another program: it has no column catalog_name$/,
      (file: string) => {
        rmSync(file);
        const database = new DatabaseSync(file);
        database.exec('create table iceberg_tables (id integer)');
        database.close();
      },
    ],
  ] as const)('names the file when its database is %s', async (what, code, message, damage) => {
    const warehouse = join(folder, what);
    const catalog = await startCatalog({ warehouse });
    await catalogClient(catalog).createNamespace(['raw']);
    await catalog.close();
    const file = join(warehouse, 'catalog.db');
    damage(file);
    await expect(startCatalog({ warehouse })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      kind: 'usage',
      hint: expect.stringContaining(file),
      context: { path: file },
    });
  });
  it('is reached from other addresses only when one is named', async () => {
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((each) => each !== undefined && each.family === 'IPv4' && !each.internal)
      .map((each) => (each as { address: string }).address);
    const reach = (host: string, uri: string): Promise<boolean> =>
      fetch(`http://${host}:${new URL(uri).port}/v1/config`).then(
        (reply) => reply.status === 401,
        () => false,
      );
    const here = await startCatalog({ warehouse: join(folder, 'here') });
    const everywhere = await startCatalog({ warehouse: join(folder, 'everywhere'), host: '0.0.0.0' });
    expect(new URL(everywhere.uri).hostname).toBe('127.0.0.1');
    for (const address of others)
      expect([await reach(address, here.uri), await reach(address, everywhere.uri)]).toEqual([false, true]);
    expect([await reach('127.0.0.1', here.uri), await reach('127.0.0.1', everywhere.uri)]).toEqual([
      true,
      true,
    ]);
    await Promise.all([here.close(), everywhere.close()]);
  });
  it.each(['', ' ', 'two words', 'ü'])(
    'refuses the token %j, and lets go of the warehouse',
    async (token) => {
      await expect(startCatalog({ warehouse: join(folder, 'tokens'), token })).rejects.toMatchObject({
        code: 'token-invalid',
        kind: 'usage',
      });
      rmSync(join(folder, 'tokens'), { recursive: true });
    },
  );
  it('refuses a port that is taken', async () => {
    const first = await startCatalog({ warehouse: join(folder, 'ports') });
    await expect(
      startCatalog({ warehouse: join(folder, 'ports'), port: Number(new URL(first.uri).port) }),
    ).rejects.toMatchObject({ code: 'catalog-port-taken' });
    await first.close();
  });
  it('opens a database that an older JDBC catalog made, without the column for views', async () => {
    const warehouse = join(folder, 'old');
    await (await startCatalog({ warehouse })).close();
    const database = new DatabaseSync(join(warehouse, 'catalog.db'));
    database.exec(`drop table iceberg_tables; create table iceberg_tables (catalog_name varchar(255) not null, table_namespace varchar(255) not null,
      table_name varchar(255) not null, metadata_location varchar(1000), previous_metadata_location varchar(1000), primary key (catalog_name, table_namespace, table_name));
      insert into iceberg_tables values ('psyberg', 'a.b', 't', '/x', null)`);
    database.close();
    const catalog = await startCatalog({ warehouse });
    const client = catalogClient({ uri: catalog.uri, token: catalog.token });
    expect(await client.listTables(['a', 'b'])).toEqual([{ namespace: ['a', 'b'], name: 't' }]);
    expect(await client.listNamespaces()).toEqual([['a']]);
    await catalog.close();
  });
  it('tells a client that nobody answers any more', async () => {
    const catalog = await startCatalog({ warehouse: join(folder, 'gone') });
    const client = catalogClient({ uri: catalog.uri, token: catalog.token });
    await client.listNamespaces();
    await catalog.close();
    await expect(client.listNamespaces()).rejects.toMatchObject({
      code: 'catalog-unreachable',
      retryable: true,
    });
  });
});
