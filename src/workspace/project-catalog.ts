/** The catalog that a project names, started. ProjectSpec -> CatalogServer. */
import { type CatalogServer, type ServeOptions, startCatalog, startProxy } from '../catalog/index.ts';
import type { Engine } from '../engine/index.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import { helpForDuckDb } from '../tables/views/duckdb-help.ts';
import { readableNames } from '../tables/views/readable-names.ts';
import { readableManifests } from './folders.ts';

/** The name under which other engines attach the embedded catalog. */
export const CATALOG_NAME = 'psyberg';

/**
 * Starts the embedded catalog over the pointers in the project's warehouse or in PostgreSQL, or a proxy in
 * front of a foreign one.
 * @throws PsybergError those of `startCatalog` and `startProxy`.
 */
export async function startProjectCatalog(
  project: ProjectSpec,
  options: Pick<ServeOptions, 'host' | 'port' | 'token' | 'duckDb' | 'holdsProcess'> = {},
): Promise<CatalogServer> {
  const { catalog } = project;
  // Opened only for clients that write with DuckDB.
  let opening: Promise<Engine> | undefined;
  const engine = (): Promise<Engine> => {
    opening ??= import('../engine/index.ts').then(({ openWarehouse }) =>
      openWarehouse({ uri: started.uri, token: started.token, warehouse: CATALOG_NAME }),
    );
    return opening;
  };
  const duckDb = helpForDuckDb(engine, readableNames(readableManifests(project)));
  const served = { catalogName: CATALOG_NAME, duckDb, ...options };
  let started: CatalogServer;
  if (catalog.kind === 'rest') started = await startProxy({ foreign: catalog, ...served });
  else {
    const { kind: _embedded, ...place } = catalog;
    started = await startCatalog({ ...place, ...served });
  }
  return {
    ...started,
    async close() {
      (await opening?.catch(() => undefined))?.close();
      await started.close();
    },
  };
}
