/** Scans a SQL text just far enough to find its statements and parameters. SQL text -> marks. Pure. */
import { type SqlSyntax, type SqlToken, sqlTokens } from './sql-tokens.ts';

export interface SqlScan {
  /** Every `$name`, `$1` and `?` outside strings, quoted names, comments and dollar-quoted strings. */
  readonly parameters: readonly Mark[];
  /** Every `{{name}}` in the same places. */
  readonly placeholders: readonly Mark[];
  /** Names followed by a bracket, in lower case: functions and macros, and some keywords. */
  readonly calls: ReadonlySet<string>;
  /** One for each statement that contains more than comments. */
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
  /** Lower case; empty if the statement begins with a sign. */
  readonly firstWord: string;
  /** Offset of the semicolon that ends it. */
  readonly semicolon?: number;
}

/** Scans DuckDB SQL, or that of another engine. */
export function scanSql(sql: string, syntax: SqlSyntax = 'duckdb'): SqlScan {
  const parameters: Mark[] = [];
  const statements: ScannedStatement[] = [];
  const tokens = sqlTokens(sql, syntax);
  let statement: ScannedStatement | undefined;
  for (const { kind, first, end } of tokens) {
    if (kind === 'comment') continue;
    if (kind === ';') {
      if (statement !== undefined) statements.push({ ...statement, semicolon: first });
      statement = undefined;
      continue;
    }
    const text = sql.slice(first, end);
    if (kind === 'parameter') parameters.push({ name: text.slice(1).replaceAll('"', ''), offset: first });
    if (text === '?') parameters.push({ name: '?', offset: first });
    statement ??= { first, firstWord: kind === 'word' ? text.toLowerCase() : '' };
  }
  if (statement !== undefined) statements.push(statement);
  const open = tokens.find((token) => token.unclosed !== undefined);
  return {
    parameters,
    placeholders: placeholdersIn(sql, tokens),
    calls: callsIn(sql, tokens),
    statements,
    ...(open?.unclosed === undefined ? {} : { unclosed: { what: open.unclosed, offset: open.first } }),
  };
}

/** `{{name}}` without white space: two brackets, a word, two brackets. */
function placeholdersIn(sql: string, tokens: readonly SqlToken[]): Mark[] {
  return tokens.flatMap(({ kind, first, end }) => {
    const isOne = kind === 'word' && sql.slice(first - 2, first) === '{{' && sql.slice(end, end + 2) === '}}';
    return isOne ? [{ name: sql.slice(first, end), offset: first - 2 }] : [];
  });
}

function callsIn(sql: string, tokens: readonly SqlToken[]): Set<string> {
  const spoken = tokens.filter(({ kind }) => kind !== 'comment');
  return new Set(
    spoken.flatMap(({ kind, first, end }, index) => {
      const next = spoken[index + 1];
      const isCalled =
        (kind === 'word' || kind === 'quoted name') && next !== undefined && sql[next.first] === '(';
      return isCalled ? [unquoted(sql.slice(first, end)).toLowerCase()] : [];
    }),
  );
}

/** A quoted name without its quotes. */
export const unquoted = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;

/** The text of each statement, without its semicolon and anything before the statement. */
export const statementsIn = (sql: string): string[] =>
  scanSql(sql).statements.map(({ first, semicolon }) => sql.slice(first, semicolon).trim());
