/** A table with a line below its head. Cells -> text. Pure. */
import Table from 'cli-table3';
import { PLAIN, type Style } from './style.ts';

export interface TableText {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Indexes of columns whose cells stand right. */
  readonly alignRight?: readonly number[];
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

/** Two blanks between columns and no other frame: it can be read, cut and pasted. */
export function borderedTable({ head, rows, alignRight = [], style = PLAIN }: TableText): string {
  const table = new Table({
    chars: LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_name, index) => (alignRight.includes(index) ? 'right' : 'left')),
  });
  table.push([...head.map(style.strong)], ...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
