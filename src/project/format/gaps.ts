/**
 * Restores white space within lines that sql-formatter sets otherwise. SQL -> SQL with the same tokens. Pure.
 */
import { type SqlToken, sqlTokens } from '../../model/sql-tokens.ts';

/** Words before a bracket that does not belong to a call. */
const NO_CALL = new Set(
  'all and any as by else except exclude exists filter from having in intersect join lateral limit materialized not on or over returning select some then union using values when where'.split(
    ' ',
  ),
);
const isCode = ({ kind }: SqlToken): boolean => kind !== 'comment';

/**
 * Moves a comma directly after what it ends, and a comment after the comma: otherwise `a -- why` and `, b` on
 * the next line would leave the comma on a line of its own.
 */
export function commasFirst(sql: string): string {
  const tokens = sqlTokens(sql);
  let result = '';
  let at = 0;
  for (const [index, token] of tokens.entries()) {
    if (!isCode(token)) continue;
    const comma = tokens.slice(index + 1).find(isCode);
    const next = tokens[index + 1];
    if (comma === undefined || next === undefined || isCode(next) || sql[comma.first] !== ',') continue;
    result += `${sql.slice(at, token.end)},${sql.slice(token.end, comma.first)}`;
    at = comma.end;
  }
  return result + sql.slice(at);
}

/**
 * Puts a bracket directly after the word or list before it if `written` has it there: `my_macro(a)`, `['a',
 * 'b'][1]`; and a sign directly before its number or name: `(-a)`.
 */
export function withWrittenGaps(sql: string, written: string): string {
  const tokens = sqlTokens(sql);
  const code = tokens.filter(isCode);
  const source = sqlTokens(written).filter(isCode);
  if (code.length !== source.length) return sql;
  let result = '';
  let at = 0;
  for (const [index, { end }] of code.entries()) {
    const next = code[index + 1];
    if (next === undefined || sql.slice(end, next.first) !== ' ') continue;
    const before = code[index] as SqlToken;
    const isBeside = source[index]?.end === source[index + 1]?.first;
    if (!(isBeside && isCall(sql, before, next)) && !isUnary(sql, code, index)) continue;
    result += sql.slice(at, end);
    at = next.first;
  }
  return result + sql.slice(at);
}

function isCall(sql: string, before: SqlToken, { first }: SqlToken): boolean {
  if (sql[first] !== '(' && sql[first] !== '[') return false;
  const word = sql.slice(before.first, before.end).toLowerCase();
  return before.kind === 'word' ? !NO_CALL.has(word) : before.kind === 'quoted name' || /[\])]/.test(word);
}

/** True for a plus or minus that has no left operand, and no other sign after it. */
function isUnary(sql: string, code: readonly SqlToken[], index: number): boolean {
  const [before, sign, after] = [code[index - 1], code[index], code[index + 1]];
  if (before?.kind !== 'sign' || sign?.kind !== 'sign' || !/[+-]/.test(sql[sign.first] as string))
    return false;
  return (
    /[(,[=<>*/%]/.test(sql[before.first] as string) && (after?.kind !== 'sign' || sql[after.first] === '(')
  );
}
