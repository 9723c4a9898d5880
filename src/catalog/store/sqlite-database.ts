/**
 * Opens Node's SQLite for a catalog that several processes share. Path -> database. Opening is separate from
 * kysely, so that a warehouse that cannot be opened is known before kysely is loaded.
 */
import type { DatabaseSync } from 'node:sqlite';
import { databaseUnavailable } from '../errors.ts';
import { ICEBERG_TYPE_COLUMN, JDBC_SCHEMA } from './jdbc-schema.ts';
import { BUSY_TIMEOUT_MS, foreignTable, sqliteFault } from './sqlite-faults.ts';
import type { CatalogDatabase } from './store.ts';

const LOCATIONS =
  'select metadata_location from iceberg_tables where catalog_name = ? and metadata_location is not null';

/** Opens or creates the database and its two tables. */
export function openSqliteDatabase(path: string): CatalogDatabase {
  const database = openPatiently(path);
  return {
    async openStore(catalogName) {
      const [{ sqliteKysely }, { kyselyStore }, { inSqliteTurn }] = await Promise.all([
        import('./sqlite-dialect.ts'),
        import('./kysely-store.ts'),
        import('./sqlite-turn.ts'),
      ]);
      const store = kyselyStore(sqliteKysely(database), catalogName);
      return { ...store, inTurn: (work) => inSqliteTurn(`${path}-turn`, work) };
    },
    async metadataLocations(catalogName) {
      const rows = database.prepare(LOCATIONS).all(catalogName) as { metadata_location: string }[];
      return rows.map((row) => row.metadata_location);
    },
    async close() {
      database.close();
    },
  };
}

/**
 * Tries again while another process makes the same new database: the switch to WAL does not wait for locks.
 */
function openPatiently(path: string): DatabaseSync {
  const untilMs = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      return openOnce(path);
    } catch (error) {
      const locked = /database is locked/.test(String((error as Error).message));
      if (!locked) throw sqliteFault(path, error) ?? error;
      if (Date.now() > untilMs) throw databaseUnavailable(error, path);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5 + Math.random() * 20);
    }
  }
}

/** Columns that all versions of Iceberg's JDBC catalog have made. */
const OLDEST_COLUMNS = [
  'catalog_name',
  'table_namespace',
  'table_name',
  'metadata_location',
  'previous_metadata_location',
];

function openOnce(path: string): DatabaseSync {
  // Not imported: a Node without it would fail while it reads this file, before an error could say that it is
  // too old.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    if ((database.prepare('pragma journal_mode').get() as { journal_mode: string }).journal_mode !== 'wal')
      database.exec('pragma journal_mode = wal');
    // A commit that was confirmed must survive a power cut; WAL alone survives only a killed process.
    database.exec('pragma synchronous = full');
    for (const statement of JDBC_SCHEMA) database.exec(statement);
    const columns = database.prepare("select name from pragma_table_info('iceberg_tables')").all() as {
      name: string;
    }[];
    const missing = OLDEST_COLUMNS.find((name) => !columns.some((column) => column.name === name));
    if (missing !== undefined) throw foreignTable(path, missing);
    if (!columns.some((column) => column.name === 'iceberg_type')) database.exec(ICEBERG_TYPE_COLUMN);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}
