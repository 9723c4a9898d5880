/** Decides for which columns of a table a line has room, and how wide they are. Widths -> layout. Pure. */

export interface FittedColumns {
  /** Indexes of the columns that are shown, in order. */
  readonly shown: readonly number[];
  /** The width of each of them. */
  readonly widths: readonly number[];
  /** False if wider cells are shown whole. */
  readonly isCut: boolean;
  /** How many of them come before those that are left out; all if none is. */
  readonly before: number;
}

/** A column is cut to this width before a whole one is left out. */
const WIDTH_MIN = 16;
/** What a column takes besides its cells: two blanks and a line. The first line is extra. */
const FRAME = 3;
/** Width of the column of dots that stands for those left out. */
const DOTS = 1 + FRAME;

/**
 * First cuts wide columns, the widest most; then leaves out columns in the middle. A single column is never
 * cut: a terminal wraps it, and nothing is lost.
 */
export function columnsInRoom(natural: readonly number[], room: number): FittedColumns {
  const all = natural.map((_width, index) => index);
  if (natural.length === 1)
    return {
      shown: all,
      widths: [Math.min(natural[0] as number, room - FRAME - 1)],
      isCut: false,
      before: 1,
    };
  const widths = widthsWithin(natural, room - 1);
  if (widths !== undefined) return { shown: all, widths, isCut: true, before: all.length };
  const kept: number[] = [];
  let taken = 1 + DOTS;
  for (const index of fromTheEnds(all)) {
    taken += Math.min(natural[index] as number, WIDTH_MIN) + FRAME;
    if (taken > room && kept.length > 0) break;
    kept.push(index);
  }
  const shown = kept.toSorted((one, other) => one - other);
  const keptWidths = shown.map((index) => natural[index] as number);
  return {
    shown,
    widths:
      widthsWithin(keptWidths, room - 1 - DOTS) ??
      keptWidths.map((width) => Math.max(1, Math.min(width, room - 1 - DOTS - FRAME))),
    isCut: true,
    before: shown.findLastIndex((index, place) => index === place) + 1,
  };
}

/** Finds the greatest limit on widths with which all columns fit; undefined if there is none. */
function widthsWithin(natural: readonly number[], room: number): number[] | undefined {
  const limited = (limit: number): number[] => natural.map((width) => Math.min(width, limit));
  const fits = (widths: readonly number[]): boolean =>
    widths.reduce((sum, width) => sum + width + FRAME, 0) <= room;
  if (fits(natural)) return [...natural];
  let limit = Math.min(room, Math.max(...natural));
  while (limit > WIDTH_MIN && !fits(limited(limit))) limit -= 1;
  const widths = limited(limit);
  return limit >= WIDTH_MIN && fits(widths) ? widths : undefined;
}

/** Orders indexes as first, last, second, last but one, and so on. */
function fromTheEnds(indexes: readonly number[]): number[] {
  const order: number[] = [];
  for (let low = 0, high = indexes.length - 1; low <= high; low += 1, high -= 1)
    order.push(...(low === high ? [low] : [low, high]));
  return order;
}
