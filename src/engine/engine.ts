/**
 * DuckDB: the only room that imports `@duckdb/node-api`. Statement -> rows.
 * Sessions run in UTC whatever the machine says, so the same SQL gives the same bytes everywhere.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBResultReader, version as duckdbVersion } from '@duckdb/node-api';
import { PsybergError, usageError } from '../model/errors.ts';
import { fewAtOnce } from '../model/few-at-once.ts';
import type { StatementProgress } from '../model/progress.ts';
import {
  type ArgumentsOf,
  quoteIdentifier,
  quoteLiteral,
  type Statement,
  type StatementName,
  type StatementRow,
  statementFile,
} from '../statements/index.ts';
import { type AvroCopies, avroCopies } from './avro-copies.ts';
import type { Asked, BoundStatement, Values } from './bind.ts';
import { type Connection, messageOf, openConnection, type Parts, refuseStopped } from './connection.ts';
import { type Database, databaseOf, type OwnedConnection } from './database.ts';
import { checkRows } from './declared-rows.ts';
import { extensionVersions, findExtensions, loadExtensions, UNCHECKED } from './extensions.ts';
import { endedError, internalError } from './internal-error.ts';
import { NO_OTHER_NAMES, type OtherNames } from './other-names.ts';
import type { Script } from './run-script.ts';
import { watchStatements } from './statement-progress.ts';
import type { StorageAccess } from './storage-secrets.ts';
import { takeStorage } from './take-storage.ts';
import { unprunedRunner } from './unpruned.ts';
import { plainRows, type ResultRows, resultRows } from './values.ts';

/** One row of a result, 64-bit integers as `bigint`, timestamps as text. */
export type Row = Readonly<Record<string, unknown>>;

export interface AttachOptions {
  /** The name under which SQL sees the catalog. */
  readonly name: string;
  /** The catalog's warehouse or view name, as `/v1/config` takes it. */
  readonly warehouse: string;
  readonly uri: string;
  readonly token: string;
}

