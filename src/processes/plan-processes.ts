/**
 * Plans a project, or some of its processes, as a whole: each plan says which others it follows. Names ->
 * CompiledPlan[]. Reads only.
 */
import { type ErrorJson, PsybergError } from '../model/errors.ts';
import { tableKey } from '../model/names.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { shownError } from '../model/storage-faults.ts';
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
  /**
   * Called with each process that is refused, and with those that read what it writes: a run would not come
   * to them. They have no plan then, and the others do. Without it, what refuses one is thrown.
   */
  readonly onRefused?: (refused: RefusedPlan) => void;
}

/** A process that is not planned, and why. */
export interface RefusedPlan {
  readonly process_name: string;
  readonly error: ErrorJson;
}

/** In dependency order. Throws what planning and binding throw; with `onRefused` all but refusals. */
export const planProcesses = (
  workspace: Workspace,
  names: readonly string[] | undefined,
  request: PlansRequest,
): Promise<CompiledPlan[]> => workspace.client.inSession(() => plansOfOneMoment(workspace, names, request));

async function plansOfOneMoment(
  workspace: Workspace,
  names: readonly string[] | undefined,
  { allCauses = false, reads = false, onRefused }: PlansRequest,
): Promise<CompiledPlan[]> {
  const planned: PlannedProcess[] = [];
  /** Processes by the targets that a run would not bring up to date. */
  const refused = new Map<string, string>();
  const refuse = (spec: ProcessSpec, error: PsybergError): void => {
    refused.set(tableKey(spec.target.table), spec.processName);
    onRefused?.({ process_name: spec.processName, error: shownError(error).toJSON() });
  };
  const binding = planBinding(workspace);
  const seen = { ...workspace, client: seenOnce(workspace.client) };
  const specs = processesInDependencyOrder(workspace.project, names);
  for (const [done, spec] of specs.entries()) {
    const parts = { subject: spec.processName, action: 'plan', unit: 'process', done, total: specs.length };
    workspace.onProgress({ kind: 'parts', ...parts });
    const above = spec.sources.flatMap(({ table }) => refused.get(tableKey(table)) ?? [])[0];
    if (above !== undefined) {
      refuse(spec, notComeTo(spec, above));
      continue;
    }
    const request = { allCauses, reads, writesNothing: true, binding };
    try {
      planned.push({ spec, plan: await planProcess(seen, spec, request) });
    } catch (error) {
      if (onRefused === undefined || !isRefusal(error)) throw error;
      refuse(spec, error);
    }
  }
  return followed(planned);
}

/** Of one process, whose session alone would end with them. */
const OF_ITS_COLUMNS: ReadonlySet<string> = new Set([
  'column-type-unsupported',
  'target-event-time',
  'target-schema-mismatch',
  'target-type-mismatch',
]);

/** What could lose or double rows is of one process; whatever else fails, fails for all that need it. */
const isRefusal = (error: unknown): error is PsybergError =>
  error instanceof PsybergError && (error.kind === 'refused' || OF_ITS_COLUMNS.has(error.code));

const notComeTo = (spec: ProcessSpec, above: string): PsybergError =>
  new PsybergError(
    'upstream-failed',
    `a run would not come to ${spec.processName}: ${above}, which writes one of its sources, has no plan`,
    {
      hint: `solve the error of ${above} first`,
      context: { process_name: spec.processName, upstream: above },
    },
  );
