/**
 * Reports the single steps of a session to observers, so that its commands look like one run. What this needs
 * is looked up only if somebody listens.
 */
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { AbortedSession } from '../run/drivers/abort.ts';
import {
  idleStepRecord,
  type StepRecord,
  type StepRequest,
  type StepStatus,
} from '../run/drivers/step-records.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { tellAborted, tellOutcome, tellSession } from './tell-session.ts';

export interface ObservedSteps {
  during<T>(
    names: Pick<StepRequest, 'psybergSessionId'> & { readonly processName: string },
    work: () => Promise<T>,
  ): Promise<T>;
  planning(plan: () => Promise<CompiledPlan>): Promise<CompiledPlan>;
  /** What `init` found to do. */
  begun(spec: ProcessSpec, begun: { readonly status: StepStatus; readonly plan: CompiledPlan }): void;
  /** Does a step that ends with a record. */
  recorded(
    find: () => Promise<StepRequest>,
    work: (step: StepRequest) => Promise<StepRecord>,
  ): Promise<StepRecord>;
  aborted(step: StepRequest, work: (step: StepRequest) => Promise<AbortedSession>): Promise<AbortedSession>;
}

export function observedSteps(workspace: Workspace): ObservedSteps {
  const { observer } = workspace;
  const planKnown = (step: StepRequest): Promise<CompiledPlan | undefined> =>
    observer.listens ? planOf(step) : Promise.resolve(undefined);
  return {
    during: ({ processName, psybergSessionId }, work) =>
      observer.during({ kind: 'process', processName, psybergSessionId }, work),
    planning: (plan) => observer.during({ kind: 'stage', stage: 'plan' }, plan),
    begun(spec, { status, plan }) {
      if (status === 'initialized') tellSession(workspace, { spec, plan, resumed: false });
      else if (status === 'nothing-new' || status === 'waiting')
        tellOutcome(workspace, { spec, plan, outcome: idleStepRecord({ idle: status, plan }) });
    },
    async recorded(find, work) {
      const step = await find();
      const { spec } = step;
      const plan = await planKnown(step);
      if (plan?.status === 'work') tellSession(workspace, { spec, plan, resumed: true });
      const outcome = await work(step);
      tellOutcome(workspace, { spec, plan, outcome });
      return outcome;
    },
    async aborted(step, work) {
      const plan = await planKnown(step);
      const aborted = await work(step);
      if (plan?.status === 'work') tellAborted(workspace, { spec: step.spec, plan });
      return aborted;
    },
  };
}

/** The session's plan; undefined if the session cannot be found: then the step itself says why. */
async function planOf(step: StepRequest): Promise<CompiledPlan | undefined> {
  const { findSession } = await import('../run/drivers/step-session.ts');
  const found = await findSession(step).catch(() => undefined);
  return found?.kind === 'stored' ? found.stored.plan : found?.idle.plan;
}
