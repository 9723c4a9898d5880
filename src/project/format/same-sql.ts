/** Checks whether two texts of SQL mean the same. Tokens and the parser's trees -> verdict. Pure. */
import { type SqlToken, sqlTokens } from '../../model/sql-tokens.ts';

/** What DuckDB's parser returns for a text (`json_serialize_sql`). */
export interface ParsedSql {
  readonly error?: boolean;
  readonly error_message?: string;
  /** Byte offset, as text; only if the text cannot be parsed. Statements other than queries have none. */
  readonly position?: string;
  readonly statements?: readonly unknown[];
}

/**
 * True for the same tokens in the same order, and the same comments: only white space differs, with `anyCase`
 * also the case of words. Comments are compared without their white space, since those over several lines are
 * indented.
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

/** True if the trees are the same except for the places of their nodes. */
export const sameTree = (left: ParsedSql, right: ParsedSql): boolean => treeOf(left) === treeOf(right);

const treeOf = ({ statements }: ParsedSql): string =>
  JSON.stringify(statements, (key, value: unknown) => (key === 'query_location' ? undefined : value));
