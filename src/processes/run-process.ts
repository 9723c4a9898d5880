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
import type { RunRecord } from '../model/run-record.ts';
import { runSession } from '../run/drivers/whole.ts';
import type { AbandonedSession } from '../run/leftovers/clean-up.ts';
import { protectWatermarks } from '../run/leftovers/protect-watermarks.ts';
import { sessionAtWork, WAIT_MAX_MS, waitForSession } from '../run/leftovers/session-at-work.ts';
import { hasSessionFolder } from '../workspace/folders.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { boundComplaint } from './bound-complaint.ts';
import { planProcess } from './plan-process.ts';
import { failedRecord, idleRecord, withWait } from './records.ts';
import { specOfPlan } from './spec-of-plan.ts';
import { refuseStale } from './stale-plan.ts';

export interface ProcessRequest {
  readonly keepBranch: boolean;
  /** A plan that was made before: exactly this one is run, or refused when it is stale. */
  readonly given: CompiledPlan | undefined;
  /** Targets that processes of this very run have published to, by their names in lower case. */
  readonly publishedNow: ReadonlySet<string>;
}

/** How often a session is planned anew because somebody moved its target meanwhile. */
const SESSION_ATTEMPTS = 8;
/** How often it is begun again because queries beside it kept ending the engine. */
const BYSTANDER_ATTEMPTS = 3;

/** What one try after the other finds out. */
interface Tries {
  plan?: CompiledPlan;
  waitedSeconds: number;
  /** Sessions of killed processes, whose branches were dropped. */
  readonly abandoned: AbandonedSession[];
}

/** Runs the process. Never throws: an error is in the record, and in the session table. */
export async function runProcess(
  workspace: Workspace,
  spec: ProcessSpec,
  request: ProcessRequest,
): Promise<RunRecord> {
  const tries: Tries = { waitedSeconds: 0, abandoned: [] };
  try {
    const { given } = request;
    const planned = given === undefined ? spec : specOfPlan(workspace.project, spec, given);
    return await untilLeftAlone(() => untilPublished(workspace, planned, request, tries));
  } catch (thrown) {
    const error = await boundComplaint(workspace, spec, thrown);
    const record = failedRecord(spec, error);
    await recordFailed(workspace, spec, { record, error, plan: tries.plan }).catch(() => undefined);
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
    const startedMs = performance.now();
    const plan = await planOnce(workspace, spec, request, tries);
    tries.plan = plan;
    const initSeconds = Math.round(performance.now() - startedMs) / 1000;
    if (plan.status !== 'work') return idle(workspace, spec, { plan, initSeconds, tries });
    if (await waitsForAnother(workspace, spec, tries)) {
      attempt -= 1;
      continue;
    }
    try {
      return await runOnce(workspace, spec, { plan, initSeconds, tries, keepBranch: request.keepBranch });
    } catch (error) {
      const again = isWorthRetrying(error) && attempt < SESSION_ATTEMPTS && request.given === undefined;
      if (!again) throw error;
      workspace.onStep(`${spec.processName}: ${error.message}; planning again`);
      await sleep(Math.random() * 100 * attempt);
    }
  }
}

/**
 * The plan to run now. What a killed session has left goes before: it may have created the target, or
 * published.
 */
async function planOnce(
  workspace: Workspace,
  spec: ProcessSpec,
  { given, publishedNow }: ProcessRequest,
  tries: Tries,
): Promise<CompiledPlan> {
  const { project, client, ports, sessionsDirectory } = workspace;
  if (project.catalog.kind === 'rest') {
    const { repairStateTables } = await import('../run/records/repair-state.ts');
    await repairStateTables({ spec, project, catalog: client, ports });
  }
  if (hasSessionFolder(sessionsDirectory, spec.processName)) await dropAbandoned(workspace, spec, tries);
  if (given === undefined) return planProcess(workspace, spec);
  const fresh = await planProcess(workspace, spec, { psybergSessionId: given.psyberg_session_id });
  refuseStale(given, fresh, publishedNow);
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
  tries.waitedSeconds += await waitForSession(sessionsDirectory, processName, { isInterrupted, onStep });
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
  { plan, initSeconds, tries }: Planned,
): Promise<RunRecord> {
  // A crash just after publishing left the tag behind.
  await protectWatermarks({ catalog: workspace.client, onStep: workspace.onStep }, plan, false);
  await sweepAfter(workspace, spec, tries);
  return idleRecord(plan, { initSeconds, waitedSeconds: tries.waitedSeconds });
}

async function runOnce(
  workspace: Workspace,
  spec: ProcessSpec,
  { plan, initSeconds, tries, keepBranch }: Planned & { readonly keepBranch: boolean },
): Promise<RunRecord> {
  const ports = await workspace.ports();
  const target = await workspace.client.loadTable(spec.target.table);
  // A branch whose folder is gone, or on another machine.
  if (Object.keys(target?.metadata.refs ?? {}).length > 1) await dropAbandoned(workspace, spec, tries);
  const record = await runSession(ports, plan, spec, { keepBranch, initSeconds });
  await sweepAfter(workspace, spec, tries);
  return withWait(record, tries.waitedSeconds);
}

async function dropAbandoned(workspace: Workspace, spec: ProcessSpec, tries: Tries): Promise<void> {
  const { dropAbandonedSessions } = await import('../run/leftovers/clean-up.ts');
  const ports = await workspace.ports();
  tries.abandoned.push(...(await dropAbandonedSessions(ports, spec.target.table, spec.processName)));
}

/** The commits that killed sessions had begun: their tables have been committed to since. */
async function sweepAfter(workspace: Workspace, spec: ProcessSpec, { abandoned }: Tries): Promise<void> {
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
    readonly plan: CompiledPlan | undefined;
  },
): Promise<void> {
  const { record, error, plan } = failed;
  const { isRecorded, recordFailure } = await import('../run/records/record-failure.ts');
  if (record.error === null || !isRecorded(error)) return;
  const id = await recordFailure(await workspace.ports(), spec, {
    status: record.status,
    error: record.error as ErrorJson,
    plan,
    atMs: workspace.now(),
  });
  if (id !== undefined) workspace.failedSessions.set(spec.processName, id);
}
