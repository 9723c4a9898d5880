/**
 * Writes results as CSV (RFC 4180, with line feeds). Rows -> text. Pure. NULL is empty, an empty text is
 * `""`.
 */
import { cellText } from '../cell-text.ts';
import { harmlessLines } from '../harmless.ts';
import { afterHead, type ResultText, type TextColumn } from './format.ts';

/** @param isForTerminal true: spells out control characters, which a file keeps as they are. */
export function csvText(columns: readonly TextColumn[], isForTerminal: boolean): ResultText {
  const line = (fields: readonly string[]): string => `${fields.join(',')}\n`;
  const shown = (text: string): string => (isForTerminal ? harmlessLines(text) : text);
  const field = (value: unknown): string => shown(value === null ? '' : quoted(cellText(value)));
  return afterHead(line(columns.map(({ name }) => shown(quoted(name)))), {
    rows: (part) => part.map((row) => line(row.map(field))).join(''),
    end: () => '',
  });
}

/** Blanks at the ends are quoted, too: some readers would strip them. */
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$|^$/;

const quoted = (text: string): string => (NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
