/**
 * The library: an opened project, and everything that a command, a script or a notebook can do with it. Each
 * method delegates to a room; `src/processes` strings session -> plan -> compile -> run together.
 */
import type { DiffRequest } from './compare/diff/diff-table.ts';
import type { VerifyRequest } from './compare/verify/verify-processes.ts';
import type { ExamineOptions } from './inspect/doctor.ts';
import type { RowsRequest, SignalsRequest } from './inspect/history.ts';
import type { ReportRequest } from './inspect/report/gather-report.ts';
import type { FollowRequest, WaitRecord, WaitRequest } from './inspect/watch-signals.ts';
import type { WhyRequest } from './inspect/why/why.ts';
import type { MaintainRequest } from './maintain/index.ts';
import { closeAtExit } from './model/close-at-exit.ts';
import { oneAfterTheOther } from './model/in-turn.ts';
import type { DroppedTagRecord, MaintainReport } from './model/maintain-record.ts';
import type { ProcessSpec, ProjectSpec } from './model/process-spec.ts';
import type { RetireRecord } from './model/retire-record.ts';
import type { RunRecord } from './model/run-record.ts';
import type { StartSpec } from './model/start.ts';
import type { TableDiff } from './model/table-diff.ts';
import type { Verification } from './model/verification.ts';
import type { WhyRecord } from './model/why-record.ts';
import { askedObserver } from './observe/asked.ts';
import type { ObserveOptions } from './observe/request.ts';
import type { Adoption } from './processes/adopt-process.ts';
import type { CompiledProcess, CompileRequest } from './processes/compile-process.ts';
import { planProcess } from './processes/plan-process.ts';
import { type PlansRequest, planProcesses, type RefusedPlan } from './processes/plan-processes.ts';
import type { RestateOptions } from './processes/restate-processes.ts';
import type { RunRequest } from './processes/run-processes.ts';
import type { ServedSession } from './processes/serve-session.ts';
import {
  type InitRequest,
  type SessionRequest,
  type SessionSteps,
  sessionSteps,
} from './processes/session-steps.ts';
import type { Shown, ShowRequest } from './processes/show-process.ts';
import { type TellingRuns, tellingRuns } from './processes/telling-runs.ts';
import { processesInDependencyOrder } from './project/dependency-order.ts';
import type { GivenVariables } from './project/read-variables.ts';
import type { Check } from './report/doctor.ts';
import { type ExplainedPlan, explainable } from './report/explained-plan.ts';
import type { WarehouseReport } from './report/page/report-document.ts';
import type { HistoryRow, ProcessStatus, SignalRow } from './report/status.ts';
import type { TableRow } from './report/tables.ts';
import type { StepRecord } from './run/drivers/step-records.ts';
import type { SqlResult } from './run/sql/run-sql.ts';
import { branchesIn, type FoundBranch } from './workspace/list-tables.ts';
import { dropTagOfStranger, maintainProject } from './workspace/maintain-project.ts';
import { openWorkspace, type Workspace, type WorkspaceOptions } from './workspace/open-workspace.ts';
import { type QueryOptions, queriesOver } from './workspace/queries.ts';

export { type HourPicture, hourPicture, type PictureOptions } from './report/explain/picture.ts';
export type {
  CompiledProcess,
  CompileRequest,
  DiffRequest,
  ExplainedPlan,
  FollowRequest,
  InitRequest,
  QueryOptions,
  RefusedPlan,
  ReportRequest,
  RestateOptions,
  RunRequest,
  ServedSession,
  SessionRequest,
  Shown,
  ShowRequest,
  SqlResult,
  StepRecord,
  TableDiff,
  Verification,
  VerifyRequest,
  WaitRecord,
  WaitRequest,
  WarehouseReport,
  WhyRecord,
  WhyRequest,
};

export interface OpenOptions extends WorkspaceOptions, Pick<ObserveOptions, 'metrics'> {
  /** Folder of psyberg.yaml, or any folder below it. Default: the current folder. */
  readonly project?: string;
  /** Values in place of those under `vars:` of psyberg.yaml, of the same types. */
  readonly variables?: GivenVariables;
}

/**
 * `names` are names of processes; default: all, in dependency order. A call that changes tables waits until
 * the call before it has ended.
 */
