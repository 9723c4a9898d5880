/**
 * Opens DuckDB's parser alone: a database in memory without extensions. SQL -> tree. Nothing is bound or run.
 */
import { DuckDBInstance, version } from '@duckdb/node-api';
import { oneAfterTheOther } from '../model/in-turn.ts';
import { literalFragment, renderStatement } from '../statements/index.ts';
import { databaseOf } from './database.ts';

export interface Parser {
  /** `json_serialize_sql` of a text. */
  parse<T>(sql: string): Promise<T>;
  /** DuckDB's version, as `v1.5.5`. */
  readonly version: string;
  /** Closes it, once the text that it is at has been parsed. */
  close(): Promise<void>;
}

export async function openParser(): Promise<Parser> {
  const database = databaseOf(await DuckDBInstance.create(':memory:', { threads: '1' }));
  const connection = await database.connect();
  const inTurn = oneAfterTheOther();
  const treeOf = inTurn((sql: string) => {
    const statement = renderStatement('engine/parse_query', { query: literalFragment(sql) });
    return connection.during(async () => {
      const [[tree] = []] = (await connection.duckdb.runAndReadAll(statement)).getRows();
      return String(tree);
    });
  });
  return {
    version: version(),
    parse: async <T>(sql: string) => JSON.parse(await treeOf(sql)) as T,
    close: () => database.close({ interrupts: false }),
  };
}
