/**
 * A session one step at a time, for an orchestrator: init ▸ load ▸ audit ▸ publish ▸ commit, each in a
 * process of its own. The same steps as a run, with the session's state in the session table between them. A
 * step that is repeated after success does nothing.
 */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { compilePlan } from '../compile/index.ts';
import { ancestors, mainSnapshot, snapshotById } from '../iceberg/history.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import { conflict, type ErrorJson, PsybergError, refusal, usageError } from '../model/errors.ts';
import type { CompiledPlan, Step } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { branchName, type RunRecord } from '../model/run-record.ts';
import { removeLocalFile } from '../state/local-files.ts';
import { progressInSummary, SUMMARY } from '../state/read-watermarks.ts';
import { abandonSession, closeSession, detachSession, dropAbandonedSessions } from './clean-up.ts';
import { branchHead, loadTarget, type RunContext, type RunPorts } from './context.ts';
import { attachSession, isPlannedBase, openChangeView } from './open-branch.ts';
import { protectWatermarks } from './protect-watermarks.ts';
import { repairStateTables } from './repair-state.ts';
import { isAtWork, readMarker, writeMarker } from './session-marker.ts';
import { repairWatermarkTable } from './repair-watermark.ts';
import { auditError, blocked, recordHead, runContext, runRecord, runStage } from './run-session.ts';
import {
  type IdleJson,
  readSteps,
  readStoredSession,
  saveSteps,
  type StagedJson,
  type StoredSession,
} from './saved-session.ts';
import { mapSqlError } from './sql-error.ts';
import { composeSnapshot } from './stage-load.ts';
import { publish } from './stage-publish.ts';
import { recordSession } from './write-session-state.ts';

/** The states of a stepwise session, beside those of a run. */
export type StepStatus = RunRecord['status'] | 'initialized' | 'loaded' | 'audited';
export type StepRecord = Omit<RunRecord, 'status'> & { readonly status: StepStatus };

export interface StepRequest {
  readonly ports: RunPorts;
  readonly spec: ProcessSpec;
  readonly psybergSessionId: string;
}

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

/** How far a session has come; a step expects the state before its own. */
const PROGRESS: readonly string[] = ['initialized', 'loaded', 'audited', 'published'];

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
      if (step.name.startsWith('change_view ')) await openChangeView(context, step);
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
  const compose = stored.plan.steps.find((step) => step.stage === 'compose') as Step;
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

type FoundSession =
  | { readonly kind: 'idle'; readonly idle: IdleJson }
  | { readonly kind: 'stored'; readonly stored: StoredSession };

/** The session by its id. Throws `session-unknown` when init never opened it. */
async function findSession({ ports, spec, psybergSessionId }: StepRequest): Promise<FoundSession> {
  const saved = readSteps(join(ports.sessionsDirectory, branchName(spec.processName, psybergSessionId)));
  if (saved !== undefined && 'idle' in saved) return { kind: 'idle', idle: saved };
  const stored = await readStoredSession(ports, spec.processName, psybergSessionId);
  if (stored !== undefined) return { kind: 'stored', stored };
  throw usageError('session-unknown', `there is no session ${psybergSessionId} of ${spec.processName}`, {
    hint: `open it first: psyberg session init --process_name=${spec.processName} --psyberg_session_id=${psybergSessionId}`,
    context: { process_name: spec.processName, psyberg_session_id: psybergSessionId },
  });
}

/**
 * True when the session is where the step expects it, false when the step was done before. Throws
 * `step-out-of-order`.
 */
function expects(
  request: StepRequest,
  stored: StoredSession,
  step: string,
  before: 'initialized' | 'loaded' | 'audited',
): boolean {
  if (stored.status === before) return true;
  if (PROGRESS.indexOf(stored.status) > PROGRESS.indexOf(before)) return false;
  throw outOfOrder(request, stored, step, NEXT_STEP[stored.status] ?? 'init');
}

const NEXT_STEP: Readonly<Record<string, string>> = {
  initialized: 'load',
  loaded: 'audit',
  audited: 'publish',
};

function outOfOrder(
  { spec, psybergSessionId }: StepRequest,
  stored: StoredSession,
  step: string,
  missing: string,
): PsybergError {
  const next = NEXT_STEP[stored.status] ?? missing;
  return refusal(
    'step-out-of-order',
    `${step} cannot run: session ${psybergSessionId} of ${spec.processName} is '${stored.status}'${stored.error === undefined ? '' : ` (${stored.error.message})`}`,
    {
      hint: `run first: psyberg session ${next} --process_name=${spec.processName} --psyberg_session_id=${psybergSessionId}`,
      context: {
        process_name: spec.processName,
        psyberg_session_id: psybergSessionId,
        status: stored.status,
      },
    },
  );
}

/**
 * A plan is loaded as it was made: by the same SQL, onto the same target, from snapshots that are still
 * there. A source that grew meanwhile does not matter.
 */
