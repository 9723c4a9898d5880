// Goal: a database that fails in the middle of a commit loses nothing and lies about nothing. Method:
// PostgreSQL made to end the connection before or while it commits, and a store whose answer is lost.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commitStateUnknown } from '../../src/catalog/errors.ts';
import { localDisk } from '../../src/catalog/files/disk.ts';
import { tableMetadataFiles, viewMetadataFiles } from '../../src/catalog/files/metadata-files.ts';
import { answerError } from '../../src/catalog/protocol/error-body.ts';
import type { Catalog } from '../../src/catalog/service/catalog.ts';
import { warehouseCatalog } from '../../src/catalog/service/warehouse-catalog.ts';
import { type CatalogRows, committed } from '../../src/catalog/store/rows.ts';
import { openSqliteDatabase } from '../../src/catalog/store/sqlite-database.ts';
import type { CatalogStore } from '../../src/catalog/store/store.ts';
import { missingPostgres, type Postgres, startPostgres } from '../support/postgres.ts';
import { append, type CatalogFixture, errorType, openCatalog, SCHEMA } from './fixture.ts';

const TABLE = { namespace: ['facts'], name: 't' };
const filesOf = (warehouse: string): string[] =>
  readdirSync(join(warehouse, 'facts', 't', 'metadata')).sort();

const missing = missingPostgres();
describe.skipIf(missing !== undefined)(
  `PostgreSQL that ends the connection${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    let postgres: Postgres;
    let fixture: CatalogFixture;
    let url: string;
    beforeAll(async () => {
      postgres = await startPostgres();
      url = await postgres.createDatabase();
      fixture = await openCatalog({ database: url });
      await fixture.client.createNamespace(['facts']);
      await fixture.client.createTable(TABLE, { schema: SCHEMA });
      await postgres.query(
        url,
        "create function hang_up() returns trigger language plpgsql as 'begin perform pg_terminate_backend(pg_backend_pid()); return null; end'",
      );
    });
    afterAll(async () => {
      await fixture?.close();
      await postgres?.close();
    });
    const commit = () => fixture.call('POST', 'psyberg/namespaces/facts/tables/t', append(1n, null));
    it('while it commits: 500 CommitStateUnknownException, and the metadata file stays', async () => {
      await postgres.query(
        url,
        'create constraint trigger at_commit after update on iceberg_tables deferrable initially deferred for each row execute function hang_up()',
      );
      const before = filesOf(fixture.warehouse);
      expect(errorType(await commit())).toEqual([500, 'CommitStateUnknownException']);
      expect(filesOf(fixture.warehouse)).toHaveLength(before.length + 1);
      await postgres.query(url, 'drop trigger at_commit on iceberg_tables');
      expect((await fixture.client.loadTable(TABLE))?.metadata['current-snapshot-id']).toBeUndefined();
    });
    it('before it commits: 503, nothing is left, and the next request finds a new connection', async () => {
      await postgres.query(
        url,
        'create trigger at_once after update on iceberg_tables for each row execute function hang_up()',
      );
      const before = filesOf(fixture.warehouse);
      expect(errorType(await commit())).toEqual([503, 'ServiceUnavailableException']);
      expect(filesOf(fixture.warehouse)).toEqual(before);
      await postgres.query(url, 'drop trigger at_once on iceberg_tables');
      expect((await commit()).status).toBe(200);
      expect((await fixture.client.loadTable(TABLE))?.metadata['current-snapshot-id']).toBe(1n);
    });
  },
);

describe('a commit of SQLite', () => {
  const during = (errcode: number): Promise<unknown> => {
    const failing = Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode });
    const execute = async (work: (db: unknown) => Promise<unknown>): Promise<never> => {
      await work({});
      throw failing;
    };
    const db = { transaction: () => ({ execute }) };
    return committed({ db, catalogName: 'c' } as unknown as CatalogRows, async () => 1);
  };
  it('under which the disk fails may have been made; one that a full disk did not take was not', async () => {
    // SQLITE_IOERR_FSYNC, SQLITE_FULL
    await expect(during(1034)).rejects.toMatchObject({ code: 'commit-state-unknown' });
    await expect(during(13)).rejects.toMatchObject({ code: 'warehouse-full' });
  });
});

describe('a commit whose answer is lost', () => {
  const warehouse = mkdtempSync(join(tmpdir(), 'psyberg-lost-'));
  let store: CatalogStore;
  let catalog: Catalog;
  /** As of another process. */
  let other: Catalog;
  let losing = false;
  let overtake: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    store = await openSqliteDatabase(join(warehouse, 'catalog.db')).openStore('psyberg');
    const roots = { warehouse, allowed: [] };
    const losingStore: CatalogStore = {
      ...store,
      async swapPointers(swaps) {
        const overtaking = overtake;
        overtake = undefined;
        await overtaking?.();
        const lost = await store.swapPointers(swaps);
        if (losing) throw commitStateUnknown(new Error('the line went dead'));
        return lost;
      },
    };
    const catalogOver = (over: CatalogStore): Catalog =>
      warehouseCatalog({
        roots,
        store: over,
        disk: localDisk,
        files: tableMetadataFiles({ roots, disk: localDisk }),
        viewFiles: viewMetadataFiles({ roots, disk: localDisk }),
      });
    [catalog, other] = [catalogOver(losingStore), catalogOver(store)];
    await catalog.createNamespace(['facts'], {});
  });
  afterAll(async () => {
    await store.close();
    rmSync(warehouse, { recursive: true });
  });
  it('is there for whoever looks: created, and committed', async () => {
    losing = true;
    await expect(catalog.createTable(TABLE, { schema: SCHEMA })).rejects.toMatchObject({
      code: 'commit-state-unknown',
      retryable: false,
    });
    expect((await catalog.loadTable(TABLE)).metadata.snapshots).toEqual([]);
    const error = await catalog
      .commitTables([{ identifier: TABLE, ...append(1n, null) }])
      .catch((thrown: unknown) => thrown);
    expect(answerError(error)).toMatchObject({
      status: 500,
      body: { error: { type: 'CommitStateUnknownException' } },
    });
    losing = false;
    expect((await catalog.loadTable(TABLE)).metadata['current-snapshot-id']).toBe(1n);
    expect(filesOf(warehouse)).toHaveLength(2);
  });
  it('a transaction changes nothing when a table that it only asserts moves just before the swap', async () => {
    const [asserted, changed] = [
      { namespace: ['facts'], name: 'asserted' },
      { namespace: ['facts'], name: 'changed' },
    ];
    for (const id of [asserted, changed]) await catalog.createTable(id, { schema: SCHEMA });
    const changes = [
      {
        identifier: asserted,
        requirements: [{ type: 'assert-ref-snapshot-id' as const, ref: 'main', 'snapshot-id': null }],
        updates: [],
      },
      {
        identifier: changed,
        requirements: [],
        updates: [{ action: 'set-properties' as const, updates: { a: 'b' } }],
      },
    ];
    overtake = async () => void (await other.commitTables([{ identifier: asserted, ...append(1n, null) }]));
    await expect(catalog.commitTables(changes)).rejects.toMatchObject({ code: 'commit-conflict' });
    expect((await catalog.loadTable(changed)).metadata.properties?.['a']).toBeUndefined();
    const holds = [{ ...changes[0], requirements: [] }, changes[1]] as typeof changes;
    const before = (await catalog.loadTable(asserted)).metadataLocation;
    await catalog.commitTables(holds);
    expect((await catalog.loadTable(asserted)).metadataLocation).toBe(before);
    expect((await catalog.loadTable(changed)).metadata.properties?.['a']).toBe('b');
  });
});
