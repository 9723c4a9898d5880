/**
 * Plays one test in a sandbox: the given order with everything it expects, then the other orders. TestSpec
 * -> TestResult. Plays that begin alike share their common beginning.
 */
import type { EngineName } from '../../model/engines.ts';
import { PsybergError, usageError } from '../../model/errors.ts';
import { withGrain } from '../../model/grain.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { RunRecord } from '../../model/run-record.ts';
import { shownError } from '../../model/storage-faults.ts';
import type { TestFailure, TestPlan, TestResult } from '../../model/test-record.ts';
import { planProcess } from '../../processes/plan-process.ts';
import { judgeRecompute, type Recomputed, type RecomputeFinding } from '../judge/judge-recompute.ts';
import { type Finding, judgeRun } from '../judge/judge-run.ts';
import { openRehearsal } from '../rehearse/rehearse.ts';
import type { TestSpec } from '../test-spec.ts';
import type { OutsideTable } from '../world/make-tables.ts';
import { prepareTest } from '../world/prepare.ts';
import type { Sandbox } from '../world/sandbox.ts';
import { caughtUp } from './catch-up.ts';
import { type Order, ordersOf, shortestFailing } from './orders.ts';
import { beginning, isFailing, type Playing, playStep, type RunStep, type State } from './play.ts';

export interface TestOptions {
  /** Only plays this order; arrivals are counted from 0. */
  readonly order?: Order;
  /** Plays every order through whole sessions, even those that a rehearsal in memory clears. */
  readonly wholeSessions?: boolean;
  /**
   * The engine on which processes are played, whatever their headers say; used in the command that plays a
   * test again.
   */
  readonly engine?: EngineName;
}

/** Plays a test. Never throws: if it cannot be played, the result has the status `error`. */
export async function runTest(
  sandbox: Sandbox,
  test: TestSpec,
  makeTables: (test: TestSpec) => Promise<readonly OutsideTable[]>,
  options: TestOptions = {},
): Promise<TestResult> {
  const startedMs = performance.now();
  const head = {
    name: test.name,
    file: test.file,
    process_names: test.processes.map((spec) => spec.processName),
  };
  const seconds = (): number => Math.round(performance.now() - startedMs) / 1000;
  let play: Play | undefined;
  try {
    const prepared = await prepareTest(sandbox, test, await makeTables(test));
    play = openPlay({ sandbox, prepared }, options.engine);
    const failures = await playAll(play, options);
    const status = failures.length === 0 ? 'passed' : 'failed';
    return { ...head, status, seconds: seconds(), orders: play.orders, failures, error: null };
  } catch (error) {
    const known = shownError(error);
    if (known.code === 'interrupted') throw known;
    return {
      ...head,
      status: 'error',
      seconds: seconds(),
      orders: play?.orders ?? 0,
      failures: [],
      error: known.toJSON(),
    };
  }
}

/** A test that is being played. */
interface Play extends Playing {
  /** States by the arrivals that lead to them. */
  readonly states: Map<string, State>;
  readonly recomputed: Recomputed;
  readonly engine: EngineName | undefined;
  /** Number of orders that were played. */
  orders: number;
}

const openPlay = (playing: Playing, engine: EngineName | undefined): Play => ({
  ...playing,
  engine,
  states: new Map([['', beginning(playing)]]),
  recomputed: new Map(),
  orders: 0,
});

async function playAll(play: Play, { order, wholeSessions = false }: TestOptions): Promise<TestFailure[]> {
  const { test } = play.prepared;
  if (order !== undefined) return playOne(play, order);
  const [given, ...others] = ordersOf(test.arrivals.length, test.orders, test.seed) as [Order, ...Order[]];
  const failures = await playGiven(play, given);
  if (!test.equalsRecompute) return failures;
  const finding = await judgeOrder(play, given);
  if (finding !== undefined) {
    // A run that fails was already reported where it failed.
    const isTold = failures.some(({ error }) => error !== null && error.code === finding.error?.code);
    return isTold ? failures : [...failures, await shortestFailure(play, given)];
  }
  const rehearsal =
    wholeSessions || others.length === 0 ? undefined : await openRehearsal(play, play.recomputed);
  for (const each of others) {
    play.orders += 1;
    if ((await rehearsal?.clears(each)) === true) continue;
    if ((await judgeOrder(play, each)) !== undefined) return [...failures, await shortestFailure(play, each)];
  }
  return failures;
}

/** Plays the order that a person asks for. */
async function playOne(play: Play, order: Order): Promise<TestFailure[]> {
  const { test } = play.prepared;
  if (order.some((arrival) => arrival >= test.arrivals.length))
    throw usageError(
      'usage',
      `the test has ${test.arrivals.length} arrivals, and the order names number ${Math.max(...order) + 1}`,
      {
        hint: 'name arrivals of the test, counted from 1',
      },
    );
  const isGiven = order.every((arrival, index) => arrival === index);
  const failures = isGiven ? await playGiven(play, order) : [];
  if (!isGiven) play.orders += 1;
  const finding = test.equalsRecompute ? await judgeOrder(play, order) : undefined;
  return finding === undefined ? failures : [...failures, await failureOf(play, order, finding)];
}

