/**
 * Fits text and columns to a width, in characters as a terminal shows them. Cells -> cells. Pure. Colour
 * codes take no room and are kept.
 */
import { COLOUR_CODES, cutMiddle, displayWidth } from './width.ts';

/** A width without a limit. */
export const UNLIMITED = Number.POSITIVE_INFINITY;

/**
 * What may happen to a column that is too wide. `keep`: nothing (times, numbers) · `cut`: its middle becomes
 * an ellipsis (names: both ends tell) · `wrap`: it continues below · `drop`: it is left out first, since
 * other columns say nearly the same.
 */
export type Fit = 'keep' | 'cut' | 'wrap' | 'drop';

/**
 * Breaks a text into lines of at most `width` places, between words; a longer word is cut in its middle.
 * `indent`: number of blanks before every line except the first.
 */
export function wrapText(text: string, width: number, indent = 0): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width, indent))
    .join('\n');
}

function wrapLine(line: string, width: number, indent: number): string {
  if (displayWidth(line) <= width) return line;
  const [, lead = '', rest = ''] = /^( *)(.*)$/s.exec(line) ?? [];
  const margin = ' '.repeat(Math.min(lead.length + indent, Math.max(0, width - 8)));
  const lines: string[] = [];
  let open = lead;
  let isEmpty = true;
  for (const [word, space] of wordsOf(rest)) {
    const next = isEmpty ? open + word : `${open}${space}${word}`;
    if (isEmpty || displayWidth(next) <= width) open = next;
    else {
      lines.push(open);
      open = margin + word;
    }
    isEmpty = false;
  }
  const cut = [...lines, open].map((each) => cutMiddle(each, width));
  return carryCodes(cut).join('\n');
}

/** Words with the blank before each; a range of hours may also be broken. */
const wordsOf = (text: string): (readonly [word: string, space: string])[] =>
  text
    .split(/ +/)
    .flatMap((word) =>
      word.split(/(?<=\d\dh\.\.)(?=\d{4}-)/).map((part, index) => [part, index === 0 ? ' ' : ''] as const),
    );

/** Ends a colour at the end of each line, and begins it again in the next. */
function carryCodes(lines: readonly string[]): string[] {
  let open: string[] = [];
  return lines.map((line) => {
    const begun = open.join('');
    for (const code of line.match(COLOUR_CODES) ?? []) open = isOff(code) ? [] : [...open, code];
    return open.length === 0 ? begun + line : `${begun}${line}\x1b[0m`;
  });
}

/** The codes that end bold, faint and colours. */
const isOff = (code: string): boolean => ['\x1b[0m', '\x1b[22m', '\x1b[39m'].includes(code);

/**
 * Writes a text after its label, and continues it below its own beginning. If the label leaves too little
 * room, the text begins on the next line.
 */
export function hangingText(label: string, text: string, width: number): string {
  const margin = displayWidth(label);
  if (margin + displayWidth(text) <= width) return (label + text).trimEnd();
  if (margin > width / 2) return [cutMiddle(label.trimEnd(), width), ...below(text, width)].join('\n');
  return wrapText(text, width - margin)
    .split('\n')
    .map((line, index) => (index === 0 ? label : ' '.repeat(margin)) + line)
    .join('\n');
}

const below = (text: string, width: number): string[] =>
  wrapText(text, width - 4)
    .split('\n')
    .map((line) => `    ${line}`);

export interface Columns {
  readonly rows: readonly (readonly string[])[];
  /** One for each column; default: `keep` for all. */
  readonly fits?: readonly Fit[];
  readonly width: number;
  /** Number of blanks between two columns. */
  readonly gap?: number;
}

/**
 * Fits the cells, with line breaks where they wrap. `shown`: indexes of the columns that are left; `hidden`:
 * how many columns did not have room at all.
 */
