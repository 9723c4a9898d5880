/**
 * Checks whether a statement returns what its header declares, from which a row's type in TypeScript is
 * taken. Only tests ask for it (`PSYBERG_CHECK_ROWS=1`): a wrong header is a mistake of its author, not of a
 * user.
 */
import type { DuckDBResultReader } from '@duckdb/node-api';
import { PsybergError } from '../model/errors.ts';
import { type StatementFile, typeName } from '../statements/index.ts';

const isAsked = process.env['PSYBERG_CHECK_ROWS'] === '1';

/** DuckDB's short name of a type. */
const nameOf = (type: unknown): string => String(type).replace('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ');

/**
 * Throws `internal-bug` where columns have other names or types, or a NULL or a word stands that is not
 * declared.
 */
export function checkRows({ name, row }: StatementFile, reader: DuckDBResultReader): void {
  if (!isAsked || row === undefined) return;
  const wrong = (why: string): PsybergError =>
    new PsybergError('internal-bug', `statement ${name} returns ${why}`, {
      hint: `mend the header of sql/${name}.sql, or the statement`,
    });
  const declared = row.map((column) => `${column.name} ${typeName(column.type)}`).join(', ');
  const types = reader.columnTypes();
  const found = reader.columnNames().map((column, index) => `${column} ${nameOf(types[index])}`);
  // The number of rows is all that COPY returns, where it is executed for its effect.
  if (found.join(', ') !== declared) throw wrong(`${found.join(', ')}; its header declares ${declared}`);
  for (const values of reader.getRows())
    for (const [index, column] of row.entries())
      if (!column.nullable && values[index] === null) throw wrong(`NULL in ${column.name}`);
      else if (column.words !== undefined && !column.words.includes(String(values[index])))
        throw wrong(`${values[index]} in ${column.name}`);
}
