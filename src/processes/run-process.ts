/**
 * Runs one process from init to publish, and tries again where that helps: it waits for another running
 * session of the process, plans again when its target moved meanwhile, and starts over when an unrelated
 * query shut down the database. Process -> RunRecord; a failure is a record too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { compilePlan } from '../compile/index.ts';
import { isWorthRetrying, PsybergError } from '../model/errors.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { RestateRequest } from '../model/restate.ts';
import type { RunRecord } from '../model/run-record.ts';
import { dropAhead, type LoadedAhead, writesSameRows } from '../run/drivers/ahead.ts';
import type { Together } from '../run/drivers/together.ts';
import { runSession } from '../run/drivers/whole.ts';
import type { AbandonedSession } from '../run/leftovers/clean-up.ts';
import { protectWatermarks } from '../run/leftovers/protect-watermarks.ts';
import {
  type OwnSessions,
  sessionAtWork,
  WAIT_MAX_MS,
  waitForSession,
} from '../run/leftovers/session-at-work.ts';
import { unrecordedSessionId } from '../session/unused-session-id.ts';
import { isOutOfMemory } from '../workload/duckdb/sql-faults.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { addingColumns } from './adding-columns.ts';
import { boundComplaint } from './bound-complaint.ts';
import { clearLeftovers, dropAbandoned, sweepAfter } from './clear-leftovers.ts';
import { planProcess } from './plan-process.ts';
import { recordFailed } from './record-failed.ts';
import { failedRecord, idleRecord, withWait } from './records.ts';
import { specOfPlan } from './spec-of-plan.ts';
import { followsPublished, type PublishedNow, refuseBeyondExpected, refuseStale } from './stale-plan.ts';
import { type EndedSession, tellOutcome, tellSession } from './tell-session.ts';

export interface ProcessRequest {
  readonly keepBranch: boolean;
  /**
   * A plan that was made before: exactly this one is run, or refused when it is stale. A plan that follows
   * other processes is made again once they have published, and refused if it would then do more than it
   * expected.
   */
  readonly given: CompiledPlan | undefined;
  readonly publishedNow: PublishedNow;
  /** Set for a restate: computes the hours it names again, or loads what a restated process above changed. */
  readonly restate?: RestateRequest | undefined;
  /**
   * The sessions that it is published together with. Their caller has already removed what killed sessions
   * left ({@link clearLeftovers}): while commits are held nothing may be deleted.
   */
  readonly together?: Together | undefined;
  /** Sessions of the process that were begun while the one before was running. */
  readonly ahead?: SessionsAhead | undefined;
  /**
   * Takes the outcome when it is only preliminary, as in an atomic restate; default: observers are told at
   * once.
   */
  readonly onEnded?: (ended: EndedSession) => void;
}

/** Sessions of a process that are begun before it is their turn (`backlog.ts`). */
export interface SessionsAhead {
  /** The branches of these sessions so far, and that of the session whose turn it is. */
  readonly own: OwnSessions;
  /** Hands over what was loaded ahead for this session; undefined if nothing was, and on every later call. */
  take(): Promise<LoadedAhead | undefined>;
  /** To be called when what was loaded ahead did not fit the plan and was dropped. */
  dropped(): void;
  /** To be called with the plan that now runs. */
  planned(plan: CompiledPlan): void;
  /**
   * Drops what was begun of later sessions, to free the memory that they share; false if there was nothing.
   */
  makeRoom(): Promise<boolean>;
}

/** How often a session is planned again because its target moved meanwhile. */
const SESSION_ATTEMPTS = 8;
/** How often it starts over because unrelated queries kept shutting down the engine. */
const BYSTANDER_ATTEMPTS = 3;

/** What is carried from one try of a process to the next. */
interface Tries {
  plan?: CompiledPlan;
  /** True once the current try has made its plan. */
  isPlanned: boolean;
  /** The session id under which its failure is recorded in the session table. */
  recordedId?: string;
  waitedSeconds: number;
  /** Killed sessions whose branches were dropped. */
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
    const ended = await recordOf(workspace, spec, request, tries);
    // One that failed has the id under which `history` has it, or else that of its plan.
    const id = ended.psyberg_session_id || tries.recordedId || (tries.plan?.psyberg_session_id ?? '');
    const record = { ...ended, psyberg_session_id: id };
    const told = { spec, outcome: record, plan: tries.plan };
    if (request.onEnded === undefined) tellOutcome(workspace, told);
    else request.onEnded(told);
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
    return await repeatedAfterShutdown(() => untilPublished(workspace, planned, request, tries));
  } catch (thrown) {
    request.together?.giveUp();
    const error = await boundComplaint(workspace, spec, thrown);
    const record = failedRecord(spec, error, request.restate === undefined ? 'changes' : 'restate');
    const failed = { record, error, plan: tries.plan, restate: request.restate, given: request.given };
    const id = await recordFailed(workspace, spec, failed).catch(() => undefined);
    if (id !== undefined) tries.recordedId = id;
    return record;
  }
}

/** Repeats work that failed only because an unrelated statement shut down the database. */
async function repeatedAfterShutdown<T>(work: () => Promise<T>): Promise<T> {
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

/** Plans and runs, again and again, until there is a record. */
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
      if (isOutOfMemory(error) && (await request.ahead?.makeRoom()) === true) continue;
      const isTakenUp = tries.isPlanned && attempt < SESSION_ATTEMPTS && request.given === undefined;
      if (!isTakenUp || !isWorthRetrying(error)) throw error;
      workspace.onStep(`${spec.processName}: ${error.message}; planning again`);
      await sleep(Math.random() * 100 * attempt);
    }
  }
}