export interface Engine {
  /**
   * Runs one statement, after those given before it, and returns all its rows as plain values. Throws
   * `sql-failed`, `catalog-unreachable` or `catalog-failed`, `interrupted` after {@link interrupt}, or
   * `engine-internal-error`, after which this engine and its forks take no statement any more. The header of
   * a statement says what it takes and returns; a value of another type is `internal-bug`.
   */
  query<T extends Row = Row>(statement: BoundStatement): Promise<T[]>;
  query<Name extends StatementName>(
    statement: Statement<Name>,
    ...parameters: ArgumentsOf<Name>
  ): Promise<StatementRow<Name>[]>;
  /** Runs one statement for its effect; returns the number of rows it changed or copied. */
  execute(statement: BoundStatement): Promise<bigint>;
  execute<Name extends StatementName>(
    statement: Statement<Name>,
    ...parameters: ArgumentsOf<Name>
  ): Promise<bigint>;
  /** Runs one statement and returns its columns (name and type) and rows. */
  table(statement: BoundStatement): Promise<ResultRows>;
  table<Name extends StatementName>(
    statement: Statement<Name>,
    ...parameters: ArgumentsOf<Name>
  ): Promise<ResultRows>;
  /** The same for a person to read: as {@link script} returns it. */
  shown(statement: BoundStatement): Promise<ResultRows>;
  /** Runs the statements of a user, one after the other, and returns the result of each. */
  script(script: Script): Promise<ResultRows[]>;
  /**
   * The tables that a query would read, as DuckDB writes them, through macros and table functions that name
   * tables; its own CTEs are none. Nothing is bound; none of a text that is no query.
   */
  tableNames(sql: string): Promise<readonly string[]>;
  attach(options: AttachOptions): Promise<void>;
  /**
   * Makes credentials for files known to every statement; what is known already costs nothing. They are asked
   * for in the call's turn: what a later call says is the newer. Throws `storage-refused` without the secret
   * in it.
   */
  useStorage(access: () => Promise<readonly StorageAccess[]>): Promise<void>;
  /** From now on a file that a statement reads is asked whether it has changed, for every connection. */
  looksForChangedFiles(): Promise<void>;
  detach(name: string): Promise<void>;
  /**
   * Attaches a catalog anew: of a schema that it asked for in vain once, DuckDB 1.5.5 says for good that it
   * is not there.
   */
  forgetSchemas(name: string): Promise<void>;
  /**
   * Runs `work` with an attached catalog as the default, so that tables are named `schema.table`. DuckDB's
   * USE wants an existing schema: any one of the catalog will do.
   */
  inDatabase<T>(
    options: { readonly name: string; readonly schema: string },
    work: () => Promise<T>,
  ): Promise<T>;
  /** Another connection to the same database: statements on it run at the same time as those of this one. */
  fork(): Promise<Engine>;
  /**
   * Another connection to the same database, for work of its own: it is stopped on its own, and calls the
   * catalogs that it attaches by other names, since a database has each name once. Statements go on naming
   * them as they are written.
   */
  beside(options: BesideOptions): Promise<Engine>;
  /** Begins a transaction of this connection, for steps that follow each other. */
  begin(): Promise<void>;
  /** Ends it, and keeps what it wrote. */
  commit(): Promise<void>;
  /** Ends a failed transaction, also after an interrupt. No error when there is none. */
  rollback(): Promise<void>;
  /** Closes this connection alone, once its running statement has ended; for forks. */
  release(): Promise<void>;
  /** Stops the running statements of this connection and of its forks. */
  interrupt(): void;
  /**
   * Statements that make the project's macros, shared with every fork: a macro belongs to the connection that
   * defines it.
   */
  readonly definitions: string[];
  /**
   * Whether a statement beside another one is worth its connection: not with one thread of DuckDB, as in the
   * sandboxes of tests, whose macros alone cost a session 6 ms of CPU (2026-11-30).
   */
  readonly hasSpareThreads: boolean;
  /** Takes statements again after an interrupt, to clean up. */
  resume(): void;
  /** True once DuckDB has shut its database after an internal error: only another engine helps. */
  hasEnded(): boolean;
  /** Closes an engine that has ended, as soon as the statements that are still under way have failed. */
  retire(): Promise<void>;
  readonly versions: { readonly duckdb: string; readonly extensions: Readonly<Record<string, string>> };
  /**
   * Closes it with its forks. Statements that are still running are interrupted, and waited for; where none
   * is, it is closed when this returns.
   */
  close(): Promise<void>;
}

export interface BesideOptions extends Pick<EngineOptions, 'onProgress'> {
  /** Of equal length, so that places in a text stay what they are. */
  readonly names: OtherNames;
}

export interface EngineOptions {
  /** Called with slow or unusual steps of the start, such as a download. */
  readonly log?: (message: string) => void;
  /** DuckDB's own spelling, such as `2GB`; DuckDB's default (80 % of the machine) when undefined. */
  readonly memoryLimit?: string;
  readonly threads?: number;
  /**
   * True where nobody reads a file of an object store whose content may change under its name: Iceberg's
   * never do. Then what was read of them is not asked for again.
   */
  readonly filesNeverChange?: boolean;
  /** A folder for copies of manifests that were written to a store; later engines read those. */
  readonly copies?: string;
  /** Called before each statement, which waits for it; of forks, too. */
  readonly beforeStatement?: () => Promise<void> | undefined;
  /** Called now and then while a statement runs; not for those of forks. */
  readonly onProgress?: (progress: StatementProgress) => void;
}

/**
 * A running statement holds one of the threads with which Node also reads files. Statements ask the catalog,
 * which reads files and at times asks DuckDB: if all threads waited for it, none would be left to answer.
 */
const NODE_THREADS = Number(process.env['UV_THREADPOOL_SIZE']) || 4;
const SPARE_THREADS = 2;
/** True where a connection may ask a catalog while another one does. */
const HAS_SPARE_THREADS = NODE_THREADS - SPARE_THREADS >= 2;

