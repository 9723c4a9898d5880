/**
 * Binds a step: values that only running produces are filled in by name. Step + run values -> BoundStatement.
 * Pure.
 */
import type { BoundStatement, BoundValue } from '../engine/index.ts';
import { PsybergError } from '../model/errors.ts';
import type { BoundSql, RunInput, StepValue } from '../model/step.ts';

/** What only running produces, as far as a step asks for it. */
export type RunInputs = Readonly<Partial<Record<RunInput, BoundValue>>>;

export function bindStep(step: BoundSql, fromRun: RunInputs): BoundStatement {
  return {
    sql: step.sql,
    parameters: Object.fromEntries(
      Object.entries(step.parameters).map(([name, value]) => [name, boundValue(step.name, value, fromRun)]),
    ),
  };
}

function boundValue(stepName: string, value: StepValue, fromRun: RunInputs): BoundValue {
  if (typeof value !== 'object' || value === null || !('from_run' in value)) return value as BoundValue;
  const found = fromRun[value.from_run];
  if (found === undefined)
    throw new PsybergError('internal-bug', `step ${stepName}: '${value.from_run}' is not known`, {
      hint: 'report this with the plan that you ran',
    });
  return found;
}
