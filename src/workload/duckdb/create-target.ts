/** Creates a target from the columns of its own query. Query -> table without rows. */
import { boundIn, createStatement, processParameters } from '../../compile/index.ts';
import type { BoundStatement, Engine } from '../../engine/index.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import type { CreateTargetStep } from '../../model/step.ts';
import type { SqlFragment } from '../../statements/index.ts';
import { bindStep } from '../bind-step.ts';
import type { Work } from '../port.ts';
import { typeProblem } from './column-types.ts';
import { inferredSources } from './infer-previous.ts';

/** Throws `column-type-unsupported`, or DuckDB's complaint. */
export async function createFromQuery(engine: Engine, work: Work, step: CreateTargetStep): Promise<void> {
  const { statement, sources } = await creation(engine, work, step);
  await engine.execute(statement).catch(async (error: unknown) => {
    throw await typeProblem(engine, work, error, sources);
  });
}

/** The statement; a dimension's has `previous` with the columns that its own SQL gives it. */
async function creation(
  engine: Engine,
  work: Work,
  step: CreateTargetStep,
): Promise<{ readonly statement: BoundStatement; readonly sources?: SqlFragment }> {
  const { plan, spec } = work;
  if (!patternOf(spec).readsPrevious) return { statement: bindStep(step, {}) };
  const { fragment, parameters, window } = await inferredSources(engine, work);
  const { sql } = createStatement(spec, fragment);
  const bound = boundIn(sql, spec, { ...processParameters(plan, window), ...parameters });
  return { statement: bindStep({ ...step, sql, ...bound }, {}), sources: fragment };
}
