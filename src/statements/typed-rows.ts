/**
 * Turns rows that come as JSON into the types of a table's columns. Columns -> fragments of `state/rows`.
 * Pure.
 */
import { duckdbTypeName } from './file-columns.ts';
import { quoteIdentifier, quoteLiteral, type SqlFragment, statementFragment } from './quote.ts';

/** A select list for no rows: each column is a NULL of its type. */
export const nullsFragment = (
  columns: readonly { readonly name: string; readonly type: string }[],
): SqlFragment =>
  statementFragment(
    columns.map(({ name, type }) => `null::${duckdbTypeName(type)} as ${quoteIdentifier(name)}`).join(', '),
  );

/** `columns`: casts from text; `shape`: the structure for `from_json`, which reads every value as text. */
export function typedRowsFragments(
  columns: readonly { readonly name: string; readonly type: string }[],
): Readonly<Record<'columns' | 'shape', SqlFragment>> {
  const casts = columns.map(
    ({ name, type }) => `${quoteIdentifier(name)}::${duckdbTypeName(type)} as ${quoteIdentifier(name)}`,
  );
  const texts = Object.fromEntries(columns.map(({ name }) => [name, 'VARCHAR']));
  return {
    columns: statementFragment(casts.join(',\n  ')),
    shape: statementFragment(quoteLiteral(JSON.stringify([texts]))),
  };
}
