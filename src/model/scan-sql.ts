/**
 * Reads a SQL text just far enough to know its statements and parameters. SQL text -> marks. Pure.
 * DuckDB remains the judge of the syntax; this only must not mistake text in strings and comments for SQL.
 */

export interface SqlScan {
  /** Every `$name`, `$1` and `?` outside strings, quoted names, comments and dollar-quoted strings. */
  readonly parameters: readonly Mark[];
  /** Every `{{name}}` there. */
  readonly placeholders: readonly Mark[];
  /**
   * The names there that a bracket follows, in lower case: of functions and macros, and some of the
   * language.
   */
  readonly calls: ReadonlySet<string>;
  /** One per statement that holds more than comments. */
  readonly statements: readonly ScannedStatement[];
  /** A string, quoted name or comment that never ends. */
  readonly unclosed?: { readonly what: string; readonly offset: number };
}

export interface Mark {
  readonly name: string;
  readonly offset: number;
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
const PLACEHOLDER = /\{\{([A-Za-z_][A-Za-z0-9_]*)\}\}/y;
const BRACKET = /\s*\(/y;
/** A carriage return alone ends a comment, too. */
const BLANK = /(?:\s+|--[^\r\n]*)+/y;

/** Scans DuckDB SQL: its strings, comments (which nest) and dollar quotes follow PostgreSQL's lexer. */
export function scanSql(sql: string): SqlScan {
  const parameters: Mark[] = [];
  const placeholders: Mark[] = [];
  const calls = new Set<string>();
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
  const mark = (marks: Mark[], [all, name = '']: RegExpExecArray): void => {
    marks.push({ name: name.replaceAll('"', ''), offset: at });
    at += all.length;
  };
  for (;;) {
    at += matchAt(BLANK)?.[0].length ?? 0;
    const character = sql[at];
    if (character === undefined) break;
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
    let [word, found]: [string, RegExpExecArray | null] = ['', null];
    if (character === "'") skipTo(endOfQuoted(sql, at, "'", false), 'string');
    else if (character === '"') {
      skipTo(endOfQuoted(sql, at, '"', false), 'quoted name');
      if (matchAt(BRACKET)) calls.add(unquoted(sql.slice(tokenStart, at)).toLowerCase());
    } else if (matchAt(ESCAPE_STRING)) skipTo(endOfQuoted(sql, at + 1, "'", true), 'string');
    else if ((found = matchAt(DOLLAR_QUOTE))) {
      const close = sql.indexOf(found[0], at + found[0].length);
      skipTo(close < 0 ? -1 : close + found[0].length, 'dollar-quoted string');
    } else if ((found = matchAt(PARAMETER))) mark(parameters, found);
    else if ((found = matchAt(PLACEHOLDER))) mark(placeholders, found);
    else if ((found = matchAt(WORD))) {
      word = found[0].toLowerCase();
      at += found[0].length;
      if (matchAt(BRACKET)) calls.add(word);
    } else if ((found = matchAt(NUMBER))) at += found[0].length;
    else {
      if (character === '?') parameters.push({ name: '?', offset: at });
      at++;
    }
    statement ??= { first: tokenStart, firstWord: word };
  }
  if (statement !== undefined) statements.push(statement);
  return { parameters, placeholders, calls, statements, ...(unclosed === undefined ? {} : { unclosed }) };
}

/** A quoted name without its quotes. */
export const unquoted = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;

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
