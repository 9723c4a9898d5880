/** Plays tests one after the other, each from an empty warehouse. TestSpec -> TestResult. */
import type { ProjectSpec } from '../../model/process-spec.ts';
import type { TestResult } from '../../model/test-record.ts';
import { writeKeptProject } from '../keep.ts';
import type { TestSpec } from '../test-spec.ts';
import { tableMaker } from '../world/make-tables.ts';
import { isSeenOutside, openSandbox } from '../world/sandbox.ts';
import type { SourceTypes } from '../world/source-types.ts';
import { runTest, type TestOptions } from './run-test.ts';

export interface Player {
  /**
   * `number`: its index in the list of all tests. Throws `interrupted`, and the errors of opening a sandbox.
   */
  play(test: TestSpec, number: number): Promise<TestResult>;
  close(): Promise<void>;
}

/** A player with its own sandboxes. */
export interface OwnPlayer extends Player {
  /** Opens the sandbox of its first test. Throws `macro-invalid`. */
  begin(processes: TestSpec['processes']): Promise<void>;
}

export interface PlayerOptions extends TestOptions {
  /** Keeps the warehouse of each test. */
  readonly keep?: boolean;
}

/** `stop`: ends what is being played, and prevents anything new; its reason is thrown. */
export function openPlayer(
  project: ProjectSpec,
  types: SourceTypes,
  { stop, ...options }: PlayerOptions & { readonly stop: AbortSignal },
): OwnPlayer {
  const { keep = false, ...how } = options;
  const open = async (processes: TestSpec['processes']) => {
    const sandbox = await openSandbox(project, { keep, processes });
    stop.addEventListener('abort', sandbox.interrupt);
    return { sandbox, make: tableMaker(sandbox, types) };
  };
  // One sandbox for tests that no engine outside sees, and one for the others.
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
      stop.throwIfAborted();
      const { sandbox, make } = await openedFor(test.processes);
      // A sandbox that was just being opened has not noticed an abort.
      stop.throwIfAborted();
      const result = await runTest(sandbox, test, make, how);
      if (!keep) return result;
      // The next test gets its own folder.
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
