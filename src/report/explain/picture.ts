/**
 * Draws the picture of hours in parts, for callers that print lines of their own: a play, a notebook. Plans
 * -> parts of lines. Pure.
 */
import { parseHour } from '../../model/hour.ts';
import { gridOfHours, type HourGrid, headLines, hourGrid, legendLine, markCells } from './grid.ts';
import type { HourMark, MarkedPlan } from './marks.ts';

/** Parts of a picture: head and cells have the same width. */
export interface HourPicture {
  /** The dates, and below them the hours if cells are shorter than a day. */
  readonly head: readonly string[];
  readonly rows: readonly {
    readonly process_name: string;
    readonly marks: readonly HourMark[];
    readonly cells: string;
  }[];
  /** Explains the letters. */
  readonly legend: string;
}

export interface PictureOptions {
  /** Number of places for the cells of a line; default 60. */
  readonly width?: number;
  /** Shows exactly these hours, ISO texts, both included; default: those in which something is done. */
  readonly hours?: { readonly first: string; readonly last: string };
  /** Gives a letter its colour. */
  readonly paint?: (text: string, mark: HourMark) => string;
}

/**
 * Draws the hours of plans like `psyberg plan --explain`, a line for each process: `N` new, `L` late, `~`
 * recomputed, `o` owed, `·` untouched.
 */
export function hourPicture(
  plans: readonly MarkedPlan[],
  { width = 60, hours, paint = (text) => text }: PictureOptions = {},
): HourPicture {
  const grid =
    hours === undefined
      ? hourGrid(plans, width)
      : gridOfHours(plans, parseHour(hours.first), parseHour(hours.last));
  const text = { paintMark: paint, paintHead: (head: string) => head };
  if (grid === undefined) return { head: [], rows: [], legend: '' };
  const head = headLines(grid);
  return {
    head,
    rows: rowsOf(grid, paint),
    legend: legendLine(hours === undefined ? grid : undefined, text),
  };
}

const rowsOf = (grid: HourGrid, paint: NonNullable<PictureOptions['paint']>): HourPicture['rows'] =>
  grid.rows.map(({ name, marks }) => ({
    process_name: name,
    marks: marks.flat(),
    cells: markCells(grid, marks, paint),
  }));
