// Goal: clients that open the catalog's database directly find Iceberg's JDBC catalog there, on both stores,
// and each sees the other's commits. Method: PyIceberg's SqlCatalog and Apache Iceberg's JdbcCatalog beside
// the running server.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { append, type CatalogFixture, openCatalog, SCHEMA } from '../catalog/fixture.ts';
import { type PreparedStore, STORES } from '../suites/catalog-stores.ts';
import { missingJava, runJava } from './java/java.ts';
import { preparePython, runPython } from './python.ts';

const noJava = await missingJava();

describe.each(STORES)('on the same database, pointers in $title', ({ missing, prepare }) => {
  describe.skipIf(missing !== undefined)('beside the server', () => {
    let prepared: PreparedStore;
    let fixture: CatalogFixture;
    let url: string | undefined;
    beforeAll(async () => {
      await preparePython();
      prepared = await prepare();
      url = (await prepared.create()).url;
      fixture = await openCatalog(url === undefined ? {} : { database: url });
    }, 600_000);
    afterAll(async () => {
      await fixture?.close();
      await prepared?.close();
    });

    it('PyIceberg sees our commits, and we see its', { timeout: 120_000 }, async () => {
      const table = { namespace: ['python'], name: 't' };
      await fixture.client.createNamespace(table.namespace);
      await fixture.client.createTable(table, { schema: SCHEMA });
      await fixture.client.commitTable(table, {
        requirements: [],
        updates: [{ action: 'set-properties', updates: { ours: 'yes' } }],
      });
      const uri =
        url === undefined
          ? `sqlite:///${fixture.warehouse}/catalog.db`
          : url.replace('postgres://', 'postgresql+psycopg2://');
      const seen = await runPython<Record<string, unknown>>(
        `
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
catalog = SqlCatalog('psyberg', uri=argument['uri'], warehouse=argument['warehouse'])
table = catalog.load_table('python.t')
table.append(pa.table({'id': pa.array([1], pa.int64()), 'ts': pa.array([0], pa.timestamp('us'))}))
catalog.create_namespace('theirs', {'owner': 'them'})
catalog.create_table('theirs.t', schema=table.schema())
print(json.dumps({'ours': table.properties['ours'], 'namespaces': sorted(catalog.list_namespaces())}))`,
        { uri, warehouse: fixture.warehouse },
      );
      expect(seen).toEqual({ ours: 'yes', namespaces: [['python'], ['theirs']] });
      const metadata = (await fixture.client.loadTable(table))?.metadata;
      expect(metadata?.snapshots).toHaveLength(1);
      const theirs = { namespace: ['theirs'], name: 't' };
      expect(await fixture.client.listTables(['theirs'])).toEqual([theirs]);
      await fixture.client.commitTable(theirs, append(1n, null));
      expect((await fixture.client.loadTable(theirs))?.metadata['current-snapshot-id']).toBe(1n);
      expect((await fixture.call('GET', 'psyberg/namespaces/theirs')).body.properties).toEqual({
        owner: 'them',
      });
    });
    it.skipIf(noJava !== undefined)(
      `Apache Iceberg's JdbcCatalog sees our commits, and we see its${noJava === undefined ? '' : ` (${noJava})`}`,
      { timeout: 300_000 },
      async () => {
        const table = { namespace: ['shared'], name: 't' };
        await fixture.call('POST', 'psyberg/namespaces', {
          namespace: ['shared'],
          properties: { owner: 'us' },
        });
        for (const name of ['t', 'old'])
          await fixture.client.createTable({ namespace: ['shared'], name }, { schema: SCHEMA });
        await fixture.client.commitTable(table, {
          requirements: [],
          updates: [{ action: 'set-properties', updates: { ours: 'yes' } }],
        });
        const version = {
          'version-id': 1,
          'timestamp-ms': Date.now(),
          'schema-id': 0,
          summary: {},
          'default-namespace': ['shared'],
        };
        const representations = [{ type: 'sql', sql: 'select 1 as id', dialect: 'duckdb' }];
        const created = await fixture.call('POST', 'psyberg/namespaces/shared/views', {
          name: 'v',
          schema: SCHEMA,
          'view-version': { ...version, representations },
          properties: {},
        });
        expect(created.status).toBe(200);
        const {
          username = '',
          password = '',
          host,
          pathname,
        } = url === undefined ? { host: '', pathname: '' } : new URL(url);
        const jdbc =
          url === undefined
            ? `jdbc:sqlite:${fixture.warehouse}/catalog.db`
            : `jdbc:postgresql://${host}${pathname}`;
        const { code, output } = await runJava({
          mainClass: join(import.meta.dirname, 'java', 'JdbcNeighbour.java'),
          arguments: [jdbc, username, decodeURIComponent(password), fixture.warehouse],
        });
        expect(code, output).toBe(0);
        const seen = Object.fromEntries(
          output
            .split('\n')
            .flatMap((line) =>
              /^[a-z]+=/.test(line)
                ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]]
                : [],
            ),
        );
        expect(seen).toMatchObject({
          owner: 'us',
          tables: expect.stringContaining('shared.t'),
          views: '[shared.v]',
          sql: 'select 1 as id',
          ours: 'yes',
          again: 'yes',
        });
        expect(seen['tables']).not.toContain('shared.v');
        const metadata = (await fixture.client.loadTable(table))?.metadata;
        expect(metadata?.properties).toMatchObject({ ours: 'yes', theirs: 'yes' });
        expect(metadata?.schemas.at(-1)?.fields.map((field) => field.name)).toEqual(['id', 'ts', 'note']);
        const made = { namespace: ['java', 'deep'], name: 'made' };
        expect(await fixture.client.listNamespaces(['java'])).toEqual([['java', 'deep']]);
        await fixture.client.commitTable(made, append(1n, null));
        expect(await fixture.client.listTables(['shared'])).toContainEqual({
          namespace: ['shared'],
          name: 'renamed',
        });
      },
    );
  });
});
