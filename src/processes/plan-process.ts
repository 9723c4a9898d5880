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
import type { rowsOfHours } from '../session/rows-of-hours.ts';
import { unusedSessionId } from '../session/unused-session-id.ts';
import { judgeSql, treeWhereRead } from '../workload/duckdb/judge-sql.ts';
import { nameProcess } from '../workload/duckdb/sql-error.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import type { PlanBinding } from './bind-plan.ts';
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
  /** Checks the SQL of the process against the columns of its sources, even when nothing is new. */
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
  planNamed(workspace, spec, request).catch((error: unknown) => {
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

async function planNamed(
  workspace: Workspace,
  spec: ProcessSpec,
  request: PlanRequest,
): Promise<CompiledPlan> {
  if (workspace.isInterrupted())
    throw new PsybergError('interrupted', 'the run was interrupted', {
      hint: 'run the same command again',
      retryable: true,
    });
  const { project, client, engine, verified, views, endpoint } = workspace;
  const nowMs = workspace.now();
  const psybergSessionId = request.psybergSessionId ?? sessionIdOf(nowMs);
  const { restate } = request;
  // Which hours are asked for is found out by many looks at the target.
  const catalog = restate === undefined ? client : seenOnce(client);
  const input = { spec, project, catalog, engine, views, endpoint };
  const session = await openSession({
    ...input,
    psybergSessionId,
    nowMs,
    verified,
    ...(engineOf(spec) === 'duckdb'
      ? { readsAsBefore: async (asked) => sameReading(await workspace.binder(), asked) }
      : {}),
    ...(restate === undefined
      ? {}
      : { restate, withSqlChanged: (opened) => withSqlChanged(workspace, opened) }),
  });
  if (request.writesNothing !== true) verified.save();
  await request.binding?.bind(session);
  const planned = await withBeyondRows(
    { ...input, nowMs },
    session,
    planSession(session, { allCauses: request.allCauses ?? false }),
  );
  let plan = planned;
  if (planned.status === 'work') {
    await checkWatermarks({ ...input, catalog: asItIsNow(catalog) });
    const duckdb = await engine();
    const tree = (await judgeSql(duckdb, project, spec)) ?? (await treeWhereRead(duckdb, spec));
    plan = withJudgedSql(planned, session, tree);
  }
  // A run that has nothing to do asks nothing more.
  if (plan.status === 'work' || request.writesNothing === true)
    plan = { ...plan, ...sqlOfSession(await withSqlChanged(workspace, session), plan.status) };
  // Nobody loads the rows that were read for a plan alone.
  if (request.writesNothing === true || plan.status !== 'work')
    for (const { toRead } of session.sources)
      if (toRead !== undefined) await dropFiles(await engine(), toRead);
  // One without work leaves nothing under its id.
  const isGiven = request.psybergSessionId !== undefined || plan.status !== 'work';
  const id = isGiven ? psybergSessionId : await unusedSessionId(workspace, spec, psybergSessionId);
  const compiled = compilePlan({ ...plan, psyberg_session_id: id }, spec);
  if (request.reads !== true || plan.status !== 'work') return compiled;
  const { readCosts } = await import('../session/read-costs.ts');
  const asked = { input: { ...input, psybergSessionId, nowMs }, session, plan };
  const hoursOf = (source: PlanSource) => hoursRead(plan, source);
  return Object.freeze({ ...compiled, reads: await readCosts({ ...asked, hoursOf }) });
}

/** Adds how many rows lie in the hours that only a restate loads. */
async function withBeyondRows(
  input: Parameters<typeof rowsOfHours>[0],
  { sources }: Session,
  plan: Plan,
): Promise<Plan> {
  const { catchup } = plan;
  if (catchup === undefined || catchup.beyond_hours.length === 0) return plan;
  const { rowsOfHours } = await import('../session/rows-of-hours.ts');
  const { rows, isExact } = await rowsOfHours(input, sources, catchup.beyond_hours.map(parseHour));
  return { ...plan, catchup: { ...catchup, beyond_rows: String(rows), beyond_rows_exact: isExact } };
}
