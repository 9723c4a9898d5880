/**
 * Child process of extensions.mjs: `node duckdb-install.mjs DIRECTORY NAME…` lets DuckDB install its
 * extensions into DIRECTORY.
 */
import fs from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const [directory, ...names] = process.argv.slice(2);
try {
  fs.mkdirSync(directory, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run('set extension_directory = $directory', { directory });
  // A name cannot be bound here; only the names of this package's own list pass.
  for (const name of names.filter((each) => /^[a-z]+$/.test(each))) await connection.run(`install ${name}`);
} catch (error) {
  console.error(String(error instanceof Error ? error.message : error).split('\n')[0]);
  process.exitCode = 1;
}
