/**
 * Says which hours a session's SQL is written for, and which parameters it may name. Plan -> windows and
 * parameters, for every engine alike. Pure.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import { engineOf } from '../model/engines.ts';
import { plannedHours, roundedUp, unitOf } from '../model/grain.ts';
import { HOUR_MS, type Hour, type HourRange, parseHour, timeOfSessionId } from '../model/hour.ts';
import { intervalsOf, spanOf } from '../model/hour-sets.ts';
import type { Plan, PlanHour, PlanSource } from '../model/plan.ts';
import type { ProcessSpec, TypedValue } from '../model/process-spec.ts';
import { scanSql } from '../model/scan-sql.ts';
import type { StepValue } from '../model/step.ts';
import { plannedWindow, rangesBehind } from '../model/window-hours.ts';

/** The hours that one execution of the SQL covers; undefined for a stateless load. */
export interface HourWindow {
  readonly firstHour: Hour;
  readonly lastHour: Hour;
  /** Only for `hours: touched`: exactly these hours. */
  readonly only?: readonly Hour[];
}

/** What a process's SQL may name. Hours are ISO texts. */
export interface ProcessParameters {
  readonly psyberg_session_id: string;
  readonly process_name: string;
  /** Only for a process that reads files. */
  readonly landed_at?: string;
  readonly first_hour?: string;
  readonly last_hour?: string;
  readonly range_start?: string;
  readonly range_end?: string;
}

/** Whether this session computed the hour before: only running tells. */
export const COMPUTED_BEFORE = { from_run: 'computed-before' } as const;

/** UTC text to the second. */
export const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** The parameters that a process's SQL may name, for one window. */
export function processParameters(plan: Plan, window: HourWindow | undefined): ProcessParameters {
  const readsFiles = plan.sources.some(({ read }) => read.kind === 'files');
  const session = {
    psyberg_session_id: plan.psyberg_session_id,
    process_name: plan.process_name,
    ...(readsFiles ? { landed_at: plan.opened_at ?? timeOfSessionId(plan.psyberg_session_id) } : {}),
  };
  const hours = window ?? hoursOfPlan(plan);
  if (hours === undefined) return session;
  return {
    ...session,
    first_hour: instant(hours.firstHour * HOUR_MS),
    last_hour: instant(hours.lastHour * HOUR_MS),
    ...rangeOf(hours),
  };
}

export const rangeOf = ({
  firstHour,
  lastHour,
}: HourWindow): Required<Pick<ProcessParameters, 'range_start' | 'range_end'>> => ({
  range_start: instant(firstHour * HOUR_MS),
  range_end: instant((lastHour + 1) * HOUR_MS),
});

/** A stateless load has no range, but its SQL may still ask for the hours that the new rows touch. */
function hoursOfPlan(plan: Plan): HourWindow | undefined {
  return spanOf(plannedHours(plan));
}

/** The hours as one window; a stateless load has none, and where all is computed again nothing is cut. */
export function windowOf(plan: Plan): HourWindow | undefined {
  if (plan.range === null || restatesWhole(plan)) return undefined;
  const range = { firstHour: parseHour(plan.range.first_hour), lastHour: parseHour(plan.range.last_hour) };
  const hours = plannedHours(plan);
  return hours.length < range.lastHour - range.firstHour + 1 ? { ...range, only: hours } : range;
}

/**
 * Whether the plan computes hours of a process whose SQL otherwise only sees new rows: a row of the target
 * may come of a row of another hour, so the SQL runs over whole sources, and what it returns is cut to the
 * hours.
 */
export const restatesAppended = (plan: Plan): boolean =>
  plan.trigger === 'restate' && plan.range !== null && !patternOf(plan).loadsHours;

/** Whether all of them are: then the rows that lie in no hour are, too, and the target is replaced whole. */
export const restatesWhole = (plan: Plan): boolean => plan.restates_all === true && restatesAppended(plan);

/** SQL that runs hour by hour is written for one hour, or for one day. */
export const firstWindow = (spec: ProcessSpec, window: HourWindow | undefined): HourWindow | undefined =>
  patternOf(spec).readsPrevious && window !== undefined ? unitOf(spec, window.firstHour) : window;

/** The hours, or days, for which SQL that runs hour by hour is executed. */
export const executedHours = ({ hours }: Pick<Plan, 'hours'>): readonly PlanHour[] =>
  hours.filter(({ empty }) => empty !== true);

