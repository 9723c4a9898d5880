/** `psyberg tables`: what the warehouse holds, and who writes it. */
import type { Command } from 'commander';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { outputWidth } from './output-width.ts';
import { type Shell, withPsyberg } from './shell.ts';

export function addTablesCommand(root: Command, act: Act): void {
  root
    .command('tables')
    .description('the tables of the warehouse: rows, bytes, newest hour, and the process that writes each')
    .addHelpText('after', example('psyberg tables', 'psyberg tables --json'))
    .action(act(tables));
}

async function tables(shell: Shell): Promise<number> {
  const rows = await withPsyberg(shell, (psyberg) => psyberg.tables());
  if (shell.options.json === true) shell.json({ tables: rows });
  else {
    const { tablesText } = await import('../report/tables.ts');
    shell.print(tablesText(rows, { style: shell.style, width: outputWidth(process.stdout) }));
  }
  return EXIT.done;
}
