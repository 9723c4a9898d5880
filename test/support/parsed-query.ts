/** A query as DuckDB's own parser serializes it. Text -> tree. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

let opened: Promise<DuckDBConnection> | undefined;

export async function parsedQuery(sql: string): Promise<unknown> {
  opened ??= DuckDBInstance.create().then((instance) => instance.connect());
  const connection = await opened;
  const reader = await connection.runAndReadAll('select json_serialize_sql($sql::varchar)::varchar', { sql });
  return JSON.parse(String(reader.getRows()[0]?.[0]));
}
