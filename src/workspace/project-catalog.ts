/** Starts the catalog that a project names. ProjectSpec -> CatalogServer. */
import { type CatalogServer, type ServeOptions, startCatalog, startProxy } from '../catalog/index.ts';
import type { Engine } from '../engine/index.ts';
import { filesRemoved } from '../files/remove.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import { helpForDuckDb } from '../tables/views/duckdb-help.ts';
import { readableNames } from '../tables/views/readable-names.ts';
import { heldBranches, metadataCopies, readableManifests } from './folders.ts';
import { mountWarehouse, storageOfFiles } from './storage.ts';

/** The name under which other engines attach the embedded catalog. */
export const CATALOG_NAME = 'psyberg';

export interface ProjectServeOptions
  extends Pick<
    ServeOptions,
    'host' | 'port' | 'token' | 'duckDb' | 'holdsProcess' | 'held' | 'aroundRequest'
  > {
  /**
   * Tells clients, or those that read the tables of a session, the keys with which the files of the embedded
   * catalog are reached; default: no.
   */
  readonly vendsStorage?: boolean | 'sessions';
}

/**
 * Starts the embedded catalog over the pointers in the project's warehouse or in PostgreSQL, or a proxy in
 * front of a foreign one.
 * @throws PsybergError those of `startCatalog` and `startProxy`.
 */
export async function startProjectCatalog(
  project: ProjectSpec,
  options: ProjectServeOptions = {},
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
  // What a DuckDB of somebody else's reads it has to ask for itself.
  const { refuseLost: _ofOurs, ...duckDb } = helpForDuckDb(engine, readableNames(readableManifests(project)));
  const served = { catalogName: CATALOG_NAME, duckDb, ...options };
  let started: CatalogServer;
  if (catalog.kind === 'rest')
    started = await startProxy({ foreign: catalog, branches: heldBranches(project), ...served });
  else {
    const { kind: _embedded, storage: _asWritten, storageChain: _too, ...place } = catalog;
    const storage = storageOfFiles(catalog);
    const copies = metadataCopies(project);
    const reached = storage === undefined ? {} : { storage };
    started = await startCatalog({ ...place, copies, ...reached, ...served });
  }
  const unmount = mountWarehouse(project);
  return {
    ...started,
    async close() {
      await filesRemoved();
      unmount();
      (await opening?.catch(() => undefined))?.close();
      await started.close();
    },
  };
}
