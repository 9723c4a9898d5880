/**
 * The one composition root: a project opened. Everything a command, a script or a notebook does goes through
 * here. project -> session -> plan -> compile -> run -> report.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Catalog, type ServeOptions, startCatalog, startProxy } from './catalog/index.ts';
import type { CatalogClient } from './catalog/client/catalog-client.ts';
import { tellingStorage } from './catalog/client/storage-client.ts';
import { compileAdoption, compilePlan } from './compile/index.ts';
import type { Engine, ResultRows, StorageAccess } from './engine/index.ts';
import type { MaintainRequest } from './maintain/index.ts';
import { PsybergError, refusal, usageError } from './model/errors.ts';
import { sessionIdOf } from './model/hour.ts';
import { freeSessionId, laterSessionId } from './model/session-id.ts';
import type { MaintainReport } from './model/maintain-record.ts';
import { oneAfterTheOther } from './model/in-turn.ts';
import { tableKey, tableName } from './model/names.ts';
import { storageFault } from './model/storage-faults.ts';
import type { CompiledPlan } from './model/plan.ts';
import type { ProcessSpec, ProjectSpec, SourceSpec } from './model/process-spec.ts';
import { type RunRecord, type RunStatus, branchName } from './model/run-record.ts';
import { planAdoption, planSession } from './plan/index.ts';
import type { StartSpec } from './model/start.ts';
import { processesInDependencyOrder } from './project/dependency-order.ts';
import { findProjectRoot, readProject } from './project/read-project.ts';
import { explainPlan } from './report/explain.ts';
import { PLAIN } from './report/style.ts';
import { helpForDuckDb } from './manifests/duckdb-help.ts';
import { readableNames } from './manifests/readable-names.ts';
import type { AbandonedSession } from './run/clean-up.ts';
import type { RunPorts } from './run/context.ts';
import { protectWatermarks } from './run/protect-watermarks.ts';
import { recordHead, runSession } from './run/run-session.ts';
import { checkSyntax } from './run/sql-error.ts';
import { checkWatermarks } from './session/check-watermarks.ts';
import { openSession } from './session/open-session.ts';
import { openVerifiedRewrites } from './session/verified-rewrites.ts';

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
   * case; under `''` for all others; default: now), in one commit and without loading. Throws
   * `target-has-history` when the process has published to it before.
   */
  adopt(
    processName: string,
    places?: ReadonlyMap<string, StartSpec>,
  ): Promise<{ readonly record: RunRecord; readonly plan: CompiledPlan }>;
  /**
   * Any statement over the warehouse, tables as `schema.table`. `branch`: tables that have it show that
   * branch. A second call waits for the first; a run does not hold it up.
   */
  sql(query: string, options?: { readonly branch?: string }): Promise<ResultRows>;
  /**
   * Keeps tables small: puts small files together, rewrites manifests, expires snapshots that nobody needs
   * and removes what nothing reaches. Default: every table of the catalog. Throws `table-missing`,
   * `orphan-grace-too-short`; what fails for one table is in its record.
   */
  maintain(tables?: readonly string[], request?: MaintainRequest): Promise<MaintainReport>;
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
}

interface PlanRequest {
  readonly psybergSessionId?: string;
  readonly allCauses?: boolean;
  readonly writesNothing?: boolean;
}

/** How often a session is planned anew because somebody moved its target meanwhile. */
const SESSION_ATTEMPTS = 8;
/**
 * Conflicts that a new plan does not help: the session has tried long enough, or its fate is for the next run
 * to find out.
 */
const LAST_WORDS: ReadonlySet<string> = new Set(['publish-contended', 'commit-unknown']);
/** The name under which other engines attach the embedded catalog. */
export const CATALOG_NAME = 'psyberg';

