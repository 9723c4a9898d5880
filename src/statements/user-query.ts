/** Nests the user's query in another one of ours. SQL -> SQL. Pure. */
import { identifierListFragment, userQueryFragment } from './quote.ts';
import { renderStatement } from './statements.ts';

/** The query without some of its columns; DuckDB's errors still find its own text in it. */
export const withoutColumnsQuery = (sql: string, columns: readonly string[]): string =>
  renderStatement('compile/without_columns', {
    columns: identifierListFragment(columns),
    query: userQueryFragment(sql),
  });
