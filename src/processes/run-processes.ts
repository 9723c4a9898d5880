/**
 * Runs several processes, each after those that write its sources. Names -> RunRecord[] in dependency order.
 */
import { usageError } from '../model/errors.ts';
import { tableKey } from '../model/names.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { RestateRequest } from '../model/restate.ts';
import type { RunRecord, SessionsLeft } from '../model/run-record.ts';
import { processesInDependencyOrder } from '../project/dependency-order.ts';
import { LANES_MAX, type Lane, openLane } from '../workspace/lane.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import type { Backlog } from './backlog.ts';
import { inOrder } from './in-order.ts';
import { skippedRecord } from './records.ts';
import { type ProcessRequest, runProcess } from './run-process.ts';
import { type DoneSession, sessionsOf } from './run-until-complete.ts';
import { sideBySide } from './side-by-side.ts';
import { tellOutcome } from './tell-session.ts';

export interface RunRequest {
  /** Leaves the branch of a session whose audits fail, for a person to look at. */
  readonly keepBranch?: boolean;
  /** Plans made before: run exactly these, or refuse when they are stale. */
  readonly plans?: readonly CompiledPlan[];
  /** For a restate: what is asked of each process. */
  readonly restate?: (spec: ProcessSpec) => RestateRequest;
  /** For a restate: publishes all of them in one commit, or none (`run-together.ts`). */
  readonly together?: boolean;
  /** Runs each process session after session, until it owes nothing but what is held back. */
  readonly untilComplete?: boolean;
  /**
   * How many processes run side by side, 1 to 64; default 1. They share DuckDB, its memory and its threads.
   */
  readonly jobs?: number;
  /**
   * Called with each record once its session and all processes before it in order are done. `left`: what
   * later sessions still have to load.
   */
  readonly onRecord?: (record: RunRecord, left?: SessionsLeft) => void;
}

/**
 * Runs the processes. One that fails keeps those that read its target from running; the others run. Ends
 * early when interrupted. Returns a record per session, so a process may have several. Throws `usage` for an
 * impossible number of jobs.
 */
export async function runProcesses(
  workspace: Workspace,
  names: readonly string[] | undefined,
  {
    plans,
    keepBranch = false,
    restate,
    untilComplete = false,
    jobs = 1,
    onRecord = () => undefined,
  }: RunRequest,
): Promise<RunRecord[]> {
  refuseJobs(jobs);
  const specs = processesInDependencyOrder(
    workspace.project,
    names ?? plans?.map((plan) => plan.process_name),
  );
  /** By target: the process that failed to bring it up to date. */
  const failed = new Map<string, string>();
  const publishedNow = new Map<string, string>();
  const ordered = inOrder(specs.length, { ...tellOf(workspace), onRecord });
  const lanes = lanesOf(workspace, Math.min(jobs, specs.length));
  const runOne = async (place: number, lane: Lane): Promise<RunRecord[]> => {
    const spec = specs[place] as ProcessSpec;
    const upstream = failedBefore(spec, failed);
    const given = plans?.find((plan) => plan.process_name === spec.processName);
    const own = lane.forProcess(ordered.of(place));
    const asked = restate?.(spec);
    const request: ProcessRequest = { keepBranch, given, publishedNow, restate: asked };
    const trigger = asked === undefined ? 'changes' : 'restate';
    const sessions =
      upstream === undefined
        ? sessionsWith(own, spec, request, { untilComplete, isAlone: lanes.length === 1 })
        : [{ record: skip(own, spec, skippedRecord(spec, upstream, trigger)), left: undefined }];
    const records: RunRecord[] = [];
    for await (const { record, left } of sessions) {
      if (record.status === 'published' && record.published_snapshot_id !== null)
        publishedNow.set(tableKey(spec.target.table), record.published_snapshot_id);
      records.push(record);
      ordered.record(place, record, left);
    }
    // A process that read this target would publish a result that is known to be out of date.
    const last = records.at(-1);
    if (last !== undefined && !UP_TO_DATE.has(last.status))
      failed.set(tableKey(spec.target.table), spec.processName);
    ordered.done(place);
    return records;
  };
  try {
    const all = await sideBySide({
      after: waitsFor(specs),
      lanes: lanes.length,
      run: (place, lane) => runOne(place, lanes[lane] as Lane),
      isEnded: (records) => records.at(-1)?.error?.code === 'interrupted',
    });
    return all.flat();
  } finally {
    for (const lane of lanes) lane.close();
  }
}

