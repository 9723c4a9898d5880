/**
 * A project with all that work on it needs: its catalog, a client of it, and DuckDB, which is started by the
 * first call that asks for it. ProjectSpec -> Workspace. What the library and its commands do is built on
 * this.
 */

import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import { tellingStorage } from '../catalog/client/storage-client.ts';
import type { CatalogServer, ServeOptions } from '../catalog/index.ts';
import { openVerifiedRewrites, type VerifiedRewrites } from '../changes/rows/verified-rewrites.ts';
import type { ViewPorts } from '../changes/source.ts';
import type { Binder, Engine, StorageAccess } from '../engine/index.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { WorkProgress } from '../model/progress.ts';
import type { RunPorts } from '../run/ports.ts';
import { helpForDuckDb } from '../tables/views/duckdb-help.ts';
import { readableNames } from '../tables/views/readable-names.ts';
import { defineMacros, defineOnBinder } from '../workload/duckdb/define-macros.ts';
import { duckdbWorkload } from '../workload/duckdb/index.ts';
import { readableManifests, sessionsDirectory, verifiedRewritesFile } from './folders.ts';
import { CATALOG_NAME, startProjectCatalog } from './project-catalog.ts';

export interface WorkspaceOptions {
  /** Called with what is being done, for progress. */
  readonly onStep?: (message: string) => void;
  /** Called while something long goes on: how many parts of it are done, how much of a statement. */
  readonly onProgress?: (progress: WorkProgress) => void;
  /**
   * DuckDB's memory limit, such as `2GB`; default: PSYBERG_MEMORY_LIMIT, else DuckDB's own. Beyond it DuckDB
   * goes on in temporary files.
   */
  readonly memoryLimit?: string;
  /** Threads that DuckDB computes with; default: one a core. */
  readonly threads?: number;
  /** The clock, in ms since 1970; for tests and replays. */
  readonly now?: () => number;
  /** Where its catalog is served for other programs; default: any free port of this machine, for itself. */
  readonly serve?: Pick<ServeOptions, 'host' | 'port' | 'token' | 'holdsProcess'>;
}

export interface Workspace extends ViewPorts {
  readonly project: ProjectSpec;
  readonly catalog: CatalogServer;
  readonly client: CatalogClient;
  /** DuckDB, with the warehouse attached as `lake`. Opened again after an internal error of DuckDB. */
  engine(): Promise<Engine>;
  engineStarted(): boolean;
  /** DuckDB as a judge of texts, without the warehouse. */
  binder(): Promise<Binder>;
  /** What a run needs of the outside. Starts DuckDB. */
  ports(): Promise<RunPorts>;
  /** Rewrites that sessions compared and found to change no row. */
  readonly verified: VerifiedRewrites;
  /** Where running sessions have their markers. */
  readonly sessionsDirectory: string;
  /** The last session of a process that failed: one that begins in the same second is another one. */
  readonly failedSessions: Map<string, string>;
  now(): number;
  onStep(message: string): void;
  onProgress(progress: WorkProgress): void;
  isInterrupted(): boolean;
  /** Stops what is running, and what would begin. */
  interrupt(): void;
  close(): Promise<void>;
}

