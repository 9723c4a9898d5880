/**
 * The plans of a project, or of some of its processes, as one: each says what it follows. Names ->
 * CompiledPlan[]. Reads only.
 */
import type { CompiledPlan } from '../model/plan.ts';
import { followed, type PlannedProcess } from '../plan/index.ts';
import { processesInDependencyOrder } from '../project/dependency-order.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { planBinding } from './bind-plan.ts';
import { planProcess } from './plan-process.ts';
import { seenOnce } from './seen-once.ts';

export interface PlansRequest {
  /** Not only the first causes of an hour or partition. */
  readonly allCauses?: boolean;
  /** Also what a session would read, and what one with a fixed lookback would. */
  readonly reads?: boolean;
}

/** In dependency order. Throws what planning and binding throw. */
export const planProcesses = (
  workspace: Workspace,
  names: readonly string[] | undefined,
  request: PlansRequest,
): Promise<CompiledPlan[]> => workspace.client.inSession(() => plansOfOneMoment(workspace, names, request));

async function plansOfOneMoment(
  workspace: Workspace,
  names: readonly string[] | undefined,
  { allCauses = false, reads = false }: PlansRequest,
): Promise<CompiledPlan[]> {
  const planned: PlannedProcess[] = [];
  const binding = planBinding(workspace);
  const seen = { ...workspace, client: seenOnce(workspace.client) };
  const specs = processesInDependencyOrder(workspace.project, names);
  for (const [done, spec] of specs.entries()) {
    const parts = { subject: spec.processName, action: 'plan', unit: 'process', done, total: specs.length };
    workspace.onProgress({ kind: 'parts', ...parts });
    const request = { allCauses, reads, writesNothing: true, binding };
    planned.push({ spec, plan: await planProcess(seen, spec, request) });
  }
  return followed(planned);
}
