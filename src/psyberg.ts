/**
 * The one composition root: a project opened. Everything a command, a script or a notebook does goes through
 * here. project -> session -> plan -> compile -> run -> report.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Catalog,
  openWarehouseFiles,
  type ServeOptions,
  startCatalog,
  startProxy,
} from './catalog/index.ts';
import type { CatalogClient } from './catalog/client/catalog-client.ts';
import { tellingStorage } from './catalog/client/storage-client.ts';
import { compileAdoption, compilePlan } from './compile/index.ts';
import type { Engine, Parameters, StorageAccess } from './engine/index.ts';
import type { MaintainRequest, RelocateRequest } from './maintain/index.ts';
import { closeAtExit } from './model/close-at-exit.ts';
import { type ErrorJson, isWorthRetrying, PsybergError, refusal, usageError } from './model/errors.ts';
import { sessionIdOf } from './model/hour.ts';
import { freeSessionId, laterSessionId } from './model/session-id.ts';
import { NODE_HINT, nodeComplaint } from './model/node-version.ts';
import type { DroppedTagRecord, MaintainReport } from './model/maintain-record.ts';
import type { RelocateReport } from './model/relocate-record.ts';
import { oneAfterTheOther } from './model/in-turn.ts';
import { tableKey, tableName } from './model/names.ts';
import { shownError } from './model/storage-faults.ts';
import type { CompiledPlan } from './model/plan.ts';
import type { ProcessSpec, ProjectSpec, SourceSpec } from './model/process-spec.ts';
import { type RunRecord, branchName } from './model/run-record.ts';
import { planAdoption, planSession } from './plan/index.ts';
import type { StartSpec } from './model/start.ts';
import { processesInDependencyOrder } from './project/dependency-order.ts';
import { findProjectRoot, readProject } from './project/read-project.ts';
import { statementsIn } from './model/scan-sql.ts';
import { explainPlan } from './report/explain.ts';
import { PLAIN } from './report/style.ts';
import { helpForDuckDb } from './manifests/duckdb-help.ts';
import { readableNames } from './manifests/readable-names.ts';
import type { AbandonedSession } from './run/clean-up.ts';
import type { RunPorts } from './run/context.ts';
import { protectWatermarks } from './run/protect-watermarks.ts';
import { recordHead, runSession } from './run/run-session.ts';
import type { SqlResult } from './run/run-sql.ts';
import { sessionAtWork, WAIT_MAX_MS, waitForSession } from './run/session-at-work.ts';
import { checkSyntax, nameProcess } from './run/sql-error.ts';
import { checkWatermarks } from './session/check-watermarks.ts';
import { openSession } from './session/open-session.ts';
import { openVerifiedRewrites, type VerifiedRewrites } from './changes/rows/verified-rewrites.ts';

export interface OpenOptions {
  /** Folder of psyberg.yaml, or any folder below it. Default: the current folder. */
  readonly project?: string;
  /** Told what is being done, for progress. */
  readonly onStep?: (message: string) => void;
  /**
   * DuckDB's memory limit, such as `2GB`; default: PSYBERG_MEMORY_LIMIT, else DuckDB's own. Beyond it DuckDB
   * goes on in temporary files.
   */
  readonly memoryLimit?: string;
  /** The clock, in ms since 1970; for tests and replays. */
  readonly now?: () => number;
}

export interface RunRequest {
  readonly keepBranch?: boolean;
  /** Plans made before: run exactly these, or refuse when they are stale. */
  readonly plans?: readonly CompiledPlan[];
  /** Told of each record as soon as its process is done. */
  readonly onRecord?: (record: RunRecord) => void;
}

export type { SqlResult };

/** A plan that can show itself. */
export type ExplainedPlan = CompiledPlan & { explain(): string };

