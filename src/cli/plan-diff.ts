/** `psyberg plan diff`: what differs between two files of plans. Reads the files alone. */
import type { Command } from 'commander';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { formatOf, printDocument } from './print-document.ts';
import type { Shell } from './shell.ts';

export function addPlanDiffCommand(plan: Command, act: Act): void {
  plan
    .command('diff')
    .description(
      'what differs between the plans of two files: status, hours, rows, target, SQL; with --format as psyberg plan has it',
    )
    .argument('<from>', 'a file of psyberg plan --out, or what psyberg plan --json printed')
    .argument('<to>', 'another one')
    .addHelpText(
      'after',
      example(
        'psyberg plan diff before.json after.json',
        'psyberg plan diff before.json after.json --format markdown',
      ),
    )
    .action(act(diff));
}

async function diff(shell: Shell, from: string, to: string): Promise<number> {
  const [{ readPlanFile }, { diffDocument, plansDiff }] = await Promise.all([
    import('./plan-file.ts'),
    import('../report/plan-diff.ts'),
  ]);
  const found = plansDiff({ file: from, plans: readPlanFile(from) }, { file: to, plans: readPlanFile(to) });
  if (shell.options.json === true) shell.json(found);
  else await printDocument(shell, diffDocument(found), formatOf(shell.options));
  return EXIT.done;
}
