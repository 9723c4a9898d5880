/**
 * Adds to a plan what its SQL says about its rows: warnings, and which rows to compare. Plan + tree -> Plan.
 * Pure.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import { engineOf } from '../model/engines.ts';
import type { Plan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { columnsInNoOrder } from '../model/rows-in-no-order.ts';
import type { Session } from '../model/session.ts';
import {
  columnsByChance,
  columnsByChanceOnSpark,
  isAccepted,
  isRandomOnSpark,
  type JudgedSql,
  judgeRows,
  namesInSources,
  nonDeterministicCalls,
  warningsOf,
} from '../plan/index.ts';

/** `tree`: as DuckDB's parser gives it; undefined if it cannot parse another engine's SQL. */
export function withJudgedSql(plan: Plan, { spec, sources }: Session, tree: unknown): Plan {
  const ofDates = plan.target.event_time?.unit === 'day';
  const judged = judgeRows(tree, spec, { ofDates, columns: namesInSources(sources) });
  return { ...plan, warnings: warningsOf(plan, spec, judged), ...comparedBy(spec, judged) };
}

/** Whether a session computes some of its rows a second time, and together with which others. */
function comparedBy(
  spec: ProcessSpec,
  { tree, alone, joins }: JudgedSql,
): Pick<Plan, 'compares_rows' | 'compares_without' | 'compares_joins' | 'rows_stand_alone' | 'in_no_order'> {
  const isJoined = joins.length > 0;
  const code = patternOf(spec).loadsHours ? 'hours-not-alone' : 'rows-not-alone';
  const isMeant = isAccepted(spec, code) || (isJoined && isAccepted(spec, 'join-without-window'));
  if (isMeant || (alone.isKnown && isReadRight(spec) && !isJoined)) return {};
  const without = isSameAgain(spec, tree) ? [] : leftOut(spec, tree);
  if (without === undefined) return {};
  const inNoOrder = columnsInNoOrder(tree);
  return {
    compares_rows: true,
    ...(without.length > 0 ? { compares_without: without } : {}),
    ...(inNoOrder === undefined ? {} : { in_no_order: inNoOrder }),
    ...(isJoined ? { compares_joins: true } : {}),
    ...(alone.isKnown && !isJoined ? { rows_stand_alone: true } : {}),
  };
}

/**
 * Whether DuckDB's parser understands the SQL well enough. A function that DuckDB does not know may be an
 * aggregate of Spark, or of the user there. Spark itself tells more about single rows once it has resolved
 * the query; for hours it only matters what a row's hour is made from.
 */
const isReadRight = (spec: ProcessSpec): boolean => engineOf(spec) === 'duckdb' || patternOf(spec).loadsHours;

/** Columns whose values differ each time, if nothing else in the rows does; undefined: that is not known. */
function leftOut(spec: ProcessSpec, tree: unknown): readonly string[] | undefined {
  const columns =
    engineOf(spec) === 'duckdb'
      ? columnsByChance(tree, spec.macros ?? [])
      : columnsByChanceOnSpark(tree, spec.sql);
  const time = spec.target.eventTime?.toLowerCase();
  return time !== undefined && columns?.includes(time) === true ? undefined : columns;
}

/** Whether the query returns the same rows when it runs again; otherwise a comparison would say nothing. */
const isSameAgain = (spec: ProcessSpec, tree: unknown): boolean =>
  engineOf(spec) === 'duckdb'
    ? nonDeterministicCalls(tree, () => false, spec.macros ?? []).length === 0
    : !isRandomOnSpark(spec.sql, { isAskedTwice: patternOf(spec).loadsHours });
