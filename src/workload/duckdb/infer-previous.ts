/** Makes `previous` of a dimension whose target does not exist yet, or lacks columns of it. Query -> CTEs. */
import { inferPrevious } from '../../binding/infer-previous.ts';
import { describeStatement, sourceCtes } from '../../compile/index.ts';
import { type Engine, parseQuery } from '../../engine/index.ts';
import { unitOf } from '../../model/grain.ts';
import { type HourRange, parseHour } from '../../model/hour.ts';
import type { Plan } from '../../model/plan.ts';
import { bindStep } from '../bind-step.ts';
import type { Work } from '../port.ts';

/**
 * The sources of a dimension's query with `previous` as its own SQL makes it, without rows: for a target that
 * is not there yet, or lacks columns of it.
 */
export async function inferredSources(engine: Engine, { plan, spec }: Work): Promise<InferredSources> {
  const window = unitOf(plan, parseHour((plan.range as NonNullable<Plan['range']>).first_hour));
  const previous = await inferPrevious(spec, await parseQuery(engine, spec.sql), async (cte) => {
    const sources = sourceCtes(plan, window, [cte]).fragment;
    const step = { name: 'previous', ...describeStatement(plan, spec, sources) };
    return (await engine.table(bindStep(step, {}))).columns;
  });
  const more = previous === undefined ? [] : [previous];
  return { ...sourceCtes(plan, window, more), window };
}

/** The CTEs, what is bound in them, and the hour that they are asked for. */
export interface InferredSources extends ReturnType<typeof sourceCtes> {
  readonly window: HourRange;
}
