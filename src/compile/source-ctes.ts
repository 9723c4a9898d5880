/**
 * How a process's SQL sees its sources: one CTE for each alias, holding only the rows of the session (or of
 * one hour). Plan + spec -> SqlFragment + the parameters that it binds. Pure.
 */
import type { Hour } from '../model/hour.ts';
import { HOUR_MS, parseHour } from '../model/hour.ts';
import type { Plan, PlanSource, StepValue } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { scanSql } from '../model/scan-sql.ts';
import {
  type SqlFragment,
  cteFragment,
  identifierFragment,
  joinedFragment,
  literalFragment,
  rangeBoundFragment,
  rangeDayFragment,
  renderStatement,
  storedEventTimeFragment,
  tableFragment,
} from '../statements/index.ts';

/** The catalog under which DuckDB sees a session: `sources.<alias>`, `target.<name>`, `staged.<name>`. */
export const SESSION_CATALOG = 'psyberg_session';

export const sourceTable = (alias: string): SqlFragment =>
  tableFragment(SESSION_CATALOG, { namespace: ['sources'], name: alias });
export const targetTable = (spec: ProcessSpec): SqlFragment =>
  tableFragment(SESSION_CATALOG, { namespace: ['target'], name: spec.target.table.name });
export const stagedTable = (spec: ProcessSpec): SqlFragment =>
  tableFragment(SESSION_CATALOG, { namespace: ['staged'], name: spec.target.table.name });
/** The target as the session found it, as far as the hour before its first one is asked for. */
export const previousTable = (spec: ProcessSpec): SqlFragment =>
  tableFragment(SESSION_CATALOG, { namespace: ['previous'], name: spec.target.table.name });
/** Where a dimension's hours are computed, before they are staged. */
export const hoursTable: SqlFragment = tableFragment('temp', { namespace: ['main'], name: 'psyberg_hours' });
export const wholeTable = (spec: ProcessSpec): SqlFragment =>
  tableFragment(SESSION_CATALOG, { namespace: ['whole'], name: spec.target.table.name });
export const straddlingTable = (spec: ProcessSpec): SqlFragment =>
  tableFragment(SESSION_CATALOG, { namespace: ['straddling'], name: spec.target.table.name });

/** The hours that one execution of the SQL covers; undefined for a stateless load. */
export interface HourWindow {
  readonly firstHour: Hour;
  readonly lastHour: Hour;
  /** Only for `hours: touched`: exactly these hours. */
  readonly only?: readonly Hour[];
}

export interface BoundFragment {
  readonly fragment: SqlFragment;
  readonly parameters: Readonly<Record<string, StepValue>>;
}

const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** The parameters that a process's SQL may name, for one window. */
export function processParameters(plan: Plan, window: HourWindow | undefined): Record<string, StepValue> {
  const session = { psyberg_session_id: plan.psyberg_session_id, process_name: plan.process_name };
  const hours = window ?? hoursOfPlan(plan);
  if (hours === undefined) return session;
  return {
    ...session,
    first_hour: instant(hours.firstHour * HOUR_MS),
    last_hour: instant(hours.lastHour * HOUR_MS),
    range_start: instant(hours.firstHour * HOUR_MS),
    range_end: instant((hours.lastHour + 1) * HOUR_MS),
  };
}

/** A stateless load has no range, but its SQL may still ask for the hours that the new rows touch. */
function hoursOfPlan(plan: Plan): HourWindow | undefined {
  const [first] = plan.hours;
  const last = plan.hours.at(-1);
  return first === undefined || last === undefined
    ? undefined
    : { firstHour: parseHour(first.hour), lastHour: parseHour(last.hour) };
}

/**
 * All aliases as CTEs; for a dimension also `previous`, the rows of the hour before the window in
 * `previousFrom`.
 */
export function sourceCtes(
  plan: Plan,
  spec: ProcessSpec,
  window: HourWindow | undefined,
  extra: readonly SqlFragment[] = [],
  previousFrom: SqlFragment = previousTable(spec),
): BoundFragment {
  const all = processParameters(plan, window);
  const parameters: Record<string, StepValue> = {};
  const ctes = plan.sources.map((source) => {
    if (window === undefined)
      return cteFragment(
        source.alias,
        renderStatement('load/source_changes', { source: sourceTable(source.alias) }),
      );
    parameters['range_start'] = all['range_start'] as StepValue;
    parameters['range_end'] = all['range_end'] as StepValue;
    const wholeDays = countsForWholeDays(plan, source);
    if (window.only === undefined || wholeDays)
      return cteFragment(
        source.alias,
        renderStatement('load/source_range', rangeFragments(source, wholeDays)),
      );
    parameters['hours'] = window.only.map(String);
    const unit = source.event_time_unit ?? 'us';
    const stored = storedEventTimeFragment(source.event_time as string, unit, source.event_time_type);
    return cteFragment(
      source.alias,
      renderStatement('load/source_hours', {
        ...rangeFragments(source, false),
        stored_event_time: stored,
        unit: literalFragment(unit),
      }),
    );
  });
  if (spec.pattern === 'dimension' && window !== undefined) {
    parameters['previous_start'] = instant((window.firstHour - 1) * HOUR_MS);
    parameters['range_start'] = all['range_start'] as StepValue;
    const previous = renderStatement('load/previous_hour', {
      target: previousFrom,
      event_time: identifierFragment(spec.target.eventTime as string),
    });
    ctes.push(cteFragment('previous', previous));
  }
  return { fragment: joinedFragment([...ctes, ...extra], ',\n'), parameters };
}

/**
 * A date beside sources with a time of day is a row of that whole day: a range that begins at 05:00 still has
 * to see it, or a join of hourly events with daily rows finds nothing. On its own, and in a dimension (which
 * would count it 24 times), a date is its midnight.
 */
const countsForWholeDays = (plan: Plan, source: PlanSource): boolean =>
  plan.pattern === 'stateful' &&
  source.event_time_unit === 'day' &&
  plan.sources.some((other) => other.event_time_unit !== 'day');

function rangeFragments(
  source: PlanSource,
  wholeDays: boolean,
): Record<'source' | 'event_time' | 'range_start' | 'range_end', SqlFragment> {
  return {
    source: sourceTable(source.alias),
    event_time: identifierFragment(source.event_time as string),
    range_start: wholeDays
      ? rangeDayFragment()
      : rangeBoundFragment('range_start', source.event_time_type, source.event_time_unit),
    range_end: rangeBoundFragment('range_end', source.event_time_type, source.event_time_unit),
  };
}

/**
 * Keeps only the parameters that a statement uses: DuckDB refuses a bound value that it does not. A name in a
 * comment, a string or a quoted name is no parameter, so the text is read as DuckDB's lexer reads it.
 */
export function namedIn(
  sql: string,
  parameters: Readonly<Record<string, StepValue>>,
): Record<string, StepValue> {
  const used = new Set(scanSql(sql).parameters.map(({ name }) => name));
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => used.has(name)));
}
