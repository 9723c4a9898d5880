/**
 * A database whose connections are opened by threads of Node's pool. DuckDB 1.5.5 does not hold a database
 * for a connection that is being opened: closed meanwhile, it ended the process with SIGSEGV (3 of 111 runs
 * of a test that opens DuckDB anew, 2026-11-29).
 */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

export interface Database {
  /** Throws where the database is closed, or was before the connection was there. */
  connect(): Promise<DuckDBConnection>;
  /** Closes it as soon as no connection is being opened. */
  closeSync(): void;
}

export function databaseOf(instance: DuckDBInstance): Database {
  let opening = 0;
  let isClosed = false;
  const closeIfIdle = (): void => {
    if (isClosed && opening === 0) instance.closeSync();
  };
  return {
    async connect() {
      if (isClosed) throw closedError();
      opening += 1;
      try {
        const connection = await instance.connect();
        if (!isClosed) return connection;
        connection.closeSync();
        throw closedError();
      } finally {
        opening -= 1;
        closeIfIdle();
      }
    },
    closeSync() {
      isClosed = true;
      closeIfIdle();
    },
  };
}

/** In the words of DuckDB's client. */
const closedError = (): Error => new Error('Failed to connect: instance closed');