/** The process that failed to bring a source of this one up to date; undefined if none did. */
const failedBefore = ({ sources }: ProcessSpec, failed: ReadonlyMap<string, string>): string | undefined =>
  sources.map(({ table }) => failed.get(tableKey(table))).find((name) => name !== undefined);

/** `isAlone`: no other process runs at the same time, so this one may load its next session ahead. */
async function* sessionsWith(
  workspace: Workspace,
  spec: ProcessSpec,
  request: ProcessRequest,
  { untilComplete, isAlone }: { readonly untilComplete: boolean; readonly isAlone: boolean },
): AsyncGenerator<DoneSession> {
  const { given, restate } = request;
  const goesAhead = untilComplete && isAlone && given === undefined && restate === undefined;
  const backlog = goesAhead ? await backlogOf(workspace, spec, request) : undefined;
  try {
    yield* sessionsOf(backlog?.session ?? (() => runProcess(workspace, spec, request)), untilComplete);
  } finally {
    await backlog?.close();
  }
}

/** Undefined for a process whose sessions cannot be loaded ahead. */
async function backlogOf(
  workspace: Workspace,
  spec: ProcessSpec,
  request: ProcessRequest,
): Promise<Backlog | undefined> {
  if (spec.catchup.hoursPerSession === undefined) return undefined;
  const { hasSessionsAhead, openBacklog } = await import('./backlog.ts');
  return hasSessionsAhead(spec) ? openBacklog(workspace, spec, request) : undefined;
}

/** Observers hear of a skipped process too. */
function skip(workspace: Workspace, spec: ProcessSpec, record: RunRecord): RunRecord {
  tellOutcome(workspace, { spec, outcome: record, plan: undefined });
  return record;
}

const tellOf = ({ onStep, onProgress }: Workspace): Pick<Workspace, 'onStep' | 'onProgress'> => ({
  onStep,
  onProgress,
});

function refuseJobs(jobs: number): void {
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= LANES_MAX) return;
  throw usageError('usage', `${jobs} processes cannot run side by side`, {
    hint: `jobs is a whole number from 1 to ${LANES_MAX}`,
    context: { jobs },
  });
}

/** A single lane needs no connection of its own: it uses the workspace itself. */
const lanesOf = (workspace: Workspace, count: number): Lane[] =>
  count <= 1
    ? [{ forProcess: () => workspace, interrupt: () => undefined, close: () => undefined }]
    : Array.from({ length: count }, (_, index) => openLane(workspace, index + 1));

/**
 * For each process, the places of the processes it waits for: every one before it that writes what it reads,
 * reads what it writes, or writes the same target. VTTS in SQL may read any table, so a process with it waits
 * for all before it, and all after it wait for it.
 */
function waitsFor(specs: readonly ProcessSpec[]): number[][] {
  const reads = specs.map(({ sources }) => new Set(sources.map(({ table }) => tableKey(table))));
  const readsAll = specs.map(({ sources }) => sources.some(({ vtts }) => vtts.kind === 'sql'));
  const writes = specs.map(({ target }) => tableKey(target.table));
  return specs.map((_, place) =>
    Array.from({ length: place }, (__, before) => before).filter(
      (before) =>
        reads[place]?.has(writes[before] as string) ||
        reads[before]?.has(writes[place] as string) ||
        writes[place] === writes[before] ||
        readsAll[place] ||
        readsAll[before],
    ),
  );
}

/** The statuses after which a process's target is up to date. */
export const UP_TO_DATE: ReadonlySet<RunRecord['status']> = new Set(['published', 'nothing-new', 'waiting']);
