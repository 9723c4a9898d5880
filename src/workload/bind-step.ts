/**
 * Binds a step: values that only running produces are filled in by name. Step + run values -> BoundStatement.
 * Pure.
 */
import { declaredParameters, type StepLike } from '../compile/index.ts';
import type { BoundStatement, BoundValue } from '../engine/index.ts';
import { PsybergError } from '../model/errors.ts';
import type { BoundSql, RunInput, StepValue } from '../model/step.ts';
import { fromJson } from '../statements/index.ts';

/** What only running produces, as far as a step asks for it. */
export type RunInputs = Readonly<Partial<Record<RunInput, BoundValue>>>;

type Bindable = BoundSql & { readonly kind: StepLike };

/** The values have the types that the header of the step's statement declares. */
export function bindStep(step: Bindable, fromRun: RunInputs): BoundStatement {
  const parameters = declaredParameters(step.kind);
  const values = Object.fromEntries(
    Object.entries(step.parameters).map(([name, value]) => [name, boundValue(step.name, value, fromRun)]),
  );
  return {
    sql: step.sql,
    parameters: fromJson(parameters, values),
    declared: { name: `of the step ${step.name}`, parameters },
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
