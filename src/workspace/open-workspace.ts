/**
 * Opens a project with everything that works on it: its catalog, a client of it, and DuckDB, which is started
 * by the first call that asks for it. ProjectSpec -> Workspace. The library and all commands are built on
 * this.
 */

import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import { tellingStorage } from '../catalog/client/storage-client.ts';
import type { CatalogServer, HeldCommits } from '../catalog/index.ts';
import { openVerifiedRewrites, type VerifiedRewrites } from '../changes/rows/verified-rewrites.ts';
import type { ViewPorts } from '../changes/source.ts';
import type { Binder, Engine } from '../engine/index.ts';
import type { SharedMarkers } from '../markers/shared-markers.ts';
import { engineOf } from '../model/engines.ts';
import { given } from '../model/given.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import type { WorkProgress } from '../model/progress.ts';
import { aroundRequests, observedClient } from '../observe/observed-catalog.ts';
import { observedEngine } from '../observe/observed-engine.ts';
import { type Observer, UNOBSERVED } from '../observe/port.ts';
import type { RunPorts } from '../run/ports.ts';
import { helpForDuckDb } from '../tables/views/duckdb-help.ts';
import { readableNames } from '../tables/views/readable-names.ts';
import { defineMacros, defineOnBinder } from '../workload/duckdb/define-macros.ts';
import {
  manifestCopies,
  readableManifests,
  seesAllMarkers,
  sessionsDirectory,
  verifiedRewritesFile,
} from './folders.ts';
import { type KnownStorage, knownStorage } from './known-storage.ts';
import { CATALOG_NAME, type ProjectServeOptions, startProjectCatalog } from './project-catalog.ts';
import { markersOf } from './storage.ts';
import { workloadFor } from './workload-for.ts';
import { tellingFolders } from './written-folders.ts';

export interface WorkspaceOptions {
  /** Called with what is being done, for progress. */
  readonly onStep?: (message: string) => void;
  /** Called with a problem that failed nothing; default: reported as a step. */
  readonly onWarning?: (message: string) => void;
  /** Called during long work: how many parts of it are done, or how much of a statement. */
  readonly onProgress?: (progress: WorkProgress) => void;
  /**
   * DuckDB's memory limit, such as `2GB`; default: PSYBERG_MEMORY_LIMIT, else DuckDB's own. Beyond it
   * DuckDB goes on in temporary files.
   */
  readonly memoryLimit?: string;
  /** Threads that DuckDB computes with; default: one a core. */
  readonly threads?: number;
  /** Gets the events of sessions; closed with the workspace. Default: nobody listens. */
  readonly observer?: Observer;
  /** The clock, in ms since 1970; for tests and replays. */
  readonly now?: () => number;
  /** Where its catalog is served for other programs; default: any free port of this machine, for itself. */
  readonly serve?: Omit<ProjectServeOptions, 'duckDb' | 'held'>;
}

export interface Workspace extends ViewPorts {
  readonly project: ProjectSpec;
  readonly catalog: CatalogServer;
  readonly client: CatalogClient;
  /** DuckDB, with the warehouse attached as `lake`. Opened again after an internal error of DuckDB. */
  engine(): Promise<Engine>;
  engineStarted(): boolean;
  /** A DuckDB without the warehouse, which only parses and binds SQL. */
  binder(): Promise<Binder>;
  /**
   * What a run needs from outside. Starts DuckDB. `spec`: the process whose engine works on rows; default:
   * DuckDB.
   */
  ports(spec?: Pick<ProcessSpec, 'engine'>): Promise<RunPorts>;
  /** Rewrites that sessions compared and found to change no row. */
  readonly verified: VerifiedRewrites;
  /** Where running sessions have their markers. */
  readonly sessionsDirectory: string;
  /** Begins and ends the markers, and takes note of those of other machines. */
  readonly markers: SharedMarkers;
  /** Takes what sessions tell of themselves. */
  readonly observer: Observer;
  now(): number;
  onStep(message: string): void;
  onWarning(message: string): void;
  onProgress(progress: WorkProgress): void;
  isInterrupted(): boolean;
  /** Stops what is running, and what would begin. */
  interrupt(): void;
  /** Calls `stop` on every interrupt, until the returned function is called. */
  onInterrupt(stop: () => void): () => void;
  /** Opens another workspace of the same project, whose commits are held. It reports through this one. */
  holding(): Promise<HoldingWorkspace>;
  close(): Promise<void>;
}

