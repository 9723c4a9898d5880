/**
 * Opens a DuckDB that is ready for a project: the warehouse attached as `lake`, the macros of `sql/macros`
 * defined.
 */
import { LAKE_CATALOG } from '../model/engines.ts';
import { renderStatement, statementFragment } from '../statements/index.ts';
import type { BesideOptions, Engine, EngineOptions } from './engine.ts';
import { openEngine } from './open.ts';

/** Opens an engine on a catalog. */
export async function openWarehouse(
  options: EngineOptions & { readonly uri: string; readonly token: string; readonly warehouse: string },
): Promise<Engine> {
  const engine = await openEngine(options);
  try {
    await defineMacros(engine);
    await engine.attach({
      name: LAKE_CATALOG,
      warehouse: options.warehouse,
      uri: options.uri,
      token: options.token,
    });
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** A connection beside another one, with the engine's macros and the project's. */
export async function forkWithMacros(engine: Engine): Promise<Engine> {
  const fork = await engine.fork();
  await defineMacros(fork);
  return withDefinitions(fork);
}

/** A connection for work beside that of another one, with the engine's macros and the project's. */
export const openBeside = async (engine: Engine, options: BesideOptions): Promise<Engine> =>
  withDefinitions(await withOwnMacros(await engine.beside(options)));

/** A connection for a user's SQL beside another one, with the project's macros. */
export const forkForQueries = async (engine: Engine): Promise<Engine> => withDefinitions(await engine.fork());

async function withDefinitions(fork: Engine): Promise<Engine> {
  for (const sql of fork.definitions) await fork.execute({ sql, parameters: {} });
  return fork;
}

interface KeptFork {
  readonly fork: Promise<Engine>;
  /** The project's macros that it was told. */
  readonly defined: Set<string>;
}

const keptForks = new WeakMap<Engine, KeptFork>();

/**
 * The connection for statements of the engine's own beside those of another one. It is opened when it is
 * first asked for, and kept: with its macros it costs 6 ms of CPU, of 51 that a session of 1,000 rows took
 * (AMD EPYC, 2026-12-01). It has the macros of the other one, is stopped with it, and closed by
 * {@link releaseWithFork} or with the database.
 */
export async function forkForStatements(engine: Engine): Promise<Engine> {
  const kept = keptForks.get(engine) ?? { fork: engine.fork().then(withOwnMacros), defined: new Set() };
  keptForks.set(engine, kept);
  try {
    const fork = await kept.fork;
    for (const sql of engine.definitions) {
      if (kept.defined.has(sql)) continue;
      // Before it is: what another one asks for meanwhile comes behind it on this connection.
      kept.defined.add(sql);
      await fork.execute({ sql, parameters: {} });
    }
    return fork;
  } catch (error) {
    await releaseFork(engine);
    throw error;
  }
}

/** Closes a connection that has come to its end, and what was opened for statements beside it. */
export async function releaseWithFork(engine: Engine): Promise<void> {
  await Promise.all([releaseFork(engine), engine.release()]);
}

async function releaseFork(engine: Engine): Promise<void> {
  const kept = keptForks.get(engine);
  keptForks.delete(engine);
  const fork = await kept?.fork.catch(() => undefined);
  await fork?.release();
}

const defineMacros = (engine: Engine): Promise<void> => defineEach(engine, macros());

/** In one text: each call wakes a thread. */
async function defineEach(engine: Engine, texts: readonly string[]): Promise<void> {
  await engine.execute({ sql: texts.join(';\n'), parameters: {} });
}

/** Temporary macros are of one connection, the others of the database: two that define one at once fail. */
async function withOwnMacros(connection: Engine): Promise<Engine> {
  await defineEach(
    connection,
    macros().filter((sql) => /^create or replace temp /m.test(sql)),
  );
  return connection;
}

const MACROS = [
  'macros/plain_path',
  'macros/as_stored',
  'macros/ledger_path',
  'macros/read_manifests',
  'macros/iceberg_integer',
  'macros/iceberg_bytes',
  'macros/units_per_hour',
  'macros/stored_unit',
  'macros/bounds_in_another_unit',
  'macros/event_hour',
  'macros/partition_hour',
  'macros/calendar_hour',
  'macros/bounds_are_trusted',
  'macros/partition_key',
] as const;

/** Over those, each for files and for what was read of them. */
const MACROS_OF_HOURS = ['macros/hours_of_files', 'macros/hours_of_entries'] as const;

function macros(): string[] {
  const stated = { stated_hours: statementFragment(renderStatement('fragments/stated_hours')) };
  return [
    ...MACROS.map((name) => renderStatement(name)),
    renderStatement('macros/manifest_list'),
    ...MACROS_OF_HOURS.map((name) => renderStatement(name, stated)),
  ];
}
