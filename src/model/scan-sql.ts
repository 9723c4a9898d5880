/**
 * Reads a SQL text just far enough to know its statements and parameters. SQL text -> marks. Pure.
 * DuckDB remains the judge of the syntax; this only must not mistake text in strings and comments for SQL.
 */

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

const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /[0-9][0-9A-Za-z_.]*/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const PARAMETER = /\$([A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*|[0-9]+|"[^"]*")/y;
const ESCAPE_STRING = /[eE]'/y;
/** A carriage return alone ends it, too. */
const LINE_COMMENT = /--[^\r\n]*/y;

/** Scans DuckDB SQL: its strings, comments (which nest) and dollar quotes follow PostgreSQL's lexer. */
export function scanSql(sql: string): SqlScan {
  const parameters: { name: string; offset: number }[] = [];
  const statements: ScannedStatement[] = [];
  let unclosed: SqlScan['unclosed'];
  let statement: ScannedStatement | undefined;
  let at = 0;
  const matchAt = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(sql);
  };
  const skipTo = (end: number, what: string): void => {
    if (end < 0) unclosed ??= { what, offset: at };
    at = end < 0 ? sql.length : end;
  };
  while (at < sql.length) {
    const character = sql[at] as string;
    if (/\s/.test(character)) {
      at++;
      continue;
    }
    if (sql.startsWith('--', at)) {
      at = (matchAt(LINE_COMMENT) as RegExpExecArray)[0].length + at;
      continue;
    }
    if (sql.startsWith('/*', at)) {
      skipTo(endOfComment(sql, at), 'comment');
      continue;
    }
    if (character === ';') {
      if (statement !== undefined) statements.push({ ...statement, semicolon: at });
      statement = undefined;
      at++;
      continue;
    }
    const tokenStart = at;
    let word = '';
    let found: RegExpExecArray | null;
    if (character === "'") skipTo(endOfQuoted(sql, at, "'", false), 'string');
    else if (character === '"') skipTo(endOfQuoted(sql, at, '"', false), 'quoted name');
    else if (matchAt(ESCAPE_STRING)) skipTo(endOfQuoted(sql, at + 1, "'", true), 'string');
    else if ((found = matchAt(DOLLAR_QUOTE))) {
      const close = sql.indexOf(found[0], at + found[0].length);
      skipTo(close < 0 ? -1 : close + found[0].length, 'dollar-quoted string');
    } else if ((found = matchAt(PARAMETER))) {
      parameters.push({ name: (found[1] as string).replaceAll('"', ''), offset: at });
      at += found[0].length;
    } else if ((found = matchAt(WORD))) {
      word = found[0].toLowerCase();
      at += found[0].length;
    } else if ((found = matchAt(NUMBER))) at += found[0].length;
    else {
      if (character === '?') parameters.push({ name: '?', offset: at });
      at++;
    }
    statement ??= { first: tokenStart, firstWord: word };
  }
  if (statement !== undefined) statements.push(statement);
  return { parameters, statements, ...(unclosed === undefined ? {} : { unclosed }) };
}

/** The text of each statement, without its semicolon and what stands before it. */
export const statementsIn = (sql: string): string[] =>
  scanSql(sql).statements.map(({ first, semicolon }) => sql.slice(first, semicolon).trim());

function endOfQuoted(sql: string, open: number, quote: string, backslash: boolean): number {
  for (let at = open + 1; at < sql.length; at++) {
    if (backslash && sql[at] === '\\') at++;
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1;
      at++;
    }
  }
  return -1;
}

function endOfComment(sql: string, open: number): number {
  let depth = 0;
  for (let at = open; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++;
      at++;
    } else if (sql.startsWith('*/', at)) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}
