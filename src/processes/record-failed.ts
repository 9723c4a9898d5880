/** Records a failed process in the session table. Record + error -> row. */
import type { ErrorJson } from '../model/errors.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { RestateRequest } from '../model/restate.ts';
import type { RunRecord } from '../model/run-record.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

/** Writes the failure into the session table, where that is possible. Returns the session's id there. */
export async function recordFailed(
  workspace: Workspace,
  spec: ProcessSpec,
  failed: {
    readonly record: RunRecord;
    readonly error: unknown;
    readonly plan: CompiledPlan | undefined;
    readonly restate: RestateRequest | undefined;
    /** The plan that was to be run, if one was made before. */
    readonly given: CompiledPlan | undefined;
  },
): Promise<string | undefined> {
  const { record, error, plan, restate, given } = failed;
  const { isRecorded, recordFailure } = await import('../run/records/record-failure.ts');
  if (record.error === null || !isRecorded(error)) return undefined;
  return recordFailure(await workspace.ports(), spec, {
    status: record.status,
    error: record.error as ErrorJson,
    plan,
    restate,
    refusedPlanId: given?.psyberg_session_id,
    atMs: workspace.now(),
  });
}
