/** A text of statements whose last one writes its rows to a file. SQL -> SQL. Pure. */
import { usageError } from '../../model/errors.ts';
import { scanSql } from '../../model/scan-sql.ts';
import {
  literalFragment,
  NOTHING,
  renderStatement,
  statementFragment,
  userQueryFragment,
} from '../../statements/index.ts';

export interface FileCopy {
  /** A path that DuckDB writes to. */
  readonly file: string;
  /** At most this many rows. */
  readonly limit?: number | undefined;
}

/** Beginnings of statements that a subquery can hold. */
const QUERIES = new Set(
  '( select with from values table describe desc show summarize pivot unpivot'.split(' '),
);

/**
 * Only DuckDB can write Parquet, and only by COPY, which takes a query.
 * @throws PsybergError `output-without-rows` when the last statement is no query.
 */
export function withCopyToFile(sql: string, { file, limit }: FileCopy): string {
  const last = scanSql(sql).statements.at(-1);
  if (last === undefined) return sql;
  const first = last.firstWord === '' ? sql[last.first] : last.firstWord;
  if (!QUERIES.has(first as string))
    throw usageError(
      'output-without-rows',
      `a Parquet file holds the rows of the last statement, and that begins with ${String(first)}`,
      { hint: 'end with a query, such as select * from facts.cancel_fact' },
    );
  const copy = renderStatement('run/copy_to_parquet', {
    query: userQueryFragment(sql.slice(last.first, last.semicolon)),
    limit: limit === undefined ? NOTHING : statementFragment(`limit ${Math.trunc(limit)}`),
    file: literalFragment(file),
  });
  return sql.slice(0, last.first) + copy;
}
