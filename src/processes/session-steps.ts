/**
 * Runs the steps of a session one by one, for an orchestrator. Process + session id -> record. Each step
 * finds what the one before has left.
 */
import { usageError } from '../model/errors.ts';
import { sessionIdOf } from '../model/hour.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { followed } from '../plan/index.ts';
import { processesInDependencyOrder } from '../project/dependency-order.ts';
import type { AbortedSession } from '../run/drivers/abort.ts';
import type { StepRecord, StepRequest, StepStatus } from '../run/drivers/step-records.ts';
import { unusedSessionId } from '../session/unused-session-id.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { observedSteps } from './observed-steps.ts';
import { planProcess } from './plan-process.ts';
import { specOfPlan } from './spec-of-plan.ts';

export interface SessionRequest {
  readonly processName: string;
  /** UTC time to the second in 14 digits, such as `20230914061501`. */
  readonly psybergSessionId: string;
}

/** To begin a session. Without an id it is the current second, or the first later one that is free. */
export type InitRequest = Pick<SessionRequest, 'processName'> & Partial<SessionRequest>;

/**
 * Throws what the steps throw: `process-unknown`, `session-id-invalid`, `session-unknown`,
 * `step-out-of-order`, `plan-stale`, `staging-lost` and the errors of a run. A step that is repeated after
 * success does nothing.
 */
export interface SessionSteps {
  /** Finds what changed, plans, and records the session; with nothing to do it records nothing. */
  init(request: InitRequest): Promise<{ readonly status: StepStatus; readonly plan: CompiledPlan }>;
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
    return { ports: await workspace.ports(spec), spec, psybergSessionId };
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
  const observed = observedSteps(workspace);
  const recorded = (request: SessionRequest, work: (step: StepRequest) => Promise<StepRecord>) =>
    observed.during(request, () => observed.recorded(() => goingOn(request), work));
  return {
    init: async ({ processName, psybergSessionId: given }) => {
      const [spec] = processesInDependencyOrder(workspace.project, [processName]) as [ProcessSpec];
      const psybergSessionId =
        given ?? (await unusedSessionId(workspace, spec, sessionIdOf(workspace.now())));
      const request = { processName, psybergSessionId };
      return observed.during(request, async () => {
        const step = await requestOf(request);
        const plan = (): Promise<CompiledPlan> =>
          observed.planning(() => planProcess(workspace, step.spec, { psybergSessionId }));
        const { initSession } = await steps();
        const begun = await initSession(step, plan);
        observed.begun(step.spec, begun);
        // One alone follows nobody, and says so like any plan.
        const [told = begun.plan] = followed([{ spec: step.spec, plan: begun.plan }]);
        return { ...begun, plan: told };
      });
    },
    load: (request) => recorded(request, async (step) => (await steps()).loadStep(step)),
    audit: ({ keepBranch = false, ...request }) =>
      recorded(request, async (step) => (await steps()).auditStep(step, { keepBranch })),
    publish: (request) => recorded(request, async (step) => (await steps()).publishStep(step)),
    commit: (request) =>
      observed.during(request, async () => (await steps()).commitStep(await requestOf(request))),
    abort: (request) =>
      observed.during(request, async () => {
        const { abortSession } = await import('../run/drivers/abort.ts');
        return observed.aborted(await requestOf(request), abortSession);
      }),
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
