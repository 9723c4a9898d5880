/** `psyberg show`: the rows that a process's query gives now. Writes nothing. */
import type { Command } from 'commander';
import type { Shown, ShowRequest } from '../psyberg.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example, HOURS } from './help.ts';
import { untilInterrupted } from './interruption.ts';
import { rowLimit } from './row-limit.ts';
import { type Shell, varOption, withPsyberg } from './shell.ts';

/** As many rows as a person looks at; a program gets all. */
const SHOWN_ROWS = 100;

interface ShowOptions {
  readonly hours?: string;
  readonly source?: string;
  readonly limit?: string;
}

export function addShowCommand(root: Command, act: Act): void {
  root
    .command('show')
    .description('show the rows that a process gives now, for its next session or for hours; writes nothing')
    .argument('<process>', 'name of the process')
    .option('--hours <from..to>', `these in place of the next session: ${HOURS}`)
    .option('--source <alias>', 'the rows of this source that the query would read')
    .addOption(varOption())
    .option('--limit <n>', `at most this many rows; default: ${SHOWN_ROWS}, with --json all`)
    .addHelpText(
      'after',
      example(
        'psyberg show cancel_fact_load',
        'psyberg show cancel_fact_load --hours 2023-09-14T05..2023-09-14T07',
        'psyberg show cancel_fact_load --hours 2023-09-14 --source raw_cancels --limit 20',
      ),
    )
    .action(act(show));
}

async function show(shell: Shell, name: string, options: ShowOptions): Promise<number> {
  const asJson = shell.options.json === true;
  const limit = options.limit === undefined ? (asJson ? undefined : SHOWN_ROWS) : rowLimit(options.limit);
  const request: ShowRequest = {
    ...(options.hours === undefined ? {} : { hours: options.hours }),
    ...(options.source === undefined ? {} : { source: options.source }),
    ...(limit === undefined ? {} : { limit }),
  };
  return withPsyberg(shell, (psyberg) =>
    untilInterrupted(psyberg, async () => {
      const shown = await psyberg.show(name, request);
      if (asJson) shell.json(documentOf(shown));
      else if (shown.columns.length > 0) {
        // What measures widths takes 34 ms to load (2026-11-29): no other command waits for it.
        const [{ resultText }, { forStdout }] = await Promise.all([
          import('../report/results/formats.ts'),
          import('./sql-output.ts'),
        ]);
        const text = resultText('box', shown.columns, forStdout(shell));
        const rows = text.rows(shown.rows);
        shell.print(`${rows}${text.end({ rows: shown.rows.length, isCut: shown.has_more })}`.trimEnd());
      }
      note(shell, shown, { isShort: options.limit === undefined });
      return EXIT.done;
    }),
  );
}

const documentOf = ({ rows: _asArrays, toObjects, columns, ...head }: Shown): object => ({
  columns,
  rows: toObjects(),
  ...head,
});

/** `isShort`: nobody asked for so few rows. */
function note(shell: Shell, shown: Shown, { isShort }: { readonly isShort: boolean }): void {
  for (const each of shown.notes) shell.note(each);
  if (shown.has_more && isShort) shell.note('there are more rows: --limit N shows more of them');
}
