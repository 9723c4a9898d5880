/**
 * What a look reads: the rows of a process's query, or of one of its sources. Plan -> statements of DuckDB.
 * Pure. They are a session's own (its sources, its query, hour by hour where the pattern says so) without
 * what writes.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import { type HourRange, hourText } from '../../model/hour.ts';
import type { Plan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import {
  identifierFragment,
  identifierListFragment,
  renderStatement,
  type SqlFragment,
  statement,
  statementFragment,
} from '../../statements/index.ts';
import type { BoundRows } from '../audits.ts';
import { hoursTable } from '../compared-hours.ts';
import { emptySourcesStatement } from '../empty-sources.ts';
import type { LimitedShape, LookRows, LookShape, LookStep } from '../look.ts';
import {
  beginsAnew,
  boundIn,
  firstWindow,
  type HourWindow,
  namedIn,
  processParameters,
  windowOf,
  windowsOf,
} from '../parameters.ts';
import { previousTable, targetTable } from '../session-tables.ts';
import { type BareStep, bareStep, stepAround } from '../step-statements.ts';
import { queryCtes, queryWithin, sourceCtes } from './source-ctes.ts';

/** No row of a result is counted further. */
const ALL_ROWS = '9223372036854775807';

const limited = (limit: number | undefined) => ({
  row_limit: limit === undefined ? ALL_ROWS : String(limit),
});

export function lookRows(plan: Plan, spec: ProcessSpec, { shape, limit }: LimitedShape): LookRows {
  if (patternOf(spec).readsPrevious) return computedRows(plan, spec, { shape, limit });
  const window = windowOf(plan);
  const query = ownQuery(plan, spec, window);
  const rows = statement('look/query_rows', { query: statementFragment(query.sql) });
  const bound = { ...query, parameters: { ...query.parameters, ...limited(limit) } };
  return {
    before: [],
    rows: { kind: 'look/query_rows', name: 'query_rows', ...stepAround(rows.sql, bound) },
  };
}

function computedRows(plan: Plan, spec: ProcessSpec, { shape, limit }: LimitedShape): LookRows {
  const columns = identifierListFragment(shape.columns.map(({ name }) => name));
  return {
    before: [
      beginRows(plan, spec, { shape, rows: hoursTable }),
      ...windowsOf(plan).map((window, index) =>
        computeHour(plan, spec, {
          window,
          from: index > 0 || beginsAnew(plan) ? hoursTable : firstPrevious(plan, spec, shape),
        }),
      ),
    ],
    rows: {
      kind: 'look/computed_rows',
      name: 'computed_rows',
      ...bareStep(statement('look/computed_rows', { columns, rows: hoursTable }), limited(limit)),
    },
  };
}

/** What the first hour reads as `previous`. */
function firstPrevious(plan: Plan, spec: ProcessSpec, { fitsTarget }: LookShape): SqlFragment {
  if (!plan.target.exists) return hoursTable;
  return fitsTarget ? previousTable(spec) : previousOfAll(spec, hoursTable);
}

/** `previous` for whichever hour, from the target and from the hours that were computed before. */
export const previousOfAll = (spec: ProcessSpec, rows: SqlFragment): SqlFragment =>
  statementFragment(
    renderStatement('look/previous_rows', {
      previous: previousTable(spec),
      event_time: identifierFragment(spec.target.eventTime as string),
      rows,
    }),
  );

/** The start of the first hour that is computed: what `previous` has of the target lies before it. */
export const computedFrom = (plan: Plan): { readonly computed_from?: string } =>
  plan.range === null ? {} : { computed_from: plan.range.first_hour };

/** One hour, whose `previous` is taken from `from`. */
function computeHour(
  plan: Plan,
  spec: ProcessSpec,
  { window, from }: { readonly window: HourRange; readonly from: SqlFragment },
): LookStep {
  const ctes = queryCtes(plan, spec, window, { previous: from });
  const compute = statement('compile/compute_hour', {
    hours: hoursTable,
    sources: ctes.fragment,
    query: queryWithin(plan, spec, window),
  });
  const values = { ...processParameters(plan, window), ...ctes.parameters, ...computedFrom(plan) };
  return {
    kind: 'compile/compute_hour',
    name: `compute_hour ${hourText(window.firstHour)}`,
    ...stepAround(compute.sql, boundIn(compute.sql, spec, values)),
  };
}

/** A table without rows, with the columns of the target and of the query. */
export function beginRows(
  plan: Plan,
  spec: ProcessSpec,
  { shape, rows }: { readonly shape: LookShape; readonly rows: SqlFragment },
): LookStep {
  const query = shapeQuery(plan, spec, shape);
  const begin = statement('look/begin_rows', { rows, shape: statementFragment(query.sql) });
  return { kind: 'look/begin_rows', name: 'begin_rows', ...stepAround(begin.sql, query) };
}

function shapeQuery(plan: Plan, spec: ProcessSpec, { fitsTarget, inferred }: LookShape): BareStep {
  const target = targetTable(spec);
  if (plan.target.exists && fitsTarget)
    return { sql: renderStatement('look/target_shape', { target }), parameters: {} };
  const query = ownQuery(plan, spec, firstWindow(spec, windowOf(plan)), inferred);
  if (!plan.target.exists) return query;
  const sql = renderStatement('look/widened_shape', { target, query: statementFragment(query.sql) });
  return { ...query, sql };
}

/** The process's query over the rows of a window. `ctes`: in place of those that the window gives. */
export function ownQuery(
  plan: Plan,
  spec: ProcessSpec,
  window: HourWindow | undefined,
  ctes: BoundRows = queryCtes(plan, spec, window),
): BareStep {
  const own = statement('look/own_query', {
    sources: ctes.fragment,
    query: queryWithin(plan, spec, window),
  });
  const values = { ...processParameters(plan, window), ...ctes.parameters, ...computedFrom(plan) };
  return stepAround(own.sql, boundIn(own.sql, spec, values));
}

export function lookSource(plan: Plan, alias: string, limit: number | undefined): LookRows {
  const ctes = sourceCtes(plan, windowOf(plan));
  const select = statement('look/source_rows', { sources: ctes.fragment, source: identifierFragment(alias) });
  const rows = bareStep(select, { ...namedIn(select.sql, ctes.parameters), ...limited(limit) });
  return { before: [], rows: { kind: 'look/source_rows', name: `source_rows ${alias}`, ...rows } };
}

export function emptySources(plan: Plan): LookStep {
  const ctes = sourceCtes(plan, windowOf(plan));
  const empty = emptySourcesStatement(plan, ctes.fragment);
  return {
    kind: 'look/empty_sources',
    name: 'empty_sources',
    ...bareStep(empty, namedIn(empty.sql, ctes.parameters)),
  };
}
