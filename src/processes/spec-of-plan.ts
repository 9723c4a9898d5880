/**
 * Gives a process the variable values that its plan was made with, so that what was planned is what runs.
 * Plan + spec -> spec. Pure.
 */
import { refusal, usageError } from '../model/errors.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import { withValues } from '../project/process-sql.ts';

/** Throws `variable-contradicts-session` where `--var` says another value, and `plan-stale`. */
export function specOfPlan(
  { variables }: Pick<ProjectSpec, 'variables'>,
  spec: ProcessSpec,
  plan: CompiledPlan,
): ProcessSpec {
  const planned = plan.variables ?? {};
  const { processName } = spec;
  const context = { process_name: processName, psyberg_session_id: plan.psyberg_session_id };
  for (const { name, isGiven, value } of variables) {
    if (!isGiven || planned[name] === undefined || String(planned[name]) === String(value)) continue;
    throw usageError(
      'variable-contradicts-session',
      `--var ${name}=${value}, but session ${plan.psyberg_session_id} of ${processName} was planned with ${name}=${String(planned[name])}`,
      { hint: 'leave --var out: what was planned is what runs', context: { ...context, variable: name } },
    );
  }
  const held = withValues(spec, planned);
  if (held !== undefined) return held;
  throw refusal(
    'plan-stale',
    `the plan of ${processName} (session ${plan.psyberg_session_id}) is stale: a variable has another type since it was made`,
    { hint: `plan again: psyberg plan ${processName}`, context },
  );
}
