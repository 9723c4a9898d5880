/**
 * Delivers the announcements of sessions while processes run on. Never throws, and never fails a run: a call
 * that is not accepted is reported, and made again by the next run.
 */
import { HOUR_MS } from '../model/hour.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { callOnSignal } from '../run/signals/call.ts';
import { forgetSignals, type NotedSignals, notedSignals, wasPublished } from '../run/signals/outbox.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

export interface SignalCalls {
  /** Tells what is noted of these processes: of sessions before, and of one that has just published. */
  tell(names: readonly string[]): void;
  /** Waits until everybody was told, or it was given up. */
  ended(): Promise<void>;
  /** Gives up: what is not told yet, the next run tells. */
  stop(): void;
}

export function signalCalls(workspace: Workspace): SignalCalls {
  const stopped = new AbortController();
  const running = new Map<string, Promise<void>>();
  const tellOne = (spec: ProcessSpec): void => {
    // One after the other of a process, in the order of its sessions.
    const before = running.get(spec.processName) ?? Promise.resolve();
    running.set(
      spec.processName,
      before
        .then(() => tellNoted(workspace, spec, stopped.signal))
        .catch((error: unknown) => workspace.onWarning(`${spec.processName}: on_signal: ${String(error)}`)),
    );
  };
  return {
    tell(names) {
      for (const spec of workspace.project.processes) if (names.includes(spec.processName)) tellOne(spec);
    },
    async ended() {
      await Promise.all(running.values());
    },
    stop: () => stopped.abort(),
  };
}

async function tellNoted(workspace: Workspace, spec: ProcessSpec, signal: AbortSignal): Promise<void> {
  const noted = notedSignals(workspace.sessionsDirectory, spec.processName);
  if (noted.length === 0) return;
  const target = (await workspace.client.loadTable(spec.target.table))?.metadata;
  for (const each of noted) {
    if (signal.aborted) return;
    if (!wasPublished(target, each)) {
      // It may be about to publish, in another process.
      if (isOld(each)) forgetSignals(workspace.sessionsDirectory, each);
      continue;
    }
    // Those of later sessions wait, so that they never overtake this one.
    if (!(await tellAll(workspace, spec, each, signal))) return;
    forgetSignals(workspace.sessionsDirectory, each);
  }
}

/** Publishing is given up long before. */
const PUBLISHED_WITHIN_MS = HOUR_MS;

const isOld = ({ messages }: NotedSignals): boolean =>
  Date.now() - Date.parse(messages[0]?.created_at ?? '') > PUBLISHED_WITHIN_MS;

/** Whether all of its messages were taken, or nobody wants them any more. */
async function tellAll(
  workspace: Workspace,
  spec: ProcessSpec,
  { messages, psyberg_session_id: id }: NotedSignals,
  signal: AbortSignal,
): Promise<boolean> {
  const { project, onWarning, onStep } = workspace;
  const onSignal = spec.onSignal ?? project.onSignal;
  if (onSignal === undefined) return true;
  for (const message of messages) {
    onStep(`${spec.processName}: tells ${message.kind} of session ${id}`);
    const directory = project.root;
    const why = await callOnSignal({ onSignal, message, directory, environment: process.env, signal });
    if (why === undefined) continue;
    if (!signal.aborted)
      onWarning(
        `${spec.processName}: on_signal was not told that ${message.signal_name} is ${message.kind} (session ${id}): ${why}; the next run tells it`,
      );
    return false;
  }
  return true;
}
