/**
 * A database and its connections: the one place that closes them, and only what nothing is under way on.
 * DuckDB 1.5.5 and its client hold neither for what threads of Node's pool do with them. Closed meanwhile,
 * the process ended with SIGSEGV, or a statement ran on that nobody could stop (2026-11-29: each within a
 * second of closing connections at work; 3 of 111 runs of a test that opens DuckDB anew).
 */
// Node's own, in Deno too.
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers';
import type { DuckDBConnection, DuckDBInstance, DuckDBPreparedStatement } from '@duckdb/node-api';

export interface Database {
  /** Throws where the database is closed, or was before the connection was there. */
  connect(): Promise<OwnedConnection>;
  /** Does `work` on a connection of its own, which is closed then. Throws as {@link connect} does. */
  aside<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  /**
   * Closes it with its connections, each as soon as nothing is under way there. Where nothing is, all are
   * closed when this returns. By default what is under way is interrupted, and waited for no longer than
   * {@link INTERRUPTED_MS}: what does not hear it goes on, and is closed behind this one's back when it ends.
   */
  close(options?: { readonly interrupts: boolean }): Promise<void>;
}

/** A connection that is open for as long as anything is under way on it. */
export interface OwnedConnection {
  readonly duckdb: DuckDBConnection;
  /** A statement that stays prepared until others were asked for since, or the connection is closed. */
  prepared(sql: string): Promise<DuckDBPreparedStatement>;
  /** Does what asks DuckDB on this connection. Throws once it is to be closed. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Does, in the midst of that, what is somebody else's: it may close the connection. Throws if it did. */
  outside<T>(work: () => Promise<T>): Promise<T>;
  /** True once it is to be closed. */
  isClosing(): boolean;
  /** Stops the statement that is under way, if there is one, however late it begins. */
  interrupt(): void;
  /** Closes this one alone, once nothing is under way on it. */
  close(options?: { readonly interrupts: boolean }): Promise<void>;
}

/**
 * DuckDB 1.5.5 hears no interrupt while it waits for an answer over HTTP: of a store that says nothing, 122 s
 * for a file, by four requests of 30 s each (tried on 2026-11-30 with 5 s: it asked the other three times).
 */
const INTERRUPTED_MS = 10_000;

/** `interruptedMs`: the longest that a close waits for what it has interrupted. */
export function databaseOf(
  instance: DuckDBInstance,
  { interruptedMs = INTERRUPTED_MS }: { readonly interruptedMs?: number } = {},
): Database {
  const connections = new Set<OwnedConnection>();
  let opening = 0;
  let isClosing = false;
  const end = closing(() => instance.closeSync());
  const endIfIdle = (): void => {
    if (isClosing && opening === 0 && connections.size === 0) end.now();
  };
  const connect = async (): Promise<OwnedConnection> => {
    if (isClosing) throw closedError();
    opening += 1;
    try {
      const duckdb = await instance.connect();
      const connection = ownedConnection(duckdb, () => {
        connections.delete(connection);
        endIfIdle();
      });
      connections.add(connection);
      if (!isClosing) return connection;
      await connection.close();
      throw closedError();
    } finally {
      opening -= 1;
      endIfIdle();
    }
  };
  return {
    connect,
    async aside(work) {
      const connection = await connect();
      try {
        return await connection.during(() => work(connection.duckdb));
      } finally {
        await connection.close();
      }
    },
    close(options = { interrupts: true }) {
      isClosing = true;
      for (const each of connections) void each.close(options);
      endIfIdle();
      return options.interrupts && !end.isClosed() ? atMost(interruptedMs, end.done) : end.done;
    },
  };
}

/** DuckDB forgets an interrupt that comes before its statement has begun: it is repeated until the end. */
const INTERRUPT_EVERY_MS = 100;

function ownedConnection(duckdb: DuckDBConnection, onClosed: () => void): OwnedConnection {
  let underWay = 0;
  let isClosing = false;
  let isOpen = true;
  let repeating: NodeJS.Timeout | undefined;
  const prepared = keptStatements(duckdb);
  const end = closing(() => {
    isOpen = false;
    prepared.close();
    duckdb.closeSync();
    onClosed();
  });
  const ended = (): void => {
    underWay -= 1;
    if (underWay > 0) return;
    clearInterval(repeating);
    repeating = undefined;
    if (isClosing) end.now();
  };
  const during = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isClosing) throw closedError();
    underWay += 1;
    try {
      return await work();
    } finally {
      ended();
    }
  };
  const interrupt = (): void => {
    if (!isOpen) return;
    duckdb.interrupt();
    if (underWay > 0) repeating ??= setInterval(() => duckdb.interrupt(), INTERRUPT_EVERY_MS);
  };
  return {
    duckdb,
    prepared: prepared.of,
    during,
    async outside(work) {
      ended();
      let result: Awaited<ReturnType<typeof work>>;
      try {
        result = await work();
      } finally {
        underWay += 1;
      }
      if (isClosing) throw closedError();
      return result;
    },
    isClosing: () => isClosing,
    interrupt,
    close({ interrupts } = { interrupts: true }) {
      isClosing = true;
      if (underWay === 0) end.now();
      else if (interrupts) interrupt();
      return end.done;
    },
  };
}

/** The engine keeps fewer statements (`keptStatement`); of one text each has a few spellings. */
const PREPARED_MAX = 16;

function keptStatements(duckdb: DuckDBConnection): {
  readonly of: OwnedConnection['prepared'];
  readonly close: () => void;
} {
  const kept = new Map<string, DuckDBPreparedStatement>();
  return {
    async of(sql) {
      const statement = kept.get(sql) ?? (await duckdb.prepare(sql));
      kept.delete(sql);
      kept.set(sql, statement);
      const [[oldest, least] = []] = kept;
      if (kept.size > PREPARED_MAX && oldest !== undefined && kept.delete(oldest)) least?.destroySync();
      return statement;
    },
    close() {
      for (const statement of kept.values()) statement.destroySync();
      kept.clear();
    },
  };
}

/** Returns a close that is done once, and awaited by everyone who calls it. */
function closing(close: () => void): {
  readonly now: () => void;
  readonly isClosed: () => boolean;
  readonly done: Promise<void>;
} {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isClosed = false;
  const now = (): void => {
    if (isClosed) return;
    isClosed = true;
    close();
    resolve();
  };
  return { now, isClosed: () => isClosed, done: promise };
}

/** Waits for `done`, and no longer than for `ms`. */
function atMost(ms: number, done: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void done.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The error of a closed database, in the words of DuckDB's client. */
const closedError = (): Error => new Error('Failed to connect: instance closed');
