/**
 * Which columns a text of SQL may compare with something. SQL -> a question by name, answered yes in doubt.
 * Pure. DuckDB's plan would say it exactly, but has no parameters yet, and a view of it is not a contract.
 */

const NAME = String.raw`(?:"[^"]*"|[\w.]+)`;
const COLUMN_LIST = String.raw`\s*\([^()]*\)\s*as\s*(?:not\s+)?(?:materialized\s*)?\(`;
/** What may stand between `as`, or a bracket, and another bracket, and gives columns no names. */
const KEYWORDS = `(?!(?:${[
  'and|any|all|as|between|by|decimal|else|enum|exists|filter|from|group|having|if|in|is|join|like|limit|map',
  'materialized|not|numeric|on|or|order|over|qualify|set|struct|then|using|values|varchar|when|where|within',
].join('|')})\\b)`;

/** By which a text compares columns that it does not name, or gives them other names. */
const WITHOUT_NAMES: readonly RegExp[] = [
  String.raw`\bcolumns\s*\(`,
  String.raw`#\d`,
  String.raw`\b(?:natural|union|intersect|except|unpivot|pivot)\b`,
  // The best rows by a position.
  String.raw`\border\s+by\s+(?:all\b|\d)`,
  // A row or a value compared with those of a whole table.
  String.raw`(?:\b(?:in|any|all|some)|[=<>])\s*\(\s*(?:from|select\s+(?:${NAME}\.)?\*)`,
  // with t(a, b) as (…), u(c) as (…)
  String.raw`\bwith\s+(?:recursive\s+)?${NAME}${COLUMN_LIST}`,
  String.raw`\)\s*,\s*${NAME}${COLUMN_LIST}`,
  String.raw`\bview\s+(?:if\s+not\s+exists\s+)?${NAME}\s*\(`,
  // from t as e(a, b), from t e(a, b), from (…) e(a, b)
  String.raw`\bas\s+${KEYWORDS}${NAME}\s*\(`,
  String.raw`\b(?:from|join)\s+${NAME}\s+${KEYWORDS}${NAME}\s*\(`,
  String.raw`\)\s*${KEYWORDS}(?:"[^"]*"|[a-z_]\w*)\s*\(`,
].map((pattern) => new RegExp(pattern));

/** Whether a column, by its name, may be compared. Names are found in strings and comments too. */
export function comparedColumns(sql: string): (column: string) => boolean {
  const text = sql.replaceAll('""', '"').toLowerCase();
  if (WITHOUT_NAMES.some((pattern) => pattern.test(text))) return () => true;
  return (column) => wordOf(column.toLowerCase()).test(text);
}

/** A name that is not a part of another one. */
const wordOf = (name: string): RegExp =>
  new RegExp(
    String.raw`(?<![\p{L}\p{N}_])${name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)}(?![\p{L}\p{N}_])`,
    'u',
  );
