/** What a process's SQL says of its rows, in its plan. Plan + tree -> Plan. Pure. */
import { patternOf } from '../kinds/patterns/index.ts';
import { engineOf } from '../model/engines.ts';
import type { Plan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { isAccepted, isRandomOnSpark, nonDeterministicCalls, rowsAlone, warningsOf } from '../plan/index.ts';

/** `tree`: as DuckDB's parser gives it; undefined of another engine's SQL that it does not read. */
export function withJudgedSql(plan: Plan, spec: ProcessSpec, tree: unknown): Plan {
  const alone = rowsAlone(tree, spec, plan.target.event_time?.unit === 'day');
  const code = patternOf(spec).loadsHours ? 'hours-not-alone' : 'rows-not-alone';
  const compares =
    !(alone.isKnown && isReadRight(spec)) && !isAccepted(spec, code) && isSameAgain(spec, tree);
  return {
    ...plan,
    warnings: warningsOf(plan, spec, tree, alone),
    ...(compares ? { compares_rows: true } : {}),
    ...(compares && alone.isKnown ? { rows_stand_alone: true } : {}),
  };
}

/**
 * A function that DuckDB does not know may be an aggregate of Spark's, or of the user's own there. Of rows
 * that stand alone Spark itself tells more, once it has resolved the query; hours stand alone by what a row's
 * hour is made of.
 */
const isReadRight = (spec: ProcessSpec): boolean => engineOf(spec) === 'duckdb' || patternOf(spec).loadsHours;

/** What is another value each time says nothing of the rows. */
const isSameAgain = (spec: ProcessSpec, tree: unknown): boolean =>
  engineOf(spec) === 'duckdb'
    ? nonDeterministicCalls(tree, () => false).length === 0
    : !isRandomOnSpark(spec.sql, { isAskedTwice: patternOf(spec).loadsHours });
