/** Makes tables in memory without rows. Columns -> table. */
import {
  identifierFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
  type TestColumn,
} from '../../statements/index.ts';
import type { Sandbox } from './sandbox.ts';

/** A query that returns these columns and no rows. */
export const emptyQuery = (columns: readonly TestColumn[]): string =>
  renderStatement('test/no_rows', {
    columns: statementFragment(
      columns
        .map(
          ({ name, type }) =>
            `null::${type === '"NULL"' ? 'integer' : type} as ${identifierFragment(name).sql}`,
        )
        .join(', '),
    ),
  });

/** Creates `table`, or replaces it. */
export async function makeEmpty(
  sandbox: Sandbox,
  table: SqlFragment,
  columns: readonly TestColumn[],
): Promise<void> {
  await sandbox.run('test/create_from', { table, query: statementFragment(emptyQuery(columns)) });
}