/** A workspace with a catalog and a DuckDB of its own; only these see the held commits. */
export interface HoldingWorkspace extends Workspace {
  readonly held: HeldCommits;
}

/** Opens a workspace. Throws what the catalog's start throws. */
export const openWorkspace = (project: ProjectSpec, options: WorkspaceOptions = {}): Promise<Workspace> =>
  openOver(project, options, undefined);

async function openOver(
  project: ProjectSpec,
  options: WorkspaceOptions,
  held: HeldCommits | undefined,
): Promise<Workspace> {
  const readable = readableNames(readableManifests(project));
  const { observer = UNOBSERVED, now = Date.now } = options;
  // It serves only this process, so it must not keep the process alive.
  const catalog = await startProjectCatalog(project, {
    duckDb: helpForDuckDb(() => lake.engine(), readable),
    holdsProcess: false,
    ...servedToSpark(project),
    ...aroundRequests(observer),
    ...options.serve,
    held,
  });
  // A foreign catalog hands out credentials with its tables; the statements that read their manifests need
  // them too.
  const storage = knownStorage(project);
  const lake = openedOnDemand(catalog, storage, { ...options, project });
  const client = observedClient(readingClient(catalog, storage, { lake, readable }), observer);
  const sessions = sessionsDirectory(project);
  const markers = markersOf(project);
  const binder = binderOnDemand(project);
  const viewPorts = shownBy(catalog, storage);
  const told = toldBy(options);
  const interrupts = interruptible();
  interrupts.onInterrupt(lake.interrupt);
  return {
    project,
    catalog,
    client,
    ...viewPorts,
    engine: lake.engine,
    engineStarted: lake.isStarted,
    binder: binder.open,
    ports: async (spec) => {
      const engine = await lake.engine();
      const workload = await workloadFor(spec, { project, engine, client, ...told, ...interrupts });
      const ports = { project, catalog: client, ...viewPorts, engine, workload, markers, observer, ...told };
      return { ...ports, markersAreShared: seesAllMarkers(project), sessionsDirectory: sessions };
    },
    verified: openVerifiedRewrites(verifiedRewritesFile(project)),
    sessionsDirectory: sessions,
    markers,
    observer,
    now,
    ...told,
    ...interrupts,
    holding: () => openHolding(project, options, interrupts),
    async close() {
      // First, because observers may still load tables.
      await observer.close();
      await Promise.all([binder.close(), lake.close()]);
      await catalog.close();
    },
  };
}

function toldBy({
  onStep = () => undefined,
  onWarning = onStep,
  onProgress = () => undefined,
}: WorkspaceOptions): Pick<Workspace, 'onStep' | 'onWarning' | 'onProgress'> {
  return { onStep, onWarning, onProgress };
}

/** Makes the interrupt, which calls everything that registered to be stopped. */
function interruptible(): Pick<Workspace, 'isInterrupted' | 'interrupt' | 'onInterrupt'> {
  let interrupted = false;
  const stops = new Set<() => void>();
  return {
    isInterrupted: () => interrupted,
    interrupt() {
      interrupted = true;
      for (const stop of stops) stop();
    },
    onInterrupt(stop) {
      stops.add(stop);
      return () => stops.delete(stop);
    },
  };
}

/** Opens a holding workspace. Its catalog gets another address, since the requested one is taken. */
async function openHolding(
  project: ProjectSpec,
  { serve: _taken, observer = UNOBSERVED, ...options }: WorkspaceOptions,
  { onInterrupt }: Pick<Workspace, 'onInterrupt'>,
): Promise<HoldingWorkspace> {
  const { heldCommits } = await import('../catalog/service/held-commits.ts');
  const held = heldCommits();
  // Closing this workspace must not close the shared observer.
  const heard = { ...observer, close: async () => undefined };
  const opened = await openOver(project, { ...options, observer: heard }, held);
  const release = onInterrupt(() => opened.interrupt());
  const close = (): Promise<void> => {
    release();
    return opened.close();
  };
  return { ...opened, held, close };
}

