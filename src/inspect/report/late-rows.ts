/**
 * Computes how late the rows of a table came, from what its files say. Groups of files -> delays, missed
 * rows, cells. Pure; hours are counts since 1970.
 */
import { type Hour, hourText } from '../../model/hour.ts';
import type {
  LandedRows,
  MissedRows,
  ReportedSource,
  RowsOfSource,
} from '../../report/page/report-document.ts';

/** Lookbacks that are compared, in hours before the newest one. */
export const REPORTED_LOOKBACKS = [1, 3, 6, 12] as const;

/** Rows of files that landed in one hour. */
export interface LandedGroup {
  /** Undefined if it is not known. */
  readonly landed: Hour | undefined;
  readonly rows: number;
  /** Bytes of the files that hold them. */
  readonly bytes?: number;
  /** The place of the snapshot that added them among all of the table; undefined if it is expired. */
  readonly place?: number | undefined;
  /** Rows by event hour; undefined: they all lie from `first` to `last`, and nothing more is known. */
  readonly counted?: ReadonlyMap<Hour, number>;
  /** Bounds; undefined if nothing is known. */
  readonly first?: Hour;
  readonly last?: Hour;
}

export type Lateness = Pick<ReportedSource, 'rows' | 'delay_hours' | 'late_rows' | 'lookbacks' | 'cells'>;

/** Computes the lateness of all groups of a table. */
export function latenessOf(groups: readonly LandedGroup[]): Lateness {
  const cells = cellsOf(groups);
  const delays = delaysOf(cells);
  return {
    rows: basisOf(groups),
    delay_hours: percentilesOf(delays),
    late_rows: rounded(delays.filter(([delay]) => delay > 0).reduce((sum, [, rows]) => sum + rows, 0)),
    lookbacks: REPORTED_LOOKBACKS.map((hours) => missedBy(hours, delays, groups)),
    cells: [...cells.values()]
      .toSorted((left, right) => left.event - right.event || left.landed - right.landed)
      .map(
        ({ event, landed, rows }): LandedRows => ({
          event_hour: hourText(event),
          landed_hour: hourText(landed),
          rows: rounded(rows),
        }),
      ),
  };
}

const rounded = (rows: number): number => Math.round(rows);

interface Cell {
  readonly event: Hour;
  readonly landed: Hour;
  rows: number;
}

function cellsOf(groups: readonly LandedGroup[]): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const group of groups) {
    const { landed } = group;
    if (landed === undefined) continue;
    for (const [event, rows] of hoursOfGroup(group)) {
      const key = `${event} ${landed}`;
      const cell = cells.get(key);
      if (cell === undefined) cells.set(key, { event, landed, rows });
      else cell.rows += rows;
    }
  }
  return cells;
}

/** Bounds of sound rows are never more hours apart than this: otherwise one event time is wrong. */
const SPREAD_HOURS_MAX = 24 * 366;

/** Rows by event hour; spread evenly if only bounds are known. */
export function hoursOfGroup({ counted, first, last, rows }: LandedGroup): Iterable<readonly [Hour, number]> {
  if (counted !== undefined) return counted;
  if (first === undefined || last === undefined || last - first >= SPREAD_HOURS_MAX) return [];
  const hours = last - first + 1;
  return Array.from({ length: hours }, (_, index) => [first + index, rows / hours] as const);
}

const isSpread = ({ counted, first, last }: LandedGroup): boolean =>
  counted === undefined && first !== undefined && last !== undefined && first !== last;

const sumOfRows = (groups: readonly LandedGroup[]): number => groups.reduce((sum, { rows }) => sum + rows, 0);

function basisOf(groups: readonly LandedGroup[]): RowsOfSource {
  const known = groups.filter((group) => group.counted !== undefined || group.first !== undefined);
  const isCounted = ({ counted }: LandedGroup): boolean => counted !== undefined;
  const inHours = (group: LandedGroup): number =>
    [...(group.counted?.values() ?? [group.rows])].reduce((sum, rows) => sum + rows, 0);
  const counted = known.filter(isCounted).reduce((sum, group) => sum + inHours(group), 0);
  const spread = sumOfRows(known.filter(isSpread));
  const total = sumOfRows(groups);
  const inOneHour = sumOfRows(known.filter((group) => !isCounted(group) && !isSpread(group)));
  return {
    total,
    in_one_hour: inOneHour,
    counted,
    spread,
    without_hour: total - inOneHour - counted - spread,
    without_landing: sumOfRows(known.filter(({ landed }) => landed === undefined)),
  };
}

type Delay = readonly [hours: number, rows: number];

/** Counts rows by the hours from event to landing, ascending. */
function delaysOf(cells: ReadonlyMap<string, Cell>): Delay[] {
  const byDelay = new Map<number, number>();
  for (const { event, landed, rows } of cells.values())
    byDelay.set(landed - event, (byDelay.get(landed - event) ?? 0) + rows);
  return [...byDelay].toSorted(([left], [right]) => left - right);
}

function percentilesOf(delays: readonly Delay[]): ReportedSource['delay_hours'] {
  const total = delays.reduce((sum, [, rows]) => sum + rows, 0);
  const max = delays.at(-1)?.[0];
  if (max === undefined) return null;
  const at = (share: number): number => {
    let passed = 0;
    for (const [delay, rows] of delays) {
      passed += rows;
      // A sum of fractions of rows may be slightly less than the whole.
      if (passed >= share * total - 1e-6) return delay;
    }
    return max;
  };
  return { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), max };
}

function missedBy(hours: number, delays: readonly Delay[], groups: readonly LandedGroup[]): MissedRows {
  const known = delays.reduce((sum, [delay, rows]) => sum + (delay > hours ? rows : 0), 0);
  const estimate = rounded(known);
  let least = known;
  let most = known;
  for (const group of groups) {
    const { landed, first, last, rows } = group;
    if (!isSpread(group) || landed === undefined || first === undefined || last === undefined) continue;
    const lastSeen = landed - hours;
    const hoursMissed = Math.min(last, lastSeen - 1) - first + 1;
    const spread = hoursMissed <= 0 ? 0 : (rows * hoursMissed) / (last - first + 1);
    // Each bound is the hour of at least one row.
    least += (last < lastSeen ? rows : first < lastSeen ? 1 : 0) - spread;
    most += (last < lastSeen ? rows : first < lastSeen ? rows - 1 : 0) - spread;
  }
  return {
    lookback_hours: hours,
    rows: estimate,
    at_least: Math.max(0, rounded(least)),
    at_most: rounded(most),
  };
}
