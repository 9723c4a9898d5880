/** kysely over `node:sqlite`. The adapter is this small because kysely's own SQLite driver asks for four methods. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

/** A dialect over an open database, which it closes when kysely is destroyed. */
export function nodeSqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => immediateTransactions(new SqliteDriver({ database: asSqliteDatabase(database) })),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/**
 * Transactions that take the write lock when they begin.
 * With a plain `begin`, two processes that read first and write later could never both go on: the second gets SQLITE_BUSY at once.
 */
function immediateTransactions(driver: SqliteDriver): Driver {
  driver.beginTransaction = async (connection: DatabaseConnection): Promise<void> => {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  };
  return driver;
}

function asSqliteDatabase(database: DatabaseSync): SqliteDatabase {
  // Preparing costs more than running; the store uses about twenty different statements.
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
        all: (parameters) => ready.all(...values(parameters)),
        run: (parameters) => ready.run(...values(parameters)),
        iterate: (parameters) => ready.iterate(...values(parameters)) as IterableIterator<unknown>,
      };
    },
  };
}
