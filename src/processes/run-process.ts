/**
 * One process from init to publish, and again where that helps: it waits for another session of its process,
 * plans anew when somebody moved its target meanwhile, and begins again when a query beside it shut the
 * database. Process -> RunRecord; what failed is a record, too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { compilePlan } from '../compile/index.ts';
import { type ErrorJson, isWorthRetrying, PsybergError } from '../model/errors.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { RestateRequest } from '../model/restate.ts';
import type { RunRecord } from '../model/run-record.ts';
import type { Together } from '../run/drivers/together.ts';
import { runSession } from '../run/drivers/whole.ts';
import type { AbandonedSession } from '../run/leftovers/clean-up.ts';
import { protectWatermarks } from '../run/leftovers/protect-watermarks.ts';
import { sessionAtWork, WAIT_MAX_MS, waitForSession } from '../run/leftovers/session-at-work.ts';
import { hasSessionFolder } from '../workspace/folders.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { addingColumns } from './adding-columns.ts';
import { boundComplaint } from './bound-complaint.ts';
import { planProcess } from './plan-process.ts';
import { failedRecord, idleRecord, withWait } from './records.ts';
import { specOfPlan } from './spec-of-plan.ts';
import { followsPublished, type PublishedNow, refuseBeyondExpected, refuseStale } from './stale-plan.ts';
import { type EndedSession, tellOutcome, tellSession } from './tell-session.ts';

export interface ProcessRequest {
  readonly keepBranch: boolean;
  /**
   * A plan that was made before: exactly this one is run, or refused when it is stale. What follows others is
   * planned once they have published, and refused where it would do more than was expected.
   */
  readonly given: CompiledPlan | undefined;
  readonly publishedNow: PublishedNow;
  /** Not what changed is loaded, but hours are computed again; or what lies below such. */
  readonly restate?: RestateRequest | undefined;
  /**
   * The sessions that it is published with. What killed ones have left goes before, by
   * {@link clearLeftovers}: while commits are held nothing of it may be deleted.
   */
  readonly together?: Together | undefined;
  /** Takes how it ended, for whoever knows later whether that is so; default: those who listen are told. */
  readonly onEnded?: (ended: EndedSession) => void;
}

/** How often a session is planned anew because somebody moved its target meanwhile. */
const SESSION_ATTEMPTS = 8;
/** How often it is begun again because queries beside it kept ending the engine. */
const BYSTANDER_ATTEMPTS = 3;

/** What one try after the other finds out. */
interface Tries {
  plan?: CompiledPlan;
  /** The try has come beyond planning. */
  isPlanned: boolean;
  /** Under which session its failure stands in the session table. */
  recordedId?: string;
  waitedSeconds: number;
  /** Sessions of killed processes, whose branches were dropped. */
  readonly abandoned: AbandonedSession[];
}

/** Runs the process. Never throws: an error is in the record, and in the session table. */
export const runProcess = (
  workspace: Workspace,
  spec: ProcessSpec,
  request: ProcessRequest,
): Promise<RunRecord> =>
  workspace.observer.during({ kind: 'process', processName: spec.processName }, async () => {
    const tries: Tries = { isPlanned: false, waitedSeconds: 0, abandoned: [] };
    const record = await recordOf(workspace, spec, request, tries);
    const id = record.psyberg_session_id || tries.recordedId || (tries.plan?.psyberg_session_id ?? '');
    const ended = { spec, outcome: { ...record, psyberg_session_id: id }, plan: tries.plan };
    if (request.onEnded === undefined) tellOutcome(workspace, ended);
    else request.onEnded(ended);
    return record;
  });

