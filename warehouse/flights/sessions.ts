/**
 * Real departures, landed some hours at a time, each time loaded by both processes. Months -> FlightsResult.
 * It prints nothing.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type Comparison,
  DemoError,
  type RunRecord,
  requireDone,
  type SampleProject,
} from '../sample-project.ts';

/** In dependency order. */
const PROCESS_NAMES = ['departures_fact_load', 'route_hour_stats_load'] as const;

/** The lookbacks, in hours, whose missed rows `lateness.sql` counts. */
const LOOKBACKS = [1, 3, 6, 12] as const;

/** Landing hours, both included, as `2001-01-01T00:00:00Z`. */
export interface LandingHours {
  readonly first: string;
  readonly last: string;
}

export interface SessionReport {
  /** From 1. */
  readonly number: number;
  readonly landed: LandingHours;
  readonly runs: readonly RunRecord[];
  readonly seconds: number;
}

export interface Lateness {
  readonly rowCount: number;
  readonly lateRows: number;
  readonly latestHours: number;
  /** Lookback in hours -> rows that it would never have read. */
  readonly missedByLookback: ReadonlyMap<number, number>;
}

export interface FlightsResult {
  readonly sessions: readonly SessionReport[];
  readonly comparisons: readonly Comparison[];
  readonly lateness: Lateness;
}

export interface FlightsEvents {
  readonly sessionEnds?: (session: SessionReport, sessionCount: number) => void;
  /** Called between any two steps; it may throw to stop. */
  readonly check?: () => void;
}

const HOUR_MS = 3_600_000;
const hourText = (instantMs: number): string => `${new Date(instantMs).toISOString().slice(0, 19)}Z`;

/** The landing hours of whole months; `month` is written `2001-01`. */
export function landingHoursOfMonths({
  month,
  months,
}: {
  readonly month: string;
  readonly months: number;
}): LandingHours {
  const [year, monthNumber] = month.split('-').map(Number) as [number, number];
  return {
    first: hourText(Date.UTC(year, monthNumber - 1)),
    last: hourText(Date.UTC(year, monthNumber - 1 + months) - HOUR_MS),
  };
}

/** Cuts landing hours into the pieces that one session loads each; the last may be shorter. */
export function sessionsOf(landing: LandingHours, hoursPerSession: number): LandingHours[] {
  const lastMs = Date.parse(landing.last);
  const pieces: LandingHours[] = [];
  for (let firstMs = Date.parse(landing.first); firstMs <= lastMs; firstMs += hoursPerSession * HOUR_MS) {
    pieces.push({
      first: hourText(firstMs),
      last: hourText(Math.min(lastMs, firstMs + (hoursPerSession - 1) * HOUR_MS)),
    });
  }
  return pieces;
}

/** The Parquet file of the departures. Throws with the remedy when its package is not installed. */
export function findDepartures(packageName = 'vega-datasets'): string {
  const hint = 'run "npm install" in the project folder: the package is one of its development dependencies';
  let entry: string;
  try {
    entry = import.meta.resolve(packageName);
  } catch {
    throw new DemoError(`the npm package '${packageName}', which holds the departures, is not installed`, {
      hint,
    });
  }
  const file = fileURLToPath(new URL('../data/flights-3m.parquet', entry));
  if (!existsSync(file))
    throw new DemoError(`the npm package '${packageName}' is there, but ${file} is not`, { hint });
  return file;
}

/** Lands and loads all departures of the landing hours, then compares both targets with a full recompute. */
export async function loadDepartures(
  project: SampleProject,
  options: { readonly departures: string; readonly landing: LandingHours; readonly hoursPerSession: number },
  events: FlightsEvents = {},
): Promise<FlightsResult> {
  const valuesOf = (landing: LandingHours) => ({
    departures: options.departures,
    first_landing_hour: landing.first,
    last_landing_hour: landing.last,
  });
  await project.seed('seeds/tables.sql');
  const sessions: SessionReport[] = [];
  const pieces = sessionsOf(options.landing, options.hoursPerSession);
  for (const landed of pieces) {
    events.check?.();
    const startedAtMs = performance.now();
    await project.seed('seeds/raw_departures.sql', valuesOf(landed));
    const runs: RunRecord[] = [];
    for (const name of PROCESS_NAMES) {
      events.check?.();
      runs.push(...(await project.psyberg.run([name])).map(requireDone));
    }
    const session = {
      number: sessions.length + 1,
      landed,
      runs,
      seconds: (performance.now() - startedAtMs) / 1000,
    };
    sessions.push(session);
    events.sessionEnds?.(session, pieces.length);
  }
  events.check?.();
  const comparisons = await project.compareWithRecompute(valuesOf(options.landing));
  events.check?.();
  return { sessions, comparisons, lateness: await readLateness(project, valuesOf(options.landing)) };
}

async function readLateness(
  project: SampleProject,
  values: Readonly<Record<string, string>>,
): Promise<Lateness> {
  const [row] = await project.ask<Record<string, bigint>>('lateness.sql', values);
  if (row === undefined)
    throw new DemoError('lateness.sql gave no row', { hint: 'its query must return exactly one' });
  return {
    rowCount: Number(row['row_count']),
    lateRows: Number(row['late_rows']),
    latestHours: Number(row['latest_hours']),
    missedByLookback: new Map(LOOKBACKS.map((hours) => [hours, Number(row[`missed_by_${hours}`])])),
  };
}
