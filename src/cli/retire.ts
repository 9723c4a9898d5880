/** `psyberg retire`: ends a process. Its target stays. */
import type { Command } from 'commander';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { type Shell, withPsyberg } from './shell.ts';

export function addRetireCommand(root: Command, act: Act): void {
  root
    .command('retire')
    .description('end a process: its watermarks, signals, tags and branches go, and its target stays')
    .argument('<process>', 'its name; it need not be in the project any more')
    .option('--dry-run', 'say what would be removed, and change nothing')
    .addHelpText('after', example('psyberg retire cancel_load --dry-run', 'psyberg retire cancel_load'))
    .action(act(retire));
}

async function retire(
  shell: Shell,
  name: string,
  { dryRun = false }: { readonly dryRun?: boolean },
): Promise<number> {
  const record = await withPsyberg(shell, (psyberg) => psyberg.retire(name, { dryRun }));
  if (shell.options.json === true) shell.json({ retired: record });
  else {
    const { retireText } = await import('../report/retire-report.ts');
    shell.print(retireText(record, shell));
  }
  return EXIT.done;
}
