/** The steps of a session one by one, for an orchestrator: each finds what the one before has left. */
import { usageError } from '../model/errors.ts';
import { sessionIdOf } from '../model/hour.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { processesInDependencyOrder } from '../project/dependency-order.ts';
import type { AbortedSession } from '../run/drivers/abort.ts';
import type { StepRecord, StepRequest, StepStatus } from '../run/drivers/step-records.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { planProcess } from './plan-process.ts';
import { specOfPlan } from './spec-of-plan.ts';

export interface SessionRequest {
  readonly processName: string;
  /** UTC time to the second in 14 digits, such as `20230914061501`. */
  readonly psybergSessionId: string;
}

/**
 * Throws what the steps throw: `process-unknown`, `session-id-invalid`, `session-unknown`,
 * `step-out-of-order`, `plan-stale`, `staging-lost` and the errors of a run. A step that is repeated after
 * success does nothing.
 */
export interface SessionSteps {
  /** Finds what changed, plans, and records the session; with nothing to do it records nothing. */
  init(request: SessionRequest): Promise<{ readonly status: StepStatus; readonly plan: CompiledPlan }>;
  /** Stages the session's rows on its branch. */
  load(request: SessionRequest): Promise<StepRecord>;
  /**
   * Audits what was staged; a blocking audit that fails ends the session, and drops its branch unless
   * `keepBranch`.
   */
  audit(request: SessionRequest & { readonly keepBranch?: boolean }): Promise<StepRecord>;
  /** Publishes the audited rows, the watermark and the signal in one commit. */
  publish(request: SessionRequest): Promise<StepRecord>;
  /** Confirms that the watermark is in place, and repairs its table where it is not. */
  commit(request: SessionRequest): Promise<{ readonly record: StepRecord; readonly repaired: boolean }>;
  /** Drops what a session that did not publish has left. */
  abort(request: SessionRequest): Promise<AbortedSession>;
}

/** The steps over a workspace. */
export function sessionSteps(workspace: Workspace): SessionSteps {
  const requestOf = async ({ processName, psybergSessionId }: SessionRequest): Promise<StepRequest> => {
    refuseOtherId(psybergSessionId);
    const [spec] = processesInDependencyOrder(workspace.project, [processName]) as [ProcessSpec];
    return { ports: await workspace.ports(), spec, psybergSessionId };
  };
  /** With the values of variables that the session was opened with. */
  const goingOn = async (request: SessionRequest): Promise<StepRequest> => {
    const step = await requestOf(request);
    if (step.spec.variables === undefined) return step;
    const { findSession } = await import('../run/drivers/step-session.ts');
    const found = await findSession(step);
    const plan = found.kind === 'idle' ? found.idle.plan : found.stored.plan;
    return { ...step, spec: specOfPlan(workspace.project, step.spec, plan) };
  };
  const steps = (): Promise<typeof import('../run/drivers/stepwise.ts')> =>
    import('../run/drivers/stepwise.ts');
  return {
    async init(request) {
      const step = await requestOf(request);
      const { psybergSessionId } = request;
      const plan = (): Promise<CompiledPlan> => planProcess(workspace, step.spec, { psybergSessionId });
      return (await steps()).initSession(step, plan);
    },
    load: async (request) => (await steps()).loadStep(await goingOn(request)),
    audit: async ({ keepBranch = false, ...request }) =>
      (await steps()).auditStep(await goingOn(request), { keepBranch }),
    publish: async (request) => (await steps()).publishStep(await goingOn(request)),
    commit: async (request) => (await steps()).commitStep(await requestOf(request)),
    async abort(request) {
      const { abortSession } = await import('../run/drivers/abort.ts');
      return abortSession(await requestOf(request));
    },
  };
}

function refuseOtherId(psybergSessionId: string): void {
  if (/^\d{14}$/.test(psybergSessionId)) return;
  throw usageError(
    'session-id-invalid',
    `a session id is a UTC time to the second in 14 digits, found '${psybergSessionId}'`,
    { hint: `for example ${sessionIdOf(Date.now())}`, context: { found: psybergSessionId } },
  );
}
