/** `psyberg why`: who made rows of a table, or what holds an hour back. Writes nothing. */
import type { Command } from 'commander';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { untilInterrupted } from './interruption.ts';
import { rowLimit } from './row-limit.ts';
import { type Shell, withPsyberg } from './shell.ts';

interface WhyOptions {
  readonly where?: string;
  readonly hour?: string;
  readonly limit?: string;
}

export function addWhyCommand(root: Command, act: Act): void {
  root
    .command('why')
    .description('say which session made rows, from what and by which SQL; of an hour without rows, why')
    .argument('<table>', 'a table as namespace.table')
    .option('--where <sql>', 'the rows that a condition picks')
    .option('--hour <hour>', 'the rows of an hour such as 2023-09-14T05, in UTC; or what holds it back')
    .option('--limit <n>', 'at most this many rows; default: 10')
    .addHelpText(
      'after',
      example(
        'psyberg why facts.cancel_fact --where "event_id = 7"',
        'psyberg why facts.cancel_fact --hour 2023-09-14T05',
        'psyberg why facts.cancel_fact --hour 2023-09-14T05 --json',
      ),
    )
    .action(act(why));
}

async function why(shell: Shell, table: string, { where, hour, limit }: WhyOptions): Promise<number> {
  const request = {
    ...(where === undefined ? {} : { where }),
    ...(hour === undefined ? {} : { hour }),
    ...(limit === undefined ? {} : { limit: rowLimit(limit) }),
  };
  return withPsyberg(shell, (psyberg) =>
    untilInterrupted(psyberg, async () => {
      const record = await psyberg.why(table, request);
      if (shell.options.json === true) shell.json(record);
      else {
        const { whyText } = await import('../report/why.ts');
        shell.print(whyText(record, shell));
      }
      return EXIT.done;
    }),
  );
}
