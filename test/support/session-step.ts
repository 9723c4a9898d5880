/** One step of an orchestrator's session, as `psyberg session <step>` takes it. */
import type { Psyberg } from '../../src/index.ts';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import { auditStep, commitStep, initSession, loadStep, publishStep } from '../../src/run/steps.ts';

export type SessionStep = 'init' | 'load' | 'audit' | 'publish' | 'commit';
export const SESSION_STEPS: readonly SessionStep[] = ['init', 'load', 'audit', 'publish', 'commit'];

/** Returns what the step reports; its status tells how far the session has come. */
export async function runSessionStep(
  psyberg: Psyberg,
  spec: ProcessSpec,
  step: SessionStep,
  psybergSessionId: string,
): Promise<{ readonly status: string }> {
  const request = { ports: await psyberg.internals.ports(), spec, psybergSessionId };
  switch (step) {
    case 'init':
      return initSession(request, () => psyberg.internals.planProcess(spec, { psybergSessionId }));
    case 'load':
      return loadStep(request);
    case 'audit':
      return auditStep(request);
    case 'publish':
      return publishStep(request);
    case 'commit':
      return (await commitStep(request)).record;
  }
}
