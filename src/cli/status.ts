/** `psyberg status`: the watermark of each process and source, and how far it is behind. */
import type { Command } from 'commander';
import { highestOfErrors } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { type Shell, withPsyberg } from './shell.ts';

export function addStatusCommand(root: Command, act: Act): void {
  root
    .command('status')
    .description('how far each process has come, and how far it is behind its sources')
    .argument('[process...]', 'names of processes; default: all')
    .addHelpText('after', example('psyberg status'))
    .action(act(status));
}

async function status(shell: Shell, names: string[]): Promise<number> {
  const statuses = await withPsyberg(shell, (psyberg) => psyberg.status(names));
  if (shell.options.json === true) shell.json({ processes: statuses });
  else {
    const { statusText } = await import('../report/status.ts');
    shell.print(statusText(statuses, shell));
  }
  return highestOfErrors(statuses.map(({ error }) => error ?? null));
}