async function refuseStaleSession(
  { ports, spec, psybergSessionId }: StepRequest,
  plan: CompiledPlan,
): Promise<void> {
  const stale = (what: string): PsybergError =>
    refusal(
      'plan-stale',
      `session ${psybergSessionId} of ${spec.processName} is stale: ${what} since it was opened`,
      {
        hint: `open a new one: psyberg session init --process_name=${spec.processName}`,
        context: { process_name: spec.processName, psyberg_session_id: psybergSessionId },
      },
    );
  if (plan.process_sha256 !== spec.sqlSha256) throw stale('the SQL of the process was changed');
  const target = await ports.catalog.loadTable(spec.target.table);
  const main = target === undefined ? undefined : mainSnapshot(target.metadata);
  if (
    !isPlannedBase(plan, main) ||
    (plan.target.exists && target?.metadata['table-uuid'] !== plan.target.table_uuid)
  )
    throw stale(`the target ${plan.target.table} was changed`);
  for (const source of plan.sources) {
    if (source.head === null) continue;
    const [namespace = '', name = ''] = source.table.split('.');
    const loaded = await ports.catalog.loadTable({ namespace: [namespace], name });
    const there =
      loaded !== undefined &&
      loaded.metadata['table-uuid'] === source.head.table_uuid &&
      snapshotById(loaded.metadata, BigInt(source.head.snapshot_id)) !== undefined;
    if (!there) throw stale(`snapshot ${source.head.snapshot_id} of the source ${source.table} was removed`);
  }
}

/** Two loads of one session at once would each take the other's branch for a dead one's. */
function refuseSecondLoad(context: RunContext): void {
  const marker = readMarker(context.directory);
  if (
    marker === undefined ||
    marker.host !== hostname() ||
    marker.pid === process.pid ||
    !isAtWork({ ...marker, stepwise: false }, context.directory)
  )
    return;
  throw conflict(
    'session-busy',
    `session ${context.plan.psyberg_session_id} of ${context.plan.process_name} is being loaded by process ${marker.pid}`,
    {
      hint: 'wait until it has ended',
    },
  );
}

/**
 * The context of a session that was loaded by another process. Throws `staging-lost` when its branch is no
 * longer what the load left.
 */
async function resumeSession(
  { ports, spec, psybergSessionId }: StepRequest,
  plan: CompiledPlan,
): Promise<{ readonly context: RunContext; readonly staged: StagedJson }> {
  const context = runContext(ports, plan, spec, true);
  const staged = readSteps(context.directory);
  const target = await ports.catalog.loadTable(spec.target.table);
  const head = target === undefined ? undefined : branchHead(target.metadata, context.branch);
  // Composing from a branch that is gone would publish the watermark without the rows.
  if (
    target === undefined ||
    staged === undefined ||
    'idle' in staged ||
    (head === undefined ? null : String(head['snapshot-id'])) !== staged.branch_head
  )
    throw refusal(
      'staging-lost',
      `what session ${psybergSessionId} of ${spec.processName} staged is gone: its branch ${context.branch} was dropped or changed`,
      {
        hint: `open a new session: psyberg session init --process_name=${spec.processName}`,
        context: {
          process_name: spec.processName,
          psyberg_session_id: psybergSessionId,
          branch: context.branch,
        },
      },
    );
  const baseId = staged.base_snapshot_id ?? plan.target.base_snapshot_id;
  if (baseId !== null) context.base = snapshotById(target.metadata, BigInt(baseId));
  context.schema = staged.schema;
  if (staged.cleared_snapshot_id !== null) context.clearedId = BigInt(staged.cleared_snapshot_id);
  context.stagedIds.push(...staged.staged_snapshot_ids.map(BigInt));
  context.insertIds.push(...staged.insert_snapshot_ids.map(BigInt));
  context.rowsRead = BigInt(staged.rows_read);
  context.rowsWritten = BigInt(staged.rows_written);
  context.audits.push(...staged.audits);
  return { context, staged };
}

function removeComposedList(context: RunContext): void {
  const list = context.composed?.snapshot['manifest-list'];
  if (list !== undefined) removeLocalFile(list);
}

const secondsSince = (startedMs: number): number => Math.round(performance.now() - startedMs) / 1000;

function stepRecord(
  context: RunContext,
  status: StepStatus,
  spent: Partial<RunRecord['seconds']>,
  error?: ErrorJson,
): StepRecord {
  const seconds = { init: 0, load: 0, audit: 0, publish: 0, ...spent };
  const record = runRecord(context, 'published', {
    seconds: { ...seconds, total: seconds.load + seconds.audit + seconds.publish },
    error: undefined,
  });
  return { ...record, status, error: error ?? null };
}

/** What a step reports that was done before: the session as it is. */
function repeatedRecord({ spec }: StepRequest, stored: StoredSession): StepRecord {
  return {
    ...recordHead(stored.plan),
    target: stored.plan.target.table,
    process_name: spec.processName,
    status: stored.status as StepStatus,
    published_snapshot_id: stored.targetSnapshotId === undefined ? null : String(stored.targetSnapshotId),
    rows_read: String(stored.rowsRead),
    rows_written: String(stored.rowsWritten),
    audits: [],
    seconds: NO_TIME,
    error: stored.error ?? null,
  };
}

const idleRecord = ({ idle, plan }: IdleJson): StepRecord => ({
  ...recordHead(plan),
  status: idle,
  published_snapshot_id: null,
  rows_read: '0',
  rows_written: '0',
  audits: [],
  seconds: NO_TIME,
  error: null,
});

const NO_TIME: RunRecord['seconds'] = Object.freeze({ init: 0, load: 0, audit: 0, publish: 0, total: 0 });
