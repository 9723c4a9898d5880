/**
 * Runs sqllogictest files that the parent names, one after the other: a crash of DuckDB ends this process,
 * not the whole run.
 */
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
  const text = readFileSync(file, 'utf8');
  let steps: Step[];
  try {
    steps = readTestFile(text);
  } catch (error) {
    if (error instanceof UnknownDirective)
      return { outcome: 'not run', reason: `directive ${error.message}` };
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
    const outcome = await runTestFile(steps, {
      instance,
      environment: { CATALOG_TEST_CONFIG_SETUP: 'fixture' },
      places,
    });
    return outcome.outcome === 'failed' && wantsGenerated(outcome.reason, text)
      ? { ...outcome, outcome: 'not run' }
      : outcome;
  } finally {
    instance.closeSync();
  }
}

/**
 * True when a file misses a table that it does not make itself: one of those that the generators of the
 * checkout write with Spark.
 */
function wantsGenerated(reason: string, text: string): boolean {
  // A table that is missing is taken for a path by the functions that take both.
  if (reason.includes('Failed to read iceberg table. No version was provided')) return true;
  const missing = /Table with name (\w+) does not exist/.exec(reason)?.[1];
  return missing !== undefined && !new RegExp(`create[^;]*\\b${missing}\\b`, 'i').test(text);
}