export interface Psyberg {
  readonly project: ProjectSpec;
  /**
   * What a run would do, and why; the objects of `plan --json`. Writes nothing. Default: all processes, in
   * dependency order.
   */
  plan(
    processNames?: readonly string[],
    request?: { readonly allCauses?: boolean },
  ): Promise<ExplainedPlan[]>;
  /**
   * Runs the processes in dependency order; the objects of `run --json`. A process that fails stops those
   * that read its target. A second call waits for the first.
   */
  run(processNames?: readonly string[], request?: RunRequest): Promise<RunRecord[]>;
  /**
   * Takes over an existing target: its sources count as consumed up to a place (by `namespace.table` in lower
   * case; under `''` for all others; default: now), in one commit and without loading. `from`: the name that
   * the process had before; it goes on from that name's watermarks, and `places` is empty. Throws
   * `target-has-history` when the process has published to it before, `adoption-skips-rows` when another
   * process has not read its sources up to now, `adopt-from-in-use` and `adopt-from-unknown`.
   */
  adopt(
    processName: string,
    places?: ReadonlyMap<string, StartSpec>,
    options?: { readonly from?: string },
  ): Promise<{ readonly record: RunRecord; readonly plan: CompiledPlan }>;
  /**
   * Statements over the warehouse, tables as `schema.table`: the rows of the last one, and in `results` those
   * of each. `branch`: tables that have this branch or tag show it, and `branches` in the result says which
   * did; throws `branch-unknown` where none does. `parameters`: values of `$name`. A second call waits for the
   * first; a run does not hold it up.
   */
  sql(
    query: string,
    options?: { readonly branch?: string; readonly parameters?: Parameters },
  ): Promise<SqlResult>;
  /**
   * Keeps tables small: puts small files together, rewrites manifests, expires snapshots that nobody needs
   * and removes what nothing reaches. Default: every table of the catalog. Throws `table-missing`,
   * `orphan-grace-too-short`; what fails for one table is in its record.
   */
  maintain(tables?: readonly string[], request?: MaintainRequest): Promise<MaintainReport>;
  /**
   * Lets go what a process that is not in the project keeps from expiring: its tags, and the hold of its
   * watermarks. `name`: of the process. Throws `drop-tag-in-use` and `tag-unknown`.
   */
  dropTag(name: string, request?: { readonly dryRun?: boolean }): Promise<DroppedTagRecord[]>;
  /** Stops what is running; the run then cleans up and ends with `interrupted`. */
  interrupt(): void;
  close(): Promise<void>;
  /** For commands that take one step at a time. */
  readonly internals: Internals;
}

export interface Internals {
  readonly catalog: Catalog;
  readonly client: CatalogClient;
  engine(): Promise<Engine>;
  ports(): Promise<RunPorts>;
  planProcess(spec: ProcessSpec, options?: { readonly psybergSessionId?: string }): Promise<CompiledPlan>;
  engineStarted(): boolean;
  /** Rewrites that sessions compared and found to change no row. */
  readonly verified: Pick<VerifiedRewrites, 'has'>;
  /** Processes that hold snapshots back and are not in the project, and what to do about each. */
  strangers(): Promise<{ readonly table: string; readonly what: string; readonly hint: string }[]>;
  /** Where running sessions have their markers. */
  readonly sessionsDirectory: string;
}

interface PlanRequest {
  readonly psybergSessionId?: string;
  readonly allCauses?: boolean;
  readonly writesNothing?: boolean;
}

/** What is known of a session that fails. */
interface Seen {
  plan?: CompiledPlan;
}

/** How often a session is planned anew because somebody moved its target meanwhile. */
const SESSION_ATTEMPTS = 8;
/** How often it is begun again because queries beside it kept ending the engine. */
const BYSTANDER_ATTEMPTS = 3;
/** The name under which other engines attach the embedded catalog. */
export const CATALOG_NAME = 'psyberg';

/** Opens a project. Throws PsybergError with everything that is wrong in it. */
export async function open(options: OpenOptions = {}): Promise<Psyberg> {
  const complaint = nodeComplaint();
  if (complaint !== undefined)
    throw usageError('node-too-old', complaint, { hint: `install a newer one: ${NODE_HINT}` });
  const project = readProject({ root: findProjectRoot(resolve(options.project ?? '.')) });
  return openProject(project, options);
}

/**
 * Starts the catalog that a project names: the embedded one over the pointers in its warehouse or in
 * PostgreSQL, or a proxy in front of a foreign one.
 * @throws PsybergError those of `startCatalog` and `startProxy`.
 */
