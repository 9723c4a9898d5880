/**
 * One process from init to publish, and again where that helps: it waits for another session of its process,
 * plans anew when somebody moved its target meanwhile, and begins again when a query beside it shut the
 * database. Process -> RunRecord; what failed is a record, too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { compilePlan } from '../compile/index.ts';
import { isWorthRetrying, PsybergError } from '../model/errors.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { RestateRequest } from '../model/restate.ts';
import type { RunRecord } from '../model/run-record.ts';
import { dropAhead, type LoadedAhead, restsOnSame } from '../run/drivers/ahead.ts';
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
  /** What was begun of its sessions while the one before was at work. */
  readonly ahead?: SessionsAhead | undefined;
  /** Takes how it ended, for whoever knows later whether that is so; default: those who listen are told. */
  readonly onEnded?: (ended: EndedSession) => void;
}

/** Sessions of a process that are begun before it is their turn (`backlog.ts`). */
export interface SessionsAhead {
  /** Their branches, as far as they are known, and that of the session whose turn it is. */
  readonly own: OwnSessions;
  /** What there is of this session; at most once, and undefined where there is nothing. */
  take(): Promise<LoadedAhead | undefined>;
  /** What there was of this session was of another one. */
  dropped(): void;
  /** Takes the plan that runs. */
  planned(plan: CompiledPlan): void;
  /** Drops what is begun of later sessions; false where nothing is. They share DuckDB's memory. */
  makeRoom(): Promise<boolean>;
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
    const failed = { record, error, plan: tries.plan, restate: request.restate };
    const id = await recordFailed(workspace, spec, failed).catch(() => undefined);
    if (id !== undefined) tries.recordedId = id;
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
      if (isOutOfMemory(error) && (await request.ahead?.makeRoom()) === true) continue;
      const isTakenUp = tries.isPlanned && attempt < SESSION_ATTEMPTS && request.given === undefined;
      if (!isTakenUp || !isWorthRetrying(error)) throw error;
      workspace.onStep(`${spec.processName}: ${error.message}; planning again`);
      await sleep(Math.random() * 100 * attempt);
    }
  }
}

/** Undefined after another session of the process was waited for, and where what was begun is dropped. */
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
  const drop = async (): Promise<void> => {
    const ahead = handedOver();
    if (ahead !== undefined) await dropAhead(ahead);
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
    if (loaded !== undefined && !restsOnSame(loaded, plan)) {
      // Planned anew, under an id that is later than that of whoever published meanwhile.
      request.ahead?.dropped();
      return undefined;
    }
    if (plan.status !== 'work') return await idle(workspace, spec, request, planned);
    if (await waitsForAnother(workspace, spec, { tries, own: request.ahead?.own })) return undefined;
    tellSession(workspace, { spec, plan, resumed: false });
    request.ahead?.planned(plan);
    return await runOnce(workspace, spec, { ...request, handedOver }, planned);
  } finally {
    await drop();
  }
}

/**
 * The plan to run now. What a killed session has left goes before: it may have created the target, or
 * published.
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
  // What was planned is what runs, also where a process before it in this very run has moved a source on
  // since.
  return compilePlan({ ...given, psyberg_session_id: id }, spec);
}

/** Another session of the process loads what this one would: whoever comes second would load for nothing. */
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
  // A branch whose folder is gone, or on another machine.
  if (together === undefined && Object.keys(target?.metadata.refs ?? {}).length > 1)
    tries.abandoned.push(...(await dropAbandoned(workspace, spec)));
  const ahead = handedOver();
  const record = await runSession(ports, plan, spec, { keepBranch, initSeconds, together, ahead });
  await sweepAfter(workspace, spec, tries.abandoned);
  return withWait(record, tries.waitedSeconds);
}