/** Starts DuckDB in memory with the extensions it needs. Throws `extension-missing` with the remedy. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const extensions = await findExtensions(duckdbVersion().replace(/^v/, ''), options.log);
  const instance = databaseOf(await openInstance(options, extensions.areKnown ? UNCHECKED : {}));
  const connection = await utcConnection(instance);
  try {
    await connection.during(() => loadExtensions(connection.duckdb, extensions));
  } catch (error) {
    await instance.close();
    throw error;
  }
  const { onProgress } = options;
  const progress = onProgress === undefined ? undefined : await watchStatements(connection, onProgress);
  return connectionEngine({
    instance,
    connection,
    progress,
    versions: { duckdb: extensions.version, extensions: extensionVersions(extensions) },
    stopped: { value: false, connections: new Set() },
    besides: fewAtOnce(Math.max(1, NODE_THREADS - SPARE_THREADS)),
    gate: (work) => work(),
    names: NO_OTHER_NAMES,
    ending: { first: undefined },
    storage: new Map(),
    storing: fewAtOnce(1),
    storeWaits: { of: undefined },
    hidden: new Set(),
    copies: copiesOnDemand(options.copies),
    filesNeverChange: options.filesNeverChange ?? false,
    threads: options.threads,
    beforeStatement: options.beforeStatement ?? (() => undefined),
    catalogs: new Set(),
    attached: new Set(),
    attachments: new Map(),
    unpruned: unprunedRunner(instance),
    definitions: [],
  });
}

function copiesOnDemand(folder: string | undefined): () => AvroCopies {
  let copies: AvroCopies | undefined;
  return () => (copies ??= avroCopies(folder));
}

/** Throws `engine-settings`. */
async function openInstance(
  { memoryLimit, threads }: EngineOptions,
  more: Readonly<Record<string, string>>,
): Promise<DuckDBInstance> {
  // DuckDB's default for what does not fit into memory is a folder `.tmp` wherever the command was started.
  // The file cache keeps what the system's page cache holds already: 70 MB more after 120 sessions of 1,000
  // rows, and no faster (2026-11-22).
  const settings: Record<string, string> = {
    ...more,
    preserve_insertion_order: 'false',
    enable_external_file_cache: 'false',
    temp_directory: join(tmpdir(), `psyberg-${process.pid}`),
  };
  if (memoryLimit !== undefined) settings['memory_limit'] = memoryLimit;
  if (threads !== undefined) settings['threads'] = String(threads);
  try {
    return await DuckDBInstance.create(':memory:', settings);
  } catch (error) {
    throw usageError(
      'engine-settings',
      `DuckDB refuses its settings (memory limit ${memoryLimit ?? 'not set'}): ${messageOf(error)}`,
      { hint: 'write the memory limit as DuckDB does, such as 2GB', cause: error },
    );
  }
}

function connectionEngine(parts: Parts): Engine {
  const { ending, instance, stopped } = parts;
  const { read, script, tableNames, command, close } = openConnection(parts);
  const ended = (how?: { readonly interrupts: boolean }): Promise<void> => {
    const closed = instance.close(how);
    parts.copies().close();
    return closed;
  };
  return {
    query: async (statement: Asked, parameters?: Values) => {
      const reader = await read(statement, parameters);
      if ('name' in statement) checkRows(statementFile(statement.name), reader);
      return plainRows(reader).toObjects() as never;
    },
    table: async (statement: Asked, parameters?: Values) => plainRows(await read(statement, parameters)),
    shown: async (statement: BoundStatement) => resultRows(await read(statement, undefined)),
    script,
    execute: async (statement: Asked, parameters?: Values) => changedRows(await read(statement, parameters)),
    tableNames,
    attach: (catalog) => attachCatalog(parts, command, catalog),
    useStorage: (accesses) =>
      parts.storing(async () => {
        for (const access of await accesses()) await takeStorage(parts, access);
      }),
    looksForChangedFiles: () => command("set global validate_external_file_cache = 'VALIDATE_ALL'"),
    async detach(name) {
      parts.attachments.delete(nameOf(parts, name));
      // With its database every catalog is gone: who cleans up after an error has nothing to do here.
      if (ending.first === undefined)
        await command(`detach database if exists ${quoteIdentifier(nameOf(parts, name))}`);
    },
    async forgetSchemas(name) {
      const known = parts.attachments.get(nameOf(parts, name));
      if (ending.first !== undefined || known === undefined) return;
      await command(`detach database if exists ${quoteIdentifier(nameOf(parts, name))}`);
      await known();
    },
    inDatabase: (place, work) => inDatabase(command, place, work),
    fork: () => fork(parts),
    beside: (options) => beside(parts, options),
    begin: async () => void (await read({ sql: 'begin', parameters: {} }, undefined)),
    commit: async () => void (await read({ sql: 'commit', parameters: {} }, undefined)),
    rollback: () => command('rollback').catch(() => undefined),
    release: close,
    interrupt() {
      stopped.value = true;
      for (const each of stopped.connections) each.interrupt();
    },
    resume() {
      stopped.value = false;
    },
    hasEnded: () => ending.first !== undefined,
    retire: () => ended({ interrupts: false }),
    hasSpareThreads: HAS_SPARE_THREADS && parts.threads !== 1,
    versions: parts.versions,
    definitions: parts.definitions,
    close: () => ended(),
  };
}

