/** A DuckDB of somebody else, as a shell has it: it attaches a catalog over HTTP, and runs texts. */
import { DuckDBInstance, version } from '@duckdb/node-api';
import { findExtensions, loadExtensions, UNCHECKED } from '../../src/engine/extensions.ts';
import { type ResultRows, resultRows } from '../../src/engine/values.ts';

export interface ForeignShell {
  /** Runs a text from top to bottom; returns the result of each statement. */
  run(text: string): Promise<ResultRows[]>;
  close(): void;
}

export async function foreignShell(): Promise<ForeignShell> {
  const extensions = await findExtensions(version().replace(/^v/, ''));
  const instance = await DuckDBInstance.create(':memory:', extensions.areKnown ? UNCHECKED : {});
  const connection = await instance.connect();
  await loadExtensions(connection, extensions);
  return {
    async run(text) {
      const statements = await connection.extractStatements(text);
      const results: ResultRows[] = [];
      for (let index = 0; index < statements.count; index += 1) {
        const prepared = await statements.prepare(index);
        results.push(resultRows(await prepared.runAndReadAll()));
        prepared.destroySync();
      }
      return results;
    },
    close: () => instance.closeSync(),
  };
}
