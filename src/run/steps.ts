/**
 * A session one step at a time, for an orchestrator: init ▸ load ▸ audit ▸ publish ▸ commit, each in a
 * process of its own. The same steps as a run, with the session's state in the session table between them. A
 * step that is repeated after success does nothing.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { compilePlan } from '../compile/index.ts';
import { ancestors, mainSnapshot } from '../iceberg/history.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import { conflict, PsybergError, refusal } from '../model/errors.ts';
import type { CompiledPlan } from '../model/plan.ts';
import { composeStepOf } from '../model/step.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { branchName } from '../model/session-branch.ts';
import { removeLocalFile } from '../files/local.ts';
import { progressInSummary, SUMMARY } from '../state/read-watermarks.ts';
import { abandonSession, closeSession, detachSession, dropAbandonedSessions } from './clean-up.ts';
import { branchHead } from '../iceberg/references.ts';
import { loadTarget, type RunContext } from './context.ts';
import { attachSession, openChangeView } from './open-branch.ts';
import { protectWatermarks } from './protect-watermarks.ts';
import { repairStateTables } from './repair-state.ts';
import { repairWatermarkTable } from './repair-watermark.ts';
import { auditError, blocked, runContext, runStage } from './run-session.ts';
import { readSteps, readStoredSession, saveSteps } from './saved-session.ts';
import { writeMarker } from '../markers/session-marker.ts';
import { mapSqlError } from './sql-error.ts';
import { composeSnapshot } from './stage-load.ts';
import { publish } from './stage-publish.ts';
import {
  idleRecord,
  repeatedRecord,
  type StepRecord,
  type StepRequest,
  type StepStatus,
  stepRecord,
} from './step-records.ts';
import {
  expects,
  findSession,
  outOfOrder,
  PROGRESS,
  refuseSecondLoad,
  refuseStaleSession,
  resumeSession,
} from './step-session.ts';
import { recordSession } from './write-session-state.ts';

/**
 * Opens and records a session. With nothing to do it records nothing. `planProcess` opens, plans and
 * compiles.
 */
export async function initSession(
  request: StepRequest,
  planProcess: () => Promise<CompiledPlan>,
): Promise<{ readonly status: StepStatus; readonly plan: CompiledPlan }> {
  const { ports, spec, psybergSessionId } = request;
  await repairStateTables({ spec, project: ports.project, catalog: ports.catalog, ports: async () => ports });
  const stored = await readStoredSession(ports, spec.processName, psybergSessionId);
  if (stored !== undefined && PROGRESS.indexOf(stored.status) >= PROGRESS.indexOf('loaded'))
    return { status: stored.status as StepStatus, plan: stored.plan };
  const plan = await planProcess();
  const context = runContext(ports, plan, spec, true);
  if (plan.status === 'work') {
    // An earlier attempt may have left an idle marker.
    await abandonSession(context);
    await recordSession(context, { status: 'initialized', error: null, plan: JSON.stringify(plan) });
    return { status: 'initialized', plan };
  }
  // What was recorded for this id before has nothing left to do.
  if (stored !== undefined)
    await recordSession(context, { status: plan.status, error: null, plan: JSON.stringify(plan) });
  writeMarker(context.directory, true);
  saveSteps(context.directory, { idle: plan.status, plan });
  return { status: plan.status, plan };
}