/** Opens a workspace. Throws what the catalog's start throws. */
export async function openWorkspace(
  project: ProjectSpec,
  options: WorkspaceOptions = {},
): Promise<Workspace> {
  const readable = readableNames(readableManifests(project));
  // It serves this process alone, and has nothing to do when that has not.
  const catalog = await startProjectCatalog(project, {
    duckDb: helpForDuckDb(() => lake.engine(), readable),
    holdsProcess: false,
    ...options.serve,
  });
  // A foreign catalog hands out credentials with its tables; the statements that read their manifests need
  // them too.
  const storage = new Map<string, StorageAccess>();
  const lake = openedOnDemand(catalog, storage, { ...options, project });
  const client = readingClient(catalog, storage, { lake, readable });
  const sessions = sessionsDirectory(project);
  const binder = binderOnDemand(project);
  const viewPorts = { views: catalog.views, endpoint: { uri: catalog.uri, token: catalog.token } };
  const onStep = (message: string): void => options.onStep?.(message);
  const onProgress = (progress: WorkProgress): void => options.onProgress?.(progress);
  let interrupted = false;
  return {
    project,
    catalog,
    client,
    ...viewPorts,
    engine: lake.engine,
    engineStarted: lake.isStarted,
    binder: binder.open,
    ports: async () => {
      const engine = await lake.engine();
      const workload = duckdbWorkload(engine);
      const markersAreShared = project.catalog.kind !== 'rest';
      const ports = { project, catalog: client, ...viewPorts, engine, workload, markersAreShared };
      return { ...ports, sessionsDirectory: sessions, onStep, onProgress };
    },
    verified: openVerifiedRewrites(verifiedRewritesFile(project)),
    sessionsDirectory: sessions,
    failedSessions: new Map(),
    now: options.now ?? Date.now,
    onStep,
    onProgress,
    isInterrupted: () => interrupted,
    interrupt() {
      interrupted = true;
      lake.interrupt();
    },
    close: () => Promise.all([binder.close(), lake.close()]).then(() => catalog.close()),
  };
}

function binderOnDemand(project: ProjectSpec): {
  readonly open: () => Promise<Binder>;
  readonly close: () => Promise<void>;
} {
  let opening: Promise<Binder> | undefined;
  return {
    open() {
      opening ??= import('../engine/index.ts').then(async ({ openBinder }) => {
        const binder = await openBinder();
        // What is wrong with them is said where the engine defines them.
        await defineOnBinder(binder, project);
        return binder;
      });
      return opening;
    },
    async close() {
      (await opening?.catch(() => undefined))?.close();
    },
  };
}

interface Lake {
  engine(): Promise<Engine>;
  isStarted(): boolean;
  /** Makes credentials known to a DuckDB that runs already. */
  useStorage(): Promise<void>;
  interrupt(): void;
  close(): Promise<void>;
}

function openedOnDemand(
  { uri, token }: CatalogServer,
  storage: ReadonlyMap<string, StorageAccess>,
  {
    project,
    onStep,
    onProgress,
    memoryLimit = process.env['PSYBERG_MEMORY_LIMIT'],
    threads,
  }: WorkspaceOptions & { readonly project: ProjectSpec },
): Lake {
  let opening: Promise<Engine> | undefined;
  const open = async (): Promise<Engine> => {
    const { openWarehouse } = await import('../engine/index.ts');
    const running = await openWarehouse({
      uri,
      token,
      warehouse: CATALOG_NAME,
      log: (message) => onStep?.(message),
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
      ...(threads === undefined ? {} : { threads }),
    });
    try {
      await running.useStorage([...storage.values()]);
      await defineMacros(running, project);
    } catch (error) {
      running.close();
      throw error;
    }
    return running;
  };
  const engine = async (): Promise<Engine> => {
    opening ??= open();
    const asked = opening;
    const running = await asked;
    if (!running.hasEnded()) return running;
    // Whoever finds out first opens the next one; the others wait for that.
    if (opening === asked) {
      opening = undefined;
      void running.retire();
    }
    return engine();
  };
  return {
    engine,
    isStarted: () => opening !== undefined,
    async useStorage() {
      if (opening !== undefined) await (await opening).useStorage([...storage.values()]);
    },
    interrupt() {
      void opening?.then((running) => running.interrupt());
    },
    async close() {
      (await opening?.catch(() => undefined))?.close();
    },
  };
}

/** The catalog's client; what it hands out of tables, DuckDB can read. */
function readingClient(
  catalog: CatalogServer,
  storage: Map<string, StorageAccess>,
  { lake, readable }: { readonly lake: Lake; readonly readable: ReturnType<typeof readableNames> },
): CatalogClient {
  const told = tellingStorage(catalog.client, async (credentials) => {
    for (const { prefix, config } of credentials) storage.set(prefix, { scope: prefix, config });
    await lake.useStorage();
  });
  return {
    ...told,
    async loadTableToRead(id) {
      const loaded = await told.loadTableToRead(id);
      if (loaded === undefined) return undefined;
      const metadata = await readable(loaded.metadata, async (work) => work(await lake.engine()));
      return { ...loaded, metadata };
    },
  };
}