/** Where sessions show their views. */
const shownBy = ({ views, uri, token }: CatalogServer, storage: KnownStorage): ViewPorts => ({
  views: tellingFolders(views, storage.learnFolders),
  endpoint: { uri, token },
});

/**
 * How the catalog is served to Spark: its driver may be on another machine, and gets its keys only from us.
 */
function servedToSpark({
  engines,
  processes,
}: ProjectSpec): Pick<ProjectServeOptions, 'host' | 'vendsStorage'> {
  const spark = engines?.spark;
  if (spark?.catalog !== undefined || processes.every((spec) => engineOf(spec) !== 'spark')) return {};
  return {
    vendsStorage: 'sessions',
    ...(spark?.catalogHost === undefined ? {} : { host: spark.catalogHost }),
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
        // Errors in macros are reported where the engine defines them, not here.
        await defineOnBinder(binder, project);
        return binder;
      });
      return opening;
    },
    async close() {
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}

interface Lake {
  engine(): Promise<Engine>;
  isStarted(): boolean;
  /** Passes new credentials to DuckDB if it is already running. */
  useStorage(): Promise<void>;
  interrupt(): void;
  close(): Promise<void>;
}

type EngineLimits = Pick<WorkspaceOptions, 'onProgress' | 'memoryLimit' | 'threads'>;

function openedOnDemand(
  { uri, token }: CatalogServer,
  storage: KnownStorage,
  {
    project,
    onStep,
    onProgress,
    memoryLimit = process.env['PSYBERG_MEMORY_LIMIT'],
    threads,
    observer = UNOBSERVED,
  }: WorkspaceOptions & { readonly project: ProjectSpec },
): Lake {
  let opening: Promise<Engine> | undefined;
  let isOpen = false;
  const open = async (): Promise<Engine> => {
    const { openWarehouse } = await import('../engine/index.ts');
    const running = await openWarehouse({
      ...{ uri, token, warehouse: CATALOG_NAME },
      log: (message) => onStep?.(message),
      ...given<EngineLimits>({ onProgress, memoryLimit, threads }),
      filesNeverChange: readsTablesOnly(project),
      copies: manifestCopies(project),
      beforeStatement: () => (isOpen ? storage.renewIfDue() : undefined),
    });
    await prepare(running, storage, project);
    isOpen = true;
    return observedEngine(running, observer);
  };
  const engine = async (): Promise<Engine> => {
    opening ??= open();
    const asked = opening;
    const running = await asked;
    if (!running.hasEnded()) return running;
    // The first caller that notices opens the next one; the others wait for it.
    if (opening === asked) {
      opening = undefined;
      isOpen = false;
      void running.retire();
    }
    return engine();
  };
  return {
    engine,
    isStarted: () => opening !== undefined,
    async useStorage() {
      await (await opening)?.useStorage(storage.all);
    },
    interrupt() {
      void opening?.then((running) => running.interrupt());
    },
    async close() {
      storage.stop();
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}

async function prepare(running: Engine, storage: KnownStorage, project: ProjectSpec): Promise<void> {
  try {
    await running.useStorage(storage.all);
    await defineMacros(running, project);
  } catch (error) {
    await running.close();
    throw error;
  }
}

const readsTablesOnly = ({ processes }: ProjectSpec): boolean =>
  processes.every(({ sources }) => sources.every(({ files }) => files === undefined));

/** A client of the catalog that makes sure DuckDB can read the tables which it loads. */
function readingClient(
  catalog: CatalogServer,
  storage: KnownStorage,
  { lake, readable }: { readonly lake: Lake; readonly readable: ReturnType<typeof readableNames> },
): CatalogClient {
  const told = tellingStorage(catalog.client, async (table, credentials) => {
    storage.learn(
      table,
      credentials.map(({ prefix, config }) => ({ scope: prefix, config })),
    );
    await lake.useStorage();
  });
  storage.whenExpiring({ load: told.loadTable, renewed: lake.useStorage });
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
