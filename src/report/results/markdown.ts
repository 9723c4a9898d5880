/** Writes results as tables of Markdown (GitHub's dialect). Rows -> text. Pure. */
import { cellText } from '../cell-text.ts';
import { harmless } from '../harmless.ts';
import { afterHead, type ResultText, type TextColumn } from './format.ts';
import { isNumberType } from './types.ts';

export function markdownText(columns: readonly TextColumn[]): ResultText {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const head =
    line(columns.map(({ name }) => escaped(name))) +
    line(columns.map(({ type }) => (isNumberType(type) ? '---:' : '---')));
  return afterHead(head, {
    rows: (part) => part.map((row) => line(row.map((value) => escaped(cellText(value))))).join(''),
    end: ({ isCut, rows }) => (isCut ? `\nThe first ${rows} rows; there are more.\n` : ''),
  });
}

/** Escapes what would end a cell, or begin an HTML element. */
const escaped = (text: string): string =>
  text
    .split(/\r\n|\n|\r/)
    .map((part) => harmless(part).replaceAll(/\||<(?=[a-z/!?])/gi, '\\$&'))
    .join('<br>');