export interface Psyberg {
  readonly project: ProjectSpec;
  /**
   * What a run would do, and why: the objects of `plan --json`. Each names the processes among them that it
   * follows. Writes nothing. `allCauses`: every cause of an hour, not only the first ones. `reads`: also how
   * much the session would read, and how much one with a fixed lookback would; this reads manifests of the
   * sources. `onRefused`: called with a refused plan, which is otherwise thrown.
   */
  plan(names?: readonly string[], request?: PlansRequest): Promise<ExplainedPlan[]>;
  /**
   * The rows that a process's query returns now, for its next session or for given hours, or the rows of a
   * source that it would read. Writes nothing. Throws `hours-invalid`, `source-missing`,
   * `event-time-missing`, `process-sql-failed` and what planning throws.
   */
  show(processName: string, request?: ShowRequest): Promise<Shown>;
  /**
   * The SQL of the load and the audits, to be run in a DuckDB that has attached the tables of
   * {@link serveSession}; also when nothing is new. Writes nothing. Throws as {@link show}.
   */
  compile(names?: readonly string[], request?: CompileRequest): Promise<CompiledProcess[]>;
  /**
   * Serves the tables of a process's next session to other programs, read-only, until the returned session
   * or this library is closed: `sources.<alias>`, `target.<name>` and, of a dimension, `previous.<name>`.
   * Throws as {@link show}.
   */
  serveSession(processName: string, request?: CompileRequest): Promise<ServedSession>;
  /** The objects of `run --json`. A process that fails stops those that read its target. */
  run(names?: readonly string[], request?: RunRequest): Promise<RunRecord[]>;
  /**
   * Recomputes each target from its sources as of the watermarks with the current SQL, and compares it with
   * the published one in both directions. The objects of `verify --json`. Writes nothing. If a process
   * cannot be compared, its verification says why. Throws `hours-invalid` for hours that cannot be read, and
   * `process-unknown`.
   */
  verify(names?: readonly string[], request?: VerifyRequest): Promise<Verification[]>;
  /**
   * How a table differs between two snapshots, or between a branch and `main`: the object of `diff --json`.
   * Files that are in both are not read. Writes nothing. Throws `table-missing`, `snapshot-unknown` and
   * `key-unknown`.
   */
  diff(table: string, request: DiffRequest): Promise<TableDiff>;
  /**
   * Computes hours again that were loaded before, with the current SQL and from the sources as of the
   * watermarks, which do not move. With `downstream` also the processes that read them, in dependency order.
   * The objects of `run --json`, with `trigger: 'restate'`. A process that fails stops those below it;
   * calling this again continues there. With `atomic` all targets are switched in one commit, or none.
   * Throws `usage`, `hours-invalid`, `process-unknown` and `atomic-unsupported`; the failure of a process is
   * in its record.
   */
  restate(processName: string, options: RestateOptions): Promise<RunRecord[]>;
  /**
   * What {@link restate} would do to the process itself, and how much it would read. With `downstream` also
   * the hours that the processes below may compute, which is an upper bound. The objects of `plan --json`.
   * Writes nothing. Throws as planning does, and `restate-…`.
   */
  planRestate(processName: string, options: RestateOptions): Promise<ExplainedPlan[]>;
  /** The steps of a run, one call each. */
  readonly session: SessionSteps;
  /**
   * Takes over an existing target in one commit, without loading: its sources count as consumed up to a
   * place. `places` gives it by `namespace.table` in lower case, and under `''` for all other sources;
   * default: now. `from`: the process's former name; it continues from that name's watermarks, and `places`
   * is empty. Throws `target-has-history` when the process has published to it before, `adoption-skips-rows`
   * when another process has not read its sources up to now, or owes hours that a stateless one would never
   * load, `adoption-hours-unknown` when no hour is known to be complete, `adoption-rows-ahead` when the
   * target has rows of later hours that no source has, `adopt-from-in-use` and `adopt-from-unknown`.
   */
  adopt(
    processName: string,
    places?: ReadonlyMap<string, StartSpec>,
    options?: { readonly from?: string },
  ): Promise<Adoption>;
  /**
   * Ends a process: removes its rows from the state tables, its tags, its branches and the progress that its
   * target records. The target stays, and another process can adopt it. The object of `retire --json`. Throws
   * `session-running` while a session of it is running, and `process-unknown`.
   */
  retire(processName: string, request?: { readonly dryRun?: boolean }): Promise<RetireRecord>;
  /**
   * Runs statements over the warehouse, with tables named `schema.table`. Returns the rows of the last one,
   * and in `results` those of each. Does not wait for a run. `branch`: tables that have this branch or tag
   * show it, and `branches` in the result says which do; throws `branch-unknown` if none does. `parameters`:
   * values of `$name`. `onResult`: gets the result of each statement as it arrives, so that none is held in
   * memory whole; then no rows are returned. `signal`: stops the running statement, and nothing else.
   */
  sql(query: string, options?: QueryOptions): Promise<SqlResult>;
  /**
   * Every table of the catalog, by name: the objects of `tables --json`. Reads metadata and manifests, no
   * rows.
   */
  tables(): Promise<TableRow[]>;
  /** The CREATE TABLE statement, in DuckDB's SQL, that would make this table. Throws `table-missing`. */
  tableDefinition(name: string): Promise<string>;
  /**
   * Which session made the given rows of a table, from which source snapshots and files, with which SQL; for
   * an hour without rows, what holds it back. The object of `why --json`. Throws `table-missing`,
   * `condition-invalid`, `hours-invalid` and `event-time-missing`.
   */
  why(table: string, request: WhyRequest): Promise<WhyRecord>;
  /** The branches and tags of all tables except `main`; undefined if there are more than 1,000 tables. */
  branches(): Promise<readonly FoundBranch[] | undefined>;
  /** How far each process has come, and how far behind its sources it is: the objects of `status --json`. */
  status(names?: readonly string[]): Promise<ProcessStatus[]>;
  /**
   * The sessions of one process or of all, newest first, at most `limit` (20). Throws `process-unknown`.
   */
  history(processName?: string, request?: RowsRequest): Promise<HistoryRow[]>;
  /**
   * Up to which hour each target was announced to be complete, and which hours were reopened; newest first,
   * at most `limit` (20). `table`: only of that table. Throws `table-missing`.
   */
  signals(request?: SignalsRequest): Promise<SignalRow[]>;
  /**
   * Waits until a table is announced to be complete up to an hour (counted from 1970), or until a timeout.
   * Throws `table-missing`.
   */
  waitForSignal(request: WaitRequest): Promise<WaitRecord>;
  /**
   * Calls back with the last announcements, and with each new one, until `signal` aborts it. Throws
   * `table-missing`.
   */
  followSignals(request: FollowRequest): Promise<void>;
  /**
   * How late rows arrive, how far each process is, what each session wrote, and which tables there are: the
   * object of `report --json`, from which the HTML page is made. Reads only. Its `problems` list what could
   * not be read.
   */
  report(request?: ReportRequest): Promise<WarehouseReport>;
  /**
   * Keeps tables small: merges small files, rewrites manifests, expires snapshots that nobody needs and
   * deletes files that nothing refers to. Default: every table of the catalog. Throws `table-missing` and
   * `orphan-grace-too-short`; the failure of one table is in its record.
   */
  maintain(tables?: readonly string[], request?: MaintainRequest): Promise<MaintainReport>;
  /**
   * Removes the tags of a process that is no longer in the project. Its watermarks stay, but no longer keep
   * snapshots from expiring. `name`: the process's name. Throws `drop-tag-in-use` and `tag-unknown`.
   */
  dropTag(name: string, request?: { readonly dryRun?: boolean }): Promise<DroppedTagRecord[]>;
  /** Stops whatever is running; a run then cleans up and ends with `interrupted`. */
  interrupt(): void;
  close(): Promise<void>;
}

