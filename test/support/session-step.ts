/** One step of an orchestrator's session, as `psyberg session <step>` takes it. */
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import type { Psyberg } from '../../src/psyberg.ts';

export type SessionStep = 'init' | 'load' | 'audit' | 'publish' | 'commit';
export const SESSION_STEPS: readonly SessionStep[] = ['init', 'load', 'audit', 'publish', 'commit'];

/** Returns what the step reports; its status tells how far the session has come. */
export async function runSessionStep(
  psyberg: Psyberg,
  spec: ProcessSpec,
  step: SessionStep,
  psybergSessionId: string,
): Promise<{ readonly status: string }> {
  const request = { processName: spec.processName, psybergSessionId };
  return step === 'commit' ? (await psyberg.session.commit(request)).record : psyberg.session[step](request);
}
