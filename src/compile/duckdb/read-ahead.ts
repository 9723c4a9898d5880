/**
 * Sources of a process that runs hour by hour are read for several hours at once, where these hold few rows:
 * each hour then reads a temporary table. Plan -> steps, and the tables. Pure.
 *
 * DuckDB 1.5.5 plans a statement over an Iceberg table by all files of it. An hour of 50 rows took 9 ms of
 * CPU so with 300 files, and more with more; over temporary tables it takes 1.5 ms (2026-11-29).
 */
import type { Plan, PlanSource } from '../../model/plan.ts';
import type { ReadAheadStep } from '../../model/step.ts';
import { plannedWindow } from '../../model/window-hours.ts';
import { type SqlFragment, statement, tableFragment } from '../../statements/index.ts';
import { windowsOf } from '../parameters.ts';
import { stepAround } from '../step-statements.ts';
import { type TablesAhead, windowRows } from './source-ctes.ts';

/**
 * Rows of all sources that a session holds at once, as far as their number is known before: where hours hold
 * more, reading them costs more than planning, and copying them would cost memory.
 */
const ROWS_MAX = 200_000;
/**
 * How many hours, or days, are read at once: few at first, since a state may settle within them, then more.
 */
const PORTIONS = [4, 8, 16, 32, 64, 128] as const;

export interface ReadAhead {
  readonly tables: TablesAhead;
  /** The reads that come before an hour, or day, of the plan; by its place there. */
  readonly stepsBefore: ReadonlyMap<number, readonly ReadAheadStep[]>;
}

/** The sources of a plan that are read ahead; none if its hours hold many rows. */
export function readAhead(plan: Plan): ReadAhead {
  const few = plan.sources.filter(
    (source) => isByHours(source) && mayHold(plan, source, PORTIONS[0]) <= ROWS_MAX,
  );
  const atMost = PORTIONS.findLast((portion) => rowsAtOnce(plan, few, portion) <= ROWS_MAX);
  if (few.length === 0 || atMost === undefined || plan.hours.length < PORTIONS[0])
    return { tables: new Map(), stepsBefore: new Map() };
  const tables = new Map(few.map(({ alias }, index) => [alias, aheadTable(index)] as const));
  const windows = windowsOf(plan);
  const stepsBefore = new Map(
    portionsOf(plan, atMost).map(({ first, end }) => {
      const range = { firstHour: windows[first]?.firstHour ?? 0, lastHour: windows[end - 1]?.lastHour ?? 0 };
      const hours = { first_hour: plan.hours[first]?.hour ?? '', last_hour: plan.hours[end - 1]?.hour ?? '' };
      return [first, few.map((source) => readStep(source, { plan, range, hours, tables }))] as const;
    }),
  );
  return { tables, stepsBefore };
}

const isByHours = ({ read, event_time: column, lookup }: PlanSource): boolean =>
  read.kind === 'snapshot' && column !== null && lookup !== true;

/**
 * The most rows that a source has for so many of the hours, were all its rows spread over those of the plan;
 * of a source that does not say how many it has, any number.
 */
function mayHold(plan: Plan, source: PlanSource, portion: number): number {
  if (source.total_records === null) return Number.POSITIVE_INFINITY;
  const total = Number(source.total_records);
  const [unit] = windowsOf({ ...plan, hours: plan.hours.slice(0, 1) });
  const unitHours = unit === undefined ? 1 : unit.lastHour - unit.firstHour + 1;
  const { beforeHours, afterHours } = plannedWindow(source);
  const perHour = total / (plan.hours.length * unitHours);
  return Math.min(total, perHour * (portion * unitHours + beforeHours + afterHours));
}

const rowsAtOnce = (plan: Plan, sources: readonly PlanSource[], portion: number): number =>
  sources.reduce((sum, source) => sum + mayHold(plan, source, portion), 0);

/** Places of the hours that are read together. Behind a changed hour the state may settle again. */
function portionsOf({ hours }: Plan, atMost: number): { readonly first: number; readonly end: number }[] {
  const portions: { first: number; end: number }[] = [];
  let size: number = PORTIONS[0];
  for (const [place, { unchanged }] of hours.entries()) {
    const portion = portions.at(-1);
    const isChanged = unchanged !== true && hours[place - 1]?.unchanged === true;
    if (isChanged) size = PORTIONS[0];
    if (portion !== undefined && !isChanged && portion.end - portion.first < size) {
      portion.end = place + 1;
      continue;
    }
    if (portion !== undefined && !isChanged) size = Math.min(size * 2, atMost);
    portions.push({ first: place, end: place + 1 });
  }
  return portions;
}

const aheadTable = (index: number): SqlFragment =>
  tableFragment('temp', { namespace: ['main'], name: `psyberg_ahead_${index + 1}` });

function readStep(
  source: PlanSource,
  {
    plan,
    range,
    hours,
    tables,
  }: {
    readonly plan: Plan;
    readonly range: { readonly firstHour: number; readonly lastHour: number };
    readonly hours: Pick<ReadAheadStep, 'first_hour' | 'last_hour'>;
    readonly tables: TablesAhead;
  },
): ReadAheadStep {
  const rows = windowRows(plan, source, range);
  const { sql } = statement('compile/read_ahead', {
    ahead: tables.get(source.alias) as SqlFragment,
    rows: rows.fragment,
  });
  return {
    kind: 'read-ahead',
    stage: 'load',
    name: `read_ahead ${source.alias} ${hours.first_hour}`,
    ...hours,
    ...stepAround(sql, { parameters: rows.parameters as ReadAheadStep['parameters'] }),
  };
}