export function fitCells({ rows, fits = [], width, gap = 2 }: Columns): {
  readonly rows: string[][];
  readonly shown: readonly number[];
  readonly hidden: number;
} {
  const natural = naturalWidths(rows);
  const all = natural.map((_width, index) => index);
  const kept = withoutDropped(all, { natural, fits, room: width, gap });
  const shown = withoutHidden(kept, { natural, fits, room: width, gap });
  const room = width - gap * Math.max(0, shown.length - 1);
  const widths = shareOut(
    shown.map((index) => ({ natural: natural[index] as number, fit: fits[index] ?? 'keep' })),
    room,
  );
  const fitted = rows.map((row) =>
    shown.map((index, at) => {
      const cell = row[index] ?? '';
      const least = widths[at] as number;
      return (fits[index] ?? 'keep') === 'wrap'
        ? wrapText(cell, least)
        : cell
            .split('\n')
            .map((line) => cutMiddle(line, least))
            .join('\n');
    }),
  );
  return { rows: fitted, shown, hidden: kept.length - shown.length };
}

function naturalWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, ...cell.split('\n').map(displayWidth));
  return widths;
}

interface Room {
  readonly natural: readonly number[];
  readonly fits: readonly Fit[];
  readonly room: number;
  readonly gap: number;
}

/** Drops columns that may be dropped, from the right, until the others fit. */
function withoutDropped(all: readonly number[], { natural, fits, room, gap }: Room): number[] {
  let shown = [...all];
  const total = (): number =>
    shown.reduce((sum, index) => sum + (natural[index] as number), gap * Math.max(0, shown.length - 1));
  for (const index of all.toReversed())
    if (fits[index] === 'drop' && total() > room) shown = shown.filter((each) => each !== index);
  return shown;
}

/** The least width of a cell: a narrower one would be unreadable. */
const CELL_LEAST = 6;

/** Keeps as many columns, from the left, as can be read. */
function withoutHidden(kept: readonly number[], { natural, fits, room, gap }: Room): number[] {
  const leastOf = (index: number): number =>
    fits[index] === 'cut' || fits[index] === 'wrap'
      ? Math.min(CELL_LEAST, natural[index] as number)
      : (natural[index] as number);
  const shown = [...kept];
  const total = (): number =>
    shown.reduce((sum, index) => sum + leastOf(index), gap * Math.max(0, shown.length - 1));
  while (shown.length > 2 && total() > room) shown.pop();
  return shown;
}

/** Finds widths that sum to at most `room`: the widest columns shrink first. */
function shareOut(
  columns: readonly { readonly natural: number; readonly fit: Fit }[],
  room: number,
): readonly number[] {
  const widths = columns.map(({ natural }) => natural);
  const left = (): number => widths.reduce((sum, each) => sum + each, -room);
  const give = (index: number, least: number): void => {
    widths[index] = Math.max(Math.min(least, widths[index] as number), (widths[index] as number) - left());
  };
  // Wrapped text is still there, cut text is not: so wrapping comes first.
  level(widths, columns, { room, least: { wrap: 28 } });
  level(widths, columns, { room, least: { wrap: 18, cut: 18 } });
  level(widths, columns, { room, least: { wrap: 14, cut: 8 } });
  // If that is not enough, all columns shrink: the total width must hold.
  for (const [index] of columns.entries()) if (left() > 0) give(index, 4);
  for (const [index] of columns.entries()) if (left() > 0) give(index, 1);
  return widths;
}

/** Shrinks the columns that may shrink to one level, but none below a width that still says something. */
function level(
  widths: number[],
  columns: readonly { readonly natural: number; readonly fit: Fit }[],
  { room, least: leasts }: { readonly room: number; readonly least: Partial<Record<Fit, number>> },
): void {
  const least = columns.map(({ natural, fit }) => Math.min(natural, leasts[fit] ?? natural));
  for (;;) {
    const over = widths.reduce((sum, each) => sum + each, -room);
    const lowerable = widths.map((each, index) => (each > (least[index] as number) ? each : 0));
    const widest = Math.max(0, ...lowerable);
    if (over <= 0 || widest === 0) return;
    const second = Math.max(0, ...lowerable.filter((each) => each < widest));
    const highest = lowerable.flatMap((each, index) => (each === widest ? [index] : []));
    const step = Math.min(Math.ceil(over / highest.length), Math.max(1, widest - second));
    let still = over;
    for (const index of highest) {
      const lowered = Math.min(step, still, widest - (least[index] as number));
      widths[index] = widest - lowered;
      still -= lowered;
    }
  }
}