export async function startProjectCatalog(
  project: ProjectSpec,
  options: Pick<ServeOptions, 'host' | 'port' | 'token' | 'duckDb' | 'holdsProcess'> = {},
): Promise<Catalog> {
  const { catalog } = project;
  // Opened only for clients that write with DuckDB.
  let opening: Promise<Engine> | undefined;
  const engine = (): Promise<Engine> => {
    opening ??= import('./engine/index.ts').then(({ openWarehouse }) =>
      openWarehouse({ uri: started.uri, token: started.token, warehouse: CATALOG_NAME }),
    );
    return opening;
  };
  const duckDb = helpForDuckDb(engine, readableNames(readableManifests(project)));
  const served = { catalogName: CATALOG_NAME, duckDb, ...options };
  let started: Catalog;
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

/**
 * Puts the paths of a project's warehouse right after its folder was moved or copied; every table must be within
 * reach of this process alone.
 * @throws PsybergError those of `relocateWarehouse`, and `relocate-foreign-catalog`.
 */
export async function relocateProject(
  { catalog }: ProjectSpec,
  request: RelocateRequest & Pick<OpenOptions, 'onStep'> & { readonly interrupted: () => boolean },
): Promise<RelocateReport> {
  if (catalog.kind === 'rest')
    throw usageError('relocate-foreign-catalog', `the tables belong to the catalog at ${catalog.uri}`, {
      hint: 'only the warehouse of an embedded catalog is relocated here',
    });
  const [{ relocateWarehouse }, { openEngine }] = await Promise.all([
    import('./maintain/relocate/relocate-warehouse.ts'),
    import('./engine/index.ts'),
  ]);
  const { kind: _embedded, ...place } = catalog;
  const warehouse = await openWarehouseFiles({ ...place, catalogName: CATALOG_NAME });
  let opening: Promise<Engine> | undefined;
  try {
    return await relocateWarehouse(
      {
        warehouse,
        sharesDatabase: catalog.kind === 'embedded-database',
        engine: () => (opening ??= openEngine()),
        onStep: request.onStep ?? (() => undefined),
        interrupted: request.interrupted,
      },
      request,
    );
  } finally {
    (await opening?.catch(() => undefined))?.close();
    await warehouse.store.close();
  }
}

/** Opens a project that was read (or made) already. */
export async function openProject(project: ProjectSpec, options: OpenOptions = {}): Promise<Psyberg> {
  const sessions = sessionsDirectory(project);
  const readable = readableNames(readableManifests(project));
  // It serves this process alone, and has nothing to do when that has not.
  const catalog = await startProjectCatalog(project, {
    duckDb: helpForDuckDb(() => engine(), readable),
    holdsProcess: false,
  });
  // A foreign catalog hands out credentials with its tables; the statements that read their manifests need
  // them too.
  const storage = new Map<string, StorageAccess>();
  const told = tellingStorage(catalog.client, async (credentials) => {
    for (const { prefix, config } of credentials) storage.set(prefix, { scope: prefix, config });
    if (opening !== undefined) await (await opening).useStorage([...storage.values()]);
  });
  const client: typeof told = {
    ...told,
    async loadTableToRead(id) {
      const loaded = await told.loadTableToRead(id);
      if (loaded === undefined) return undefined;
      return { ...loaded, metadata: await readable(loaded.metadata, async (work) => work(await engine())) };
    },
  };
  const now = options.now ?? Date.now;
  const memoryLimit = options.memoryLimit ?? process.env['PSYBERG_MEMORY_LIMIT'];
  let opening: Promise<Engine> | undefined;
  const openLake = (): Promise<Engine> =>
    import('./engine/index.ts').then(({ openWarehouse }) =>
      openWarehouse({
        uri: catalog.uri,
        token: catalog.token,
        warehouse: CATALOG_NAME,
        log: (message) => options.onStep?.(message),
        ...(memoryLimit === undefined ? {} : { memoryLimit }),
      }).then(async (running) => {
        await running.useStorage([...storage.values()]);
        return running;
      }),
    );
  const engine = async (): Promise<Engine> => {
    opening ??= openLake();
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
  let interrupted = false;
  /** The last session of a process that failed: one that begins in the same second is another one. */
  const failedSessions = new Map<string, string>();

  const verified = openVerifiedRewrites(join(dirname(sessions), 'verified-rewrites.json'));
  const viewPorts = { views: catalog.views, endpoint: { uri: catalog.uri, token: catalog.token } };
  const ports = async (): Promise<RunPorts> => ({
    project,
    catalog: client,
    ...viewPorts,
    engine: await engine(),
    sessionsDirectory: sessions,
    markersAreShared: project.catalog.kind !== 'rest',
    onStep: (message) => options.onStep?.(message),
  });

  const planProcess = (spec: ProcessSpec, request: PlanRequest = {}): Promise<CompiledPlan> =>
    planNamed(spec, request).catch((error: unknown) => {
      throw nameProcess(error, spec);
    });
  const planNamed = async (spec: ProcessSpec, request: PlanRequest): Promise<CompiledPlan> => {
    if (interrupted)
      throw new PsybergError('interrupted', 'the run was interrupted', {
        hint: 'run the same command again',
        retryable: true,
      });
    const nowMs = now();
    const psybergSessionId = request.psybergSessionId ?? sessionIdOf(nowMs);
    const session = await openSession({
      spec,
      project,
      psybergSessionId,
      nowMs,
      catalog: client,
      engine,
      verified,
      ...viewPorts,
    });
    if (request.writesNothing !== true) verified.save();
    const plan = planSession(session, { allCauses: request.allCauses ?? false });
    if (plan.status === 'work') {
      await checkWatermarks({ spec, project, catalog: client, engine });
      await checkSyntax(await engine(), project, spec);
    }
    return compilePlan(
      {
        ...plan,
        psyberg_session_id:
          request.psybergSessionId ??
          freeSessionId(
            [plan.target.previous_session_id, failedSessions.get(spec.processName) ?? null].reduce(
              laterSessionId,
              plan.psyberg_session_id,
            ),
            (id) => existsSync(join(sessions, branchName(spec.processName, id))),
          ),
      },
      spec,
    );
  };

  /** One process from init to publish; planned anew when somebody else moved its target meanwhile. */
  const runProcess = async (
    spec: ProcessSpec,
    request: RunRequest,
    publishedNow: ReadonlySet<string>,
    seen: Seen,
  ): Promise<RunRecord> => {
    const given = request.plans?.find((plan) => plan.process_name === spec.processName);
    const abandoned: AbandonedSession[] = [];
    const dropAbandoned = async (): Promise<void> => {
      const { dropAbandonedSessions } = await import('./run/clean-up.ts');
      abandoned.push(...(await dropAbandonedSessions(await ports(), spec.target.table, spec.processName)));
    };
    let waitedSeconds = 0;
    for (let attempt = 1; ; attempt += 1) {
      const startedMs = performance.now();
      if (project.catalog.kind === 'rest') {
        const { repairStateTables } = await import('./run/repair-state.ts');
        await repairStateTables({ spec, project, catalog: client, ports });
      }
      // Before planning: a session that was killed may have created the target, or have published already.
      if (hasSessionFolder(sessions, spec.processName)) await dropAbandoned();
      const fresh = await planProcess(
        spec,
        given === undefined ? {} : { psybergSessionId: given.psyberg_session_id },
      );
      if (given !== undefined) refuseStale(given, fresh, publishedNow);
      // What was planned is what runs, also where a process before it in this very run has moved a source on
      // since.
      const plan = given === undefined ? fresh : compilePlan(given, spec);
      seen.plan = plan;
      const initSeconds = Math.round(performance.now() - startedMs) / 1000;
      if (plan.status !== 'work') {
        // A crash just after publishing left the tag behind.
        await protectWatermarks(
          { catalog: client, onStep: (message) => options.onStep?.(message) },
          plan,
          false,
        );
        if (abandoned.length > 0) await sweepAfter(await ports(), spec, abandoned);
        return idleRecord(plan, initSeconds, waitedSeconds);
      }
      // It loads what this one would: whoever comes second would load for nothing.
      if (waitedSeconds * 1000 < WAIT_MAX_MS && sessionAtWork(sessions, spec.processName) !== undefined) {
        waitedSeconds += await waitForSession(sessions, spec.processName, {
          isInterrupted: () => interrupted,
          onStep: (message) => options.onStep?.(message),
        });
        attempt -= 1;
        continue;
      }
      try {
        const runPorts = await ports();
        // A branch whose folder is gone, or on another machine.
        if (Object.keys((await client.loadTable(spec.target.table))?.metadata.refs ?? {}).length > 1)
          await dropAbandoned();
        const record = await runSession(runPorts, plan, spec, {
          keepBranch: request.keepBranch ?? false,
          initSeconds,
        });
        await sweepAfter(runPorts, spec, abandoned);
        return withWait(record, waitedSeconds);
      } catch (error) {
        const again = isWorthRetrying(error) && attempt < SESSION_ATTEMPTS && given === undefined;
        if (!again) throw error;
        options.onStep?.(`${spec.processName}: ${error.message}; planning again`);
        await sleep(Math.random() * 100 * attempt);
      }
    }
  };

  /** The same, with an error as a record, and in the session table. */
  const runRecorded = async (
    spec: ProcessSpec,
    request: RunRequest,
    publishedNow: ReadonlySet<string>,
  ): Promise<RunRecord> => {
    const seen: Seen = {};
    try {
      return await untilLeftAlone(() => runProcess(spec, request, publishedNow, seen));
    } catch (error) {
      const record = failedRecord(spec, error);
      const { isRecorded, recordFailure } = await import('./run/record-failure.ts');
      if (record.error !== null && isRecorded(error))
        await ports()
          .then(async (open) => {
            const { status, error: told } = record;
            const id = await recordFailure(open, spec, {
              status,
              error: told as ErrorJson,
              plan: seen.plan,
              atMs: now(),
            });
            if (id !== undefined) failedSessions.set(spec.processName, id);
          })
          .catch(() => undefined);
      return record;
    }
  };

  const inTurn = oneAfterTheOther();
  // Queries have a connection of their own, and take turns on it: the USE around one would change what names
  // mean in statements beside it.
  const queryInTurn = oneAfterTheOther();
  let querying: { readonly engine: Engine; readonly connection: Promise<Engine> } | undefined;
  const close = async (): Promise<void> => {
    forgotten();
    const running = await opening?.catch(() => undefined);
    running?.close();
    await catalog.close();
  };
  const forgotten = closeAtExit(close);
  return {
    project,
    async plan(processNames, { allCauses = false } = {}) {
      const plans: ExplainedPlan[] = [];
      for (const spec of processesInDependencyOrder(project, processNames)) {
        const plan = await planProcess(spec, { allCauses, writesNothing: true });
        plans.push(
          Object.defineProperty({ ...plan }, 'explain', {
            value: () => explainPlan(plan, PLAIN, { allCauses }),
            enumerable: false,
          }) as ExplainedPlan,
        );
      }
      return plans;
    },
    run: inTurn(async (processNames, request = {}) => {
      const names = processNames ?? request.plans?.map((plan) => plan.process_name);
      const records: RunRecord[] = [];
      const failed = new Map<string, string>();
      const publishedNow = new Set<string>();
      for (const spec of processesInDependencyOrder(project, names)) {
        const upstream = spec.sources
          .map((source) => failed.get(tableName(source.table).toLowerCase()))
          .find((name) => name !== undefined);
        const record =
          upstream === undefined
            ? await runRecorded(spec, request, publishedNow)
            : skippedRecord(spec, upstream);
        // What reads a target that was not brought up to date would publish a result that is known to be
        // behind.
        if (!['published', 'nothing-new', 'waiting'].includes(record.status))
          failed.set(tableName(spec.target.table).toLowerCase(), spec.processName);
        if (record.status === 'published') publishedNow.add(tableName(spec.target.table).toLowerCase());
        records.push(record);
        request.onRecord?.(record);
        if (record.error?.code === 'interrupted') break;
      }
      return records;
    }),
    adopt: inTurn(async (processName, places = new Map(), { from } = {}) => {
      const [spec] = processesInDependencyOrder(project, [processName]) as [ProcessSpec];
      const stranger = [...places.keys()].find(
        (name) => name !== '' && !spec.sources.some((source) => tableKey(source.table) === name),
      );
      if (stranger !== undefined)
        throw usageError('usage', `${stranger} is no source of ${processName}`, {
          hint: `its sources are ${spec.sources.map((source) => tableName(source.table)).join(', ')}`,
        });
      if (from !== undefined && places.size > 0)
        throw usageError('usage', 'a process that goes on where another name stopped has its places', {
          hint: 'leave --at out, or leave --from out',
        });
      const adoptAt = (source: SourceSpec): StartSpec =>
        places.get(tableKey(source.table)) ?? places.get('') ?? { kind: 'now' };
      const nowMs = now();
      const input = { spec, project, psybergSessionId: sessionIdOf(nowMs), nowMs, catalog: client, engine };
      const { openTakeover } = await import('./session/take-over.ts');
      const session =
        from === undefined
          ? await openSession({ ...input, ...viewPorts, adoptAt, adoptsAsItIs: places.size === 0 })
          : await openTakeover(input, from);
      const planned = planAdoption(session);
      const plan = compileAdoption({
        ...planned,
        psyberg_session_id: laterSessionId(planned.psyberg_session_id, planned.target.previous_session_id),
      });
      const { adoptTarget } = await import('./run/adopt-target.ts');
      return { plan, record: await adoptTarget(await ports(), plan, spec, from) };
    }),
    sql: queryInTurn(async (query, { branch, parameters } = {}) => {
      const current = await engine();
      if (querying?.engine !== current) querying = { engine: current, connection: current.fork() };
      const [namespace = project.tables.sessionTable.namespace] = await client.listNamespaces();
      await client.createNamespace(namespace);
      const { runSql } = await import('./run/run-sql.ts');
      return runSql(
        { catalog: client, ...viewPorts, engine: await querying.connection },
        { query, statements: statementsIn(query), branch, parameters, schema: namespace.join('.') },
      );
    }),
    async maintain(tables, request) {
      if (project.catalog.kind === 'rest')
        throw usageError(
          'maintain-foreign-catalog',
          `the tables belong to the catalog at ${project.catalog.uri}: its own maintenance knows who else reads them`,
          {
            hint: "use that catalog's expiry and compaction; a tag on each source keeps the snapshots of watermarks",
          },
        );
      const { maintainTables } = await import('./maintain/index.ts');
      return maintainTables(
        async () => ({
          ...(await ports()),
          warehouse: catalog.warehouse,
          nowMs: now,
          interrupted: () => interrupted,
        }),
        tables,
        request,
      );
    },
    async dropTag(name, { dryRun = false } = {}) {
      const { dropStranger, readTables } = await import('./maintain/index.ts');
      const open = await ports();
      return dropStranger(open, name, { tables: await readTables(open), nowMs: now(), dryRun });
    },
    interrupt() {
      interrupted = true;
      void opening?.then((running) => running.interrupt());
    },
    close,
    internals: {
      catalog,
      client,
      engine,
      ports,
      planProcess,
      engineStarted: () => opening !== undefined,
      verified,
      async strangers() {
        const { findStrangers, readTables, strangerText } = await import('./maintain/index.ts');
        const open = await ports();
        const found = await findStrangers(open, await readTables(open), now());
        return found.map((each) => ({ table: each.table, ...strangerText(each) }));
      },
      sessionsDirectory: sessions,
    },
  };
}

/** Repeats what failed because a statement that had nothing to do with it shut the database under it. */
async function untilLeftAlone<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isBystander =
        error instanceof PsybergError && error.code === 'engine-internal-error' && error.retryable;
      if (!isBystander || attempt === BYSTANDER_ATTEMPTS) throw error;
    }
  }
}

