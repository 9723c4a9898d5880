/**
 * Runs statements one after the other on one connection to DuckDB, and translates their errors. Parts that
 * several connections share -> Connection.
 */
import { type DuckDBConnection, type DuckDBMaterializedResult, DuckDBResultReader } from '@duckdb/node-api';
import { PsybergError } from '../model/errors.ts';
import type { FewAtOnce } from '../model/few-at-once.ts';
import { oneAfterTheOther } from '../model/in-turn.ts';
import { storageFault } from '../model/storage-faults.ts';
import type { StoreWaits } from '../model/store-faults.ts';
import { type AvroCopies, isOfCopies, type Redirected } from './avro-copies.ts';
import { type Asked, type Runnable, runnable, type Values } from './bind.ts';
import { avroNameFault, catalogFault } from './catalog-fault.ts';
import type { Database, OwnedConnection } from './database.ts';
import { type Ending, endedError, internalError } from './internal-error.ts';
import { type OtherNames, withOtherNames, withWrittenNames } from './other-names.ts';
import { runScript, type Script } from './run-script.ts';
import { withSpelledValues } from './spelled-values.ts';
import { needsAllFiles, type unprunedRunner } from './unpruned.ts';
import type { ResultRows } from './values.ts';
import { readsManifestsOnly, wholeFiles } from './whole-files.ts';

/** What an engine and its forks share, and the connection of one of them. */
export interface Parts {
  readonly instance: Database;
  readonly connection: OwnedConnection;
  /** Watches the progress of a statement of this connection; undefined if nobody wants to know. */
  readonly progress: (<T>(work: () => Promise<T>) => Promise<T>) | undefined;
  readonly versions: { readonly duckdb: string; readonly extensions: Readonly<Record<string, string>> };
  /** The connections whose statements are stopped together: an engine's and those of its forks. */
  readonly stopped: { value: boolean; readonly connections: Set<OwnedConnection> };
  /** Limits how many statements of connections that work side by side run at once. */
  readonly besides: FewAtOnce;
  /** That limit for such a connection; for others one that holds nothing back. */
  readonly gate: FewAtOnce;
  /** The names by which this connection knows the catalogs that it attaches. */
  readonly names: OtherNames;
  readonly ending: Ending;
  /** The statements that made secrets, by the secret's name. */
  readonly storage: Map<string, string>;
  /** Lets one connection at a time make secrets: two that make the same one would fail. */
  readonly storing: FewAtOnce;
  /** How long to wait for a store; undefined before one is known. */
  readonly storeWaits: { of: StoreWaits | undefined };
  /** Texts of secrets, which no error may show: stores repeat what they were asked with. */
  readonly hidden: Set<string>;
  /** Copies of files of stores on this machine, once a store is known. */
  readonly copies: () => AvroCopies;
  /** See the option of that name. */
  readonly filesNeverChange: boolean;
  /** See the option of that name. */
  readonly beforeStatement: () => Promise<void> | undefined;
  /** How many threads were asked for; undefined if none were. */
  readonly threads: number | undefined;
  /** Addresses of the catalogs that were attached. */
  readonly catalogs: Set<string>;
  /** The names of those catalogs in SQL, with which a table's name begins. */
  readonly attached: Set<string>;
  /** Attaches a catalog again, by its name. */
  readonly attachments: Map<string, () => Promise<void>>;
  readonly unpruned: ReturnType<typeof unprunedRunner>;
  /** The project's macros as statements. */
  readonly definitions: string[];
}

export interface Connection {
  /** Runs one statement and reads its whole result. */
  read(statement: Asked, parameters: Values): Promise<DuckDBResultReader>;
  /** Runs the statements of a user. */
  script(text: Script): Promise<ResultRows[]>;
  /** See the engine's. */
  tableNames(sql: string): Promise<readonly string[]>;
  /** Runs a text that is not to be reported: it holds a secret, or cleans up. */
  command(sql: string): Promise<void>;
  /** Closes this connection alone, once its running statement has ended. */
  close(): Promise<void>;
}

/**
 * A connection takes one statement at a time: with several under way DuckDB 1.5.5 now and then ended the
 * process with SIGSEGV (in 1 of 2 runs of 20 queries that each changed the default catalog, 2026-11-24). What
 * shall run side by side has a connection of its own.
 */
