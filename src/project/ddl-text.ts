/**
 * Takes from a file of `tables/` the statements as far as they define columns. Text -> statements with their
 * places. Pure. Partitioning and table properties are for Iceberg: a database in memory does not accept them.
 */
import { scanSql } from '../model/scan-sql.ts';

export interface DdlStatement {
  readonly sql: string;
  /** Where it begins in the text, in UTF-16 units. */
  readonly offset: number;
}

export const ddlStatements = (text: string): DdlStatement[] =>
  scanSql(text).statements.map(({ first, semicolon }) => ({
    sql: columnsAlone(text.slice(first, semicolon).trimEnd()),
    offset: first,
  }));

const CREATE_TABLE = /^create\s+(?:or\s+replace\s+)?table\s+(?:if\s+not\s+exists\s+)?[^(]*?\(/i;

/** Cuts a statement after its list of columns; unchanged if something else follows, such as a query. */
function columnsAlone(sql: string): string {
  const head = CREATE_TABLE.exec(sql)?.[0];
  if (head === undefined || /\sas\s/i.test(head)) return sql;
  const end = endOfBrackets(sql, head.length - 1);
  return end !== undefined && /^\s*(?:partitioned|sorted|with|using|location)\b/i.test(sql.slice(end))
    ? sql.slice(0, end)
    : sql;
}

/** Strings, quoted names and comments: brackets inside them do not count. */
const OPAQUE = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\r\n]*|\/\*[\s\S]*?\*\//y;

/** The offset after the bracket that closes the one at `open`. */
function endOfBrackets(sql: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < sql.length; at += 1) {
    OPAQUE.lastIndex = at;
    const opaque = OPAQUE.exec(sql)?.[0];
    if (opaque !== undefined) at += opaque.length - 1;
    else if (sql[at] === '(') depth += 1;
    else if (sql[at] === ')') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}
