/**
 * Gives catalogs other names in a statement. SQL -> SQL. Pure. An attached catalog has its name for all
 * connections of a database, and statements are written with one name for the session's: a connection that
 * works beside others attaches it under a name of its own.
 */
import { sqlTokens } from '../model/sql-tokens.ts';
import { quoteIdentifier } from '../statements/index.ts';

/** Names that statements are written with -> names that the connection attaches. */
export type OtherNames = ReadonlyMap<string, string>;

export const NO_OTHER_NAMES: OtherNames = new Map();

/** The text with the connection's own names, where a catalog is named: `"name".` outside of texts. */
export function withOtherNames(sql: string, names: OtherNames): string {
  let renamed = sql;
  for (const [name, other] of names) {
    const written = quoteIdentifier(name);
    if (!renamed.includes(`${written}.`)) continue;
    let text = '';
    let at = 0;
    for (const { kind, first, end } of sqlTokens(renamed)) {
      if (kind !== 'quoted name' || renamed.slice(first, end + 1) !== `${written}.`) continue;
      text += renamed.slice(at, first) + quoteIdentifier(other);
      at = end;
    }
    renamed = text + renamed.slice(at);
  }
  return renamed;
}

/** A message of DuckDB with the names that statements are written with. */
export const withWrittenNames = (message: string, names: OtherNames): string =>
  [...names].reduce((text, [name, other]) => text.replaceAll(other, name), message);
