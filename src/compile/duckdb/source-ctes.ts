/**
 * How a process's SQL sees its sources: one CTE for each alias, holding only the rows of the session (or of
 * one hour). Plan + spec -> SqlFragment + the parameters that it binds. Pure.
 */

import { patternOf } from '../../kinds/patterns/index.ts';
import { unitHours } from '../../model/grain.ts';
import { HOUR_MS } from '../../model/hour.ts';
import type { Plan, PlanSource } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { plannedWindow } from '../../model/window-hours.ts';
import {
  allColumnsFragment,
  asStoredFragment,
  cteFragment,
  filesRelation,
  hourCountFragment,
  hourSpanFragment,
  identifierFragment,
  joinedFragment,
  literalFragment,
  rangeBoundFragment,
  rangeDayFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
  storedEventTimeFragment,
  userQueryFragment,
} from '../../statements/index.ts';
import type { BoundRows } from '../audits.ts';
import {
  countsForWholeDays,
  type HourWindow,
  instant,
  rangeOf,
  type SourceParameters,
  windowReach,
} from '../parameters.ts';
import { previousTable, sourceTable } from '../session-tables.ts';

/** Tables that hold the rows of sources for some hours, by alias. */
export type TablesAhead = ReadonlyMap<string, SqlFragment>;

/**
 * All aliases as CTEs, each with the rows of the window; then `more`. `ahead`: sources that were read ahead.
 */
export function sourceCtes(
  plan: Plan,
  window: HourWindow | undefined,
  more: readonly SqlFragment[] = [],
  ahead?: TablesAhead,
): BoundRows {
  const ctes = plan.sources.map((source) =>
    cteFragment(
      source.alias,
      rowsOfSource(plan, source, { hours: window, from: ahead?.get(source.alias) }, columnsOf(source)),
    ),
  );
  return { fragment: joinedFragment([...ctes, ...more], ',\n'), parameters: rangeParameters(plan, window) };
}

/** As {@link sourceCtes}, without the rows that only the window of their source brings. */
export const ownHourCtes = (plan: Plan, window: HourWindow | undefined): SqlFragment =>
  sourceCtes({ ...plan, sources: plan.sources.map((source) => ({ ...source, window: null })) }, window)
    .fragment;

/**
 * What the process's own SQL sees: its sources, and for a pattern that reads it `previous`: the rows of the
 * hour before the window, which are found in the table `previous`.
 */
export function queryCtes(
  plan: Plan,
  spec: ProcessSpec,
  window: HourWindow | undefined,
  {
    previous: table = previousTable(spec),
    ahead,
  }: { readonly previous?: SqlFragment | undefined; readonly ahead?: TablesAhead | undefined } = {},
): BoundRows {
  if (!patternOf(spec).readsPrevious || window === undefined) return sourceCtes(plan, window);
  const previous = renderStatement('compile/previous_hour', {
    columns: statementFragment('*'),
    target: table,
    event_time: identifierFragment(spec.target.eventTime as string),
  });
  const { fragment, parameters } = sourceCtes(plan, window, [cteFragment('previous', previous)], ahead);
  const previousStart = instant((window.firstHour - unitHours(spec)) * HOUR_MS);
  return { fragment, parameters: { ...parameters, previous_start: previousStart } };
}

/** All rows of a source that a session without hours reads, as a query. */
export const wholeRows = (plan: Plan, source: PlanSource): string =>
  rowsOfSource(plan, source, { hours: undefined }, columnsOf(source));

/** What {@link sourceCtes} shows of one source, as a query. */
export const windowRows = (plan: Plan, source: PlanSource, window: HourWindow): BoundRows => ({
  fragment: statementFragment(rowsOfSource(plan, source, { hours: window }, columnsOf(source))),
  parameters: rangeOf(window),
});

/**
 * The rows that {@link sourceCtes} shows, by the same rules, as the file of each, and of a process of
 * hours also the hour: where files tell which hours have rows, nobody reads the source again for that. In a
 * session of 200 rows that took 34 ms of CPU, and takes 8; of 3,000,000 rows no more (2026-11-29).
 */
export function sourceFileCtes(plan: Plan, window: HourWindow | undefined): BoundRows {
  const ctes = plan.sources.map((source) =>
    cteFragment(source.alias, rowsOfSource(plan, source, { hours: window }, fileAndHour(plan, source))),
  );
  return { fragment: joinedFragment(ctes, ',\n'), parameters: rangeParameters(plan, window) };
}

/** All columns; of files also the path, where the SQL names it: a CTE has no virtual column. */
const columnsOf = ({ read, float_columns: floats = [] }: PlanSource): SqlFragment =>
  read.kind !== 'files'
    ? allColumnsFragment(floats)
    : statementFragment(`* exclude (psyberg_file)${read.with_filename ? ', psyberg_file as filename' : ''}`);

