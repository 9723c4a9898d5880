/**
 * Formats SQL in the layout of psyberg's own files, by sql-formatter. Text -> text that means the same, or
 * why it stays as it is. No effect but asking DuckDB's parser.
 */
import { duckdb, formatDialect } from 'sql-formatter';
import { scanSql } from '../../model/scan-sql.ts';
import { commasFirst, withWrittenGaps } from './gaps.ts';
import { layOut } from './layout.ts';
import { type ParsedSql, sameTokens, sameTree } from './same-sql.ts';

/** DuckDB's parser: `json_serialize_sql` of a text. */
export type ParseSql = (sql: string) => Promise<ParsedSql>;

export type Formatted =
  | { readonly kind: 'formatted'; readonly text: string }
  /** It stays as it is, because it is not certain that its formatted text would mean the same. */
  | { readonly kind: 'kept'; readonly why: string }
  /** A text that cannot be read; `offset` in characters. */
  | { readonly kind: 'invalid'; readonly message: string; readonly offset: number };

/**
 * Formats statements; comments are kept. Keywords become lower case in queries, whose parse trees show
 * whether a name has changed; in other statements they stay as they are. The result ends without a newline,
 * and formatting it again changes nothing.
 */
export async function formatSql(sql: string, parse: ParseSql): Promise<Formatted> {
  const { unclosed } = scanSql(sql);
  if (unclosed !== undefined)
    return { kind: 'invalid', message: `this ${unclosed.what} is never closed`, offset: unclosed.offset };
  const before = await parse(parseable(sql));
  const offset = syntaxErrorOf(sql, before);
  if (offset !== undefined) return { kind: 'invalid', message: before.error_message ?? 'not SQL', offset };
  const isQuery = before.error !== true;
  for (const words of isQuery ? (['lower', 'preserve'] as const) : (['preserve'] as const)) {
    const text = settled(sql, words);
    if (text === undefined || !sameTokens(sql, text, { anyCase: isQuery })) continue;
    const after = await parse(parseable(text));
    const isSame = isQuery
      ? after.error !== true && sameTree(before, after)
      : syntaxErrorOf(text, after) === undefined;
    if (isSame) return { kind: 'formatted', text };
  }
  return { kind: 'kept', why: 'formatted, it would not be sure to mean the same' };
}

/**
 * `$name`, instead of sql-formatter's own pattern, which would read the first `$` of `$tag$ a string $tag$`
 * as one.
 */
const PARAMETERS = {
  positional: true,
  numbered: ['$' as const],
  quoted: ['$' as const],
  custom: [
    { regex: String.raw`\$[\p{L}_][\p{L}\p{N}_]*(?![\p{L}\p{N}_$])` },
    { regex: String.raw`\{\{\w+\}\}` },
  ],
};

/** Formats until another time changes nothing; undefined if it never settles, or cannot be read. */
function settled(sql: string, words: 'lower' | 'preserve'): string | undefined {
  let text = sql;
  for (let time = 0; time < 3; time += 1) {
    const next = formattedOnce(text, words);
    if (next === undefined || next === text) return next;
    text = next;
  }
  return undefined;
}

function formattedOnce(sql: string, words: 'lower' | 'preserve'): string | undefined {
  try {
    const written = commasFirst(sql);
    const text = formatDialect(written, {
      dialect: duckdb,
      keywordCase: words,
      dataTypeCase: words,
      functionCase: words,
      expressionWidth: 90,
      linesBetweenQueries: 1,
      paramTypes: PARAMETERS,
    });
    return layOut(withWrittenGaps(text.trim(), written));
  } catch {
    // A text that it cannot read stays as it is written.
    return undefined;
  }
}

/**
 * An audit's `{{NAME}}` is an identifier: replacing it by one of the same length leaves every place as it is.
 */
const parseable = (sql: string): string => sql.replaceAll(/\{\{(\w+)\}\}/g, '"_$1_"');

/** Where the parser stopped, in characters; undefined if it did not. */
function syntaxErrorOf(sql: string, parsed: ParsedSql): number | undefined {
  if (parsed.error !== true || parsed.error_message?.startsWith('Only SELECT') === true) return undefined;
  return Buffer.from(sql)
    .subarray(0, Number(parsed.position ?? 0))
    .toString().length;
}
