/** DuckDB's parser alone: a database in memory without extensions. SQL -> tree. Nothing is bound or run. */
import { DuckDBInstance, version } from '@duckdb/node-api';
import { literalFragment, renderStatement } from '../statements/index.ts';

export interface Parser {
  /** `json_serialize_sql` of a text. */
  parse<T>(sql: string): Promise<T>;
  /** Of DuckDB: `v1.5.5`. */
  readonly version: string;
  close(): void;
}

export async function openParser(): Promise<Parser> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  return {
    version: version(),
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
