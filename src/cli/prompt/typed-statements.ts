/** What was typed so far -> the statements that are whole, and the rest. Pure. */
import { scanSql } from '../../model/scan-sql.ts';

export interface Typed {
  /** Up to the last semicolon; undefined while no statement ends. */
  readonly whole: string | undefined;
  /** The text behind it: the beginning of another statement, or nothing. */
  readonly rest: string;
}

/** A semicolon in a string or a comment ends nothing. */
export function typedStatements(text: string): Typed {
  const { statements, unclosed } = scanSql(text);
  const ended = statements.flatMap(({ semicolon }) => (semicolon === undefined ? [] : [semicolon]));
  const end = ended.at(-1);
  // A comment alone is done with its line; a lone semicolon as well.
  if (statements.length === 0 && unclosed === undefined) return { whole: undefined, rest: '' };
  if (end === undefined) return { whole: undefined, rest: text };
  const rest = text.slice(end + 1);
  const isSpoken = scanSql(rest).statements.length > 0 || scanSql(rest).unclosed !== undefined;
  return { whole: text.slice(0, end + 1), rest: isSpoken ? rest : '' };
}

/**
 * The lines of a statement as one, as the history keeps it; undefined where that would change it: after a
 * comment to the end of a line, or within a string.
 */
export function asOneLine(lines: readonly string[]): string | undefined {
  const text = lines.join('\n');
  if (text.includes('--')) return undefined;
  for (let count = 1; count < lines.length; count += 1)
    if (scanSql(lines.slice(0, count).join('\n')).unclosed !== undefined) return undefined;
  return lines.map((line) => line.trim()).join(' ');
}
