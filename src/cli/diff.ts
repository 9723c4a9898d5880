/** `psyberg diff`: how a table differs between two snapshots. Writes nothing. */
import { type Command, Option } from 'commander';
import type { DiffRequest } from '../psyberg.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { untilInterrupted } from './interruption.ts';
import { outputWidth } from './output-width.ts';
import { rowLimit } from './row-limit.ts';
import { type Shell, withPsyberg } from './shell.ts';

interface DiffOptions {
  readonly branch?: string;
  readonly at?: string;
  readonly key?: string;
  readonly limit?: string;
}

export function addDiffCommand(root: Command, act: Act): void {
  root
    .command('diff')
    .description('rows that came, went and changed between two snapshots of a table; writes nothing')
    .argument('<table>', 'namespace.table')
    .option('--branch <name>', 'what this branch or tag has that main has not, and the other way')
    .option(
      '--at <from..to>',
      'two snapshots, by id, tag or branch; a single one is compared with the one before it',
    )
    .option(
      '--key <columns>',
      'columns, with commas between, that tell which row is which; default: those of a unique audit of the process that writes the table, or its identifier fields',
    )
    .addOption(new Option('--limit <n>', 'at most this many rows of each kind are shown').default('10'))
    .addHelpText(
      'after',
      example(
        'psyberg diff facts.cancel_fact --branch psyberg_cancel_fact_load_20230914061501',
        'psyberg diff facts.cancel_fact --at 4823145590862104377..main --key event_id',
        'psyberg diff facts.cancel_fact --at main --json',
      ),
    )
    .action(act(diff));
}

async function diff(shell: Shell, table: string, options: DiffOptions): Promise<number> {
  const request: DiffRequest = {
    ...(options.branch === undefined ? {} : { branch: options.branch }),
    ...(options.at === undefined ? {} : { at: options.at }),
    ...(options.key === undefined ? {} : { key: options.key.split(',').map((name) => name.trim()) }),
    ...(options.limit === undefined ? {} : { sampleRows: rowLimit(options.limit) }),
  };
  return withPsyberg(shell, (psyberg) =>
    untilInterrupted(psyberg, async () => {
      const found = await psyberg.diff(table, request);
      shell.endSteps();
      if (shell.options.json === true) shell.json(found);
      else {
        const { tableDiffText } = await import('../report/table-diff.ts');
        shell.print(tableDiffText(found, { style: shell.style, width: outputWidth(process.stdout) }));
      }
      return EXIT.done;
    }),
  );
}