/** Checks everything that a run needs, and says what to do about what is missing. Never throws. */
export const doctor = async (options: ExamineOptions = {}): Promise<Check[]> =>
  (await import('./inspect/doctor.ts')).examine(options);

/** Opens a project that has already been read, or was built in code. */
export async function openProject(
  project: ProjectSpec,
  { metrics, listeners, ...options }: WorkspaceOptions & ObserveOptions = {},
): Promise<Psyberg> {
  const { onWarning = options.onStep ?? (() => undefined) } = options;
  const observer = askedObserver(
    { ...(metrics === undefined ? {} : { metrics }), ...(listeners === undefined ? {} : { listeners }) },
    { root: project.root, environment: process.env, warn: onWarning },
  );
  return psybergOver(await openWorkspace(project, { observer, ...options }));
}

/** What the groups of methods below share. */
interface Parts {
  readonly workspace: Workspace;
  /** Makes calls that share a connection or a branch run one after the other. */
  readonly inTurn: ReturnType<typeof oneAfterTheOther>;
  readonly oneProcess: (name: string) => ProcessSpec;
}

const looking = ({ workspace, inTurn, oneProcess }: Parts): Pick<Psyberg, 'plan' | 'show' | 'compile'> => ({
  async plan(names, request = {}) {
    const plans = await planProcesses(workspace, names, request);
    return plans.map((plan) => explainable(plan, request.allCauses ?? false));
  },
  show: inTurn(async (processName, request = {}) => {
    const { showProcess } = await import('./processes/show-process.ts');
    return showProcess(workspace, oneProcess(processName), request);
  }),
  compile: inTurn(async (names, request = {}) => {
    const { compileProcess } = await import('./processes/compile-process.ts');
    const compiled: CompiledProcess[] = [];
    for (const spec of processesInDependencyOrder(workspace.project, names))
      compiled.push(await compileProcess(workspace, spec, request));
    return compiled;
  }),
});

