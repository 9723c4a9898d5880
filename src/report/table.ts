/** Draws a table: cells below a head, cut or wrapped to a width. Cells -> text. Pure. */
import Table from 'cli-table3';
import { type Fit, fitCells, UNLIMITED } from './fit.ts';
import { PLAIN, type Style } from './style.ts';
import { cutMiddle } from './width.ts';

export interface TableText {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Indexes of columns whose cells are aligned right. */
  readonly alignRight?: readonly number[];
  /** What happens to each column if the table is too wide. */
  readonly fits?: readonly Fit[];
  /** Number of characters in a line; default: no limit. */
  readonly width?: number;
  readonly style?: Style;
}

const NONE = '';
const LINES = {
  top: NONE,
  'top-mid': NONE,
  'top-left': NONE,
  'top-right': NONE,
  bottom: NONE,
  'bottom-mid': NONE,
  'bottom-left': NONE,
  'bottom-right': NONE,
  left: NONE,
  'left-mid': NONE,
  mid: NONE,
  'mid-mid': NONE,
  right: NONE,
  'right-mid': NONE,
  middle: '  ',
} as const;

/** Separates columns by two blanks and has no other frame, so that it can be read, cut and pasted. */
export function borderedTable({
  head,
  rows,
  alignRight = [],
  fits = [],
  width = UNLIMITED,
  style = PLAIN,
}: TableText): string {
  const fitted = fitCells({ rows: [head.map(style.strong), ...rows], fits, width });
  const table = new Table({
    chars: LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: fitted.shown.map((index) => (alignRight.includes(index) ? 'right' : 'left')),
  });
  table.push(...fitted.rows);
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const { hidden } = fitted;
  const note = `and ${hidden} more ${hidden === 1 ? 'column' : 'columns'}, for which a line has no room`;
  return [...lines, ...(hidden === 0 ? [] : [style.faint(cutMiddle(note, width))])].join('\n');
}