/** The commits that killed sessions had begun: their tables have been committed to since. */
async function sweepAfter(
  ports: RunPorts,
  spec: ProcessSpec,
  abandoned: readonly AbandonedSession[],
): Promise<void> {
  if (abandoned.length === 0) return;
  const { sweepMetadataFiles } = await import('./run/sweep.ts');
  await sweepMetadataFiles(ports, spec, Math.min(...abandoned.map((each) => each.startedAtMs)));
}

/**
 * Beside the tables, so that whoever shares the warehouse sees who is at work; a foreign catalog's tables may
 * lie out of reach.
 */
const sessionsDirectory = ({ catalog, root }: ProjectSpec): string =>
  join(catalog.kind === 'rest' ? root : catalog.warehouse, '.psyberg', 'sessions');

/** Where copies of manifests are that DuckDB cannot read under their names. */
const readableManifests = (project: ProjectSpec): string =>
  join(dirname(sessionsDirectory(project)), 'readable-manifests');

function hasSessionFolder(directory: string, processName: string): boolean {
  return (
    existsSync(directory) &&
    readdirSync(directory).some((name) => name.replace(/^\./, '').startsWith(branchName(processName, '')))
  );
}

/**
 * A plan made earlier is run only as it was made: the same SQL over the same heads, onto the same base. A
 * source that a process of this run has just published to is read at the head that the plan names.
 */
