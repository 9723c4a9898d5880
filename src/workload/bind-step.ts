/**
 * Binds a step: values that only running produces are filled in by name. Step + run values -> BoundStatement.
 * Pure.
 */
import { declaredParameters, type StepLike } from '../compile/index.ts';
import type { BoundStatement, BoundValue } from '../engine/index.ts';
import { PsybergError } from '../model/errors.ts';
import type { BoundSql, RunInput, StepValue } from '../model/step.ts';
import { type DeclaredParameter, fromJson, sqlTypeOf } from '../statements/index.ts';

/** What only running produces, as far as a step asks for it. */
export type RunInputs = Readonly<Partial<Record<RunInput, BoundValue>>>;

type Bindable = BoundSql & { readonly kind: StepLike };

/** The values have the types that the header of the step's statement declares, or the project. */
export function bindStep(step: Bindable, fromRun: RunInputs): BoundStatement {
  const own = declaredByProject(step);
  const parameters = [
    ...declaredParameters(step.kind).filter(({ name }) => !own.some((each) => each.name === name)),
    ...own,
  ];
  const values = Object.fromEntries(
    Object.entries(step.parameters).map(([name, value]) => [name, boundValue(step.name, value, fromRun)]),
  );
  return {
    sql: step.sql,
    parameters: fromJson(parameters, values),
    declared: { name: `of the step ${step.name}`, parameters },
  };
}

function declaredByProject({ name: step, types = {} }: Bindable): DeclaredParameter[] {
  return Object.entries(types).map(([name, text]) => {
    const type = sqlTypeOf(text);
    if (type === undefined)
      throw new PsybergError('internal-bug', `step ${step}: $${name} has the unknown type ${text}`, {
        hint: 'report this with the plan that you ran',
      });
    return { name, type, nullable: false, inside: [], optional: true };
  });
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
