/** Runs and publishes whose announcements are delivered to the callee that `on_signal` names. */
import type { RunRecord } from '../model/run-record.ts';
import type { StepRecord } from '../run/drivers/step-records.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { type RunRequest, runProcesses } from './run-processes.ts';
import type { SessionRequest, SessionSteps } from './session-steps.ts';
import type { SignalCalls } from './signal-calls.ts';

export interface TellingRuns {
  run(names: readonly string[] | undefined, request: RunRequest): Promise<RunRecord[]>;
  publish(request: SessionRequest): Promise<StepRecord>;
  /** Stops delivering; the next run delivers what was left. */
  stop(): void;
}

/** Plain runs and publishes if neither the project nor a process has `on_signal`. */
export function tellingRuns(workspace: Workspace, steps: SessionSteps): TellingRuns {
  const { project } = workspace;
  const isHeard =
    project.onSignal !== undefined || project.processes.some(({ onSignal }) => onSignal !== undefined);
  let last: SignalCalls | undefined;
  const begin = async (): Promise<SignalCalls> => {
    const { signalCalls } = await import('./signal-calls.ts');
    last = signalCalls(workspace);
    return last;
  };
  return {
    async run(names, request) {
      const run = request.together === true ? (await import('./run-together.ts')).runTogether : runProcesses;
      if (!isHeard) return run(workspace, names, request);
      const calls = await begin();
      calls.tell(names ?? project.processes.map(({ processName }) => processName));
      const onRecord: RunRequest['onRecord'] = (record, ...others) => {
        if (record.status === 'published') calls.tell([record.process_name]);
        request.onRecord?.(record, ...others);
      };
      return run(workspace, names, { ...request, onRecord }).finally(calls.ended);
    },
    async publish(request) {
      const record = await steps.publish(request);
      if (!isHeard) return record;
      const calls = await begin();
      calls.tell([request.processName]);
      await calls.ended();
      return record;
    },
    stop: () => last?.stop(),
  };
}