function refuseStale(given: CompiledPlan, fresh: CompiledPlan, publishedNow: ReadonlySet<string>): void {
  const moving = (table: string): boolean => publishedNow.has(table.toLowerCase());
  const facts = (plan: CompiledPlan): Record<string, unknown> => ({
    'the SQL of the process': plan.process_sha256,
    'the target': plan.target.base_snapshot_id,
    ...Object.fromEntries(
      plan.sources
        .filter((source) => !moving(source.table))
        .map((source) => [`the source ${source.table}`, source.head?.snapshot_id ?? null]),
    ),
    ...(plan.sources.some((source) => moving(source.table))
      ? {}
      : { 'its hours': JSON.stringify(plan.hours.map((hour) => hour.hour)) }),
  });
  const now = facts(fresh);
  const moved = Object.entries(facts(given)).find(([name, value]) => now[name] !== value);
  if (moved !== undefined)
    throw refusal(
      'plan-stale',
      `the plan of ${given.process_name} (session ${given.psyberg_session_id}) is stale: ${moved[0]} changed since it was made`,
      {
        hint: `plan again: psyberg plan ${given.process_name} --out plan.json`,
        context: {
          process_name: given.process_name,
          changed: moved[0],
          expected: moved[1],
          found: now[moved[0]],
        },
      },
    );
}

