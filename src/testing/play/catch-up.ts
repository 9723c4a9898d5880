/**
 * Finishes a play whose processes load a limited number of hours in each session: lets them run session
 * after session, until they only owe what is held back. State -> State. Afterwards the warehouse is ahead of
 * its checkpoint.
 */

import type { LookupUse } from '../../compare/recompute/lookup-states.ts';
import { runProcess } from '../../processes/run-process.ts';
import { isFailing, type Playing, type RunStep, type State, specAt, useOfLookups } from './play.ts';

/** The warehouse must be at `state`. Without such processes the state stays as it was. */
export async function caughtUp(playing: Playing, state: State): Promise<State> {
  const { sandbox, prepared } = playing;
  const isLimited = prepared.test.processes.some(({ catchup }) => catchup.hoursPerSession !== undefined);
  if (!isLimited || state.runs.some(({ record }) => isFailing(record.status))) return state;
  sandbox.setClock(state.clockMs);
  const workspace = sandbox.workspace(
    prepared.test.processes.map((spec) => specAt(prepared, spec, state.played)),
  );
  const runs: RunStep[] = [];
  const uses = new Map<string, readonly LookupUse[]>(state.uses);
  // A process above now has more hours, so all that follow also run.
  for (const { spec, clockMs } of state.runs) {
    for (let session = 1; ; session += 1) {
      const before = sandbox.save();
      const name = `used_${state.played.join('_')}_${spec.processName}_${session}`;
      const noteUse = await useOfLookups(playing, spec, { name, workspace });
      const record = await runProcess(workspace, spec, {
        ...{ keepBranch: false, given: undefined, publishedNow: new Map<string, string>() },
      });
      const use = noteUse?.(record);
      if (use !== undefined) uses.set(spec.processName, [...(uses.get(spec.processName) ?? []), use]);
      if (record.status === 'published' && (record.catchup?.later_hours ?? 0) > 0) continue;
      runs.push({ spec, record, before, clockMs });
      break;
    }
    if (isFailing(runs.at(-1)?.record.status ?? 'failed')) break;
  }
  return { ...state, runs, uses };
}