export function openConnection(parts: Parts): Connection {
  const { connection, stopped, unpruned, progress = (work) => work() } = parts;
  const inTurn = oneAfterTheOther();
  const fetchWhole = wholeFiles(connection);
  const isStopped = (): boolean => stopped.value || connection.isClosing();
  let inTransaction = false;
  const run = inTurn(async (asked: Runnable) => {
    await begun(parts);
    const redirected = redirectedIn(parts, asked);
    const { statement } = redirected;
    // Within a transaction a failed statement ends it, so it cannot fail a second time as the user wrote it.
    const isSpelled = !inTransaction || statement.isOwn === true;
    const spelled = isSpelled ? spelledFor(parts, statement) : undefined;
    if (parts.storage.size > 0) await fetchWhole(readsManifestsOnly(statement.sql, parts.attached));
    const work = () => progress(() => runRedirected(parts, redirected, spelled));
    const result = await parts.gate(async () => {
      // An interrupt while it waited for its turn could not stop anything.
      refuseStopped(stopped);
      return whileItLives(
        parts,
        needsAllFiles(statement.sql) ? () => unpruned(connection.duckdb, work) : work,
      );
    });
    if (statement.sql === 'begin' || statement.sql === 'commit') inTransaction = statement.sql === 'begin';
    return result;
  });
  const script = inTurn(async (text: Script) => {
    await begun(parts);
    await fetchWhole(false);
    refuseStopped(stopped);
    const { isMisled: _doubt, ...undoubted } = text;
    const withAllFiles = <T>(work: () => Promise<T>): Promise<T> => unpruned(connection.duckdb, work);
    const around = { unpruned: withAllFiles, isStopped };
    const work = (): Promise<ResultRows[]> =>
      text.readsAllFiles === true || needsAllFiles(text.sql)
        ? withAllFiles(() => runScript(connection, undoubted, around))
        : runScript(connection, text, around);
    return whileItLives(parts, () => stoppedBy(text.signal, connection, () => progress(work)));
  });
  // Waits for its turn: DuckDB answers on this thread, which would block a statement that needs it.
  const tableNames = inTurn(async (sql: string) => {
    await begun(parts);
    return whileItLives(parts, async () => tableNamesIn(connection.duckdb, sql));
  });
  stopped.connections.add(connection);
  return {
    read: (statement, parameters) =>
      guarded(parts, statement, () => {
        const { sql, ...values } = runnable(statement, parameters);
        return run({ sql: withOtherNames(sql, parts.names), ...values });
      }),
    script: (text) => guarded(parts, text, () => script(text)),
    tableNames: (sql) => guarded(parts, { sql }, () => tableNames(sql)),
    command: inTurn((sql: string) => {
      if (sql === 'rollback') inTransaction = false;
      return parts.gate(() => whileItLives(parts, async () => void (await connection.duckdb.run(sql))));
    }),
    close: () => closeAmong(parts),
  };
}

async function closeAmong({ connection, stopped }: Parts): Promise<void> {
  await connection.close({ interrupts: false });
  stopped.connections.delete(connection);
}

/** In its turn: a statement that had to wait before it joined the line would come behind a close. */
async function begun({ stopped, beforeStatement }: Parts): Promise<void> {
  refuseStopped(stopped);
  await beforeStatement();
}

/** @throws PsybergError `interrupted`. */
export function refuseStopped({ value }: Parts['stopped']): void {
  if (value) throw interruptedError();
}

function tableNamesIn(duckdb: DuckDBConnection, sql: string): readonly string[] {
  try {
    return duckdb.getTableNames(sql, true);
  } catch {
    return [];
  }
}

/**
 * Does what asks DuckDB. Throws `engine-internal-error` once DuckDB has shut its database, whichever
 * statement was the one.
 */
async function whileItLives<T>({ ending, connection }: Parts, work: () => Promise<T>): Promise<T> {
  const ended = endedError(ending, connection);
  if (ended !== undefined) throw ended;
  try {
    return await connection.during(work);
  } catch (error) {
    throw internalError(error, ending, connection) ?? error;
  }
}

