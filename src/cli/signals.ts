/** `psyberg signals`: how far each target was announced to be complete. */
import type { Command } from 'commander';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { rowLimit } from './row-limit.ts';
import { type Shell, withPsyberg } from './shell.ts';

export function addSignalsCommand(root: Command, act: Act): void {
  root
    .command('signals')
    .description('up to which hour each target was announced to be complete, newest first')
    .option('--limit <n>', 'at most this many announcements', '20')
    .addHelpText('after', example('psyberg signals'))
    .action(act(signals));
}

async function signals(shell: Shell, options: { readonly limit: string }): Promise<number> {
  const limit = rowLimit(options.limit);
  const rows = await withPsyberg(shell, (psyberg) => psyberg.signals({ limit }));
  if (shell.options.json === true) shell.json({ signals: rows });
  else {
    const { signalsText } = await import('../report/status.ts');
    shell.print(signalsText(rows, shell));
  }
  return EXIT.done;
}
