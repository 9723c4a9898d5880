/**
 * Reads a SQL text just far enough to know its statements and parameters. SQL text -> marks. Pure.
 */
import { sqlTokens } from './sql-tokens.ts';

export interface SqlScan {
  /** Every `$name`, `$1` and `?` outside strings, quoted names, comments and dollar-quoted strings. */
  readonly parameters: readonly { readonly name: string; readonly offset: number }[];
  /** One per statement that holds more than comments. */
  readonly statements: readonly ScannedStatement[];
  /** A string, quoted name or comment that never ends. */
  readonly unclosed?: { readonly what: string; readonly offset: number };
}

export interface ScannedStatement {
  /** Offset of its first token. */
  readonly first: number;
  /** Lower case; empty when the statement begins with a sign. */
  readonly firstWord: string;
  /** Offset of the semicolon that ends it. */
  readonly semicolon?: number;
}

/** Scans DuckDB SQL. */
export function scanSql(sql: string): SqlScan {
  const parameters: { name: string; offset: number }[] = [];
  const statements: ScannedStatement[] = [];
  let unclosed: SqlScan['unclosed'];
  let statement: ScannedStatement | undefined;
  for (const token of sqlTokens(sql)) {
    const { kind, first, end } = token;
    const text = sql.slice(first, end);
    if (token.unclosed !== undefined) unclosed ??= { what: token.unclosed, offset: first };
    if (kind === 'comment') continue;
    if (kind === ';') {
      if (statement !== undefined) statements.push({ ...statement, semicolon: first });
      statement = undefined;
      continue;
    }
    if (kind === 'parameter') parameters.push({ name: text.slice(1).replaceAll('"', ''), offset: first });
    if (text === '?') parameters.push({ name: '?', offset: first });
    statement ??= { first, firstWord: kind === 'word' ? text.toLowerCase() : '' };
  }
  if (statement !== undefined) statements.push(statement);
  return { parameters, statements, ...(unclosed === undefined ? {} : { unclosed }) };
}

/** The text of each statement, without its semicolon and what stands before it. */
export const statementsIn = (sql: string): string[] =>
  scanSql(sql).statements.map(({ first, semicolon }) => sql.slice(first, semicolon).trim());
