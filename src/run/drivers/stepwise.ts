/**
 * Runs a session one step at a time, for an orchestrator: init ▸ load ▸ audit ▸ publish ▸ commit, each in a
 * process of its own. The steps are those of a run, with the session's state in the session table between
 * them. Repeating a step that succeeded does nothing.
 */
import { createHash } from 'node:crypto';
import { compilePlan, planOfComputed } from '../../compile/index.ts';
import { removeFile } from '../../files/remove.ts';
import { ancestors, mainSnapshot } from '../../iceberg/history.ts';
import { sessionFolder } from '../../markers/session-folders.ts';
import type { ErrorCode } from '../../model/error-codes.ts';
import { conflict, PsybergError, refusal } from '../../model/errors.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { stepsOf } from '../../model/step.ts';
import { progressInSummary } from '../../state/process-progress.ts';
import { SUMMARY } from '../../state/summary-keys.ts';
import { abandonSession, closeSession, detachSession, dropAbandonedSessions } from '../leftovers/clean-up.ts';
import { auditError } from '../record.ts';
import { repairStateTables } from '../records/repair-state.ts';
import { repairWatermarkTable } from '../records/repair-watermark.ts';
import { recordSession, stateWriter } from '../records/write-session-state.ts';
import {
  type Audited,
  beginSession,
  type Opened,
  type Published,
  type Staged,
  unaudited,
} from '../session.ts';
import { auditStage, isBlocked } from '../stages/audit.ts';
import { closeStage } from '../stages/close.ts';
import { composeSnapshot, composeStage } from '../stages/compose.ts';
import { loadStage } from '../stages/load.ts';
import { openStage } from '../stages/open.ts';
import { publishStage } from '../stages/publish.ts';
import { loadTarget } from '../target.ts';
import { attachSession, openChangeView } from '../views/show-sources.ts';
import {
  auditedJson,
  readSteps,
  readStoredSession,
  type StagedJson,
  saveSteps,
  stagedJson,
} from './saved-session.ts';
import {
  idleStepRecord,
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
  type ResumedSession,
  refuseSecondLoad,
  refuseStaleSession,
  resumeSession,
} from './step-session.ts';
import { placed } from './undo.ts';

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
  const session = beginSession(ports, plan, spec, { stepwise: true });
  if (plan.status === 'work') {
    // An earlier attempt may have left an idle marker.
    await abandonSession(session);
    await recordSession(session, { status: 'initialized', error: null, plan: JSON.stringify(plan) });
    return { status: 'initialized', plan };
  }
  // What was recorded for this id before has nothing left to do.
  const idle = plan.status === 'waiting' ? 'waiting' : 'nothing-new';
  if (stored !== undefined)
    await recordSession(session, { status: idle, error: null, plan: JSON.stringify(plan) });
  await ports.markers.begin(session.directory, true);
  saveSteps(session, { idle, plan });
  return { status: idle, plan };
}

/** Stages the session's rows on its branch. */
export async function loadStep(request: StepRequest): Promise<StepRecord> {
  const found = await findSession(request);
  if (found.kind === 'idle') return idleStepRecord(found.idle);
  const { stored } = found;
  if (!expects(request, stored, 'load', 'initialized')) return repeatedRecord(request, stored);
  const { ports, spec } = request;
  await refuseStaleSession(request, stored.plan);
  const session = beginSession(ports, stored.plan, spec, { stepwise: true });
  const startedMs = performance.now();
  let { plan } = stored;
  refuseSecondLoad(session);
  await dropAbandonedSessions(ports, spec.target.table, spec.processName);
  // An earlier attempt may have been killed.
  await abandonSession(session);
  try {
    await ports.markers.begin(session.directory, true);
    const staged = await loadStage(await openStage(session));
    saveSteps(session, stagedJson(staged, (await loadTarget(staged)).metadata));
    // What comes after is for the hours that were computed.
    const computed = staged.plan.hours.map(({ hour }) => hour);
    plan = planOfComputed(stored.plan, spec, { computed, dialect: ports.workload.dialect });
    const loaded = { ...session, plan };
    await recordSession(loaded, { status: 'loaded', error: null, plan: JSON.stringify(plan) });
  } catch (error) {
    ports.workload.resume();
    await abandonSession(session).catch(() => undefined);
    throw placed(session, error);
  }
  await detachSession(session);
  return stepRecord({ plan }, 'loaded', { load: secondsSince(startedMs) });
}

