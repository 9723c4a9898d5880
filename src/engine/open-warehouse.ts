/** DuckDB ready for a project: the warehouse attached as `lake`, the macros of `sql/macros` defined. */
import { renderStatement } from '../statements/index.ts';
import { type Engine, type EngineOptions, openEngine } from './engine.ts';

/** Opens an engine on a catalog. */
export async function openWarehouse(
  options: EngineOptions & { readonly uri: string; readonly token: string; readonly warehouse: string },
): Promise<Engine> {
  const engine = await openEngine(options);
  try {
    for (const macro of [
      'macros/plain_path',
      'macros/read_manifests',
      'macros/iceberg_integer',
      'macros/iceberg_bytes',
      'macros/units_per_hour',
      'macros/stored_unit',
      'macros/event_hour',
      'macros/partition_hour',
      'macros/calendar_hour',
      'macros/bounds_are_trusted',
      'macros/manifest_list',
      'macros/partition_key',
    ])
      await engine.execute({ sql: renderStatement(macro), parameters: {} });
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
