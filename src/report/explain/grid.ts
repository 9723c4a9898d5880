/**
 * Draws the picture of hours: a line for each process, a letter for each hour (or for several, if there are
 * too many). Marks of plans -> grid -> lines. Pure.
 */
import { unitHours as hoursOfUnit } from '../../model/grain.ts';
import { type Hour, hourText } from '../../model/hour.ts';
import { cutMiddle, displayWidth, padToWidth } from '../width.ts';
import { type HourMark, heaviest, MARKS, type MarkedPlan, marksOf } from './marks.ts';

/** Neighbouring cells; no process does anything between two stretches. */
export interface Stretch {
  readonly firstHour: Hour;
  readonly cells: number;
}

export interface HourGrid {
  /** Number of hours in one cell. */
  readonly unitHours: number;
  /** Number of places that a cell takes. */
  readonly cellWidth: number;
  readonly stretches: readonly Stretch[];
  /** The marks of each process, one list for each stretch. */
  readonly rows: readonly { readonly name: string; readonly marks: readonly (readonly HourMark[])[] }[];
}

/** Colours a mark, or a text that belongs to one. */
export type PaintMark = (text: string, mark: HourMark) => string;

const UNITS = [1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 192, 384, 768, 1536, 3072, 6144, 12_288, 24_576, 98_304];
/** Stands between two stretches. */
const GAP = ' ‥ ';
/** Untouched cells that are shown before a stretch, for orientation. */
const CELLS_BEFORE = 2;
/** Number of hours, or days, shown if no process has anything to do. */
const IDLE_CELLS = 8;

/**
 * Makes a grid of the plans with at most `room` places beside the names; undefined if no plan knows of any
 * hour.
 */
export function hourGrid(plans: readonly MarkedPlan[], room: number): HourGrid | undefined {
  const marked = plans.map(marksOf);
  const hours = ascendingHours(marked.flatMap((each) => [...each.marked.keys()]));
  if (hours.length === 0) return idleGrid(plans, marked);
  const least = leastUnit(plans);
  for (const unitHours of UNITS.filter((each) => each >= least)) {
    const stretches = stretchesOf(hours, unitHours, marked);
    // Letters are spaced out only while each stands for one hour.
    for (const cellWidth of unitHours === 1 ? [2, 1] : [1])
      if (widthOf(stretches, { unitHours, cellWidth }) <= room || unitHours === UNITS.at(-1))
        return gridOver(plans, marked, { unitHours, cellWidth, stretches });
  }
  return undefined;
}

/** A letter stands for no less than the smallest unit in which a plan counts. */
const leastUnit = (plans: readonly MarkedPlan[]): number => Math.min(...plans.map(hoursOfUnit));

/** Makes the grid over given hours, both included. */
export const gridOfHours = (plans: readonly MarkedPlan[], first: Hour, last: Hour): HourGrid =>
  gridOver(plans, plans.map(marksOf), {
    unitHours: 1,
    cellWidth: 2,
    stretches: [{ firstHour: first, cells: last - first + 1 }],
  });

type Marks = ReturnType<typeof marksOf>;

/** Shows the last loaded hours, if no process has anything to do. */
function idleGrid(plans: readonly MarkedPlan[], marked: readonly Marks[]): HourGrid | undefined {
  const loaded = plans.flatMap(({ target }) =>
    target.complete_to_hour === null ? [] : [Math.floor(Date.parse(target.complete_to_hour) / 3_600_000)],
  );
  if (loaded.length === 0) return undefined;
  const unitHours = leastUnit(plans);
  const last = Math.floor(Math.max(...loaded) / unitHours);
  return gridOver(plans, marked, {
    unitHours,
    cellWidth: unitHours === 1 ? 2 : 1,
    stretches: [{ firstHour: (last - IDLE_CELLS + 1) * unitHours, cells: IDLE_CELLS }],
  });
}

function gridOver(
  plans: readonly MarkedPlan[],
  marked: readonly Marks[],
  shape: Pick<HourGrid, 'unitHours' | 'cellWidth' | 'stretches'>,
): HourGrid {
  const rows = plans.map(({ process_name: name }, index) => ({
    name,
    marks: shape.stretches.map(({ firstHour, cells }) =>
      Array.from({ length: cells }, (_, cell) => {
        const first = firstHour + cell * shape.unitHours;
        return heaviest(marked[index] as Marks, first, first + shape.unitHours - 1);
      }),
    ),
  }));
  return { ...shape, rows };
}

function ascendingHours(hours: readonly Hour[]): Hour[] {
  return [...new Set(hours)].sort((left, right) => left - right);
}

/** Splits hours into stretches of cells with marks; a gap no wider than its own symbol is shown as cells. */
function stretchesOf(hours: readonly Hour[], unitHours: number, marked: readonly Marks[]): Stretch[] {
  const stretches: { firstHour: Hour; cells: number }[] = [];
  for (const hour of hours) {
    const cell = Math.floor(hour / unitHours);
    const open = stretches.at(-1);
    const end = open === undefined ? Number.NEGATIVE_INFINITY : open.firstHour / unitHours + open.cells;
    if (open !== undefined && cell < end) continue;
    const before = cellsBefore(cell, unitHours, marked);
    if (open !== undefined && cell - before - end <= 4) open.cells += cell - end + 1;
    else stretches.push({ firstHour: (cell - before) * unitHours, cells: before + 1 });
  }
  return stretches;
}

/** Number of cells to show before this one, if a process has loaded them. */
function cellsBefore(cell: number, unitHours: number, marked: readonly Marks[]): number {
  const isLoaded = marked.some(({ mark }) => mark(cell * unitHours - 1) === 'done');
  return isLoaded ? CELLS_BEFORE : 0;
}

