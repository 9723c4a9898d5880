/**
 * Plans one process: ProcessSpec -> Session -> Plan -> CompiledPlan. Reads only, except that it remembers
 * which rewrites were compared.
 */
import { sameReading } from '../binding/same-reading.ts';
import { withSqlChanged } from '../binding/sql-changed.ts';
import { compilePlan, hoursRead } from '../compile/index.ts';
import { dropFiles } from '../landing/read-files.ts';
import { engineOf } from '../model/engines.ts';
import { PsybergError, usageError } from '../model/errors.ts';
import { parseHour, sessionIdOf } from '../model/hour.ts';
import { parseTableName } from '../model/names.ts';
import type { CompiledPlan, Plan, PlanSource } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { RestateRequest } from '../model/restate.ts';
import type { Session } from '../model/session.ts';
import { planSession, sqlOfSession } from '../plan/index.ts';
import { readTableFile } from '../project/table-files.ts';
import { checkWatermarks } from '../session/check-watermarks.ts';
import { openSession } from '../session/open-session.ts';
import type { OpenSessionInput } from '../session/session-input.ts';
import { unusedSessionId } from '../session/unused-session-id.ts';
import { judgeSql, treeWhereRead } from '../workload/duckdb/judge-sql.ts';
import { nameProcess } from '../workload/duckdb/sql-error.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import type { PlanBinding } from './bind-plan.ts';
import { withColumnsCompared } from './columns-of-target.ts';
import { withJudgedSql } from './judged-sql.ts';
import { asItIsNow, seenOnce } from './seen-once.ts';

export interface PlanRequest {
  /** Default: made from the clock, or the next id that no session of the process has used. */
  readonly psybergSessionId?: string;
  /** All causes of an hour or partition, instead of only the first ones. */
  readonly allCauses?: boolean;
  /** True: does not even remember which rewrites were compared. */
  readonly writesNothing?: boolean;
  /** Also estimates how much the session reads, and how much one with a fixed lookback would. */
  readonly reads?: boolean;
  /** Computes hours again that were loaded before, instead of loading what changed. */
  readonly restate?: RestateRequest;
  /**
   * Checks the SQL of the process against the columns of its sources, even when nothing is new; and where
   * there is work, its own columns against those of its target.
   */
  readonly binding?: PlanBinding;
}

/**
 * Throws the errors of opening a session, `process-sql-failed`, `interrupted`, and those of its binding.
 */
export const planProcess = (
  workspace: Workspace,
  spec: ProcessSpec,
  request: PlanRequest = {},
): Promise<CompiledPlan> =>
  planUnnamed(workspace, spec, request).catch((error: unknown) => {
    throw nameProcess(withDdlFile(error, workspace.project.root), spec);
  });

/** For a missing table whose DDL is in the project: the error with a hint how to create it. */
function withDdlFile(error: unknown, root: string): unknown {
  if (!(error instanceof PsybergError) || error.code !== 'source-missing') return error;
  const { table } = error.context;
  const ddl = typeof table === 'string' ? readTableFile(root, parseTableName(table)) : undefined;
  if (ddl === undefined) return error;
  return usageError(error.code, error.message, {
    hint: `create it: psyberg sql --file ${ddl.file}`,
    context: error.context,
    cause: error,
  });
}

async function planUnnamed(
  workspace: Workspace,
  spec: ProcessSpec,
  request: PlanRequest,
): Promise<CompiledPlan> {
  if (workspace.isInterrupted())
    throw new PsybergError('interrupted', 'the run was interrupted', {
      hint: 'run the same command again',
      retryable: true,
    });
  const input = sessionInput(workspace, spec, request);
  const session = await openSession(input);
  if (request.writesNothing !== true) workspace.verified.save();
  const bound = await request.binding?.bind(session);
  const judged = await judgedPlan(workspace, { input, session }, request);
  if (request.writesNothing === true || judged.status !== 'work') await dropRowsRead(workspace, session);
  const plan = await withColumnsCompared(workspace, { spec, plan: judged, bound });
  // One without work leaves nothing under its id.
  const isGiven = request.psybergSessionId !== undefined || plan.status !== 'work';
  const id = isGiven
    ? input.psybergSessionId
    : await unusedSessionId(workspace, spec, input.psybergSessionId);
  const compiled = compilePlan({ ...plan, psyberg_session_id: id }, spec);
  if (request.reads !== true || plan.status !== 'work') return compiled;
  const { readCosts } = await import('../session/read-costs.ts');
  const hoursOf = (source: PlanSource) => hoursRead(plan, source);
  return Object.freeze({ ...compiled, reads: await readCosts({ input, session, plan, hoursOf }) });
}

/** What opening the session needs. */
function sessionInput(
  workspace: Workspace,
  spec: ProcessSpec,
  { psybergSessionId, restate }: PlanRequest,
): OpenSessionInput {
  const { project, client, engine, verified, views, endpoint } = workspace;
  const nowMs = workspace.now();
  return {
    spec,
    project,
    // A restate loads the target many times to find the hours that are asked for.
    catalog: restate === undefined ? client : seenOnce(client),
    engine,
    views,
    endpoint,
    psybergSessionId: psybergSessionId ?? sessionIdOf(nowMs),
    nowMs,
    verified,
    ...(engineOf(spec) === 'duckdb'
      ? { readsAsBefore: async (asked) => sameReading(await workspace.binder(), asked) }
      : {}),
    ...(restate === undefined
      ? {}
      : { restate, withSqlChanged: (opened) => withSqlChanged(workspace, opened) }),
  };
}

/** The plan of an opened session, with what is known of the process's SQL. */
async function judgedPlan(
  workspace: Workspace,
  { input, session }: { readonly input: OpenSessionInput; readonly session: Session },
  { allCauses = false, writesNothing = false }: PlanRequest,
): Promise<Plan> {
  const { project, engine } = workspace;
  let plan = await withBeyondRows(input, session, planSession(session, { allCauses }));
  if (plan.status === 'work') {
    await checkWatermarks({ ...input, catalog: asItIsNow(input.catalog) });
    const duckdb = await engine();
    const tree = (await judgeSql(duckdb, project, input.spec)) ?? (await treeWhereRead(duckdb, input.spec));
    plan = withJudgedSql(plan, session, tree);
  }
  // A run without work must stay cheap, so it does not look whether the SQL changed; a plan to be shown does.
  if (plan.status !== 'work' && !writesNothing) return plan;
  return { ...plan, ...sqlOfSession(await withSqlChanged(workspace, session), plan.status) };
}

/** Drops the rows of a folder's new files that the session read, when nothing is going to load them. */
async function dropRowsRead({ engine }: Workspace, { sources }: Session): Promise<void> {
  for (const { toRead } of sources) if (toRead !== undefined) await dropFiles(await engine(), toRead);
}

/** Adds how many rows lie in the hours that only a restate loads. */
async function withBeyondRows(input: OpenSessionInput, { sources }: Session, plan: Plan): Promise<Plan> {
  const { catchup } = plan;
  if (catchup === undefined || catchup.beyond_hours.length === 0) return plan;
  const { rowsOfHours } = await import('../session/rows-of-hours.ts');
  const { rows, isExact } = await rowsOfHours(input, sources, catchup.beyond_hours.map(parseHour));
  return { ...plan, catchup: { ...catchup, beyond_rows: String(rows), beyond_rows_exact: isExact } };
}