function fileAndHour(plan: Plan, source: PlanSource): SqlFragment {
  const file = statementFragment(source.read.kind === 'files' ? 'psyberg_file' : 'filename');
  return statementFragment(
    patternOf(plan).loadsHours
      ? renderStatement('fragments/file_and_hour', { ...storedFragments(source), file })
      : renderStatement('fragments/file_of_row', { file }),
  );
}

function storedFragments(source: PlanSource): Record<'stored_event_time' | 'unit', SqlFragment> {
  const unit = source.event_time_unit ?? 'us';
  return {
    stored_event_time:
      source.event_time === null
        ? statementFragment('null::bigint')
        : storedEventTimeFragment(source.event_time, unit, source.event_time_type),
    unit: literalFragment(unit),
  };
}

function rangeParameters(plan: Plan, window: HourWindow | undefined): SourceParameters {
  if (window === undefined) return {};
  const parameters = rangeOf(window);
  const { only } = window;
  const ofEvents = plan.sources.filter(({ lookup }) => lookup !== true);
  return only === undefined || ofEvents.every((source) => countsForWholeDays(plan, source))
    ? parameters
    : { ...parameters, hours: only.map(String) };
}

function rowsOfSource(
  plan: Plan,
  source: PlanSource,
  { hours, from }: { readonly hours: HourWindow | undefined; readonly from?: SqlFragment | undefined },
  columns: SqlFragment,
): string {
  const isWhole = hours === undefined || source.lookup === true || source.event_time === null;
  if (source.read.kind === 'files' && isWhole)
    return renderStatement('compile/source_files', {
      columns,
      relation: filesRelation(source.read.relation),
    });
  if (isWhole)
    return renderStatement('compile/source_changes', { columns, source: sourceTable(source.alias) });
  const wholeDays = countsForWholeDays(plan, source);
  if (hours.only === undefined || wholeDays)
    return renderStatement('compile/source_range', {
      columns,
      ...rangeFragments(source, wholeDays),
      ...(from === undefined ? {} : { source: from }),
    });
  return renderStatement('compile/source_hours', {
    columns,
    ...rangeFragments(source, false),
    ...storedFragments(source),
    hours: hoursAround(plannedWindow(source)),
  });
}

/** The session's separate hours, and those so many before and after each. */
function hoursAround({ beforeHours, afterHours }: ReturnType<typeof plannedWindow>): SqlFragment {
  if (beforeHours + afterHours === 0) return statementFragment(renderStatement('compile/given_hours'));
  const counts = { before_hours: hourCountFragment(beforeHours), after_hours: hourCountFragment(afterHours) };
  return statementFragment(renderStatement('compile/hours_around', counts));
}

/**
 * The process's query with the rows that belong to the session. With a window a query may compute rows of the
 * hours around it (a session over neighbouring hours is natural SQL), of which it sees only a part of what
 * they depend on.
 */
export function queryWithin(plan: Plan, spec: ProcessSpec, window: HourWindow | undefined): SqlFragment {
  const reach = windowReach(plan);
  if (window === undefined || reach === 0) return userQueryFragment(spec.sql);
  const common = {
    query: userQueryFragment(spec.sql),
    event_time: asStoredFragment(spec.target.eventTime as string, plan.target.event_time?.unit),
  };
  return statementFragment(
    window.only === undefined
      ? renderStatement('compile/within_range', { ...common, reach: hourSpanFragment(reach) })
      : renderStatement('compile/within_hours', {
          ...common,
          hours_around: hoursAround({ beforeHours: reach, afterHours: reach }),
        }),
  );
}

/** Whether a row that the query returned lies in the session's hours. */
export const withinRestated = (plan: Plan, spec: ProcessSpec, { only }: HourWindow): SqlFragment =>
  statementFragment(
    renderStatement(only === undefined ? 'compile/restated_range' : 'compile/restated_hours', {
      event_time: asStoredFragment(spec.target.eventTime as string, plan.target.event_time?.unit),
    }),
  );

function rangeFragments(
  source: PlanSource,
  wholeDays: boolean,
): Record<'source' | 'event_time' | 'range_start' | 'range_end', SqlFragment> {
  const { beforeHours, afterHours } = plannedWindow(source);
  const [first, end] = [
    { parameter: 'range_start', later: -beforeHours },
    { parameter: 'range_end', later: afterHours },
  ] as const;
  const { event_time_type: type, event_time_unit: unit } = source;
  return {
    source: source.read.kind === 'files' ? filesRelation(source.read.relation) : sourceTable(source.alias),
    event_time: identifierFragment(source.event_time as string),
    range_start: wholeDays ? rangeDayFragment(first) : rangeBoundFragment(first, type, unit),
    range_end: rangeBoundFragment(end, type, unit),
  };
}
