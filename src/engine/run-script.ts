/**
 * Runs a text of a user's statements one after the other. Text -> the result of each. Every statement is
 * bound only when those before it have run, because it may need what they made.
 */
import {
  BIGINT,
  blobValue,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  DuckDBTimestampTZValue,
  type DuckDBType,
  type DuckDBValue,
  HUGEINT,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import { usageError } from '../model/errors.ts';
import type { OwnedConnection } from './database.ts';
import { type ResultStream, streamOf } from './result-stream.ts';
import { type ResultRows, resultRows } from './values.ts';

/**
 * What a user may bind: integers that fit are BIGINT, other numbers DOUBLE, a Date is a TIMESTAMPTZ, bytes
 * are a BLOB; a text is VARCHAR, and a cast makes of it what else there is (`$day::date`).
 */
export type ParameterValue = string | number | bigint | boolean | null | Date | Uint8Array | ParameterList;
export type ParameterList = readonly (string | number | bigint | boolean | null | Date)[];
export type Parameters = Readonly<Record<string, ParameterValue>>;

export interface Script {
  readonly sql: string;
  /** Values by name, without `$`. Each statement takes those that it names. */
  readonly parameters: Parameters;
  /** What to run in place of the statement at `index` of `count`, or before it. */
  readonly change?: (index: number, count: number) => Promise<ScriptChange> | undefined;
  /** Called when a statement is bound, before it runs; what it throws ends the script. */
  readonly beforeRun?: () => Promise<void>;
  /** Asked then: whether DuckDB would skip files of the tables that it has met whose rows are asked for. */
  readonly isMisled?: () => Promise<boolean>;
  /** Asked of a statement that failed: true where it is to be tried again, since it cannot have run. */
  readonly isWorthAgain?: () => boolean;
  /** True where no statement of it is to skip files, whatever it reads. */
  readonly readsAllFiles?: boolean;
  /**
   * Takes the result of each statement as it comes, in place of its rows being kept: the script returns its
   * columns alone. What is not read of it when this returns is never computed.
   */
  readonly onResult?: (result: ResultStream, place: StatementPlace) => Promise<void>;
  /** Stops the running statement, and what would follow. */
  readonly signal?: AbortSignal;
}

/** Which statement of a script: `index` counts from 0. */
export interface StatementPlace {
  readonly index: number;
  readonly count: number;
}

export interface ScriptChange {
  /** A statement to run in its place. */
  readonly instead?: { readonly sql: string; readonly parameters: Parameters };
  /** Queries that are bound before it and not run: DuckDB then knows the columns of their tables. */
  readonly bindFirst?: readonly string[];
}

type Unpruned = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Runs a script. Throws DuckDB's errors, and `parameter-unknown` before the last statement runs.
 * @param unpruned runs what is misled.
 * @param isStopped true once every statement of the engine was interrupted.
 */
export async function runScript(
  owned: OwnedConnection,
  script: Script,
  { unpruned, isStopped }: { readonly unpruned: Unpruned; readonly isStopped: () => boolean },
): Promise<ResultRows[]> {
  const { sql, parameters, change, beforeRun } = script;
  const connection = owned.duckdb;
  // The whole text is parsed before anything runs: half a script that was run helps nobody.
  const statements = await connection.extractStatements(sql);
  const unused = new Set(Object.keys(parameters));
  const results: ResultRows[] = [];
  for (let index = 0; index < statements.count; index += 1) {
    const { instead, bindFirst = [] } = (await change?.(index, statements.count)) ?? {};
    for (const query of bindFirst) await bindOnly(connection, query);
    const place = { index, count: statements.count };
    const check = async (prepared: DuckDBPreparedStatement): Promise<void> => {
      script.signal?.throwIfAborted();
      for (const name of bindParameters(prepared, instead?.parameters ?? parameters)) unused.delete(name);
      if (index === statements.count - 1) refuseUnused(unused);
      await beforeRun?.();
      script.signal?.throwIfAborted();
    };
    const { isMisled } = instead === undefined ? script : {};
    // DuckDB hands each extracted statement out once.
    const prepareAgain = async (): Promise<DuckDBPreparedStatement> =>
      instead === undefined
        ? (await connection.extractStatements(sql)).prepare(index)
        : connection.prepare(instead.sql);
    const run = {
      prepareAgain,
      check,
      isMisled: async () => (await isMisled?.()) === true,
      unpruned,
      read: (prepared: DuckDBPreparedStatement) =>
        readResult(prepared, { ...script, place, isStopped, owned }),
    };
    const first = instead === undefined ? () => statements.prepare(index) : prepareAgain;
    results.push(
      await runStatement({ ...run, prepare: first }).catch((error: unknown) =>
        untilSteady(script, error, () => runStatement({ ...run, prepare: prepareAgain })),
      ),
    );
  }
  return results;
}

async function untilSteady<T>(
  { isWorthAgain = () => false }: Script,
  failed: unknown,
  work: () => Promise<T>,
): Promise<T> {
  let error = failed;
  while (isWorthAgain()) {
    try {
      return await work();
    } catch (again) {
      error = again;
    }
  }
  throw error;
}

interface StatementRun {
  readonly prepare: () => Promise<DuckDBPreparedStatement>;
  readonly prepareAgain: () => Promise<DuckDBPreparedStatement>;
  /** Binds its parameters; throws what speaks against running it. */
  readonly check: (prepared: DuckDBPreparedStatement) => Promise<void>;
  readonly isMisled: () => Promise<boolean>;
  readonly unpruned: Unpruned;
  readonly read: (prepared: DuckDBPreparedStatement) => Promise<ResultRows>;
}

/** What the optimizer may do is decided where a statement is bound: one that is misled is bound once more. */
async function runStatement({
  prepare,
  prepareAgain,
  check,
  isMisled,
  unpruned,
  read,
}: StatementRun): Promise<ResultRows> {
  const again = (): Promise<ResultRows> =>
    unpruned(async () =>
      use(await prepareAgain(), async (prepared) => {
        await check(prepared);
        return read(prepared);
      }),
    );
  let prepared: DuckDBPreparedStatement;
  try {
    prepared = await prepare();
  } catch (error) {
    // By some bounds DuckDB fails already where it binds.
    if (await isMisled()) return again();
    throw error;
  }
  const rows = await use(prepared, async () => {
    await check(prepared);
    return (await isMisled()) ? undefined : read(prepared);
  });
  return rows ?? again();
}

/** The whole result, or its columns once somebody has read of it what they wanted. */
async function readResult(
  prepared: DuckDBPreparedStatement,
  {
    onResult,
    signal,
    place,
    isStopped,
    owned,
  }: Script & { place: StatementPlace; isStopped: () => boolean; owned: OwnedConnection },
): Promise<ResultRows> {
  if (onResult === undefined) return resultRows(await prepared.runAndReadAll());
  const stream = streamOf(await prepared.stream(), {
    signal,
    during: owned.during,
    async runAgain() {
      signal?.throwIfAborted();
      if (!isStopped()) await prepared.run();
    },
  });
  await owned.outside(() => onResult(stream, place));
  return { columns: stream.columns, rows: [], toObjects: () => [] };
}

async function use<T>(
  prepared: DuckDBPreparedStatement,
  work: (prepared: DuckDBPreparedStatement) => Promise<T>,
): Promise<T> {
  try {
    return await work(prepared);
  } finally {
    prepared.destroySync();
  }
}

/** A table that cannot be read is reported where it is read. */
const bindOnly = (connection: DuckDBConnection, query: string): Promise<void> =>
  connection.prepare(query).then(
    (prepared) => prepared.destroySync(),
    () => undefined,
  );

/** Binds what a statement asks for, and returns the names of that. */
function bindParameters(prepared: DuckDBPreparedStatement, parameters: Parameters): string[] {
  const names = Array.from({ length: prepared.parameterCount }, (_, position) =>
    prepared.parameterName(position + 1),
  );
  const missing = names.find((name) => !Object.hasOwn(parameters, name));
  if (missing !== undefined)
    throw usageError('parameter-missing', `the query names $${missing}, which has no value`, {
      hint: `give it one: sql(query, { parameters: { ${missing}: … } }); on the command line write the value itself`,
    });
  const bound = names.map((name) => [name, boundValue(name, parameters[name] as ParameterValue)] as const);
  if (bound.length > 0)
    prepared.bind(
      Object.fromEntries(bound.map(([name, { value }]) => [name, value])),
      Object.fromEntries(bound.map(([name, { type }]) => [name, type])),
    );
  return names;
}

function refuseUnused(unused: ReadonlySet<string>): void {
  if (unused.size > 0)
    throw usageError(
      'parameter-unknown',
      `the query has no parameter ${[...unused].map((name) => `$${name}`).join(', ')}`,
      { hint: 'name it in the query, with a $ before it, or leave it out' },
    );
}

interface Bound {
  readonly value: DuckDBValue;
  /** Undefined: what the client takes it for. */
  readonly type: DuckDBType | undefined;
}

function boundValue(name: string, value: ParameterValue): Bound {
  if (value instanceof Uint8Array) return { value: blobValue(value), type: undefined };
  if (value instanceof Date)
    return { value: new DuckDBTimestampTZValue(BigInt(value.getTime()) * 1000n), type: undefined };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !Object.is(value, -0)
      ? { value: BigInt(value), type: BIGINT }
      : { value, type: DOUBLE };
  if (typeof value === 'bigint') return { value, type: fitsBigint(value) ? BIGINT : HUGEINT };
  if (value === null || typeof value === 'string' || typeof value === 'boolean')
    return { value, type: undefined };
  if (Array.isArray(value)) return boundList(name, value as ParameterList);
  throw usageError('parameter-type', `the parameter $${name} is ${typeof value}, which cannot be bound`, {
    hint: 'pass text, a number, a bigint, a boolean, null, a Date, bytes, or a list of these',
  });
}

function boundList(name: string, items: ParameterList): Bound {
  const bound = items.map((item) => boundValue(name, item));
  const types = bound.flatMap(({ type }, index) => (items[index] === null ? [] : [type]));
  // Numbers of a list have one type: with a fraction among them all are DOUBLE.
  const type = types.includes(DOUBLE) ? DOUBLE : types.find((each) => each !== undefined);
  const areTexts = items.every((item) => item === null || typeof item === 'string');
  const itemType = areTexts ? VARCHAR : type;
  return {
    value: listValue(
      bound.map(({ value }) => (type === DOUBLE && typeof value === 'bigint' ? Number(value) : value)),
    ),
    type: itemType === undefined ? undefined : LIST(itemType),
  };
}

const fitsBigint = (value: bigint): boolean => BigInt.asIntN(64, value) === value;
