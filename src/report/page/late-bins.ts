/** Groups the cells of a heatmap so that a picture can hold them. LandedRows[] -> bins. Pure. */
import { type Hour, parseHour } from '../../model/hour.ts';
import type { LandedRows } from './report-document.ts';

/** Rows that came so many hours after their event hour, both ends included. */
export interface DelayBin {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

export interface HeatCell {
  /** Index of a delay bin, and of a column. */
  readonly bin: number;
  readonly column: number;
  readonly rows: number;
  readonly firstLanded: Hour;
  readonly lastLanded: Hour;
}

export interface HeatGrid {
  readonly bins: readonly DelayBin[];
  /** The first event hour. */
  readonly first: Hour;
  readonly columns: number;
  readonly hoursPerColumn: number;
  readonly cells: readonly HeatCell[];
  /** Number of rows in each bin. */
  readonly totals: readonly number[];
}

/** Each hour separately as far as lookbacks go, then wider and wider bins. */
const WIDER: readonly DelayBin[] = [
  { from: 13, to: 18, label: '+13 to 18 h' },
  { from: 19, to: 24, label: '+19 to 24 h' },
  { from: 25, to: 48, label: '+1 to 2 d' },
  { from: 49, to: 168, label: '+2 to 7 d' },
  { from: 169, to: Number.POSITIVE_INFINITY, label: 'over 7 d' },
];
const FINE_HOURS = 12;
/** With fewer bins the picture would have no place for a lookback. */
const BINS_MIN = 7;

function delayBins(least: number, most: number): DelayBin[] {
  const early = least < 0 ? [{ from: Number.NEGATIVE_INFINITY, to: -1, label: 'early' }] : [];
  const fine = Array.from({ length: FINE_HOURS + 1 }, (_, hours) => ({
    from: hours,
    to: hours,
    label: hours === 0 ? 'same hour' : `+${hours} h`,
  }));
  const all = [...early, ...fine, ...WIDER];
  const used = all.findLastIndex(({ from }) => from <= most) + 1;
  return all.slice(0, Math.max(used, BINS_MIN + early.length));
}

/**
 * Makes a grid of at most so many columns, each of the same number of hours. Undefined if there are no
 * cells.
 */
export function heatGrid(rows: readonly LandedRows[], columnsMax: number): HeatGrid | undefined {
  if (rows.length === 0) return undefined;
  const cells = rows.map((cell) => {
    const event = parseHour(cell.event_hour);
    const landed = parseHour(cell.landed_hour);
    return { event, landed, delay: landed - event, rows: cell.rows };
  });
  const first = cells.reduce((least, { event }) => Math.min(least, event), Number.POSITIVE_INFINITY);
  const last = cells.reduce((most, { event }) => Math.max(most, event), Number.NEGATIVE_INFINITY);
  const bins = delayBins(
    cells.reduce((least, { delay }) => Math.min(least, delay), 0),
    cells.reduce((most, { delay }) => Math.max(most, delay), 0),
  );
  const hoursPerColumn = Math.ceil((last - first + 1) / columnsMax);
  const found = new Map<number, HeatCell>();
  const totals = bins.map(() => 0);
  for (const { event, landed, delay, rows: count } of cells) {
    const bin = bins.findIndex(({ from, to }) => delay >= from && delay <= to);
    const column = Math.floor((event - first) / hoursPerColumn);
    const key = column * bins.length + bin;
    const known = found.get(key);
    totals[bin] = (totals[bin] ?? 0) + count;
    found.set(key, {
      bin,
      column,
      rows: count + (known?.rows ?? 0),
      firstLanded: Math.min(landed, known?.firstLanded ?? landed),
      lastLanded: Math.max(landed, known?.lastLanded ?? landed),
    });
  }
  const columns = Math.floor((last - first) / hoursPerColumn) + 1;
  return { bins, first, columns, hoursPerColumn, cells: [...found.values()], totals };
}