async function fork(parts: Parts): Promise<Engine> {
  const connection = await anotherConnection(parts);
  return connectionEngine({ ...parts, connection, progress: undefined });
}

async function beside(parts: Parts, { names, onProgress }: BesideOptions): Promise<Engine> {
  const connection = await anotherConnection(parts);
  const progress = onProgress === undefined ? undefined : await watchStatements(connection, onProgress);
  const stopped = { value: false, connections: new Set<OwnedConnection>() };
  return connectionEngine({ ...parts, connection, progress, stopped, names, gate: parts.besides });
}

/** Throws `engine-internal-error` where the database has ended meanwhile, also where nobody knew it yet. */
const anotherConnection = (parts: Parts): Promise<OwnedConnection> =>
  utcConnection(parts.instance).catch((error: unknown) => {
    throw internalError(error, parts.ending, parts) ?? endedError(parts.ending, parts) ?? error;
  });

async function utcConnection(instance: Database): Promise<OwnedConnection> {
  const connection = await instance.connect();
  await connection.during(() => connection.duckdb.run("set TimeZone = 'UTC'"));
  return connection;
}

const nameOf = ({ names }: Parts, name: string): string => names.get(name) ?? name;

/** Rows that a statement changed or copied. */
function changedRows(reader: DuckDBResultReader): bigint {
  const first = reader.getRows()[0]?.[0];
  return reader.rowsChanged > 0 ? BigInt(reader.rowsChanged) : typeof first === 'bigint' ? first : 0n;
}

/**
 * ATTACH takes no bound values; every part is quoted here, and the text never leaves this function (it holds
 * the token).
 */
async function attachCatalog(
  parts: Parts,
  command: Connection['command'],
  options: AttachOptions,
): Promise<void> {
  const { name, warehouse, uri, token } = options;
  parts.catalogs.add(uri);
  parts.attached.add(`${quoteIdentifier(nameOf(parts, name))}.`);
  parts.attachments.set(nameOf(parts, name), () => attachCatalog(parts, command, options));
  const sql = `attach ${quoteLiteral(warehouse)} as ${quoteIdentifier(nameOf(parts, name))} (type iceberg, endpoint ${quoteLiteral(uri)}, token ${quoteLiteral(token)})`;
  try {
    await command(sql);
  } catch (error) {
    if (error instanceof PsybergError) throw error;
    refuseStopped(parts.stopped);
    throw new PsybergError(
      'attach-failed',
      `DuckDB could not attach the catalog '${warehouse}': ${messageOf(error).replaceAll(token, '…')}`,
      { hint: 'run "psyberg doctor" to see whether the catalog answers' },
    );
  }
}

async function inDatabase<T>(
  command: Connection['command'],
  { name, schema }: { readonly name: string; readonly schema: string },
  work: () => Promise<T>,
): Promise<T> {
  await command(`use ${quoteIdentifier(name)}.${quoteIdentifier(schema)}`);
  const leave = (): Promise<void> => command('use memory.main');
  // After some errors DuckDB takes no statement any more: the first one is the one to report.
  const result = await work().catch(async (error: unknown) => {
    // A transaction that a user began and that failed would take no statement any more.
    await command('rollback').catch(() => undefined);
    await leave().catch(() => undefined);
    throw error;
  });
  await leave();
  return result;
}
