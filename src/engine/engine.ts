/**
 * DuckDB: the only room that imports `@duckdb/node-api`. Statement -> rows.
 * Sessions run in UTC whatever the machine says, so the same SQL gives the same bytes everywhere.
 */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBTimestampValue,
  type DuckDBValue,
  LIST,
  VARCHAR,
  listValue,
} from '@duckdb/node-api';
import { PsybergError, usageError } from '../model/errors.ts';
import { oneAfterTheOther } from '../model/in-turn.ts';
import { storageFault } from '../model/storage-faults.ts';
import { HOUR_PARAMETERS } from '../model/plan.ts';
import { quoteIdentifier, quoteLiteral } from '../statements/index.ts';
import { avroNameFault, catalogFault } from './catalog-fault.ts';
import { loadExtensions } from './extensions.ts';
import { type StorageAccess, secretStatement } from './storage-secrets.ts';
import { needsAllFiles, unprunedRunner } from './unpruned.ts';
import { type ResultRows, plainRows } from './values.ts';

/**
 * What may be bound: JSON values, 64-bit integers, and lists of text. Hours (`HOUR_PARAMETERS`) are ISO texts
 * and bound as TIMESTAMP.
 */
export type BoundValue = string | number | bigint | boolean | null | readonly string[];
export interface BoundStatement {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, BoundValue>>;
}

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
   * `sql-failed`, `catalog-unreachable` or `catalog-failed`, or `interrupted` after {@link interrupt}.
   */
  query<T extends Row = Row>(statement: BoundStatement): Promise<T[]>;
  /** Runs one statement for its effect; returns the number of rows it changed or copied. */
  execute(statement: BoundStatement): Promise<bigint>;
  /** Runs any statement of a user and returns its columns (name and type) and rows. */
  table(statement: BoundStatement): Promise<ResultRows>;
  attach(options: AttachOptions): Promise<void>;
  /**
   * Makes credentials for files known to every statement; what is known already costs nothing. Throws
   * `storage-refused` without the secret in it.
   */
  useStorage(access: readonly StorageAccess[]): Promise<void>;
  detach(name: string): Promise<void>;
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
  /** Ends a failed transaction, also after an interrupt. No error when there is none. */
  rollback(): Promise<void>;
  /** Closes this connection alone; for forks. */
  release(): void;
  /** How much of the running statement is done, 0..100; undefined when DuckDB does not know. */
  progress(): number | undefined;
  /** Stops the running statements of this connection and of its forks. */
  interrupt(): void;
  /** Takes statements again after an interrupt, to clean up. */
  resume(): void;
  readonly versions: { readonly duckdb: string; readonly extensions: Readonly<Record<string, string>> };
  close(): void;
}

export interface EngineOptions {
  /** Told about slow or unusual steps of the start, such as a download. */
  readonly log?: (message: string) => void;
  /** DuckDB's own spelling, such as `2GB`; DuckDB's default (80 % of the machine) when undefined. */
  readonly memoryLimit?: string;
  readonly threads?: number;
}

/** Starts DuckDB in memory with the extensions it needs. Throws `extension-missing` with the remedy. */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  // DuckDB's default for what does not fit into memory is a folder `.tmp` wherever the command was started.
  // The file cache keeps what the system's page cache holds already: 70 MB more after 120 sessions of 1,000
  // rows, and no faster (2026-11-22).
  const settings: Record<string, string> = {
    preserve_insertion_order: 'false',
    enable_external_file_cache: 'false',
    temp_directory: join(tmpdir(), `psyberg-${process.pid}`),
  };
  if (options.memoryLimit !== undefined) settings['memory_limit'] = options.memoryLimit;
  if (options.threads !== undefined) settings['threads'] = String(options.threads);
  const instance = await DuckDBInstance.create(':memory:', settings).catch((error: unknown) => {
    throw usageError(
      'engine-settings',
      `DuckDB refuses its settings (memory limit ${options.memoryLimit ?? 'not set'}): ${messageOf(error)}`,
      {
        hint: 'write the memory limit as DuckDB does, such as 2GB',
        cause: error,
      },
    );
  });
  const versions = await loadExtensions(instance, options.log);
  const connection = await instance.connect();
  const forks = new Set<DuckDBConnection>([connection]);
  const stopped = { value: false };
  await connection.run("set TimeZone = 'UTC'");
  return connectionEngine({
    instance,
    connection,
    forks,
    versions,
    stopped,
    storage: new Map(),
    catalogs: new Set(),
    unpruned: unprunedRunner(),
  });
}

interface Parts {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  readonly forks: Set<DuckDBConnection>;
  readonly versions: Engine['versions'];
  readonly stopped: { value: boolean };
  /** Statements of the secrets that were made, by name. */
  readonly storage: Map<string, string>;
  /** Addresses of the catalogs that were attached. */
  readonly catalogs: Set<string>;
  readonly unpruned: ReturnType<typeof unprunedRunner>;
}

