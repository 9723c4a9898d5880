/**
 * What the cold commands are held against: a program that opens DuckDB, and is told everything. `node
 * plain-duckdb.mjs` asks for one row; with a query, a folder and files it writes the query's rows over those
 * files into the folder. No table format, no audit, no state. JavaScript, so that Node has no types to strip.
 */
import { DuckDBInstance } from '@duckdb/node-api';

const [selectList, folder, ...files] = process.argv.slice(2);
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
if (selectList === undefined) await connection.runAndReadAll('select 1');
else {
  const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ');
  await connection.run(
    `copy (select ${selectList}, date_trunc('hour', event_ts) as event_hour from read_parquet([${list}])) to '${folder}' (format parquet, partition_by (event_hour))`,
  );
}
process.exit(0);