/** Whether the first hour that is executed has none before it, whatever the target still has there. */
export const beginsAnew = ({ hours: [first] }: Pick<Plan, 'hours'>): boolean => first?.empty === true;

/** What each execution of SQL that runs hour by hour covers, in order: an hour, or a day. */
export const windowsOf = (plan: Plan): HourRange[] =>
  executedHours(plan).map(({ hour }) => unitOf(plan, parseHour(hour)));

/** What the relations of its sources name. */
export interface SourceParameters extends Pick<ProcessParameters, 'range_start' | 'range_end'> {
  readonly previous_start?: string;
  /** Counted from 1970, as text. */
  readonly hours?: readonly string[];
}

/** The session's hours for a query that is cut to them. */
export const hoursParameters = (window: HourWindow): SourceParameters => ({
  ...rangeOf(window),
  ...(window.only === undefined ? {} : { hours: window.only.map(String) }),
});

/** How far beside the session's hours a query may compute rows, in hours; of days in whole ones. */
export const windowReach = (plan: Pick<Plan, 'sources' | 'grain'>): number =>
  roundedUp(
    plan,
    Math.max(
      0,
      ...plan.sources.map((source) => {
        const { beforeHours, afterHours } = plannedWindow(source);
        return beforeHours + afterHours;
      }),
    ),
  );

/**
 * The hours of a source's rows that a session reads; undefined for a stateless load, which reads all rows of
 * the files that it lists, and for what is read whole: a lookup, or a source whose rows have no hour.
 */
export function hoursRead(plan: Plan, source: PlanSource): readonly HourRange[] | undefined {
  if (plan.range === null || restatesWhole(plan)) return undefined;
  if (source.lookup === true || source.event_time === null) return undefined;
  const range = { firstHour: parseHour(plan.range.first_hour), lastHour: parseHour(plan.range.last_hour) };
  const ranges = countsForWholeDays(plan, source) ? [range] : intervalsOf(plannedHours(plan));
  const read = rangesBehind(ranges, plannedWindow(source));
  return countsForWholeDays(plan, source)
    ? read.map((each) => ({ ...each, firstHour: Math.floor(each.firstHour / 24) * 24 }))
    : read;
}

/**
 * A date beside sources with a time of day is a row of that whole day: a range that begins at 05:00 still has
 * to see it, or a join of hourly events with daily rows finds nothing. On its own, and where the SQL runs
 * hour by hour (it would be counted 24 times), a date is its midnight.
 */
export const countsForWholeDays = (plan: Plan, source: PlanSource): boolean =>
  !patternOf(plan).readsPrevious &&
  source.event_time_unit === 'day' &&
  plan.sources.some((other) => other.lookup !== true && other.event_time_unit !== 'day');

/** What a step binds in SQL of the project. */
export interface BoundValues {
  readonly parameters: Readonly<Record<string, StepValue>>;
  /** The types of values that the project declares. */
  readonly types?: Readonly<Record<string, string>>;
}

/**
 * The values of a statement's parameters: those that the engine sets, those of the process's variables, and
 * `own`, which an audit adds.
 */
export function boundIn(
  sql: string,
  spec: Pick<ProcessSpec, 'variables' | 'engine'>,
  engine: object,
  own: Readonly<Record<string, TypedValue>> = {},
): BoundValues {
  const { variables = {} } = spec;
  const used = new Set(scanSql(sql, engineOf(spec)).parameters.map(({ name }) => name));
  const declared = Object.entries({ ...variables, ...own }).filter(([name]) => used.has(name));
  const bound = Object.entries(engine as BoundValues['parameters']).filter(([name]) => used.has(name));
  const values = declared.map(([name, { value }]) => [name, value] as const);
  const parameters = Object.fromEntries([...values, ...bound]);
  const types = Object.fromEntries(declared.map(([name, { type }]) => [name, type]));
  return declared.length === 0 ? { parameters } : { parameters, types };
}

/**
 * Keeps only the parameters that a statement uses: DuckDB refuses a bound value that it does not. A name in a
 * comment, a string or a quoted name is no parameter, so the text is read as DuckDB's lexer reads it.
 */
export function namedIn<Parameters extends object>(sql: string, parameters: Parameters): Partial<Parameters> {
  const used = new Set(scanSql(sql).parameters.map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(parameters).filter(([name]) => used.has(name)),
  ) as Partial<Parameters>;
}
