/**
 * How a process's SQL sees its sources on Spark: one CTE for each alias, holding only the rows of the session
 * (or of one hour). Plan + spec -> SqlFragment + the parameters that it binds. Pure.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import { unitHours } from '../../model/grain.ts';
import { HOUR_MS } from '../../model/hour.ts';
import type { Plan, PlanSource } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { plannedWindow } from '../../model/window-hours.ts';
import {
  hourCountFragment,
  identifierFragment,
  joinedFragment,
  renderStatement,
  type SqlFragment,
  sparkAsStored,
  sparkBoundFragment,
  sparkCteFragment,
  sparkDayFragment,
  sparkHourFragment,
  sparkHourOfColumn,
  sparkHoursFragment,
  statementFragment,
  userQueryFragment,
} from '../../statements/index.ts';
import type { BoundRows } from '../audits.ts';
import { countsForWholeDays, type HourWindow, hoursParameters, instant, windowReach } from '../parameters.ts';
import { previousTable, sourceTable } from '../session-tables.ts';

const ALL_COLUMNS = statementFragment('*');

/** All aliases as CTEs, each with the rows of the window; then `more`. */
export function sourceRows(
  plan: Plan,
  window: HourWindow | undefined,
  more: readonly SqlFragment[] = [],
): BoundRows {
  const ctes = plan.sources.map((source) =>
    sparkCteFragment(source.alias, rowsOfSource(plan, source, window, ALL_COLUMNS)),
  );
  return {
    fragment: joinedFragment([...ctes, ...more], ',\n'),
    parameters: window === undefined ? {} : hoursParameters(window),
  };
}

/** As {@link sourceRows}, without the rows that only the window of their source brings. */
export const ownHourRows = (plan: Plan, window: HourWindow | undefined): SqlFragment =>
  sourceRows({ ...plan, sources: plan.sources.map((source) => ({ ...source, window: null })) }, window)
    .fragment;

/** The same rows, as the file and the hour of each. */
export const sourceFiles = (plan: Plan, window: HourWindow | undefined): BoundRows => ({
  fragment: joinedFragment(
    plan.sources.map((source) =>
      sparkCteFragment(source.alias, rowsOfSource(plan, source, window, fileAndHour(plan, source))),
    ),
    ',\n',
  ),
  parameters: window === undefined ? {} : hoursParameters(window),
});

/**
 * What the process's own SQL sees: its sources, and where its pattern reads it `previous`, the rows of the
 * hour before the window in `previousFrom`.
 */
export function queryRows(
  plan: Plan,
  spec: ProcessSpec,
  window: HourWindow | undefined,
  previousFrom: SqlFragment = previousTable(spec),
): BoundRows {
  if (!patternOf(spec).readsPrevious || window === undefined) return sourceRows(plan, window);
  const previous = renderStatement('compile/previous_hour', {
    columns: ALL_COLUMNS,
    target: previousFrom,
    event_time: identifierFragment(spec.target.eventTime as string),
  });
  const { fragment, parameters } = sourceRows(plan, window, [sparkCteFragment('previous', previous)]);
  const previousStart = instant((window.firstHour - unitHours(spec)) * HOUR_MS);
  return { fragment, parameters: { ...parameters, previous_start: previousStart } };
}

const NO_HOUR = statementFragment('cast(null as bigint)');

const hourOfSource = ({ event_time: column, event_time_type: type, event_time_unit: unit }: PlanSource) =>
  column === null ? NO_HOUR : sparkHourFragment({ column, type, unit });

/** If the hour of a row is not needed, no column is read for it. */
const fileAndHour = (plan: Plan, source: PlanSource): SqlFragment =>
  statementFragment(
    renderStatement('spark/file_and_hour_on_spark', {
      hour: patternOf(plan).loadsHours ? hourOfSource(source) : NO_HOUR,
    }),
  );

function rowsOfSource(
  plan: Plan,
  source: PlanSource,
  hours: HourWindow | undefined,
  columns: SqlFragment,
): string {
  const table = sourceTable(source.alias);
  if (hours === undefined || source.lookup === true || source.event_time === null)
    return renderStatement('compile/source_changes', { columns, source: table });
  const { beforeHours, afterHours } = plannedWindow(source);
  const wholeDays = countsForWholeDays(plan, source);
  const first = { parameter: 'range_start', later: -beforeHours } as const;
  const type = { type: source.event_time_type, unit: source.event_time_unit };
  const range = {
    columns,
    source: table,
    event_time: identifierFragment(source.event_time),
    range_start: wholeDays ? sparkDayFragment(first) : sparkBoundFragment(first, type),
    range_end: sparkBoundFragment({ parameter: 'range_end', later: afterHours }, type),
  };
  if (hours.only === undefined || wholeDays) return renderStatement('compile/source_range', range);
  return renderStatement('spark/source_hours_on_spark', {
    ...range,
    hour: hourOfSource(source),
    before_hours: hourCountFragment(beforeHours),
    after_hours: hourCountFragment(afterHours),
  });
}

/** All rows of a source, as a query. */
export const wholeSource = (plan: Plan, source: PlanSource): string =>
  rowsOfSource(plan, source, undefined, ALL_COLUMNS);

/**
 * The process's query with the rows that belong to the session: with a window it may compute rows of the
 * hours around it.
 */
export function rowsWithin(plan: Plan, spec: ProcessSpec, window: HourWindow | undefined): SqlFragment {
  const reach = windowReach(plan);
  const query = userQueryFragment(spec.sql);
  if (window === undefined || reach === 0) return query;
  const eventTime = asStored(plan, spec);
  return statementFragment(
    renderStatement('spark/within', {
      query,
      is_near: isNear(eventTime, window, reach),
      is_inside: isInsideOf(eventTime, window),
    }),
  );
}

/** Whether a row of the query, or of the target, lies in the session's hours. */
export const isInside = (plan: Plan, spec: ProcessSpec, window: HourWindow): SqlFragment =>
  isInsideOf(asStored(plan, spec), window);

const asStored = (plan: Plan, { target }: ProcessSpec): SqlFragment =>
  sparkAsStored(target.eventTime as string, plan.target.event_time?.unit);

const isInsideOf = (event_time: SqlFragment, { only }: HourWindow): SqlFragment =>
  statementFragment(
    only === undefined
      ? renderStatement('spark/lies_in_range', { event_time })
      : renderStatement('spark/lies_in_hours', { event_time, hour: sparkHourOfColumn(event_time) }),
  );

const isNear = (event_time: SqlFragment, { only }: HourWindow, reach: number): SqlFragment =>
  statementFragment(
    only === undefined
      ? renderStatement('spark/near_range', { event_time, reach: sparkHoursFragment(reach) })
      : renderStatement('spark/near_hours', {
          event_time,
          hour: sparkHourOfColumn(event_time),
          reach_hours: hourCountFragment(reach),
        }),
  );