/** Runs the audits over what was staged. A blocking one that fails drops the branch, as in a run. */
export async function auditStep(
  request: StepRequest,
  options: { readonly keepBranch: boolean } = { keepBranch: false },
): Promise<StepRecord> {
  const found = await findSession(request);
  if (found.kind === 'idle') return idleStepRecord(found.idle);
  const { stored } = found;
  if (stored.status === 'audit-failed') return repeatedRecord(request, stored);
  const changed = stored.status === 'audited' && wasAuditedOtherwise(request);
  if (!changed && !expects(request, stored, 'audit', 'loaded')) return repeatedRecord(request, stored);
  const { ports, spec } = request;
  const startedMs = performance.now();
  // The audits as they are now, not as they were when the session was opened.
  const { staged, saved } = await resumeSession(
    request,
    compilePlan(stored.plan, spec, ports.workload.dialect),
  );
  const audited = await auditStaged(staged).catch(async (error: unknown) => {
    ports.workload.resume();
    await detachSession(staged).catch(() => undefined);
    throw placed(staged, error);
  });
  const { rowsRead, rowsWritten, failures } = audited;
  const failed = isBlocked(audited) ? auditError(audited, options.keepBranch) : undefined;
  const status = failed === undefined ? 'audited' : 'audit-failed';
  await recordSession(audited, {
    status,
    error: failed === undefined ? null : JSON.stringify(failed.toJSON()),
    plan: JSON.stringify(stored.plan),
    rowsRead,
    rowsWritten,
    failures,
  });
  if (failed === undefined) saveSteps(audited, auditedJson(saved, audited, auditsSha256(spec)));
  if (failed === undefined || options.keepBranch) await detachSession(audited);
  else await abandonSession(audited);
  return stepRecord(audited, status, { audit: secondsSince(startedMs) }, failed?.toJSON());
}

/** Shows the session's tables again, and runs its audits over what would be published now. */
async function auditStaged(staged: Staged): Promise<Audited> {
  let opened: Opened = staged;
  for (const step of stepsOf(staged.plan, 'branch'))
    if (step.kind === 'change-view') opened = await openChangeView(opened, step);
  const { shown, previous } = await attachSession(opened);
  const audited = await auditStage(await composeStage({ ...staged, shown, previous }));
  // Publishing composes again, on `main` as it is by then: this list has done its work.
  removeFile(audited.composed.snapshot['manifest-list']);
  return audited;
}

/** Publishes an audited session: data, watermark, session and signal in one commit. */
export async function publishStep(request: StepRequest): Promise<StepRecord> {
  const { ports, spec } = request;
  // Killed between the target and the state tables, where a catalog takes them one by one: it is published.
  await repairStateTables({ spec, project: ports.project, catalog: ports.catalog, ports: async () => ports });
  const found = await findSession(request);
  if (found.kind === 'idle') return idleStepRecord(found.idle);
  const { stored } = found;
  if (!expects(request, stored, 'publish', 'audited')) {
    // Killed after its commit: what the first one could not clean up.
    await closeSession(beginSession(ports, stored.plan, spec, { stepwise: true }));
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
  const { staged, saved } = await resumeSession(request, stored.plan);
  const published = await publishStaged(staged, saved).catch((error: unknown) =>
    endOvertaken(request, { staged, saved }, error),
  );
  await closeStage(published);
  return stepRecord(published, 'published', { publish: secondsSince(startedMs) });
}

/** Publishes what was staged and audited by other processes. */
async function publishStaged(staged: Staged, saved: StagedJson): Promise<Published> {
  const composed = await composeSnapshot(staged, { base: staged.base });
  return publishStage({
    ...unaudited({ ...staged, composed, state: stateWriter(staged) }),
    rowsRead: BigInt(saved.rows_read),
    rowsWritten: BigInt(saved.rows_written),
    audits: saved.audits,
  });
}

/** What was staged can never be published any more: it goes, and the session says why. Other errors stay. */
async function endOvertaken(
  { spec }: StepRequest,
  { staged, saved }: ResumedSession,
  error: unknown,
): Promise<never> {
  if (!(error instanceof PsybergError)) throw error;
  const { code } = error;
  if (!isOvertaken(code)) throw error;
  await abandonSession(staged);
  await recordSession(staged, {
    status: 'conflict',
    error: JSON.stringify(error.toJSON()),
    plan: JSON.stringify(staged.plan),
    rowsRead: BigInt(saved.rows_read),
    rowsWritten: BigInt(saved.rows_written),
  });
  throw conflict(code, error.message, {
    hint: `open the session anew: psyberg session init --process_name=${spec.processName}`,
    context: error.context,
    cause: error,
  });
}

/**
 * What is asked of the staged rows: kinds, columns, severities and the text of SQL files, macros and
 * variables.
 */
const auditsSha256 = ({ audits, macros = [], variables }: ProcessSpec): string =>
  createHash('sha256')
    .update(JSON.stringify(audits.map(({ place: _line, ...asked }) => asked)))
    .update(macros.map(({ definition }) => definition).join('\n'))
    .update(variables === undefined ? '' : JSON.stringify(variables))
    .digest('hex');

/** True when the session was audited with other audits than the process has now. */
function wasAuditedOtherwise({ ports, spec, psybergSessionId }: StepRequest): boolean {
  const saved = readSteps(sessionFolder(ports.sessionsDirectory, { ...spec, psybergSessionId }));
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
  if (found.kind === 'idle') return { record: idleStepRecord(found.idle), repaired: false };
  const { stored } = found;
  const { ports, spec, psybergSessionId } = request;
  if (stored.status !== 'published') throw outOfOrder(request, stored, 'commit');
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

const secondsSince = (startedMs: number): number => Math.round(performance.now() - startedMs) / 1000;
