/** Writes results as JSON. Rows -> text. Pure. */
import { jsonLine } from '../json-text.ts';
import { afterHead, type ResultText, type TextColumn, type TextRows } from './format.ts';

/** Writes one object a line. */
export const jsonLinesText = (columns: readonly TextColumn[]): ResultText => {
  const objectOf = objectWriter(columns);
  return { rows: (part) => part.map((row) => `${objectOf(row)}\n`).join(''), end: () => '' };
};

/** Writes an array of objects, each on a line of its own. */
export function jsonArrayText(columns: readonly TextColumn[]): ResultText {
  const rows = separatedRows(columns);
  return afterHead('[', {
    rows,
    end: (total) => (total.rows === 0 ? ']\n' : '\n]\n'),
  });
}

/** Writes the members `"columns"` and `"rows"` of a result's object, and `"more_rows"` if a limit cut it. */
export function jsonMembersText(columns: readonly TextColumn[]): ResultText {
  const head = `"columns": ${jsonLine(columns.map(({ name, type }) => ({ name, type })))},\n"rows": [`;
  return afterHead(head, {
    rows: separatedRows(columns),
    end: (total) => `${total.rows === 0 ? ']' : '\n]'}${total.isCut ? ',\n"more_rows": true' : ''}`,
  });
}

function separatedRows(columns: readonly TextColumn[]): (part: TextRows) => string {
  const objectOf = objectWriter(columns);
  let separator = '\n';
  return (part) => {
    if (part.length === 0) return '';
    const text = separator + part.map(objectOf).join(',\n');
    separator = ',\n';
    return text;
  };
}

function objectWriter(columns: readonly TextColumn[]): (row: readonly unknown[]) => string {
  const keys = columns.map(({ name }) => `${jsonLine(name)}:`);
  return (row) => `{${row.map((value, index) => `${keys[index]}${jsonLine(value)}`).join(',')}}`;
}
