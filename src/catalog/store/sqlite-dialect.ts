/**
 * Connects kysely to `node:sqlite`. The adapter can be this small because kysely's own SQLite driver needs
 * only four methods.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { storageFault } from '../../model/storage-faults.ts';
import { databaseUnavailable } from '../errors.ts';
import type { JdbcTables } from './jdbc-schema.ts';
import { BUSY_TIMEOUT_MS, isBusy, sqliteFault } from './sqlite-faults.ts';

/** Takes over an open database: destroying one closes the other. */
export const sqliteKysely = (database: DatabaseSync): Kysely<JdbcTables> =>
  new Kysely<JdbcTables>({ dialect: nodeSqliteDialect(database) });

function nodeSqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () =>
      immediateTransactions(new SqliteDriver({ database: asSqliteDatabase(database) }), database),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/**
 * Begins transactions with the write lock, and waits for it without blocking this process. With a plain
 * `begin`, two processes that read first and write later could never both go on: the second gets SQLITE_BUSY
 * at once. SQLite's own waiting blocks the event loop: two catalogs in one process stood still for ten
 * seconds, each waiting for the other's lock.
 */
function immediateTransactions(driver: SqliteDriver, database: DatabaseSync): Driver {
  driver.beginTransaction = async (connection: DatabaseConnection): Promise<void> => {
    for (const untilMs = Date.now() + BUSY_TIMEOUT_MS; ; await sleep(1 + Math.random() * RETRY_MS)) {
      database.exec('pragma busy_timeout = 0');
      try {
        await connection.executeQuery(CompiledQuery.raw('begin immediate'));
        return;
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (Date.now() > untilMs) throw databaseUnavailable(error, database.location() ?? undefined);
      } finally {
        database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
      }
    }
  };
  const commit = driver.commitTransaction.bind(driver);
  driver.commitTransaction = (connection: DatabaseConnection): Promise<void> =>
    commit(connection).catch((error: unknown) => {
      throw storageFault(error, { place: database.location() ?? 'the warehouse' }) ?? error;
    });
  driver.rollbackTransaction = async (connection: DatabaseConnection): Promise<void> => {
    // When a full disk prevents a commit SQLite rolls back by itself; an error about that would hide the
    // reason.
    if (database.isTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  };
  return driver;
}

/** A commit holds the lock for 1 to 3 ms; some randomness keeps the waiting ones out of step. */
const RETRY_MS = 4;

function asSqliteDatabase(database: DatabaseSync): SqliteDatabase {
  // Preparing costs more than running; the store uses about twenty different statements.
  const orFault = <T>(call: () => T): T => {
    try {
      return call();
    } catch (error) {
      throw sqliteFault(database.location() ?? 'catalog.db', error) ?? error;
    }
  };
  const prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  return {
    close: () => database.close(),
    prepare(sql) {
      let statement = prepared.get(sql);
      if (statement === undefined) {
        statement = database.prepare(sql);
        prepared.set(sql, statement);
      }
      const ready = statement;
      const values = (parameters: readonly unknown[]): SQLInputValue[] => parameters as SQLInputValue[];
      return {
        reader: ready.columns().length > 0,
        all: (parameters) => orFault(() => ready.all(...values(parameters))),
        run: (parameters) => orFault(() => ready.run(...values(parameters))),
        iterate: (parameters) => ready.iterate(...values(parameters)) as IterableIterator<unknown>,
      };
    },
  };
}
