/** DuckDB ready for a project: the warehouse attached as `lake`, the macros of `sql/macros` defined. */
import { statement } from '../statements/index.ts';
import { type Engine, type EngineOptions, openEngine } from './engine.ts';

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
    engine.close();
    throw error;
  }
}

/** A connection beside another one, with the engine's macros and the project's. */
export async function forkWithMacros(engine: Engine): Promise<Engine> {
  const fork = await engine.fork();
  await defineMacros(fork);
  return withDefinitions(fork);
}

/** A connection for a user's SQL beside another one, with the project's macros. */
export const forkForQueries = async (engine: Engine): Promise<Engine> => withDefinitions(await engine.fork());

async function withDefinitions(fork: Engine): Promise<Engine> {
  for (const sql of fork.definitions) await fork.execute({ sql, parameters: {} });
  return fork;
}

async function defineMacros(engine: Engine): Promise<void> {
  for (const macro of MACROS) await engine.execute(statement(macro));
}

const MACROS = [
  'macros/plain_path',
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
  'macros/manifest_list',
  'macros/partition_key',
  'macros/hours_of_files',
] as const;
