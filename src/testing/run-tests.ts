/** Runs the tests of a project, several at a time, each in its own warehouse. ProjectSpec -> TestReport. */
import os from 'node:os';
import { PsybergError } from '../model/errors.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { PartsProgress } from '../model/progress.ts';
import type { TestReport, TestResult } from '../model/test-record.ts';
import { chooseTests } from './choose-tests.ts';
import { type OwnPlayer, openPlayer, type Player, type PlayerOptions } from './play/player.ts';
import { playersOf, type ServedTests, type TestThread } from './play/thread.ts';
import { testInvalid } from './problem.ts';
import { type ReadTests, readTests, type UnusableProcesses } from './read/read-tests.ts';
import type { TestSpec, UnreadTest } from './test-spec.ts';
import { withoutBrokenMacros } from './without-broken-macros.ts';
import { outsideTables } from './world/make-tables.ts';
import { sandboxesFor, threadsFor, threadsOfNode } from './world/sandboxes.ts';
import { readSourceTypes } from './world/source-types.ts';

/** Which tests are played, and how. */
export interface TestChoice extends PlayerOptions {
  /** Test files, folders of them, and parts of tests' names; default: every test. */
  readonly only?: readonly string[];
  /** The folder, besides the project, where relative paths of `only` begin; default: the current folder. */
  readonly from?: string;
  /** Why some processes of the project cannot be used, by name; tests of others are played all the same. */
  readonly unusable?: UnusableProcesses;
}

export interface TestRequest extends TestChoice {
  /** Starts another thread that plays the same choice of tests; default: this thread plays all of them. */
  readonly openThread?: () => TestThread;
  /** Called with each result, in the order of the tests. */
  readonly onResult?: (result: TestResult) => void;
  /** Called with the number of tests that were played, whenever it grows. */
  readonly onProgress?: (progress: PartsProgress) => void;
  /** Called with a function that stops what is running. */
  readonly onStart?: (interrupt: () => void) => void;
}

/** Runs tests. Throws `tests-missing` and `interrupted`; what is wrong with a test is in its result. */
export async function runTests(project: ProjectSpec, request: TestRequest = {}): Promise<TestReport> {
  const chosen = chooseTests(project, request);
  const { unusable = new Map() } = request;
  const { tests, unread } = chosen.keep(readTests(project, chosen.files, unusable));
  const untested = (request.only ?? []).length > 0 ? [] : unreadBeside(unread, unusable);
  const read = { tests, unread: [...untested, ...unread] };
  const results = await playAll(project, read, request).catch((error: unknown) => {
    // DuckDB judges macros when it defines them, before any test has begun. Other threads do not know of it.
    const without = withoutBrokenMacros(project, unusable, error);
    const { openThread: _alone, ...rest } = request;
    return runTests(without.project, { ...rest, unusable: without.unusable });
  });
  if (!Array.isArray(results)) return results;
  return {
    tests: results,
    passed: results.filter(({ status }) => status === 'passed').length,
    failed: results.filter(({ status }) => status !== 'passed').length,
  };
}

/** Parts of the project that cannot be used, and that no test has reported. */
function unreadBeside(unread: readonly UnreadTest[], unusable: UnusableProcesses): UnreadTest[] {
  const told = new Set(unread.flatMap(({ problems }) => problems));
  return [...unusable].flatMap(([name, problems]) => {
    const [first] = problems;
    return first === undefined || problems.some((problem) => told.has(problem))
      ? []
      : [{ name, file: first.file, processNames: [], problems }];
  });
}

async function playAll(
  project: ProjectSpec,
  { tests, unread }: ReadTests,
  request: TestRequest,
): Promise<TestResult[]> {
  const results = unread.map(unreadResult);
  const stop = new AbortController();
  request.onStart?.(() => stop.abort(interruption()));
  const players = await playersFor(project, tests, { ...request, stop: stop.signal });
  const first = players.open();
  try {
    if (project.macros.length > 0) await first.begin(tests[0]?.processes ?? []);
  } catch (error) {
    await first.close();
    throw error;
  }
  for (const result of results) request.onResult?.(result);
  const told = inOrder<TestResult>(request.onResult);
  const waiting = [...tests.entries()];
  const played: TestResult[] = [];
  const tell = counting(tests.length, request.onProgress);
  const work = async (player: Player): Promise<void> => {
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [number, test] = next;
        const result = await player.play(test, number);
        played[number] = result;
        told(number, result);
        tell();
      }
    } finally {
      await player.close();
    }
  };
  const ended = await Promise.allSettled([first, ...players.more()].map(work));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
  return [...results, ...played];
}

const interruption = (): PsybergError =>
  new PsybergError('interrupted', 'the tests were interrupted', { hint: 'run the same command again' });

interface Players {
  readonly open: () => OwnPlayer;
  /** Opens all players but the first: here, and just as many in each other thread. */
  readonly more: () => Player[];
}

async function playersFor(
  project: ProjectSpec,
  tests: readonly TestSpec[],
  request: TestRequest & { readonly stop: AbortSignal },
): Promise<Players> {
  const { openThread, stop } = request;
  const tables = tests.flatMap((test) => outsideTables(test.processes));
  const types = tests.length === 0 ? new Map() : await readSourceTypes(project, tables);
  const open = (): OwnPlayer => openPlayer(project, types, request);
  return {
    open,
    more() {
      const cores = os.availableParallelism();
      const players = sandboxesFor(tests.length, cores, threadsOfNode());
      const threads = openThread === undefined ? 1 : threadsFor(tests.length, cores);
      const count = Math.ceil(players / threads);
      const beside = Array.from({ length: threads - 1 }, () =>
        playersOf((openThread as () => TestThread)(), { count, open, stop }),
      );
      return [...Array.from({ length: count - 1 }, open), ...beside.flat()];
    },
  };
}

/** The tests of a choice, for another thread to play. Throws like {@link runTests}. */
export async function testsToServe(project: ProjectSpec, choice: TestChoice): Promise<ServedTests> {
  const chosen = chooseTests(project, choice);
  const { tests } = chosen.keep(readTests(project, chosen.files, choice.unusable));
  const stop = new AbortController();
  const { open } = await playersFor(project, tests, { ...choice, stop: stop.signal });
  return { tests, open, interrupt: () => stop.abort(interruption()) };
}

/** Reports that no test is done, and with every call one more. */
function counting(total: number, tell: TestRequest['onProgress']): () => void {
  let done = -1;
  const next = (): void => {
    done += 1;
    tell?.({ kind: 'parts', subject: 'tests', action: 'play', done, total, unit: 'test' });
  };
  next();
  return next;
}

const unreadResult = ({ name, file, processNames, problems }: UnreadTest): TestResult => ({
  name,
  file,
  process_names: processNames,
  status: 'error',
  seconds: 0,
  orders: 0,
  failures: [],
  error: testInvalid(problems).toJSON(),
});

/** Passes on results in the order of their numbers, each as soon as those before it have come. */
function inOrder<Value>(tell: ((value: Value) => void) | undefined): (index: number, value: Value) => void {
  const waiting = new Map<number, Value>();
  let next = 0;
  return (index, value) => {
    waiting.set(index, value);
    for (let ready = waiting.get(next); ready !== undefined; ready = waiting.get(next)) {
      tell?.(ready);
      next += 1;
    }
  };
}
