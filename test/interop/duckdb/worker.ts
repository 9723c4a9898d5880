/** Runs sqllogictest files that the parent names, one after the other: a crash of DuckDB ends this process, not the whole run. */
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { extensionDirectory } from '../../../src/setup/extensions.mjs';
import { type Outcome, runTestFile } from './run-test-file.ts';
import { readTestFile, type Step, UnknownDirective } from './test-file.ts';

export interface Order {
  readonly file: string;
  /** Statements that make the catalog `my_datalake`. */
  readonly attach: readonly string[];
  readonly checkout: string;
  readonly temporary: string;
}

process.on('message', (order: Order) => {
  run(order).then(
    (outcome) => process.send?.(outcome),
    (error: unknown) => process.send?.({ outcome: 'failed', reason: String(error) }),
  );
});

async function run({ file, attach, checkout, temporary }: Order): Promise<Outcome> {
  let steps: Step[];
  try {
    steps = readTestFile(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof UnknownDirective) return { outcome: 'not run', reason: `directive ${error.message}` };
    throw error;
  }
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  try {
    const connection = await instance.connect();
    await connection.run(`set global extension_directory = '${extensionDirectory()}'`);
    for (const extension of ['avro', 'httpfs', 'iceberg']) await connection.run(`load ${extension}`);
    await connection.run('load icu').catch(() => undefined);
    for (const statement of attach) await connection.run(statement);
    connection.closeSync();
    const places = { TEST_DIR: temporary, WORKING_DIRECTORY: checkout };
    return await runTestFile(steps, { instance, environment: { CATALOG_TEST_CONFIG_SETUP: 'fixture' }, places });
  } finally {
    instance.closeSync();
  }
}
