/**
 * The sessions of a backlog, two under way at a time: while one loads, is audited and published, the one
 * after it is planned on what that one will leave, and writes its rows. When its turn comes it is planned
 * again, on what was published: if that says the same, its rows are taken, and if not they are dropped. So
 * sessions are published one after the other as ever, and whatever ends the work leaves what killed sessions
 * leave.
 *
 * Sessions of few rows keep one core at work: of 720 hours with 20,000 rows each, 30 sessions took 15.8 s of
 * CPU and 15.8 s of wall clock (2 cores, 2026-11-30).
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { patternOf } from '../kinds/patterns/index.ts';
import { engineOf } from '../model/engines.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { RunRecord } from '../model/run-record.ts';
import { branchName } from '../model/session-branch.ts';
import { canLoadAhead, dropAhead, type LoadedAhead, loadAhead } from '../run/drivers/ahead.ts';
import { afterPublished } from '../run/records/after-published.ts';
import { type Lane, openLane, type Told } from '../workspace/lane.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { planProcess } from './plan-process.ts';
import { type ProcessRequest, runProcess } from './run-process.ts';

export interface Backlog {
  /** Runs the next session; see {@link runProcess}. */
  session(): Promise<RunRecord>;
  /** Ends what was begun and has no turn any more. Never throws. */
  close(): Promise<void>;
}

/** Whether its sessions may be begun ahead: they are bounded, and their rows depend on sources alone. */
export const hasSessionsAhead = (spec: ProcessSpec): boolean => {
  const { loadsHours, readsPrevious } = patternOf(spec);
  const isBounded = spec.catchup.hoursPerSession !== undefined;
  return isBounded && loadsHours && !readsPrevious && engineOf(spec) === 'duckdb';
};

/** A session before its turn. */
interface Coming {
  readonly lane: Lane;
  readonly workspace: Workspace;
  /** Undefined: it is not begun ahead, or could not be. Never rejects. */
  readonly plan: Promise<CompiledPlan | undefined>;
  readonly loaded: Promise<LoadedAhead | undefined>;
  /** From now on what it tells is passed on; until then it is held back. */
  tellNow(): void;
}

const NOTHING: Promise<undefined> = Promise.resolve(undefined);

interface State {
  readonly workspace: Workspace;
  readonly spec: ProcessSpec;
  readonly request: ProcessRequest;
  readonly lanes: readonly [Lane, Lane];
  /** Branches of its sessions. */
  readonly own: Set<string>;
  coming: Coming;
  /**
   * A source that changes between a session and the next makes what was begun useless, again and again; and
   * what was in the way of one meets the next.
   */
  isInVain: boolean;
}

/** One process alone may have a backlog open: its lanes are the first two. */
export function openBacklog(workspace: Workspace, spec: ProcessSpec, request: ProcessRequest): Backlog {
  const lanes = [openLane(workspace, 1), openLane(workspace, 2)] as const;
  const [lane] = lanes;
  const first = {
    lane,
    workspace: lane.forProcess(workspace),
    plan: NOTHING,
    loaded: NOTHING,
    tellNow: () => undefined,
  };
  const state: State = { workspace, spec, request, lanes, own: new Set(), coming: first, isInVain: false };
  return {
    session: () => nextSession(state),
    async close() {
      await dropComing(state);
      for (const each of lanes) each.close();
    },
  };
}

/** `before`: the plan of the session before it, as soon as it is known. */
function comingAfter(state: State, before: Promise<CompiledPlan | undefined>, lane: Lane): Coming {
  const { workspace, spec } = state;
  const told = heldBack(workspace);
  const placed = lane.forProcess(told);
  const plan = before.then((each) =>
    each === undefined || state.isInVain ? undefined : planAfter(placed, spec, each).catch(() => undefined),
  );
  const loaded = plan.then((each) =>
    each === undefined || state.isInVain
      ? undefined
      : begin(state, placed, each).catch((): undefined => {
          state.isInVain = true;
        }),
  );
  return { lane, workspace: placed, plan, loaded, tellNow: told.tellNow };
}

function begin(
  { workspace, spec, request, own }: State,
  placed: Workspace,
  plan: CompiledPlan,
): Promise<LoadedAhead | undefined> {
  const { process_name: processName, psyberg_session_id: psybergSessionId } = plan;
  own.add(branchName(processName, psybergSessionId));
  return workspace.observer.during({ kind: 'process', processName, psybergSessionId }, async () =>
    loadAhead(await placed.ports(spec), plan, spec, request),
  );
}

async function nextSession(state: State): Promise<RunRecord> {
  const { lanes, spec, request } = state;
  const mine = state.coming;
  const planned = Promise.withResolvers<CompiledPlan | undefined>();
  const before = mine.plan.then((plan) => plan ?? planned.promise);
  state.coming = comingAfter(state, before, mine.lane === lanes[0] ? lanes[1] : lanes[0]);
  mine.tellNow();
  const ahead = aheadOf(state, mine, planned.resolve);
  const record = await runProcess(mine.workspace, spec, { ...request, ahead });
  planned.resolve(undefined);
  return record;
}

function aheadOf(
  state: State,
  mine: Coming,
  tellPlan: (plan: CompiledPlan) => void,
): NonNullable<ProcessRequest['ahead']> {
  const { own, spec } = state;
  let begun: Coming['loaded'] = mine.loaded;
  return {
    own,
    take() {
      const taken = begun;
      begun = NOTHING;
      return taken;
    },
    dropped() {
      state.isInVain = true;
    },
    planned(plan) {
      own.add(branchName(plan.process_name, plan.psyberg_session_id));
      tellPlan(plan);
    },
    async makeRoom() {
      const wasThere = await dropComing(state);
      // It is interrupted, and the next session has its turn there.
      (await state.coming.workspace.ports(spec)).workload.resume();
      return wasThere;
    },
  };
}

/** From now on none is begun ahead. False where that was so, and nothing was there. */
async function dropComing(state: State): Promise<boolean> {
  const { lane, loaded } = state.coming;
  const wasGoing = !state.isInVain;
  state.isInVain = true;
  state.coming = { ...state.coming, plan: NOTHING, loaded: NOTHING };
  lane.interrupt();
  const begun = await loaded;
  if (begun !== undefined) await dropAhead(begun);
  return wasGoing || begun !== undefined;
}

/** The session after `before`, as it will be when that one has published; undefined where it cannot begin. */
async function planAfter(
  workspace: Workspace,
  spec: ProcessSpec,
  before: CompiledPlan,
): Promise<CompiledPlan | undefined> {
  // The target of a first session is yet to be created.
  if ((before.catchup?.later_hours ?? 0) === 0 || !before.target.exists) return undefined;
  const client = afterPublished(workspace.client, spec, before);
  const plan = await planProcess({ ...workspace, client }, spec);
  return canLoadAhead(plan, spec) ? plan : undefined;
}

/** What is told before {@link tellNow} is told then; progress is not. */
function heldBack({ onStep, onProgress }: Told): Told & { tellNow(): void } {
  let held: (() => void)[] | undefined = [];
  return {
    onStep(message) {
      if (held === undefined) onStep(message);
      // Whoever logs it asks for which session it was said.
      else held.push(AsyncLocalStorage.bind(() => onStep(message)));
    },
    onProgress(progress) {
      if (held === undefined) onProgress(progress);
    },
    tellNow() {
      const waiting = held ?? [];
      held = undefined;
      for (const tell of waiting) tell();
    },
  };
}
