/** `psyberg sql`: any statement over the warehouse. */
import type { Command } from 'commander';
import { EXIT, PsybergError, usageError } from '../model/errors.ts';
import { type Act, example } from './command-line.ts';
import { onInterruption } from './interruption.ts';
import { queryText } from './query-text.ts';
import { type Shell, withPsyberg } from './shell.ts';

export function addSqlCommand(root: Command, act: Act): void {
  root
    .command('sql')
    .description('run a statement over the warehouse; tables are named schema.table')
    .argument('[query]', 'one SQL statement, in quotes; - reads statements from stdin')
    .option('--file <file>', 'run the statements of this file')
    .option('--branch <name>', 'tables that have this branch show it')
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
      const result = await psyberg.sql(query, options.branch === undefined ? {} : { branch: options.branch });
      if (shell.options.json === true) shell.json({ columns: result.columns, rows: result.toObjects() });
      else {
        const { resultTable } = await import('../report/result-table.ts');
        shell.print(resultTable(result, shell.style));
      }
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

/** A query that names what is not there, or is no SQL, is the caller's to correct: exit 2. */
async function asUsageError(error: unknown): Promise<unknown> {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  const { isMistake } = await import('../run/sql-error.ts');
  return isMistake(error.message)
    ? usageError(error.code, error.message, {
        hint: error.message.startsWith('Catalog')
          ? 'psyberg sql "show all tables" lists the tables'
          : 'correct the query',
        cause: error,
      })
    : error;
}
