/** DuckDB's parser alone: a database in memory without extensions. SQL -> tree. Nothing is bound or run. */
import { DuckDBInstance } from '@duckdb/node-api';
import { literalFragment, renderStatement } from '../statements/index.ts';

export interface Parser {
  /** `json_serialize_sql` of a text. */
  parse<T>(sql: string): Promise<T>;
  close(): void;
}

export async function openParser(): Promise<Parser> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  return {
    async parse<T>(sql: string) {
      const statement = renderStatement('engine/parse_query', { query: literalFragment(sql) });
      const [[tree] = []] = (await connection.runAndReadAll(statement)).getRows();
      return JSON.parse(String(tree)) as T;
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
