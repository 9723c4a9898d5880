/** The tests of a project, several at a time, each in a warehouse of its own. ProjectSpec -> TestReport. */
import os from 'node:os';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { PartsProgress } from '../model/progress.ts';
import type { TestReport, TestResult } from '../model/test-record.ts';
import { chooseTests } from './choose-tests.ts';
import { writeKeptProject } from './keep.ts';
import { runTest, type TestOptions } from './play/run-test.ts';
import { testInvalid } from './problem.ts';
import { type ReadTests, readTests, type UnusableProcesses } from './read/read-tests.ts';
import type { TestSpec, UnreadTest } from './test-spec.ts';
import { withoutBrokenMacros } from './without-broken-macros.ts';
import { outsideTables, tableMaker } from './world/make-tables.ts';
import { isSeenOutside, openSandbox } from './world/sandbox.ts';
import { sandboxesFor, threadsOfNode } from './world/sandboxes.ts';
import { readSourceTypes, type SourceTypes } from './world/source-types.ts';

export interface TestRequest extends TestOptions {
  /** Test files, folders of them, and parts of tests' names; default: every test. */
  readonly only?: readonly string[];
  /** Where relative paths of `only` begin, beside the project; default: the current folder. */
  readonly from?: string;
  /** Why processes of the project, by name, cannot be used; tests of others are played all the same. */
  readonly unusable?: UnusableProcesses;
  /** Leaves the warehouse of each test. */
  readonly keep?: boolean;
  /** Told of each result, in the order of the tests. */
  readonly onResult?: (result: TestResult) => void;
  /** Told how many tests were played, whenever one was. */
  readonly onProgress?: (progress: PartsProgress) => void;
  /** Told of a way to stop what is running. */
  readonly onStart?: (interrupt: () => void) => void;
}

/** Runs tests. Throws `tests-missing`, and `interrupted`; what is wrong with a test is in its result. */
export async function runTests(project: ProjectSpec, request: TestRequest = {}): Promise<TestReport> {
  const chosen = chooseTests(project, request);
  const { unusable = new Map() } = request;
  const { tests, unread } = chosen.keep(readTests(project, chosen.files, unusable));
  const untested = (request.only ?? []).length > 0 ? [] : unreadBeside(unread, unusable);
  const read = { tests, unread: [...untested, ...unread] };
  const results = await playAll(project, read, request).catch((error: unknown) => {
    // DuckDB judges macros where it defines them: before any test has begun.
    const without = withoutBrokenMacros(project, unusable, error);
    return runTests(without.project, { ...request, unusable: without.unusable });
  });
  if (!Array.isArray(results)) return results;
  return {
    tests: results,
    passed: results.filter(({ status }) => status === 'passed').length,
    failed: results.filter(({ status }) => status !== 'passed').length,
  };
}

/** What cannot be used of the project, and no test has told. */
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
  const interrupts: (() => void)[] = [];
  request.onStart?.(() => {
    for (const interrupt of interrupts) interrupt();
  });
  const tables = tests.flatMap((test) => outsideTables(test.processes));
  const types = tests.length === 0 ? new Map() : await readSourceTypes(project, tables);
  const open = (): Worker => openWorker(project, types, { request, interrupts });
  const first = open();
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
  const work = async (worker: Worker): Promise<void> => {
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, test] = next;
        const result = await worker.play(test);
        played[index] = result;
        told(index, result);
        tell();
      }
    } finally {
      await worker.close();
    }
  };
  const count = sandboxesFor(tests.length, os.availableParallelism(), threadsOfNode());
  const workers = [first, ...Array.from({ length: count - 1 }, open)];
  const ended = await Promise.allSettled(workers.map(work));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
  return [...results, ...played];
}

/** Tells that none is done, and of one more with every call. */
function counting(total: number, tell: TestRequest['onProgress']): () => void {
  let done = -1;
  const next = (): void => {
    done += 1;
    tell?.({ kind: 'parts', subject: 'tests', action: 'play', done, total, unit: 'test' });
  };
  next();
  return next;
}

interface Worker {
  /** Opens the sandbox of its first test. Throws `macro-invalid`. */
  begin(processes: TestSpec['processes']): Promise<void>;
  play(test: TestSpec): Promise<TestResult>;
  close(): Promise<void>;
}

interface WorkerContext {
  readonly request: TestRequest;
  readonly interrupts: (() => void)[];
}

function openWorker(
  project: ProjectSpec,
  types: SourceTypes,
  { request, interrupts }: WorkerContext,
): Worker {
  const { order, wholeSessions = false, keep = false, engine } = request;
  const open = async (processes: TestSpec['processes']) => {
    const sandbox = await openSandbox(project, { keep, processes });
    interrupts.push(sandbox.interrupt);
    return { sandbox, make: tableMaker(sandbox, types) };
  };
  // One for tests that nobody outside sees, and one for the others.
  const opened = new Map<boolean, ReturnType<typeof open>>();
  const openedFor = (processes: TestSpec['processes']): ReturnType<typeof open> => {
    const isSeen = isSeenOutside(processes);
    const there = opened.get(isSeen) ?? open(processes);
    opened.set(isSeen, there);
    return there;
  };
  return {
    async begin(processes) {
      await (await openedFor(processes)).sandbox.workspace([]).engine();
    },
    async play(test) {
      const { sandbox, make } = await openedFor(test.processes);
      const result = await runTest(sandbox, test, make, {
        wholeSessions,
        ...(engine === undefined ? {} : { engine }),
        ...(order === undefined ? {} : { order }),
      });
      if (!keep) return result;
      // The next one has a folder of its own.
      opened.delete(isSeenOutside(test.processes));
      writeKeptProject(project, sandbox.folder);
      await sandbox.close();
      return { ...result, folder: sandbox.folder };
    },
    async close() {
      for (const each of opened.values()) await (await each.catch(() => undefined))?.sandbox.close();
    },
  };
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

/** Tells results in the order of their numbers, each as soon as those before it are there. */
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
