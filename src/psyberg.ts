/**
 * The library: a project opened, and all that a command, a script or a notebook does with it. It strings the
 * rooms: project -> session -> plan -> compile -> run -> report.
 */
import { resolve } from 'node:path';
import type { ExamineOptions } from './inspect/doctor.ts';
import type { RowsRequest } from './inspect/history.ts';
import type { MaintainRequest } from './maintain/index.ts';
import { closeAtExit } from './model/close-at-exit.ts';
import { oneAfterTheOther } from './model/in-turn.ts';
import type { DroppedTagRecord, MaintainReport } from './model/maintain-record.ts';
import { refuseOldNode } from './model/old-node.ts';
import type { ProcessSpec, ProjectSpec } from './model/process-spec.ts';
import type { RunRecord } from './model/run-record.ts';
import type { StartSpec } from './model/start.ts';
import type { Adoption } from './processes/adopt-process.ts';
import { planBinding } from './processes/bind-plan.ts';
import type { CompiledProcess, CompileRequest } from './processes/compile-process.ts';
import { planProcess } from './processes/plan-process.ts';
import { type RunRequest, runProcesses } from './processes/run-processes.ts';
import type { ServedSession } from './processes/serve-session.ts';
import { type SessionRequest, type SessionSteps, sessionSteps } from './processes/session-steps.ts';
import type { Shown, ShowRequest } from './processes/show-process.ts';
import { processesInDependencyOrder } from './project/dependency-order.ts';
import { findProjectRoot, readProject } from './project/read-project.ts';
import type { GivenVariables } from './project/read-variables.ts';
import type { Check } from './report/doctor.ts';
import { type ExplainedPlan, explainable } from './report/explained-plan.ts';
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
  ExplainedPlan,
  QueryOptions,
  RunRequest,
  ServedSession,
  SessionRequest,
  Shown,
  ShowRequest,
  SqlResult,
  StepRecord,
};

export interface OpenOptions extends WorkspaceOptions {
  /** Folder of psyberg.yaml, or any folder below it. Default: the current folder. */
  readonly project?: string;
  /** Values in place of those under `vars:` of psyberg.yaml, of the same types. */
  readonly variables?: GivenVariables;
}

/**
 * Names are of processes; default: all, in dependency order. What changes tables waits for the call before
 * it.
 */
export interface Psyberg {
  readonly project: ProjectSpec;
  /**
   * What a run would do, and why; the objects of `plan --json`. Writes nothing. `allCauses`: not only the
   * first. `reads`: also what it would read, and a fixed lookback in its place; manifests of the sources are
   * read for it.
   */
  plan(
    names?: readonly string[],
    request?: { readonly allCauses?: boolean; readonly reads?: boolean },
  ): Promise<ExplainedPlan[]>;
  /**
   * The rows that a process's query gives now, for its next session or for hours, or those of a source that
   * it would read. Writes nothing. Throws `hours-invalid`, `source-missing`, `event-time-missing`,
   * `process-sql-failed` and what planning throws.
   */
  show(processName: string, request?: ShowRequest): Promise<Shown>;
  /**
   * The SQL of the load and the audits, to be run in a DuckDB that has {@link serveSession}'s tables
   * attached; also when nothing is new. Writes nothing. Throws as {@link show}.
   */
  compile(names?: readonly string[], request?: CompileRequest): Promise<CompiledProcess[]>;
  /**
   * Shows the tables of a process's next session to other programs, read-only, until it is closed, or this
   * is: `sources.<alias>`, `target.<name>` and, of a dimension, `previous.<name>`. Throws as {@link show}.
   */
  serveSession(processName: string, request?: CompileRequest): Promise<ServedSession>;
  /** The objects of `run --json`. A process that fails stops those that read its target. */
  run(names?: readonly string[], request?: RunRequest): Promise<RunRecord[]>;
  /** The steps of a run one by one. */
  readonly session: SessionSteps;
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
  ): Promise<Adoption>;
  /**
   * Statements over the warehouse, tables as `schema.table`: the rows of the last one, and in `results` those
   * of each. `branch`: tables that have this branch or tag show it, and `branches` in the result says which
   * did; throws `branch-unknown` where none does. `parameters`: values of `$name`. A run does not hold it up.
   * `onResult`: takes the result of each statement as it comes, so that none is held whole; the rows that
   * this returns are then none. `signal`: stops the running statement, and nothing else.
   */
  sql(query: string, options?: QueryOptions): Promise<SqlResult>;
  /**
   * Every table of the catalog, by name: the objects of `tables --json`. Reads metadata and manifests, no
   * rows.
   */
  tables(): Promise<TableRow[]>;
  /** The statement that makes such a table, as DuckDB takes it. Throws `table-missing`. */
  tableDefinition(name: string): Promise<string>;
  /** The branches and tags of all tables beside `main`; undefined where there are more than 1,000 tables. */
  branches(): Promise<readonly FoundBranch[] | undefined>;
  /** How far each process has come, and how far it is behind its sources; the objects of `status --json`. */
  status(names?: readonly string[]): Promise<ProcessStatus[]>;
  /**
   * The sessions, newest first; of one process, or of all; at most `limit` (20). Throws `process-unknown`.
   */
  history(processName?: string, request?: RowsRequest): Promise<HistoryRow[]>;
  /** Up to which hour each target was announced to be complete, newest first; at most `limit` (20). */
  signals(request?: RowsRequest): Promise<SignalRow[]>;
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
}