/** Stages the session's rows on its branch. */
export async function loadStep(request: StepRequest): Promise<StepRecord> {
  const found = await findSession(request);
  if (found.kind === 'idle') return idleRecord(found.idle);
  const { stored } = found;
  if (!expects(request, stored, 'load', 'initialized')) return repeatedRecord(request, stored);
  const { ports, spec } = request;
  await refuseStaleSession(request, stored.plan);
  const context = runContext(ports, stored.plan, spec, true);
  const startedMs = performance.now();
  refuseSecondLoad(context);
  await dropAbandonedSessions(ports, spec.target.table, spec.processName);
  // An earlier attempt may have been killed.
  await abandonSession(context);
  try {
    writeMarker(context.directory, true);
    await runStage(context, 'branch');
    await runStage(context, 'load');
    const head = branchHead((await loadTarget(context)).metadata, context.branch);
    saveSteps(context.directory, {
      branch_head: head === undefined ? null : String(head['snapshot-id']),
      base_snapshot_id: context.base === undefined ? null : String(context.base['snapshot-id']),
      cleared_snapshot_id: context.clearedId === undefined ? null : String(context.clearedId),
      staged_snapshot_ids: context.stagedIds.map(String),
      insert_snapshot_ids: context.insertIds.map(String),
      ...(context.schema === undefined ? {} : { schema: context.schema }),
      rows_read: '0',
      rows_written: '0',
      audits: [],
    });
    await recordSession(context, { status: 'loaded', error: null, plan: JSON.stringify(stored.plan) });
  } catch (error) {
    ports.engine.resume();
    await abandonSession(context).catch(() => undefined);
    throw mapSqlError(error, ports.project, spec, context.plan);
  }
  await detachSession(context);
  return stepRecord(context, 'loaded', { load: secondsSince(startedMs) });
}

/** Runs the audits over what was staged. A blocking one that fails drops the branch, as in a run. */
export async function auditStep(
  request: StepRequest,
  options: { readonly keepBranch: boolean } = { keepBranch: false },
): Promise<StepRecord> {
  const found = await findSession(request);
  if (found.kind === 'idle') return idleRecord(found.idle);
  const { stored } = found;
  if (stored.status === 'audit-failed') return repeatedRecord(request, stored);
  const changed = stored.status === 'audited' && wasAuditedOtherwise(request);
  if (!changed && !expects(request, stored, 'audit', 'loaded')) return repeatedRecord(request, stored);
  const { ports, spec } = request;
  const startedMs = performance.now();
  // The audits as they are now, not as they were when the session was opened.
  const { context, staged } = await resumeSession(request, compilePlan(stored.plan, spec));
  context.audits.length = 0;
  try {
    for (const step of stored.plan.steps)
      if (step.kind === 'change-view') await openChangeView(context, step);
    await attachSession(context);
    await runStage(context, 'compose');
    await runStage(context, 'audit');
    // Publishing composes again, on `main` as it is by then: this list has done its work.
    removeComposedList(context);
  } catch (error) {
    ports.engine.resume();
    await detachSession(context).catch(() => undefined);
    throw mapSqlError(error, ports.project, spec, context.plan);
  }
  const failed = blocked(context) ? auditError(context, options.keepBranch) : undefined;
  await recordSession(context, {
    status: failed === undefined ? 'audited' : 'audit-failed',
    error: failed === undefined ? null : JSON.stringify(failed.toJSON()),
    plan: JSON.stringify(stored.plan),
  });
  if (failed === undefined) {
    saveSteps(context.directory, {
      ...staged,
      audits_sha256: auditsSha256(spec),
      rows_read: String(context.rowsRead),
      rows_written: String(context.rowsWritten),
      audits: context.audits,
    });
    await detachSession(context);
  } else if (options.keepBranch) await detachSession(context);
  else await abandonSession(context);
  return stepRecord(
    context,
    failed === undefined ? 'audited' : 'audit-failed',
    { audit: secondsSince(startedMs) },
    failed?.toJSON(),
  );
}

