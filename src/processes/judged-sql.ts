/** What a process's SQL says of its rows, in its plan. Plan + tree -> Plan. Pure. */
import { patternOf } from '../kinds/patterns/index.ts';
import { engineOf } from '../model/engines.ts';
import type { Plan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { isAccepted, nonDeterministicCalls, rowsAlone, warningsOf } from '../plan/index.ts';

/** `tree`: as DuckDB's parser gives it; undefined of another engine's SQL that it does not read. */
export function withJudgedSql(plan: Plan, spec: ProcessSpec, tree: unknown): Plan {
  const alone = rowsAlone(tree, spec, plan.target.event_time?.unit === 'day');
  const code = patternOf(spec).loadsHours ? 'hours-not-alone' : 'rows-not-alone';
  const compares =
    !alone.isKnown &&
    // It is DuckDB that compares.
    engineOf(spec) === 'duckdb' &&
    !isAccepted(spec, code) &&
    // What is another value each time says nothing of the rows.
    nonDeterministicCalls(tree, () => false).length === 0;
  return {
    ...plan,
    warnings: warningsOf(plan, spec, tree, alone),
    ...(compares ? { compares_rows: true } : {}),
  };
}