/** Opens a project. Throws PsybergError with everything that is wrong in it. */
export async function open(options: OpenOptions = {}): Promise<Psyberg> {
  refuseOldNode();
  const { project = '.', variables = {} } = options;
  return openProject(readProject({ root: findProjectRoot(resolve(project)), variables }), options);
}

/** Checks everything that a run needs, and says what to do where it is not there. Never throws. */
export const doctor = async (options: ExamineOptions = {}): Promise<Check[]> =>
  (await import('./inspect/doctor.ts')).examine(options);

/** Opens a project that was read (or made) already. */
export const openProject = async (project: ProjectSpec, options: WorkspaceOptions = {}): Promise<Psyberg> =>
  psybergOver(await openWorkspace(project, options));

const tellPlanned = (
  { onProgress }: Workspace,
  { processName: subject }: ProcessSpec,
  parts: { readonly done: number; readonly total: number },
): void => onProgress({ kind: 'parts', subject, action: 'plan', unit: 'process', ...parts });

async function plansOf(
  workspace: Workspace,
  names: readonly string[] | undefined,
  { allCauses = false, reads = false }: Parameters<Psyberg['plan']>[1] = {},
): Promise<ExplainedPlan[]> {
  const plans: ExplainedPlan[] = [];
  const binding = planBinding(workspace);
  const specs = processesInDependencyOrder(workspace.project, names);
  for (const [done, spec] of specs.entries()) {
    tellPlanned(workspace, spec, { done, total: specs.length });
    const plan = await planProcess(workspace, spec, { allCauses, reads, writesNothing: true, binding });
    plans.push(explainable(plan, allCauses));
  }
  return plans;
}

/** The library over a workspace, which it closes. */
export function psybergOver(workspace: Workspace): Psyberg {
  const { project } = workspace;
  const inTurn = oneAfterTheOther();
  const forgotten = closeAtExit(close);
  const served: ServedSession[] = [];
  const oneProcess = (name: string): ProcessSpec =>
    processesInDependencyOrder(project, [name])[0] as ProcessSpec;
  async function close(): Promise<void> {
    forgotten();
    for (const session of served.splice(0)) session.close();
    await workspace.close();
  }
  return {
    project,
    plan: (names, request) => plansOf(workspace, names, request),
    show: inTurn(async (processName, request = {}) => {
      const { showProcess } = await import('./processes/show-process.ts');
      return showProcess(workspace, oneProcess(processName), request);
    }),
    compile: inTurn(async (names, request = {}) => {
      const { compileProcess } = await import('./processes/compile-process.ts');
      const compiled: CompiledProcess[] = [];
      for (const spec of processesInDependencyOrder(project, names))
        compiled.push(await compileProcess(workspace, spec, request));
      return compiled;
    }),
    serveSession: inTurn(async (processName, request = {}) => {
      const { serveSession } = await import('./processes/serve-session.ts');
      const session = await serveSession(workspace, oneProcess(processName), request);
      served.push(session);
      return session;
    }),
    run: inTurn((names, request = {}) => runProcesses(workspace, names, request)),
    session: sessionSteps(workspace),
    adopt: inTurn(async (processName, places = new Map(), { from } = {}) => {
      const spec = oneProcess(processName);
      const { adoptProcess } = await import('./processes/adopt-process.ts');
      return adoptProcess(workspace, spec, { places, from });
    }),
    sql: queriesOver(workspace),
    tables: async () => (await import('./inspect/tables.ts')).listTables(workspace),
    tableDefinition: async (name) =>
      (await import('./inspect/table-definition.ts')).tableDefinition(workspace, name),
    branches: () => branchesIn(workspace),
    status: async (names) => (await import('./inspect/status.ts')).readStatus(workspace, names),
    history: async (processName, request) =>
      (await import('./inspect/history.ts')).readHistory(workspace, processName, request),
    signals: async (request) => (await import('./inspect/history.ts')).readSignals(workspace, request),
    maintain: (tables, request) => maintainProject(workspace, tables, request),
    dropTag: (name, request) => dropTagOfStranger(workspace, name, request),
    interrupt: workspace.interrupt,
    close,
  };
}
