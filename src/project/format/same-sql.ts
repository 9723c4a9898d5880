/** Whether two texts of SQL say the same. Tokens and the parser's trees -> verdict. Pure. */
import { type SqlToken, sqlTokens } from '../../model/sql-tokens.ts';

/** What DuckDB's parser says of a text (`json_serialize_sql`). */
export interface ParsedSql {
  readonly error?: boolean;
  readonly error_message?: string;
  /** Byte offset, as text; only where the text cannot be parsed: other statements than queries have none. */
  readonly position?: string;
  readonly statements?: readonly unknown[];
}

/**
 * The same tokens in the same order, and the same comments: only white space differs, with `anyCase` the case
 * of words too. Comments are compared without their white space: those over several lines are indented.
 */
export function sameTokens(left: string, right: string, { anyCase }: { readonly anyCase: boolean }): boolean {
  const texts = (sql: string, wanted: (token: SqlToken) => boolean, change: (text: string) => string) =>
    sqlTokens(sql)
      .filter(wanted)
      .map(({ kind, first, end }) => {
        const text = sql.slice(first, end);
        return `${kind} ${kind === 'word' || kind === 'comment' ? change(text) : text}`;
      })
      .join('\n');
  const code = (sql: string) =>
    texts(
      sql,
      ({ kind }) => kind !== 'comment',
      (text) => (anyCase ? text.toLowerCase() : text),
    );
  const comments = (sql: string) =>
    texts(
      sql,
      ({ kind }) => kind === 'comment',
      (text) => text.replaceAll(/\s+/g, ' ').trim(),
    );
  return code(left) === code(right) && comments(left) === comments(right);
}

/** The trees are the same but for the places of their nodes. */
export const sameTree = (left: ParsedSql, right: ParsedSql): boolean => treeOf(left) === treeOf(right);

const treeOf = ({ statements }: ParsedSql): string =>
  JSON.stringify(statements, (key, value: unknown) => (key === 'query_location' ? undefined : value));