const comparing = ({ workspace, inTurn }: Parts): Pick<Psyberg, 'verify' | 'diff'> => ({
  verify: inTurn(async (names, request = {}) => {
    const { verifyProcesses } = await import('./compare/verify/verify-processes.ts');
    return verifyProcesses(workspace, names, request);
  }),
  diff: inTurn(async (table, request) => {
    const { diffTable } = await import('./compare/diff/diff-table.ts');
    return diffTable(workspace, table, request);
  }),
});

/** `telling`: runs processes, and delivers their announcements to the project's `on_signal`. */
const repairing = (
  { workspace, inTurn, oneProcess }: Parts,
  telling: TellingRuns,
): Pick<Psyberg, 'restate' | 'planRestate' | 'adopt' | 'retire'> => ({
  restate: inTurn(async (processName, options) => {
    const { restateProcesses } = await import('./processes/restate-processes.ts');
    return restateProcesses(workspace, oneProcess(processName), { ...options, run: telling.run });
  }),
  async planRestate(processName, options) {
    const { planRestate } = await import('./processes/restate-processes.ts');
    const plans = await planRestate(workspace, oneProcess(processName), options);
    return plans.map((plan) => explainable(plan, false));
  },
  adopt: inTurn(async (processName, places = new Map(), { from } = {}) => {
    const spec = oneProcess(processName);
    const { adoptProcess } = await import('./processes/adopt-process.ts');
    return adoptProcess(workspace, spec, { places, from });
  }),
  retire: inTurn(async (processName, request = {}) => {
    const { retireInProject } = await import('./workspace/retire-in-project.ts');
    return retireInProject(workspace, processName, request);
  }),
});

type Inspecting = 'tables' | 'tableDefinition' | 'why' | 'branches' | 'status' | 'history' | 'report';
type Announced = 'signals' | 'waitForSignal' | 'followSignals';

const inspecting = (workspace: Workspace): Pick<Psyberg, Inspecting | Announced> => ({
  tables: async () => (await import('./inspect/tables.ts')).listTables(workspace),
  tableDefinition: async (name) =>
    (await import('./inspect/table-definition.ts')).tableDefinition(workspace, name),
  async why(table, request) {
    const { whyRows } = await import('./inspect/why/why.ts');
    const plan = (spec: ProcessSpec) => planProcess(workspace, spec, { writesNothing: true });
    return whyRows({ workspace, plan }, table, request);
  },
  branches: () => branchesIn(workspace),
  status: async (names) => (await import('./inspect/status.ts')).readStatus(workspace, names),
  history: async (processName, request) =>
    (await import('./inspect/history.ts')).readHistory(workspace, processName, request),
  signals: async (request) => (await import('./inspect/watch-signals.ts')).listSignals(workspace, request),
  report: async (request) =>
    (await import('./inspect/report/gather-report.ts')).gatherReport(workspace, request),
  waitForSignal: async (request) =>
    (await import('./inspect/watch-signals.ts')).waitForSignal(workspace, request),
  followSignals: async (request) =>
    (await import('./inspect/watch-signals.ts')).followSignals(workspace, request),
});

/** The library over a workspace; closing the library closes the workspace. */
export function psybergOver(workspace: Workspace): Psyberg {
  const { project } = workspace;
  const inTurn = oneAfterTheOther();
  const forgotten = closeAtExit(close);
  const served: ServedSession[] = [];
  const oneProcess = (name: string): ProcessSpec =>
    processesInDependencyOrder(project, [name])[0] as ProcessSpec;
  const parts = { workspace, inTurn, oneProcess };
  const steps = sessionSteps(workspace);
  const telling = tellingRuns(workspace, steps);
  async function close(): Promise<void> {
    forgotten();
    for (const session of served.splice(0)) await session.close();
    await workspace.close();
  }
  return {
    project,
    ...looking(parts),
    serveSession: inTurn(async (processName, request = {}) => {
      const { serveSession } = await import('./processes/serve-session.ts');
      const session = await serveSession(workspace, oneProcess(processName), request);
      served.push(session);
      return session;
    }),
    run: inTurn((names, request = {}) => telling.run(names, request)),
    ...comparing(parts),
    ...repairing(parts, telling),
    session: { ...steps, publish: telling.publish },
    sql: queriesOver(workspace),
    ...inspecting(workspace),
    maintain: (tables, request) => maintainProject(workspace, tables, request),
    dropTag: (name, request) => dropTagOfStranger(workspace, name, request),
    interrupt() {
      workspace.interrupt();
      telling.stop();
    },
    close,
  };
}
