/** `psyberg history`: the sessions of the session table, newest first. */
import type { Command } from 'commander';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { rowLimit } from './row-limit.ts';
import { type Shell, withPsyberg } from './shell.ts';

export function addHistoryCommand(root: Command, act: Act): void {
  root
    .command('history')
    .description('the sessions that ran, newest first')
    .argument('[process]', 'only of this process')
    .option('--limit <n>', 'at most this many sessions', '20')
    .addHelpText('after', example('psyberg history cancel_fact_load --limit 5'))
    .action(act(history));
}

async function history(
  shell: Shell,
  name: string | undefined,
  options: { readonly limit: string },
): Promise<number> {
  const limit = rowLimit(options.limit);
  const rows = await withPsyberg(shell, (psyberg) => psyberg.history(name, { limit }));
  if (shell.options.json === true) shell.json({ sessions: rows });
  else {
    const { historyText } = await import('../report/status.ts');
    shell.print(historyText(rows, shell));
  }
  return EXIT.done;
}
