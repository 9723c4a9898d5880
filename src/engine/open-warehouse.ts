/** DuckDB ready for a project: the warehouse attached as `lake`, the macros of `sql/macros` defined. */
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
      name: 'lake',
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
  withOwnMacros(await engine.beside(options));

/** A connection for a user's SQL beside another one, with the project's macros. */
export const forkForQueries = async (engine: Engine): Promise<Engine> => withDefinitions(await engine.fork());

async function withDefinitions(fork: Engine): Promise<Engine> {
  for (const sql of fork.definitions) await fork.execute({ sql, parameters: {} });
  return fork;
}

/**
 * A connection for statements of the engine's own beside those of another one: it is stopped and closed with
 * that, and has its macros.
 */
export const forkForStatements = async (engine: Engine): Promise<Engine> =>
  withOwnMacros(await engine.fork());

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
  return withDefinitions(connection);
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
