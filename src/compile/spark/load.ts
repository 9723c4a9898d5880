/**
 * What Spark runs of a session's load, as steps: the columns of the target, and its rows, hour by hour where
 * the pattern says so. Plan + spec -> steps. Pure.
 *
 * Spark writes through the catalog of the session into a table of its own, `collected`, that is the target
 * without rows: what it commits there is in no snapshot of the target, and its files are taken over from it.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import { unitOf } from '../../model/grain.ts';
import { parseHour } from '../../model/hour.ts';
import type { Plan, PlanQuery } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { ComputeHoursStep, CreateTargetStep, InsertStep } from '../../model/step.ts';
import {
  identifierListFragment,
  renderStatement,
  type SqlFragment,
  statement,
  statementFragment,
  userQueryFragment,
} from '../../statements/index.ts';
import type { BoundRows } from '../audits.ts';
import { hourComparisons } from '../compared-hours.ts';
import {
  boundIn,
  COMPUTED_BEFORE,
  executedHours,
  firstWindow,
  type HourWindow,
  hoursParameters,
  processParameters,
  restatesAppended,
  windowOf,
} from '../parameters.ts';
import { queryCut } from '../query-cut.ts';
import { request } from '../request-steps.ts';
import { collectedTable, previousTable } from '../session-tables.ts';
import { type BareStep, stepAround } from '../step-statements.ts';
import { isInside, queryRows, rowsWithin, sourceRows } from './source-rows.ts';

/** The query alone: of a dimension that of its first hour. */
export function sparkQuery(plan: Plan, spec: ProcessSpec): PlanQuery {
  const { sql, parameters } = queryStep(plan, spec);
  return { sql, parameters, runs: patternOf(spec).readsPrevious ? executedHours(plan).length : 1 };
}

/**
 * The query over the rows of its window, of a dimension of its first hour: for its columns. `previous`: a CTE
 * in place of the target's rows.
 */
export function queryStep(plan: Plan, spec: ProcessSpec, previous?: SqlFragment): BareStep {
  const window = firstWindow(spec, windowOf(plan));
  const rows = previous === undefined ? queryRows(plan, spec, window) : sourceRows(plan, window, [previous]);
  const { sql } = statement('compile/session_query', {
    sources: rows.fragment,
    query: userQueryFragment(spec.sql),
  });
  return bound(sql, { plan, spec, window, rows });
}

/** Columns are asked for when the session runs; the table is created by the catalog. */
export const targetRequest = (plan: Plan): CreateTargetStep =>
  request(
    { kind: 'create-target', stage: 'branch', name: 'create_target' },
    `create ${plan.target.table} with the columns of the query, as Spark describes them`,
  );

/** Columns that only the query has stay out of the target. */
export const withoutColumns = (sql: string, columns: readonly string[]): string =>
  renderStatement('spark/without_columns_on_spark', {
    columns: identifierListFragment(columns),
    query: userQueryFragment(sql),
  });

/** The rows of a session into what is collected; those of a dimension are there already. */
export function load(plan: Plan, spec: ProcessSpec): InsertStep {
  const common = { kind: 'insert', stage: 'load', name: 'insert' } as const;
  if (patternOf(spec).readsPrevious) return request(common, 'the files of the computed hours are taken over');
  const window = windowOf(plan);
  if (window !== undefined && restatesAppended(plan)) {
    // Over whole sources, of which those rows are kept that lie in the hours.
    const rows = { ...sourceRows(plan, undefined), parameters: hoursParameters(window) };
    const query = queryCut(spec, isInside(plan, spec, window));
    return { ...common, ...insertOf(plan, spec, { window, rows, query }) };
  }
  const rows = queryRows(plan, spec, window);
  return { ...common, ...insertOf(plan, spec, { window, rows, query: rowsWithin(plan, spec, window) }) };
}

/**
 * One insert an hour: `previous` of the first is the target, of the others what was collected, or where hours
 * before it may stay as they are, either. DuckDB compares.
 */
export function hours(plan: Plan, spec: ProcessSpec): ComputeHoursStep[] {
  if (!patternOf(spec).readsPrevious) return [];
  const begin = { kind: 'begin-hours', stage: 'load', name: 'begin_hours' } as const;
  const end = { kind: 'end-hours', stage: 'load', name: 'end_hours' } as const;
  const comparisons = hourComparisons(plan, spec);
  return [
    request(begin, 'nothing is collected yet'),
    ...executedHours(plan).flatMap(({ hour }): ComputeHoursStep[] => {
      const name = `compute_hour ${hour}`;
      const isFirst = hour === plan.hours[0]?.hour;
      const previous = isFirst ? 'target' : comparisons.isResumed(hour) ? 'either' : 'collected';
      const insert = hourInsert(plan, spec, unitOf(plan, parseHour(hour)), { previous });
      return [{ kind: 'compute-hour', stage: 'load', name, hour, ...insert }, ...comparisons.after(hour)];
    }),
    ...comparisons.differing,
    request(end, 'the hours are computed'),
  ];
}

/**
 * The rows of one hour, or day, into what is collected. `previous`: where those of the one before are;
 * `collected`: another place for both than the session's own.
 */
export function hourInsert(
  plan: Plan,
  spec: ProcessSpec,
  window: HourWindow,
  {
    previous,
    collected = collectedTable(spec),
  }: { readonly previous: 'target' | 'collected' | 'either'; readonly collected?: SqlFragment },
): BareStep {
  const from = {
    target: () => previousTable(spec),
    collected: () => collected,
    either: () => eitherTable(spec, collected),
  }[previous]();
  const rows = queryRows(plan, spec, window, from);
  const query = rowsWithin(plan, spec, window);
  const values = previous === 'either' ? { computed_before: COMPUTED_BEFORE } : {};
  return insertOf(plan, spec, { window, rows, query, values, collected });
}

/** For an hour that may follow hours which stay as they are. */
const eitherTable = (spec: ProcessSpec, collected: SqlFragment): SqlFragment =>
  statementFragment(
    `(\n${renderStatement('spark/previous_of_either_on_spark', {
      collected,
      target: previousTable(spec),
    })}\n)`,
  );

interface Written {
  readonly window: HourWindow | undefined;
  readonly rows: BoundRows;
  /** What it binds besides. */
  readonly values?: BareStep['parameters'];
}

function insertOf(
  plan: Plan,
  spec: ProcessSpec,
  {
    window,
    rows,
    query,
    values,
    collected = collectedTable(spec),
  }: Written & { readonly query: SqlFragment; readonly collected?: SqlFragment },
): BareStep {
  const { sql } = statement('compile/compute_hour', {
    hours: collected,
    sources: rows.fragment,
    query,
  });
  return bound(sql, { plan, spec, window, rows, ...(values === undefined ? {} : { values }) });
}

function bound(
  sql: string,
  {
    plan,
    spec,
    window,
    rows,
    values: more = {},
  }: Written & { readonly plan: Plan; readonly spec: ProcessSpec },
): BareStep {
  const values = { ...processParameters(plan, window), ...rows.parameters, ...more };
  return stepAround(sql, boundIn(sql, spec, values));
}
