/** `psyberg sql`: any statement over the warehouse. */
import path from 'node:path';
import type { Command } from 'commander';
import type { ResultRows } from '../engine/index.ts';
import { PsybergError, usageError } from '../model/errors.ts';
import { NAME_PATTERN } from '../model/names.ts';
import type { SqlResult } from '../psyberg.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { onInterruption } from './interruption.ts';
import { queryText } from './query-text.ts';
import { type Shell, withPsyberg } from './shell.ts';

export function addSqlCommand(root: Command, act: Act): void {
  root
    .command('sql')
    .description('run a statement over the warehouse; tables are named schema.table')
    .argument('[query]', 'SQL statements, in quotes; - reads them from stdin')
    .option('--file <file>', 'run the statements of this file')
    .option('--branch <name>', 'tables that have this branch, or this tag, show it; the others show main')
    .addHelpText(
      'after',
      example(
        'psyberg sql "select * from facts.cancel_fact limit 10"',
        'psyberg sql "show all tables"',
        'psyberg sql --file seed/raw_events.sql',
      ),
    )
    .action(
      act(async (shell: Shell, query: string | undefined, options: SqlOptions) =>
        sql(shell, queryText(query, options.file), options),
      ),
    );
}

interface SqlOptions {
  readonly branch?: string;
  readonly file?: string;
}

async function sql(shell: Shell, query: string, options: SqlOptions): Promise<number> {
  return withPsyberg(shell, async (psyberg) => {
    const interruption = onInterruption(() => psyberg.interrupt());
    try {
      const schema = schemaOfTable(psyberg.project.root, options.file);
      if (schema !== undefined) await psyberg.sql(`create schema if not exists ${schema}`);
      const result = await psyberg.sql(query, options.branch === undefined ? {} : { branch: options.branch });
      await show(shell, result);
      return EXIT.done;
    } catch (error) {
      const code = interruption.exitCode();
      if (code === undefined) throw await asUsageError(error);
      return code;
    } finally {
      interruption.release();
    }
  });
}

/**
 * The schema of a table whose DDL is `tables/<schema>/<name>.sql` of the project: plain DDL of one table does
 * not make it.
 */
function schemaOfTable(root: string, file: string | undefined): string | undefined {
  const [folder, schema, name, more] =
    file === undefined ? [] : path.relative(root, path.resolve(file)).split(path.sep);
  const isTable = folder === 'tables' && name !== undefined && more === undefined;
  return isTable && schema !== undefined && NAME_PATTERN.test(schema) ? schema : undefined;
}

async function show(shell: Shell, result: SqlResult): Promise<void> {
  const { results, branches } = result;
  const document = ({ columns, toObjects }: ResultRows) => ({ columns, rows: toObjects() });
  if (shell.options.json === true)
    shell.json({
      ...(results.length > 1 ? { results: results.map(document) } : document(result)),
      ...(branches === undefined ? {} : { branches }),
    });
  else {
    const { resultTable } = await import('../report/result-table.ts');
    shell.print(results.map((each) => resultTable(each, shell.style)).join('\n\n'));
  }
  if (branches !== undefined) noteBranches(shell, branches);
}

/** Which tables were read from where; without a table there is nothing to say. */
function noteBranches(shell: Shell, branches: NonNullable<SqlResult['branches']>): void {
  for (const [shown, what] of [
    ['branch', 'read from the branch'],
    ['tag', 'read from the tag'],
    ['main', 'read from main'],
  ] as const) {
    const tables = Object.keys(branches).filter((table) => branches[table] === shown);
    if (tables.length > 0) shell.note(`${what}: ${tables.join(', ')}`);
  }
}

/** A query that names what is not there, or is no SQL, is the caller's to correct: exit 2. */
async function asUsageError(error: unknown): Promise<unknown> {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  const { isMistake } = await import('../workload/duckdb/sql-faults.ts');
  return isMistake(error.message)
    ? usageError('sql-failed', error.message, {
        hint: error.message.startsWith('Catalog')
          ? 'psyberg sql "show all tables" lists the tables'
          : 'correct the query',
        cause: error,
      })
    : error;
}