async function recordOf(
  workspace: Workspace,
  spec: ProcessSpec,
  request: ProcessRequest,
  tries: Tries,
): Promise<RunRecord> {
  try {
    const { given, restate } = request;
    const asked = restate === undefined ? spec : addingColumns(spec);
    const planned = given === undefined ? asked : specOfPlan(workspace.project, spec, given);
    return await untilLeftAlone(() => untilPublished(workspace, planned, request, tries));
  } catch (thrown) {
    request.together?.giveUp();
    const error = await boundComplaint(workspace, spec, thrown);
    const record = failedRecord(spec, error, request.restate === undefined ? 'changes' : 'restate');
    const { restate } = request;
    await recordFailed(workspace, spec, { record, error, tries, restate }).catch(() => undefined);
    return record;
  }
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

/** Plans and runs until a record comes of it. */
async function untilPublished(
  workspace: Workspace,
  spec: ProcessSpec,
  request: ProcessRequest,
  tries: Tries,
): Promise<RunRecord> {
  for (let attempt = 1; ; attempt += 1) {
    tries.isPlanned = false;
    try {
      const record = await workspace.client.inSession(() => tryOnce(workspace, spec, request, tries));
      if (record !== undefined) return record;
      attempt -= 1;
    } catch (error) {
      const isTakenUp = tries.isPlanned && attempt < SESSION_ATTEMPTS && request.given === undefined;
      if (!isTakenUp || !isWorthRetrying(error)) throw error;
      workspace.onStep(`${spec.processName}: ${error.message}; planning again`);
      await sleep(Math.random() * 100 * attempt);
    }
  }
}

/** Undefined after another session of the process was waited for. */
async function tryOnce(
  workspace: Workspace,
  spec: ProcessSpec,
  request: ProcessRequest,
  tries: Tries,
): Promise<RunRecord | undefined> {
  const startedMs = performance.now();
  const plan = await workspace.observer.during({ kind: 'stage', stage: 'plan' }, () =>
    planOnce(workspace, spec, request, tries),
  );
  tries.plan = plan;
  tries.isPlanned = true;
  const initSeconds = Math.round(performance.now() - startedMs) / 1000;
  const planned = { plan, initSeconds, tries };
  if (plan.status !== 'work') return idle(workspace, spec, request, planned);
  if (await waitsForAnother(workspace, spec, tries)) return undefined;
  tellSession(workspace, { spec, plan, resumed: false });
  return runOnce(workspace, spec, request, planned);
}

/**
 * What killed sessions of a process have left goes, and what they have not written down is written down. The
 * sessions are for {@link sweepAfter}.
 */
export async function clearLeftovers(workspace: Workspace, spec: ProcessSpec): Promise<AbandonedSession[]> {
  const { project, client, ports, sessionsDirectory } = workspace;
  await workspace.markers.learn();
  if (project.catalog.kind === 'rest') {
    const { repairStateTables } = await import('../run/records/repair-state.ts');
    await repairStateTables({ spec, project, catalog: client, ports });
  }
  return hasSessionFolder(sessionsDirectory, spec.processName) ? dropAbandoned(workspace, spec) : [];
}

/**
 * The plan to run now. What a killed session has left goes before: it may have created the target, or
 * published.
 */
async function planOnce(
  workspace: Workspace,
  spec: ProcessSpec,
  { given, publishedNow, restate, together }: ProcessRequest,
  { abandoned }: Tries,
): Promise<CompiledPlan> {
  if (together === undefined) abandoned.push(...(await clearLeftovers(workspace, spec)));
  if (restate !== undefined) return planProcess(workspace, spec, { restate });
  if (given === undefined) return planProcess(workspace, spec);
  const fresh = await planProcess(workspace, spec, { psybergSessionId: given.psyberg_session_id });
  if (followsPublished(given, publishedNow)) {
    refuseBeyondExpected(given, fresh, publishedNow);
    return fresh;
  }
  refuseStale(given, fresh, publishedNow);
  if (given.status !== 'work' && fresh.status !== 'work') return fresh;
  // What was planned is what runs, also where a process before it in this very run has moved a source on
  // since.
  return compilePlan(given, spec);
}

/** Another session of the process loads what this one would: whoever comes second would load for nothing. */
async function waitsForAnother(
  workspace: Workspace,
  { processName }: ProcessSpec,
  tries: Tries,
): Promise<boolean> {
  const { sessionsDirectory, isInterrupted, onStep } = workspace;
  if (tries.waitedSeconds * 1000 >= WAIT_MAX_MS) return false;
  if (sessionAtWork(sessionsDirectory, processName) === undefined) return false;
  tries.waitedSeconds += await waitForSession(sessionsDirectory, processName, {
    isInterrupted,
    onStep,
    learn: workspace.markers.learn,
  });
  return true;
}

interface Planned {
  readonly plan: CompiledPlan;
  readonly initSeconds: number;
  readonly tries: Tries;
}

async function idle(
  workspace: Workspace,
  spec: ProcessSpec,
  { together }: ProcessRequest,
  { plan, initSeconds, tries }: Planned,
): Promise<RunRecord> {
  // A crash just after publishing left the tag behind.
  if (together === undefined)
    await protectWatermarks({ catalog: workspace.client, onStep: workspace.onStep }, plan, false);
  await sweepAfter(workspace, spec, tries.abandoned);
  return idleRecord(plan, { initSeconds, waitedSeconds: tries.waitedSeconds });
}

async function runOnce(
  workspace: Workspace,
  spec: ProcessSpec,
  { keepBranch, together }: ProcessRequest,
  { plan, initSeconds, tries }: Planned,
): Promise<RunRecord> {
  const ports = await workspace.ports(spec);
  const { sweepLater } = await import('../run/leftovers/sweep.ts');
  await sweepLater(ports);
  const target = await workspace.client.loadTable(spec.target.table);
  // A branch whose folder is gone, or on another machine.
  if (together === undefined && Object.keys(target?.metadata.refs ?? {}).length > 1)
    tries.abandoned.push(...(await dropAbandoned(workspace, spec)));
  const record = await runSession(ports, plan, spec, { keepBranch, initSeconds, together });
  await sweepAfter(workspace, spec, tries.abandoned);
  return withWait(record, tries.waitedSeconds);
}

async function dropAbandoned(workspace: Workspace, spec: ProcessSpec): Promise<AbandonedSession[]> {
  const { dropAbandonedSessions } = await import('../run/leftovers/clean-up.ts');
  return dropAbandonedSessions(await workspace.ports(spec), spec.target.table, spec.processName);
}

/** The commits that killed sessions had begun: their tables have been committed to since. */
export async function sweepAfter(
  workspace: Workspace,
  spec: ProcessSpec,
  abandoned: readonly AbandonedSession[],
): Promise<void> {
  if (abandoned.length === 0) return;
  const { sweepMetadataFiles } = await import('../run/leftovers/sweep.ts');
  const since = Math.min(...abandoned.map((each) => each.startedAtMs));
  await sweepMetadataFiles(await workspace.ports(), spec, since);
}

/** Writes the failure into the session table, as far as that is possible. */
async function recordFailed(
  workspace: Workspace,
  spec: ProcessSpec,
  failed: {
    readonly record: RunRecord;
    readonly error: unknown;
    readonly tries: Tries;
    readonly restate: RestateRequest | undefined;
  },
): Promise<void> {
  const { record, error, tries, restate } = failed;
  const { isRecorded, recordFailure } = await import('../run/records/record-failure.ts');
  if (record.error === null || !isRecorded(error)) return;
  const id = await recordFailure(await workspace.ports(), spec, {
    status: record.status,
    error: record.error as ErrorJson,
    plan: tries.plan,
    restate,
    atMs: workspace.now(),
  });
  if (id === undefined) return;
  workspace.failedSessions.set(spec.processName, id);
  tries.recordedId = id;
}