type Shape = Pick<HourGrid, 'unitHours' | 'cellWidth'>;

const widthOf = (stretches: readonly Stretch[], shape: Shape): number =>
  stretches.reduce(
    (sum, stretch, index) => sum + placesOf(stretch, shape, yearBefore(stretches, index)),
    GAP.length * (stretches.length - 1),
  );

const yearBefore = (stretches: readonly Stretch[], index: number): string | undefined =>
  index === 0 ? undefined : yearOf((stretches[index - 1] as Stretch).firstHour);

/** Number of places of a stretch, which is as wide as its cells or as the date above it. */
const placesOf = (
  { firstHour, cells }: Stretch,
  { cellWidth }: Shape,
  shownYear: string | undefined,
): number => Math.max(cells * cellWidth - (cellWidth - 1), dateLabel(firstHour, shownYear).length);

const yearOf = (hour: Hour): string => hourText(hour).slice(0, -16);
const dateLabel = (hour: Hour, shownYear: string | undefined): string => {
  const date = hourText(hour).slice(0, -10);
  return shownYear === yearOf(hour) ? date.slice(-5) : date;
};
const hourOfDay = (hour: Hour): string => hourText(hour).slice(-9, -7);

export interface GridText {
  /** Number of places for the names. */
  readonly nameWidth: number;
  readonly paintMark: PaintMark;
  readonly paintHead: (text: string) => string;
}

/** Writes the head, then a line for each process. */
export function gridLines(grid: HourGrid, { nameWidth, paintMark, paintHead }: GridText): string[] {
  const lead = nameWidth === 0 ? '' : ' '.repeat(nameWidth + 2);
  return [
    ...headLines(grid).map((line) => (line === '' ? '' : paintHead(lead + line))),
    ...grid.rows.map(({ name, marks }) => {
      const shownName = nameWidth === 0 ? '' : `${padToWidth(cutMiddle(name, nameWidth), nameWidth)}  `;
      return `${shownName}${markCells(grid, marks, paintMark)}`.trimEnd();
    }),
  ].filter((line) => line !== '');
}

/** Writes the cells of one process, as wide as the head. */
export function markCells(
  grid: HourGrid,
  marks: HourGrid['rows'][number]['marks'],
  paintMark: PaintMark,
): string {
  const separator = ' '.repeat(grid.cellWidth - 1);
  return marks
    .map((cells, index) => {
      const text = cells.map((mark) => paintMark(MARKS[mark].letter, mark)).join(separator);
      const stretch = grid.stretches[index] as Stretch;
      return padToWidth(text, placesOf(stretch, grid, yearBefore(grid.stretches, index)));
    })
    .join(GAP);
}

/** Writes the dates, and below them the hours of the day if cells are shorter than a day. */
export function headLines(grid: HourGrid): string[] {
  const { stretches, unitHours } = grid;
  const dates = stretches.map((stretch, index) =>
    labels(grid, stretch, yearBefore(stretches, index), (hour, cell, year) =>
      cell === 0 || startsWith(hour, unitHours) ? dateLabel(hour, year) : undefined,
    ),
  );
  const hours = stretches.map((stretch, index) =>
    labels(grid, stretch, yearBefore(stretches, index), hourOfDay),
  );
  const blank = ' '.repeat(GAP.length);
  const lines = unitHours < 24 ? [dates, hours] : [dates];
  return lines.map((line) => line.join(blank).trimEnd());
}

/** True if a day begins in the cell; for cells of days, a month. */
function startsWith(hour: Hour, unitHours: number): boolean {
  if (unitHours < 24) return ((hour % 24) + 24) % 24 < unitHours;
  return hourText(hour).slice(0, -13) !== hourText(hour - unitHours).slice(0, -13);
}

/** Writes labels over the cells of a stretch, each as soon as there is room for it. */
function labels(
  grid: HourGrid,
  stretch: Stretch,
  shownYear: string | undefined,
  labelOf: (hour: Hour, cell: number, shownYear: string | undefined) => string | undefined,
): string {
  const places = placesOf(stretch, grid, shownYear);
  let line = '';
  let year = shownYear;
  for (let cell = 0; cell < stretch.cells; cell += 1) {
    const hour = stretch.firstHour + cell * grid.unitHours;
    const at = cell * grid.cellWidth;
    if (line !== '' && at <= displayWidth(line)) continue;
    const label = labelOf(hour, cell, year);
    if (label === undefined || at + label.length > places) continue;
    line = `${line.padEnd(at)}${label}`;
    year = yearOf(hour);
  }
  return line.padEnd(places);
}

/** Explains the letters; without a grid all of them, else those that it contains. */
export function legendLine(
  grid: HourGrid | undefined,
  { paintMark, paintHead }: Pick<GridText, 'paintMark' | 'paintHead'>,
): string {
  const used = new Set(grid?.rows.flatMap(({ marks }) => marks.flat()));
  const letters = (Object.keys(MARKS) as HourMark[])
    .filter((mark) => MARKS[mark].meaning !== '' && (grid === undefined || used.has(mark)))
    .map((mark) => `${paintMark(MARKS[mark].letter, mark)} ${paintHead(MARKS[mark].meaning)}`);
  return [...letters, ...unitNote(grid).map(paintHead)].join('  ');
}

function unitNote(grid: HourGrid | undefined): string[] {
  if (grid === undefined || grid.unitHours === 1) return [];
  const { unitHours } = grid;
  return [`(a letter: ${unitHours % 24 === 0 ? `${unitHours / 24} d` : `${unitHours} h`})`];
}