/** Publishes an audited session: data, watermark, session and signal in one commit. */
export async function publishStep(request: StepRequest): Promise<StepRecord> {
  const { ports, spec } = request;
  // Killed between the target and the state tables, where a catalog takes them one by one: it is published.
  await repairStateTables({ spec, project: ports.project, catalog: ports.catalog, ports: async () => ports });
  const found = await findSession(request);
  if (found.kind === 'idle') return idleRecord(found.idle);
  const { stored } = found;
  if (!expects(request, stored, 'publish', 'audited')) {
    // Killed after its commit: what the first one could not clean up.
    await closeSession(runContext(request.ports, stored.plan, request.spec, true));
    return repeatedRecord(request, stored);
  }
  if (wasAuditedOtherwise(request))
    throw refusal(
      'audits-changed',
      `the audits of ${request.spec.processName} were changed since session ${request.psybergSessionId} was audited`,
      {
        hint: `run again: psyberg session audit --process_name=${request.spec.processName} --psyberg_session_id=${request.psybergSessionId}`,
        context: { process_name: request.spec.processName, psyberg_session_id: request.psybergSessionId },
      },
    );
  const startedMs = performance.now();
  const { context } = await resumeSession(request, stored.plan);
  const compose = composeStepOf(stored.plan);
  try {
    context.composed = await composeSnapshot(context, compose, { base: context.base });
    await publish(context, compose);
  } catch (error) {
    if (!(error instanceof PsybergError)) throw error;
    const { code } = error;
    if (!isOvertaken(code)) throw error;
    // What was staged can never be published any more: it goes, and the session says why.
    await abandonSession(context);
    await recordSession(context, {
      status: 'conflict',
      error: JSON.stringify(error.toJSON()),
      plan: JSON.stringify(stored.plan),
    });
    throw conflict(code, error.message, {
      hint: `open the session anew: psyberg session init --process_name=${request.spec.processName}`,
      context: error.context,
      cause: error,
    });
  }
  await protectWatermarks(context.ports, context.plan, true);
  await closeSession(context).catch(() => undefined);
  return stepRecord(context, 'published', { publish: secondsSince(startedMs) });
}

/** What is asked of the staged rows: kinds, columns, severities and the text of SQL files. */
const auditsSha256 = ({ audits }: ProcessSpec): string =>
  createHash('sha256')
    .update(JSON.stringify(audits.map(({ place: _line, ...asked }) => asked)))
    .digest('hex');

/** True when the session was audited with other audits than the process has now. */
function wasAuditedOtherwise({ ports, spec, psybergSessionId }: StepRequest): boolean {
  const saved = readSteps(join(ports.sessionsDirectory, branchName(spec.processName, psybergSessionId)));
  return (
    saved !== undefined &&
    !('idle' in saved) &&
    saved.audits_sha256 !== undefined &&
    saved.audits_sha256 !== auditsSha256(spec)
  );
}

const isOvertaken = (code: ErrorCode): code is 'session-overtaken' | 'target-moved' =>
  code === 'session-overtaken' || code === 'target-moved';

/**
 * Confirms that the watermark of a published session is in place, and repairs `high_water_mark_table` where
 * it is not.
 */
export async function commitStep(
  request: StepRequest,
): Promise<{ readonly record: StepRecord; readonly repaired: boolean }> {
  const found = await findSession(request);
  if (found.kind === 'idle') return { record: idleRecord(found.idle), repaired: false };
  const { stored } = found;
  const { ports, spec, psybergSessionId } = request;
  if (stored.status !== 'published') throw outOfOrder(request, stored, 'commit', 'publish');
  const loaded = await ports.catalog.loadTable(spec.target.table);
  const published =
    loaded === undefined
      ? false
      : [...ancestors(loaded.metadata, mainSnapshot(loaded.metadata))].some(
          (snapshot) =>
            snapshot['snapshot-id'] === stored.targetSnapshotId ||
            snapshot.summary?.[SUMMARY.sessionId] === psybergSessionId,
        );
  const progress = loaded === undefined ? undefined : progressInSummary(loaded.metadata, spec.processName);
  if (
    loaded === undefined ||
    progress === undefined ||
    (!published && (progress.psybergSessionId ?? '') < psybergSessionId)
  )
    throw refusal(
      'watermark-lost',
      `session ${psybergSessionId} of ${spec.processName} was published as snapshot ${stored.targetSnapshotId}, but ${stored.plan.target.table} has lost it: it was rolled back or created anew`,
      {
        hint: `plan again: psyberg plan ${spec.processName} --explain`,
        context: { process_name: spec.processName, psyberg_session_id: psybergSessionId },
      },
    );
  const plan = progress.psybergSessionId === psybergSessionId ? stored.plan : undefined;
  const repaired = await repairWatermarkTable(ports, { spec, target: loaded.metadata, progress, plan });
  return { record: repeatedRecord(request, stored), repaired };
}

function removeComposedList(context: RunContext): void {
  const list = context.composed?.snapshot['manifest-list'];
  if (list !== undefined) removeLocalFile(list);
}

const secondsSince = (startedMs: number): number => Math.round(performance.now() - startedMs) / 1000;
