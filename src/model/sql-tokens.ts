/**
 * Cuts SQL into tokens. For DuckDB, strings, comments (which nest) and dollar quotes follow PostgreSQL's
 * lexer. For Spark, a backslash escapes in strings, names are in backquotes, and there are no dollar quotes.
 * SQL text -> tokens. Pure. The engine still decides about the syntax; this only must not mistake text in
 * strings and comments for SQL.
 */

/** The dialect of a text. */
export type SqlSyntax = 'duckdb' | 'spark';

export interface SqlToken {
  /** A sign is any other single character: operators of several characters are several signs. */
  readonly kind: 'comment' | 'string' | 'quoted name' | 'parameter' | 'word' | 'number' | ';' | 'sign';
  /** Offset of its first character. */
  readonly first: number;
  /** Offset after its last character. */
  readonly end: number;
  /** What it is, if it is never closed and so extends to the end of the text. */
  readonly unclosed?: string;
}

const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /[0-9][0-9A-Za-z_.]*(?:(?<=[eE])[+-][0-9]+)?/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const PARAMETER = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*|[0-9]+|"[^"]*")/y;
/** Letters that belong to the string after them. */
const PREFIXED_STRING = /(?:[eExXbB]|[uU]&)'/y;
/** Spark's strings without escapes. */
const RAW_STRING = /[rR]['"]/y;
/** A carriage return alone also ends it. */
const LINE_COMMENT = /--[^\r\n]*/y;

/** White space is left out. */
export function sqlTokens(sql: string, syntax: SqlSyntax = 'duckdb'): SqlToken[] {
  const tokens: SqlToken[] = [];
  for (let at = 0; at < sql.length; ) {
    if (/\s/.test(sql[at] as string)) {
      at += 1;
      continue;
    }
    const token = tokenAt(sql, at, syntax);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

function tokenAt(sql: string, first: number, syntax: SqlSyntax): SqlToken {
  const lengthOf = (pattern: RegExp): number => {
    pattern.lastIndex = first;
    return pattern.exec(sql)?.[0].length ?? 0;
  };
  const closed = (kind: SqlToken['kind'], what: string, end: number): SqlToken =>
    end < 0 ? { kind, first, end: sql.length, unclosed: what } : { kind, first, end };
  const character = sql[first] as string;
  const comment = lengthOf(LINE_COMMENT);
  if (comment > 0) return { kind: 'comment', first, end: first + comment };
  if (sql.startsWith('/*', first)) return closed('comment', 'comment', endOfComment(sql, first));
  if (character === ';') return { kind: ';', first, end: first + 1 };
  const isSpark = syntax === 'spark';
  if (character === "'") return closed('string', 'string', endOfQuoted(sql, first, "'", isSpark));
  if (character === '"') return closed('quoted name', 'quoted name', endOfQuoted(sql, first, '"', isSpark));
  if (isSpark && character === '`')
    return closed('quoted name', 'quoted name', endOfQuoted(sql, first, '`', false));
  const prefix = lengthOf(isSpark ? RAW_STRING : PREFIXED_STRING);
  if (prefix > 0) {
    const escapes = character === 'e' || character === 'E';
    const quote = sql[first + prefix - 1] as string;
    return closed('string', 'string', endOfQuoted(sql, first + prefix - 1, quote, escapes));
  }
  const dollar = isSpark ? 0 : lengthOf(DOLLAR_QUOTE);
  if (dollar > 0) {
    const close = sql.indexOf(sql.slice(first, first + dollar), first + dollar);
    return closed('string', 'dollar-quoted string', close < 0 ? -1 : close + dollar);
  }
  for (const [kind, pattern] of [
    ['parameter', PARAMETER],
    ['word', WORD],
    ['number', NUMBER],
  ] as const) {
    const length = lengthOf(pattern);
    if (length > 0) return { kind, first, end: first + length };
  }
  return { kind: 'sign', first, end: first + 1 };
}

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
