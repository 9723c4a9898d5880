/**
 * One connection to DuckDB: statements one after the other, and what they fail with in words of this engine.
 * Parts that several connections share -> Connection.
 */
import {
  type DuckDBConnection,
  type DuckDBInstance,
  type DuckDBMaterializedResult,
  DuckDBResultReader,
} from '@duckdb/node-api';
import { PsybergError } from '../model/errors.ts';
import { oneAfterTheOther } from '../model/in-turn.ts';
import { storageFault } from '../model/storage-faults.ts';
import { type Asked, type Runnable, runnable, type Values } from './bind.ts';
import { avroNameFault, catalogFault } from './catalog-fault.ts';
import { type Ending, endedError, internalError } from './internal-error.ts';
import { runScript, type Script } from './run-script.ts';
import { needsAllFiles, type unprunedRunner } from './unpruned.ts';
import type { ResultRows } from './values.ts';

/** What an engine and its forks share, and the connection of one of them. */
export interface Parts {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  /** Watches a statement of this connection while it runs; undefined: nobody wants to know. */
  readonly progress: (<T>(work: () => Promise<T>) => Promise<T>) | undefined;
  /** The connections that are open, each with what closes it after its running statement. */
  readonly forks: Map<DuckDBConnection, () => Promise<void>>;
  readonly versions: { readonly duckdb: string; readonly extensions: Readonly<Record<string, string>> };
  readonly stopped: { value: boolean };
  readonly ending: Ending;
  /** Statements of the secrets that were made, by name. */
  readonly storage: Map<string, string>;
  /** Addresses of the catalogs that were attached. */
  readonly catalogs: Set<string>;
  readonly unpruned: ReturnType<typeof unprunedRunner>;
  /** The project's macros as statements. */
  readonly definitions: string[];
}

export interface Connection {
  /** Runs one statement and reads its whole result. */
  read(statement: Asked, parameters: Values): Promise<DuckDBResultReader>;
  /** Runs the statements of a user. */
  script(text: Script): Promise<ResultRows[]>;
  /** Runs a text that is nobody else's to see: one that holds a secret, or cleans up. */
  command(sql: string): Promise<void>;
  /** Closes this connection alone. */
  close(): void;
}

/**
 * A connection takes one statement at a time: with several under way DuckDB 1.5.5 now and then ended the
 * process with SIGSEGV (in 1 of 2 runs of 20 queries that each changed the default catalog, 2026-11-24). What
 * shall run side by side has a connection of its own.
 */
export function openConnection(parts: Parts): Connection {
  const { connection, forks, stopped, unpruned, progress = (work) => work() } = parts;
  const inTurn = oneAfterTheOther();
  const run = inTurn(async (statement: Runnable) => {
    if (stopped.value) throw interruptedError();
    const work = () => progress(() => runOn(connection, statement));
    return whileItLives(parts, () => (needsAllFiles(statement.sql) ? unpruned(connection, work) : work()));
  });
  const script = inTurn(async (text: Script) => {
    if (stopped.value) throw interruptedError();
    const { isMisled: _doubt, ...undoubted } = text;
    const withAllFiles = <T>(work: () => Promise<T>): Promise<T> => unpruned(connection, work);
    const around = { unpruned: withAllFiles, isStopped: () => stopped.value };
    const work = (): Promise<ResultRows[]> =>
      text.readsAllFiles === true || needsAllFiles(text.sql)
        ? withAllFiles(() => runScript(connection, undoubted, around))
        : runScript(connection, text, around);
    return whileItLives(parts, () => stoppedBy(text.signal, connection, () => progress(work)));
  });
  const close = (): void => {
    if (forks.delete(connection)) connection.closeSync();
  };
  forks.set(
    connection,
    inTurn(async () => close()),
  );
  return {
    read: (statement, parameters) => guarded(parts, statement, () => run(runnable(statement, parameters))),
    script: (text) => guarded(parts, text, () => script(text)),
    command: inTurn((sql: string) => whileItLives(parts, async () => void (await connection.run(sql)))),
    close,
  };
}

/** Throws `engine-internal-error` once DuckDB has shut its database, whichever statement was the one. */
async function whileItLives<T>({ ending, connection }: Parts, work: () => Promise<T>): Promise<T> {
  const ended = endedError(ending, connection);
  if (ended !== undefined) throw ended;
  try {
    return await work();
  } catch (error) {
    throw internalError(error, ending, connection) ?? error;
  }
}

/** DuckDB forgets an interrupt that comes before its statement has begun: it is repeated until the end. */
const INTERRUPT_EVERY_MS = 100;

/** Runs `work`, and interrupts the connection's running statement when the signal comes. */
async function stoppedBy<T>(
  signal: AbortSignal | undefined,
  connection: DuckDBConnection,
  work: () => Promise<T>,
): Promise<T> {
  let repeating: NodeJS.Timeout | undefined;
  const stop = (): void => {
    connection.interrupt();
    repeating = setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
  };
  signal?.addEventListener('abort', stop);
  try {
    return await work();
  } finally {
    clearInterval(repeating);
    signal?.removeEventListener('abort', stop);
  }
}

async function guarded<T>(
  { stopped, catalogs }: Parts,
  statement: { readonly sql: string; readonly signal?: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (stopped.value) throw interruptedError();
    if (statement.signal?.aborted === true) throw stoppedError(error);
    if (error instanceof PsybergError) throw error;
    throw catalogFault(error, catalogs) ?? avroNameFault(error) ?? sqlError(error, statement);
  }
}

/**
 * Each call of DuckDB is work for another thread, which has to be woken: by the client's own `runAndReadAll`
 * a statement with values takes five, and is parsed twice; here it takes three. SQL with values is one
 * statement.
 */
async function runOn(
  connection: DuckDBConnection,
  { sql, values, types }: Runnable,
): Promise<DuckDBResultReader> {
  if (Object.keys(values).length === 0) return readResult(await connection.run(sql));
  const prepared = await connection.prepare(sql);
  try {
    prepared.bind(values, types);
    return await readResult(await prepared.run());
  } finally {
    prepared.destroySync();
  }
}

/** Asks for the rows that are there, and not once more to hear that none follow. */
async function readResult(result: DuckDBMaterializedResult): Promise<DuckDBResultReader> {
  const reader = new DuckDBResultReader(result);
  await reader.readUntil(result.rowCount);
  return reader;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const interruptedError = (): PsybergError =>
  new PsybergError('interrupted', 'the run was interrupted', {
    hint: 'run the same command again: nothing was published by this one',
    retryable: true,
  });

const stoppedError = (cause: unknown): PsybergError =>
  new PsybergError('interrupted', 'the statement was stopped', {
    hint: 'it changed nothing; what statements before it did stays',
    retryable: true,
    cause,
  });

function sqlError(error: unknown, statement: { readonly sql: string }): PsybergError {
  // Of several statements DuckDB says first what it was about to do with them.
  const message = messageOf(error).replace(/^Failed to extract statements: /, '');
  return (
    storageFault(error) ??
    new PsybergError('sql-failed', message, { context: { sql: statement.sql }, cause: error })
  );
}
