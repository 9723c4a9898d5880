/**
 * Statements that run without skipping files: those of a user that would miss rows, since DuckDB skips files
 * of their tables wrongly, and those that ask for row ids, or write them. DuckDB 1.5.5 counts the row ids of
 * an Iceberg table over the files that it reads: of a manifest with several files, one of which a filter
 * skips, those behind it get ids of other rows, and an UPDATE stores them. Without filters that reach the
 * scan no file is skipped. (Ids that a manifest spells out file by file are right in any case.)
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Database } from './database.ts';

/** By which filters reach a scan: written ones, those of joins and of the best rows so far. */
const PUSHING = [
  'filter_pushdown',
  'join_filter_pushdown',
  'top_n',
  'late_materialization',
  'statistics_propagation',
];
const CHANGING = /^\s*(?:update|merge\s+into)\b|^\s*with\b.*\b(?:update|merge\s+into)\b/is;

/** True for statements whose row ids would be wrong if files were skipped. */
export const needsAllFiles = (sql: string): boolean =>
  /\b_row_id\b/i.test(sql) || CHANGING.test(sql.replaceAll(/--[^\n]*|\/\*.*?\*\//gs, ' '));

/**
 * Makes statements of a database run without those optimizers, as long as one of them is under way: DuckDB
 * has one such setting for all connections.
 */
export function unprunedRunner(
  instance: Database,
): <T>(connection: DuckDBConnection, work: () => Promise<T>) => Promise<T> {
  let running = 0;
  return async (connection, work) => {
    running += 1;
    try {
      await connection.run(`set disabled_optimizers = '${PUSHING.join(',')}'`);
      return await work();
    } finally {
      running -= 1;
      if (running === 0) await connection.run(RESET).catch(() => resetElsewhere(instance));
    }
  };
}

const RESET = 'reset disabled_optimizers';

/** In a transaction that has failed a connection takes nothing but its end. */
async function resetElsewhere(instance: Database): Promise<void> {
  try {
    await instance.aside((connection) => connection.run(RESET));
  } catch {
    // A database that has ended: its settings matter to nobody.
  }
}
