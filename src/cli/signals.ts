/** `psyberg signals`: how far each target was announced to be complete. */
import type { Command } from 'commander';
import type { SignalRow } from '../report/status.ts';
import { type Act, example } from './command-line.ts';
import { EXIT } from './exit-code.ts';
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
  const rows = await withPsyberg(shell, async (psyberg): Promise<SignalRow[]> => {
    const { signalTable } = psyberg.project.tables;
    if (!(await psyberg.internals.client.tableExists(signalTable))) return [];
    const { renderStatement, tableFragment } = await import('../statements/index.ts');
    const engine = await psyberg.internals.engine();
    return engine.query<SignalRow & Record<string, unknown>>({
      sql: renderStatement('report/signals', { signal_table: tableFragment('lake', signalTable) }),
      parameters: { row_limit: limit },
    });
  });
  if (shell.options.json === true) shell.json({ signals: rows });
  else {
    const { signalsText } = await import('../report/status.ts');
    shell.print(signalsText(rows, shell.style));
  }
  return EXIT.done;
}
