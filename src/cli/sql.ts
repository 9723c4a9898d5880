/** `psyberg sql`: any statement over the warehouse, a script of them, or a prompt. */
import path from 'node:path';
import type { Command } from 'commander';
import { NAME_PATTERN } from '../model/names.ts';
import type { Psyberg, SqlResult } from '../psyberg.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { onInterruption } from './interruption.ts';
import { queryText } from './query-text.ts';
import { type Shell, withPsyberg } from './shell.ts';
import { RESULT_FORMATS, type ResultRequest, resultRequest, type SqlOptions } from './sql-options.ts';

export function addSqlCommand(root: Command, act: Act): void {
  root
    .command('sql')
    .description('run statements over the warehouse, or open a prompt; tables are named schema.table')
    .argument('[query]', 'SQL statements, in quotes; - reads them from stdin; without any: a prompt')
    .option('--file <file>', 'run the statements of this file')
    .option('--branch <name>', 'tables that have this branch, or this tag, show it; the others show main')
    .option('--limit <n>', 'show at most this many rows of each result')
    .option('--format <format>', `${RESULT_FORMATS.join(', ')}; default: box, with --output by the extension`)
    .option('--output <file>', 'write the results to this file, which appears when all is written')
    .addHelpText(
      'after',
      example(
        'psyberg sql',
        'psyberg sql "select * from facts.cancel_fact limit 10"',
        'psyberg sql "show all tables"',
        'psyberg sql --file seed/raw_events.sql',
        'psyberg sql "select * from facts.cancel_fact" --output cancels.parquet',
      ),
    )
    .action(
      act(async (shell: Shell, query: string | undefined, options: SqlOptions) => {
        const request = resultRequest(options, shell.options.json === true);
        if (query === undefined && options.file === undefined) return prompt(shell, options, request);
        return runText(shell, queryText(query, options.file), { options, request });
      }),
    );
}

interface Asked {
  readonly options: SqlOptions;
  readonly request: ResultRequest;
}

async function runText(shell: Shell, query: string, { options, request }: Asked): Promise<number> {
  const { openOutput } = await import('./sql-output.ts');
  return withPsyberg(shell, async (psyberg) => {
    const interruption = onInterruption(() => psyberg.interrupt());
    const output = openOutput(shell, request);
    try {
      await makeSchema(psyberg, options.file);
      const { branches } = await psyberg.sql(query, {
        branch: options.branch,
        copyTo: output.copyTo,
        onResult: output.onResult,
      });
      await output.finish(branches);
      if (branches !== undefined) noteBranches(shell, branches);
      return EXIT.done;
    } catch (error) {
      await output.abandon();
      const code = interruption.exitCode();
      if (code !== undefined) return code;
      throw (await import('./query-error.ts')).asUsageError(error);
    } finally {
      interruption.release();
    }
  });
}

async function prompt(shell: Shell, { branch }: SqlOptions, request: ResultRequest): Promise<number> {
  const { openPrompt } = await import('./prompt/open-prompt.ts');
  return openPrompt(shell, { branch, request });
}

/**
 * The schema of a table whose DDL is `tables/<schema>/<name>.sql` of the project: plain DDL of one table does
 * not make it.
 */
async function makeSchema(psyberg: Psyberg, file: string | undefined): Promise<void> {
  const [folder, schema, name, more] =
    file === undefined ? [] : path.relative(psyberg.project.root, path.resolve(file)).split(path.sep);
  const isTable = folder === 'tables' && name !== undefined && more === undefined;
  if (isTable && schema !== undefined && NAME_PATTERN.test(schema))
    await psyberg.sql(`create schema if not exists ${schema}`);
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
