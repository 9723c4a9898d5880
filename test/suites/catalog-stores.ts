/**
 * The stores that the catalog has, for suites that hold for every one of them. Each opens an empty database,
 * shared by as many stores as a test asks for.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostgresDatabase } from '../../src/catalog/store/postgres-database.ts';
import { openSqliteDatabase } from '../../src/catalog/store/sqlite-database.ts';
import type { CatalogDatabase } from '../../src/catalog/store/store.ts';
import { missingPostgres, type Postgres, startPostgres } from '../support/postgres.ts';

export interface StoreUnderTest {
  /** `sqlite`, `postgresql`; with the reason when it cannot run here. */
  readonly title: string;
  readonly missing: string | undefined;
  prepare(): Promise<PreparedStore>;
}
export interface PreparedStore {
  /** A new, empty database. */
  create(): Promise<SharedDatabase>;
  close(): Promise<void>;
}
export interface SharedDatabase {
  /** Of `startCatalog`: nothing, or the URL. */
  readonly url: string | undefined;
  /** Opened once more, as another process does. */
  open(): Promise<CatalogDatabase>;
}

export const STORES: readonly StoreUnderTest[] = [
  { title: 'sqlite', missing: undefined, prepare: prepareSqlite },
  {
    title: `postgresql${missingPostgres() === undefined ? '' : ` (${missingPostgres()})`}`,
    missing: missingPostgres(),
    prepare: preparePostgres,
  },
];

async function prepareSqlite(): Promise<PreparedStore> {
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-store-'));
  let databases = 0;
  return {
    async create() {
      databases += 1;
      const path = join(folder, `${databases}.db`);
      return { url: undefined, open: async () => openSqliteDatabase(path) };
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function preparePostgres(): Promise<PreparedStore> {
  const postgres: Postgres = await startPostgres();
  return {
    async create() {
      const url = await postgres.createDatabase();
      return { url, open: () => openPostgresDatabase(url) };
    },
    close: () => postgres.close(),
  };
}