/** Plays every step of the given order, and checks what is expected of it. */
async function playGiven(play: Play, given: Order): Promise<TestFailure[]> {
  const { sandbox, prepared } = play;
  const { test } = prepared;
  play.orders += 1;
  const failures: TestFailure[] = [];
  for (const length of given.keys()) {
    const order = given.slice(0, length + 1);
    const arrival = given[length] as number;
    const expected = test.arrivals[arrival]?.expected ?? new Map();
    const plans = new Map<string, CompiledPlan>();
    const withHours = [...expected].flatMap(([name, { hours }]) => (hours === undefined ? [] : [name]));
    const state = await stateAt(play, order, {
      onPlan: { of: new Set(withHours), take: (name, plan) => plans.set(name, plan) },
    });
    for (const run of state.runs) {
      const name = run.spec.processName;
      const expectation = expected.get(name);
      const findings =
        expectation === undefined
          ? []
          : await judgeRun(sandbox, test, expectation, { ...run, plan: plans.get(name) });
      if (isSurprise(test, arrival, run.record)) findings.unshift(surprise(run.record));
      for (const finding of findings) failures.push(await failureOf(play, order, { ...finding, run }));
    }
  }
  return failures;
}

/** Whether a run fails although nothing says that it will. */
function isSurprise(test: TestSpec, arrival: number, record: RunRecord): boolean {
  if (!isFailing(record.status) || record.error?.code === 'upstream-failed') return false;
  const expectation = test.arrivals[arrival]?.expected.get(record.process_name);
  if (expectation === undefined) return true;
  const { status, error, audits } = expectation;
  const auditsFail = Object.values(audits ?? {}).includes('failed');
  return status === undefined && error === undefined && !(record.status === 'audit-failed' && auditsFail);
}

const surprise = (record: RunRecord): Finding => ({
  what: 'status',
  expected: 'a run that does not fail',
  actual: record.status,
  error: record.error,
});

/** Plays an order and returns its state; afterwards the warehouse is at that state. */
async function stateAt(
  play: Play,
  order: Order,
  options: Parameters<typeof playStep>[3] = {},
): Promise<State> {
  const { sandbox, states } = play;
  const known = states.get(order.join());
  if (known !== undefined) {
    sandbox.restore(known.checkpoint);
    sandbox.setClock(known.clockMs);
    return known;
  }
  const before = await stateAt(play, order.slice(0, -1));
  const state = await playStep(play, before, order.at(-1) as number, options);
  states.set(order.join(), state);
  return state;
}

async function judgeOrder(play: Play, order: Order): Promise<RecomputeFinding | undefined> {
  const state = await caughtUp(play, await stateAt(play, order));
  return judgeRecompute(play, state, {
    recomputed: play.recomputed,
    allowed: (record) => isExpectedSomewhere(play.prepared.test, record),
  });
}

/** A run may fail as it is expected to, even if another arrival comes last. */
function isExpectedSomewhere(test: TestSpec, record: RunRecord): boolean {
  return test.arrivals
    .flatMap(({ expected }) => [...expected])
    .some(
      ([name, { status, error, audits }]) =>
        name === record.process_name &&
        (status === record.status ||
          (error !== undefined && error === record.error?.code) ||
          (record.status === 'audit-failed' && Object.values(audits ?? {}).includes('failed'))),
    );
}

/** Finds the shortest order that fails in the same way. */
async function shortestFailure(play: Play, order: Order): Promise<TestFailure> {
  const nature = natureOf((await judgeOrder(play, order)) as RecomputeFinding);
  const shortest = await shortestFailing(order, async (each) => {
    const finding = await judgeOrder(play, each);
    return finding !== undefined && natureOf(finding) === nature;
  });
  const finding = (await judgeOrder(play, shortest)) as RecomputeFinding;
  return failureOf(play, shortest, finding);
}

const natureOf = ({ run, error, difference }: RecomputeFinding): string =>
  [run.spec.processName, error?.code, difference === undefined ? 'fails' : 'differs'].join(' ');

async function failureOf(
  play: Play,
  order: Order,
  { run, what, expected, actual, difference, error }: Finding & { readonly run: RunStep },
): Promise<TestFailure> {
  const { test } = play.prepared;
  const counted = order.map((arrival) => arrival + 1);
  return {
    arrival: counted.at(-1) as number,
    order: counted,
    process_name: run.spec.processName,
    what,
    expected,
    actual,
    missing: difference?.missing ?? [],
    extra: difference?.extra ?? [],
    changed: difference?.changed ?? [],
    columns: difference?.columns ?? [],
    plan: await planOf(play, run),
    error: error ?? null,
    rerun: rerunCommand(test, play.engine, what === 'recompute' ? counted : undefined),
  };
}

/** Plans a run again, in the state in which it began. */
async function planOf({ sandbox }: Play, run: RunStep): Promise<TestPlan | null> {
  const now = sandbox.save();
  sandbox.restore(run.before);
  sandbox.setClock(run.clockMs);
  try {
    const plan = await planProcess(sandbox.workspace([run.spec]), run.spec, { writesNothing: true });
    return {
      status: plan.status,
      target: plan.target.table,
      operation: plan.target.operation,
      ...withGrain(plan),
      range: plan.range,
      hours: plan.hours.map(({ hour }) => hour),
      owed_hours: plan.owed_hours,
      held_back_by: plan.held_back_by,
      sources: plan.sources.map(({ table, rows, first_hour, last_hour, vtts_hour }) => ({
        table,
        rows,
        first_hour,
        last_hour,
        vtts_hour,
      })),
    };
  } catch (error) {
    if (error instanceof PsybergError && error.code === 'interrupted') throw error;
    return null;
  } finally {
    sandbox.restore(now);
  }
}

/** Quotes a text for a shell. */
const quoted = (text: string): string =>
  /^[\w./,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

const rerunCommand = (
  test: TestSpec,
  engine: EngineName | undefined,
  order: readonly number[] | undefined,
): string =>
  [
    `psyberg test ${quoted(test.file)} ${quoted(test.name)}`,
    ...(engine === undefined ? [] : [`--engine ${engine}`]),
    ...(order === undefined ? [] : [`--order ${order.join(',')}`]),
  ].join(' ');