/** Runs `work`, and interrupts the connection's running statement when the signal comes. */
async function stoppedBy<T>(
  signal: AbortSignal | undefined,
  connection: OwnedConnection,
  work: () => Promise<T>,
): Promise<T> {
  signal?.addEventListener('abort', connection.interrupt);
  try {
    return await work();
  } finally {
    signal?.removeEventListener('abort', connection.interrupt);
  }
}

async function guarded<T>(
  parts: Parts,
  statement: { readonly sql: string; readonly signal?: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const { connection, stopped, catalogs } = parts;
  try {
    return await work();
  } catch (error) {
    if (stopped.value) throw interruptedError();
    if (statement.signal?.aborted === true) throw stoppedError(error);
    if (error instanceof PsybergError) throw error;
    if (connection.isClosing()) throw interruptedError();
    throw catalogFault(error, catalogs) ?? avroNameFault(error) ?? sqlError(error, statement, parts);
  }
}

/**
 * Each call of DuckDB is work for another thread, which has to be woken: by the client's own `runAndReadAll`
 * a statement with values takes five, and is parsed twice; here it takes three. SQL with values is one
 * statement.
 */
async function runOn(
  { duckdb, prepared: kept }: OwnedConnection,
  { sql, values, types, isKept }: Runnable,
): Promise<DuckDBResultReader> {
  if (Object.keys(values).length === 0) return readResult(await duckdb.run(sql));
  if (isKept === true) {
    const statement = await kept(sql);
    statement.bind(values, types);
    return readResult(await statement.run());
  }
  const prepared = await duckdb.prepare(sql);
  try {
    prepared.bind(values, types);
    return await readResult(await prepared.run());
  } finally {
    prepared.destroySync();
  }
}

/** The statement with its values written into the text, if it reads a catalog. */
function spelledFor({ attached }: Parts, { sql, values, types }: Runnable): string | undefined {
  if (Object.keys(values).length === 0) return undefined;
  if (![...attached].some((catalog) => sql.includes(catalog))) return undefined;
  return withSpelledValues(sql, { values, types });
}

/** Over what this machine has of the files of stores, where one is known. */
const redirectedIn = ({ storage, copies }: Parts, statement: Runnable): Redirected =>
  storage.size > 0 ? copies().redirect(statement) : { statement, finish: async () => undefined };

/** Runs the statement, and then what is left to do for it. */
async function runRedirected(
  parts: Parts,
  { statement, instead, finish }: Redirected,
  spelled: string | undefined,
): Promise<DuckDBResultReader> {
  let found: DuckDBResultReader;
  try {
    found = await runSpelled(parts, statement, spelled);
  } catch (error) {
    if (instead === undefined || !isOfCopies(messageOf(error))) throw error;
    return runSpelled(parts, instead, spelledFor(parts, instead));
  }
  await finish(parts.connection.duckdb, () => found.getRows());
  return found;
}

/**
 * If it fails at a place of that text, it is run once more as it was written: that is the place which a user
 * looks for.
 */
async function runSpelled(
  { connection, stopped }: Parts,
  statement: Runnable,
  spelled: string | undefined,
): Promise<DuckDBResultReader> {
  if (spelled === undefined) return runOn(connection, statement);
  try {
    return await readResult(await connection.duckdb.run(spelled));
  } catch (error) {
    if (stopped.value || statement.isOwn === true || !/^LINE \d+:/m.test(messageOf(error))) throw error;
    return runOn(connection, statement);
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

function sqlError(
  error: unknown,
  statement: { readonly sql: string },
  { names, hidden, storeWaits }: Pick<Parts, 'names' | 'hidden' | 'storeWaits'>,
): PsybergError {
  // With several statements DuckDB begins by saying what it was about to do with them.
  const said = messageOf(error).replace(/^Failed to extract statements: /, '');
  const written = withWrittenNames(said, names);
  const message = [...hidden].reduce((rest, secret) => rest.replaceAll(secret, '…'), written);
  return (
    storageFault(error, storeWaits.of === undefined ? {} : { waits: storeWaits.of }) ??
    new PsybergError('sql-failed', message, { context: { sql: statement.sql }, cause: error })
  );
}
