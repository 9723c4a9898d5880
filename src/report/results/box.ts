/** Draws results as tables for people. Rows -> text of at most a width. Pure. */
import { cellText } from '../cell-text.ts';
import { harmless, harmlessLines } from '../harmless.ts';
import type { Style } from '../style.ts';
import { countText, plural } from '../text.ts';
import { cutToWidth, displayWidth, padToWidth } from '../width.ts';
import { columnsInRoom, type FittedColumns } from './columns-in-room.ts';
import type { ResultText, TextColumn, TextRows } from './format.ts';
import { isNumberType, shortType } from './types.ts';

export interface BoxOptions {
  readonly style: Style;
  /** Width of the terminal in columns. */
  readonly width: number;
}

/**
 * A longer result becomes several tables below each other, so that no more rows than this are held at once.
 */
const TABLE_ROWS_MAX = 10_000;

export function boxText(columns: readonly TextColumn[], { style, width }: BoxOptions): ResultText {
  if (isExplanation(columns)) return explanationText();
  let held: (readonly unknown[])[] = [];
  let leftOut = '';
  const table = (): string => {
    const box = boxTable(columns, held, { style, width });
    leftOut = leftOutText(columns, box.fitted);
    held = [];
    return box.text;
  };
  return {
    rows(part) {
      let text = '';
      for (const row of part) {
        if (held.length === TABLE_ROWS_MAX) text += table();
        held.push(row);
      }
      return text;
    },
    end({ rows, isCut }) {
      const last = held.length > 0 || rows === 0 ? table() : '';
      const count = isCut ? `the first ${plural(rows, 'row')}; there are more` : plural(rows, 'row');
      return `${last}${style.faint(`${count}${leftOut}`)}\n`;
    },
  };
}

/** `; 3 of 9 columns are left out (c4 .. c6): …` */
function leftOutText(columns: readonly TextColumn[], { shown, before }: FittedColumns): string {
  const count = columns.length - shown.length;
  if (count === 0) return '';
  const name = (index: number): string => cutToWidth(harmless(columns[index]?.name ?? ''), 20);
  const names = count === 1 ? name(before) : `${name(before)} .. ${name(before + count - 1)}`;
  return `; ${countText(count)} of ${plural(columns.length, 'column')} left out (${names}): --format csv has all`;
}

/** Draws a table with the names and types of its columns above a line. */
function boxTable(
  columns: readonly TextColumn[],
  rows: TextRows,
  { style, width }: BoxOptions,
): { readonly text: string; readonly fitted: FittedColumns } {
  const names = columns.map(({ name }) => harmless(name));
  const types = columns.map(({ type }) => harmless(shortType(type)));
  const cells = rows.map((row) => row.map((value) => harmless(cellText(value))));
  const fitted = columnsInRoom(naturalWidths(names, types, cells), width);
  const line = lineWriter(fitted);
  const right = columns.map(({ type }) => isNumberType(type));
  const body = cells.map((texts, at) => {
    const values = rows[at] as readonly unknown[];
    return line.of(texts, right, (cell, index) => (values[index] === null ? style.faint(cell) : cell));
  });
  const head = [line.of(names, right, style.strong), line.of(types, right, style.faint)];
  return {
    text: [line.rule('┌┬┐'), ...head, line.rule('├┼┤'), ...body, line.rule('└┴┘'), ''].join('\n'),
    fitted,
  };
}

/** A type alone does not make a column wider than this. */
const TYPE_WIDTH_MAX = 16;

function naturalWidths(
  names: readonly string[],
  types: readonly string[],
  cells: readonly (readonly string[])[],
): number[] {
  const widths = names.map((name, index) =>
    Math.max(1, displayWidth(name), Math.min(TYPE_WIDTH_MAX, displayWidth(types[index] as string))),
  );
  for (const row of cells)
    for (const [index, cell] of row.entries()) {
      // No text is wider than twice its length, so most cells need not be measured.
      if (cell.length * 2 > (widths[index] as number))
        widths[index] = Math.max(widths[index] as number, displayWidth(cell));
    }
  return widths;
}

interface LineWriter {
  /** `paint` gets a padded cell and the index of its column. */
  of(
    cells: readonly string[],
    right: readonly boolean[],
    paint: (cell: string, index: number) => string,
  ): string;
  /** @param corners left, middle and right. */
  rule(corners: string): string;
}

function lineWriter({ shown, widths, isCut, before }: FittedColumns): LineWriter {
  const withDots = (parts: readonly string[], dots: string, all: number): string[] =>
    parts.length === all ? [...parts] : [...parts.slice(0, before), dots, ...parts.slice(before)];
  return {
    of(cells, right, paint) {
      const parts = shown.map((index, place) => {
        const cell = cells[index] as string;
        const cut = isCut ? cutToWidth(cell, widths[place] as number) : cell;
        return paint(
          padToWidth(cut, widths[place] as number, right[index] === true ? 'left' : 'right'),
          index,
        );
      });
      return `│ ${withDots(parts, '…', cells.length).join(' │ ')} │`;
    },
    rule(corners) {
      const [left, middle, right] = [...corners] as [string, string, string];
      const parts = widths.map((width) => '─'.repeat(width + 2));
      // One column of dots stands for the columns that are left out.
      const all = before === shown.length ? parts.length : -1;
      return `${left}${withDots(parts, '───', all).join(middle)}${right}`;
    },
  };
}

const isExplanation = ([key, value, more]: readonly TextColumn[]): boolean =>
  key?.name === 'explain_key' && value?.name === 'explain_value' && more === undefined;

/** DuckDB draws a plan over many lines; nobody could read it in a cell. */
const explanationText = (): ResultText => ({
  rows: (part) => part.map((row) => `${harmlessLines(cellText(row[1])).trimEnd()}\n`).join(''),
  end: () => '',
});