/** Opens a project. Throws PsybergError with everything that is wrong in it. */
export async function open(options: OpenOptions = {}): Promise<Psyberg> {
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
  options: Pick<ServeOptions, 'host' | 'port' | 'token' | 'duckDb'> = {},
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

/** Opens a project that was read (or made) already. */
export async function openProject(project: ProjectSpec, options: OpenOptions = {}): Promise<Psyberg> {
  const sessions = sessionsDirectory(project);
  const readable = readableNames(readableManifests(project));
  const catalog = await startProjectCatalog(project, { duckDb: helpForDuckDb(() => engine(), readable) });
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
  const engine = (): Promise<Engine> => {
    opening ??= import('./engine/index.ts').then(({ openWarehouse }) =>
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
    return opening;
  };
  let interrupted = false;

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

  const planProcess = async (spec: ProcessSpec, request: PlanRequest = {}): Promise<CompiledPlan> => {
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
          freeSessionId(laterSessionId(plan.psyberg_session_id, plan.target.previous_session_id), (id) =>
            existsSync(join(sessions, branchName(spec.processName, id))),
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
  ): Promise<RunRecord> => {
    const given = request.plans?.find((plan) => plan.process_name === spec.processName);
    const abandoned: AbandonedSession[] = [];
    const dropAbandoned = async (): Promise<void> => {
      const { dropAbandonedSessions } = await import('./run/clean-up.ts');
      abandoned.push(...(await dropAbandonedSessions(await ports(), spec.target.table, spec.processName)));
    };
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
      const initSeconds = Math.round(performance.now() - startedMs) / 1000;
      if (plan.status !== 'work') {
        // A crash just after publishing left the tag behind.
        await protectWatermarks(
          { catalog: client, onStep: (message) => options.onStep?.(message) },
          plan,
          false,
        );
        if (abandoned.length > 0) await sweepAfter(await ports(), spec, abandoned);
        return idleRecord(plan, initSeconds);
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
        return record;
      } catch (error) {
        const again =
          error instanceof PsybergError &&
          error.exitCode === 4 &&
          error.retryable &&
          !LAST_WORDS.has(error.code) &&
          attempt < SESSION_ATTEMPTS &&
          given === undefined;
        if (!again) throw error;
        options.onStep?.(`${spec.processName}: ${error.message}; planning again`);
        await sleep(Math.random() * 100 * attempt);
      }
    }
  };

  const inTurn = oneAfterTheOther();
  // Queries have a connection of their own, and take turns on it: the USE around one would change what names
  // mean in statements beside it.
  const queryInTurn = oneAfterTheOther();
  let queryConnection: Promise<Engine> | undefined;
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
            ? await runProcess(spec, request, publishedNow).catch((error: unknown) =>
                failedRecord(spec, error),
              )
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
    adopt: inTurn(async (processName, places = new Map()) => {
      const [spec] = processesInDependencyOrder(project, [processName]) as [ProcessSpec];
      const stranger = [...places.keys()].find(
        (name) => name !== '' && !spec.sources.some((source) => tableKey(source.table) === name),
      );
      if (stranger !== undefined)
        throw usageError('usage', `${stranger} is no source of ${processName}`, {
          hint: `its sources are ${spec.sources.map((source) => tableName(source.table)).join(', ')}`,
        });
      const adoptAt = (source: SourceSpec): StartSpec =>
        places.get(tableKey(source.table)) ?? places.get('') ?? { kind: 'now' };
      const nowMs = now();
      const session = await openSession({
        spec,
        project,
        psybergSessionId: sessionIdOf(nowMs),
        nowMs,
        catalog: client,
        engine,
        ...viewPorts,
        adoptAt,
      });
      const plan = compileAdoption(planAdoption(session));
      const { adoptTarget } = await import('./run/adopt-target.ts');
      return { plan, record: await adoptTarget(await ports(), plan, spec) };
    }),
    sql: queryInTurn(async (query, { branch } = {}) => {
      queryConnection ??= engine().then((running) => running.fork());
      const running = await queryConnection;
      const name = branch === undefined ? 'lake' : 'lake_branch';
      const [namespace = project.tables.sessionTable.namespace] = await client.listNamespaces();
      await client.createNamespace(namespace);
      if (branch !== undefined)
        await running.attach({ name, warehouse: `branch@${branch}`, uri: catalog.uri, token: catalog.token });
      try {
        return await running.inDatabase({ name, schema: namespace.join('.') }, () =>
          running.table({ sql: query, parameters: {} }),
        );
      } finally {
        if (branch !== undefined) await running.detach(name);
      }
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
        { ...(await ports()), warehouse: catalog.warehouse, nowMs: now, interrupted: () => interrupted },
        tables,
        request,
      );
    },
    interrupt() {
      interrupted = true;
      void opening?.then((running) => running.interrupt());
    },
    async close() {
      const running = await opening?.catch(() => undefined);
      running?.close();
      await catalog.close();
    },
    internals: { catalog, client, engine, ports, planProcess, engineStarted: () => opening !== undefined },
  };
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

function idleRecord(plan: CompiledPlan, initSeconds: number): RunRecord {
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
  const known =
    error instanceof PsybergError
      ? error
      : (storageFault(error) ??
        new PsybergError('unexpected', error instanceof Error ? error.message : String(error), {
          hint: 'run again with --verbose and report what it prints',
          cause: error,
        }));
  const status: RunStatus = known.exitCode === 4 ? 'conflict' : known.exitCode === 5 ? 'refused' : 'failed';
  return {
    ...emptyRecord(spec),
    status,
    error: { ...known.toJSON(), context: { ...withoutSql(known.context), exit_code: known.exitCode } },
  };
}

const withoutSql = ({ sql: _sql, ...context }: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  context;

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