/** The record of a session that waited for another one of its process. */
const withWait = (record: RunRecord, waitedSeconds: number): RunRecord =>
  waitedSeconds === 0 ? record : { ...record, waited_seconds: waitedSeconds };

function idleRecord(plan: CompiledPlan, initSeconds: number, waitedSeconds: number): RunRecord {
  return withWait(idle(plan, initSeconds), waitedSeconds);
}

function idle(plan: CompiledPlan, initSeconds: number): RunRecord {
  return {
    ...recordHead(plan),
    status: plan.status === 'waiting' ? 'waiting' : 'nothing-new',
    published_snapshot_id: null,
    rows_read: '0',
    rows_written: '0',
    audits: [],
    seconds: { init: initSeconds, load: 0, audit: 0, publish: 0, total: initSeconds },
    error: null,
  };
}

/** A process that could not run, as a record: the others still run, and the caller sees every outcome. */
function failedRecord(spec: ProcessSpec, error: unknown): RunRecord {
  const known = shownError(error);
  const status = known.kind === 'conflict' || known.kind === 'refused' ? known.kind : 'failed';
  return { ...emptyRecord(spec), status, error: known.toJSON() };
}

function skippedRecord(spec: ProcessSpec, upstream: string): RunRecord {
  const error = new PsybergError(
    'upstream-failed',
    `${spec.processName} was not run: ${upstream}, which writes one of its sources, failed`,
    {
      hint: `solve the error of ${upstream} and run again`,
      retryable: true,
    },
  );
  return { ...emptyRecord(spec), status: 'failed', error: error.toJSON() };
}

const emptyRecord = (spec: ProcessSpec): RunRecord => ({
  process_name: spec.processName,
  psyberg_session_id: '',
  status: 'failed',
  target: tableName(spec.target.table),
  operation: spec.pattern === 'stateless' ? 'append' : 'overwrite',
  published_snapshot_id: null,
  branch: '',
  rows_read: '0',
  rows_written: '0',
  range: null,
  owed_hours: [],
  held_back_by: null,
  skipped_null_event_times: '0',
  audits: [],
  seconds: { init: 0, load: 0, audit: 0, publish: 0, total: 0 },
  error: null,
});
