/**
 * The process's query with the rows that a session gives it, for people to read. Plan + spec -> PlanQuery.
 * Pure.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import type { Plan, PlanQuery } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { statement, userQueryFragment } from '../../statements/index.ts';
import { boundIn, executedHours, firstWindow, processParameters, windowOf } from '../parameters.ts';
import { queryCtes } from './source-ctes.ts';

/**
 * The query of a dimension is that of its first hour: the others differ in their times alone. Of what it
 * returns a session leaves out rows that only the windows of its sources bring.
 */
export function sessionQuery(plan: Plan, spec: ProcessSpec): PlanQuery {
  const window = firstWindow(spec, windowOf(plan));
  const { readsPrevious } = patternOf(spec);
  const sources = queryCtes(plan, spec, window);
  const { sql } = statement('compile/session_query', {
    sources: sources.fragment,
    query: userQueryFragment(spec.sql),
  });
  return {
    sql,
    parameters: boundIn(sql, spec, { ...processParameters(plan, window), ...sources.parameters }).parameters,
    runs: readsPrevious ? executedHours(plan).length : 1,
  };
}