function connectionEngine(parts: Parts): Engine {
  const { connection, forks } = parts;
  // A connection takes one statement at a time: with several under way DuckDB 1.5.5 now and then ended the
  // process with SIGSEGV (in 1 of 2 runs of 20 queries that each changed the default catalog, 2026-11-24).
  // What shall run side by side has a connection of its own.
  const inTurn = oneAfterTheOther();
  const run = inTurn(async (statement: BoundStatement) => {
    if (parts.stopped.value) throw interruptedError();
    return needsAllFiles(statement.sql)
      ? parts.unpruned(connection, () => runOn(connection, statement))
      : runOn(connection, statement);
  });
  const command = inTurn(async (sql: string) => void (await connection.run(sql)));
  const guarded = async <T>(statement: BoundStatement, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (parts.stopped.value) throw interruptedError();
      throw catalogFault(error, parts.catalogs) ?? avroNameFault(error) ?? sqlError(error, statement);
    }
  };
  return {
    query: (statement) =>
      guarded(statement, async () => plainRows(await run(statement)).toObjects() as never),
    table: (statement) => guarded(statement, async () => plainRows(await run(statement))),
    execute: (statement) =>
      guarded(statement, async () => {
        const reader = await run(statement);
        const first = reader.getRows()[0]?.[0];
        return reader.rowsChanged > 0 ? BigInt(reader.rowsChanged) : typeof first === 'bigint' ? first : 0n;
      }),
    async attach({ name, warehouse, uri, token }) {
      // ATTACH takes no bound values; every part is quoted here, and the text never leaves this function (it
      // holds the token).
      parts.catalogs.add(uri);
      const sql = `attach ${quoteLiteral(warehouse)} as ${quoteIdentifier(name)} (type iceberg, endpoint ${quoteLiteral(uri)}, token ${quoteLiteral(token)})`;
      try {
        await command(sql);
      } catch (error) {
        throw new PsybergError(
          'attach-failed',
          `DuckDB could not attach the catalog '${warehouse}': ${messageOf(error).replaceAll(token, '…')}`,
          {
            hint: 'run "psyberg doctor" to see whether the catalog answers',
          },
        );
      }
    },
    async useStorage(accesses) {
      for (const access of accesses) {
        const name = `psyberg_${createHash('sha256').update(access.scope).digest('hex').slice(0, 16)}`;
        const statement = secretStatement(name, access);
        if (statement === undefined || parts.storage.get(name) === statement) continue;
        try {
          await command(statement);
          parts.storage.set(name, statement);
        } catch (error) {
          const message = Object.values(access.config).reduce(
            (blotted, value) => (value === '' ? blotted : blotted.replaceAll(value, '…')),
            messageOf(error),
          );
          throw new PsybergError(
            'storage-refused',
            `DuckDB does not take the catalog's credentials for ${access.scope}: ${message}`,
            {
              hint: 'ask whoever runs the catalog which storage properties it hands out',
            },
          );
        }
      }
    },
    async detach(name) {
      await command(`detach database if exists ${quoteIdentifier(name)}`);
    },
    async inDatabase({ name, schema }, work) {
      await command(`use ${quoteIdentifier(name)}.${quoteIdentifier(schema)}`);
      const leave = (): Promise<void> => command('use memory.main');
      // After some errors DuckDB takes no statement any more: the first one is the one to tell.
      const result = await work().catch(async (error: unknown) => {
        await leave().catch(() => undefined);
        throw error;
      });
      await leave();
      return result;
    },
    async fork() {
      const forked = await parts.instance.connect();
      await forked.run("set TimeZone = 'UTC'");
      forks.add(forked);
      return connectionEngine({ ...parts, connection: forked });
    },
    async rollback() {
      await command('rollback').catch(() => undefined);
    },
    release() {
      forks.delete(connection);
      connection.closeSync();
    },
    progress() {
      const { percentage } = connection.progress;
      return percentage >= 0 ? percentage : undefined;
    },
    interrupt() {
      parts.stopped.value = true;
      for (const each of forks) each.interrupt();
    },
    resume() {
      parts.stopped.value = false;
    },
    versions: parts.versions,
    close() {
      for (const each of forks) each.closeSync();
      forks.clear();
      parts.instance.closeSync();
    },
  };
}

async function runOn(connection: DuckDBConnection, { sql, parameters }: BoundStatement) {
  const names = Object.keys(parameters);
  if (names.length === 0) return connection.runAndReadAll(sql);
  const values: Record<string, DuckDBValue> = {};
  const types: Record<string, ReturnType<typeof LIST>> = {};
  for (const name of names) {
    const value = parameters[name];
    if (Array.isArray(value)) {
      values[name] = listValue(value as string[]);
      types[name] = LIST(VARCHAR);
    } else values[name] = scalarValue(name, value as Exclude<BoundValue, readonly string[]>);
  }
  return connection.runAndReadAll(sql, values, types);
}

function scalarValue(name: string, value: Exclude<BoundValue, readonly string[]>): DuckDBValue {
  if (typeof value === 'string' && HOUR_PARAMETERS.has(name)) return timestampOf(value);
  return value;
}

const timestampOf = (text: string): DuckDBValue => new DuckDBTimestampValue(BigInt(Date.parse(text)) * 1000n);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const interruptedError = (): PsybergError =>
  new PsybergError('interrupted', 'the run was interrupted', {
    hint: 'run the same command again: nothing was published by this one',
    retryable: true,
  });

function sqlError(error: unknown, statement: BoundStatement): PsybergError {
  const message = messageOf(error);
  return (
    storageFault(error) ??
    new PsybergError('sql-failed', message, { context: { sql: statement.sql }, cause: error })
  );
}