/**
 * Undefined means try again: it waited for another session of the process, or dropped what was loaded ahead.
 */
async function tryOnce(
  workspace: Workspace,
  spec: ProcessSpec,
  request: ProcessRequest,
  tries: Tries,
): Promise<RunRecord | undefined> {
  let loaded = await request.ahead?.take();
  const handedOver = (): LoadedAhead | undefined => {
    const ahead = loaded;
    loaded = undefined;
    return ahead;
  };
  try {
    const startedMs = performance.now();
    const plan = await workspace.observer.during({ kind: 'stage', stage: 'plan' }, () =>
      planOnce(workspace, spec, { ...request, psybergSessionId: loaded?.plan.psyberg_session_id }, tries),
    );
    tries.plan = plan;
    tries.isPlanned = true;
    const initSeconds = Math.round(performance.now() - startedMs) / 1000;
    const planned = { plan, initSeconds, tries };
    if (loaded !== undefined && !writesSameRows(loaded, plan)) {
      // The next try gets a new session id, later than that of the session that published meanwhile.
      request.ahead?.dropped();
      return undefined;
    }
    if (plan.status !== 'work') return await endWithoutWork(workspace, spec, request, planned);
    if (await waitsForAnother(workspace, spec, { tries, own: request.ahead?.own })) return undefined;
    tellSession(workspace, { spec, plan, resumed: false });
    request.ahead?.planned(plan);
    return await runOnce(workspace, spec, { ...request, handedOver }, planned);
  } finally {
    const left = handedOver();
    if (left !== undefined) await dropAhead(left);
  }
}

/**
 * Makes the plan to run now. Leftovers of killed sessions are cleared first, because such a session may have
 * created the target, or published.
 */
async function planOnce(
  workspace: Workspace,
  spec: ProcessSpec,
  {
    given,
    publishedNow,
    restate,
    together,
    psybergSessionId,
  }: ProcessRequest & { readonly psybergSessionId: string | undefined },
  { abandoned }: Tries,
): Promise<CompiledPlan> {
  if (together === undefined) abandoned.push(...(await clearLeftovers(workspace, spec)));
  if (restate !== undefined) return planProcess(workspace, spec, { restate });
  if (given === undefined)
    return planProcess(workspace, spec, psybergSessionId === undefined ? {} : { psybergSessionId });
  const id = await unrecordedSessionId(workspace, spec, given.psyberg_session_id);
  const fresh = await planProcess(workspace, spec, { psybergSessionId: id });
  if (followsPublished(given, publishedNow)) {
    refuseBeyondExpected(given, fresh, publishedNow);
    return fresh;
  }
  refuseStale(given, fresh, publishedNow);
  if (given.status !== 'work' && fresh.status !== 'work') return fresh;
  // The given plan runs as it is, even if an earlier process of this run has since published to a source.
  return compilePlan({ ...given, psyberg_session_id: id }, spec);
}

/**
 * Waits while another session of the process runs: it loads the same rows, so this one would load in vain.
 */
async function waitsForAnother(
  workspace: Workspace,
  { processName }: ProcessSpec,
  { tries, own }: { readonly tries: Tries; readonly own: OwnSessions | undefined },
): Promise<boolean> {
  const { sessionsDirectory, isInterrupted, onStep } = workspace;
  if (tries.waitedSeconds * 1000 >= WAIT_MAX_MS) return false;
  if (sessionAtWork(sessionsDirectory, processName, own) === undefined) return false;
  tries.waitedSeconds += await waitForSession(sessionsDirectory, processName, {
    isInterrupted,
    onStep,
    learn: workspace.markers.learn,
    ...(own === undefined ? {} : { own }),
  });
  return true;
}

interface Planned {
  readonly plan: CompiledPlan;
  readonly initSeconds: number;
  readonly tries: Tries;
}

async function endWithoutWork(
  workspace: Workspace,
  spec: ProcessSpec,
  { together }: ProcessRequest,
  { plan, initSeconds, tries }: Planned,
): Promise<RunRecord> {
  // A session that was killed right after it published may not have moved its tag.
  if (together === undefined)
    await protectWatermarks({ catalog: workspace.client, onStep: workspace.onStep }, plan, false);
  await sweepAfter(workspace, spec, tries.abandoned);
  return idleRecord(plan, { initSeconds, waitedSeconds: tries.waitedSeconds });
}

async function runOnce(
  workspace: Workspace,
  spec: ProcessSpec,
  {
    keepBranch,
    together,
    handedOver,
  }: ProcessRequest & { readonly handedOver: () => LoadedAhead | undefined },
  { plan, initSeconds, tries }: Planned,
): Promise<RunRecord> {
  const ports = await workspace.ports(spec);
  const { sweepLater } = await import('../run/leftovers/sweep.ts');
  await sweepLater(ports);
  const target = await workspace.client.loadTable(spec.target.table);
  // The target has other refs: maybe branches of killed sessions whose folder is gone or on another machine.
  if (together === undefined && Object.keys(target?.metadata.refs ?? {}).length > 1)
    tries.abandoned.push(...(await dropAbandoned(workspace, spec)));
  const ahead = handedOver();
  const record = await runSession(ports, plan, spec, { keepBranch, initSeconds, together, ahead });
  await sweepAfter(workspace, spec, tries.abandoned);
  return withWait(record, tries.waitedSeconds);
}
