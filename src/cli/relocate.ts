/** `psyberg relocate`: puts paths right after the folder of a warehouse was moved or copied. */
import type { Command } from 'commander';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { onInterruption } from './interruption.ts';
import type { Shell } from './shell.ts';

interface RelocateOptions {
  readonly dryRun?: boolean;
  readonly forgetShared?: boolean;
}

export function addRelocateCommand(root: Command, act: Act): void {
  root
    .command('relocate')
    .description(
      'put the paths of an embedded warehouse right after its folder was moved, copied or restored elsewhere',
    )
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('--forget-shared', 'a copy lets go of the tables that lie outside of the original folder')
    .addHelpText(
      'after',
      example(
        'cp -a lake lake_test && psyberg relocate --project lake_test --dry-run',
        'psyberg relocate --project lake_test',
      ),
    )
    .action(act(relocate));
}

async function relocate(shell: Shell, options: RelocateOptions): Promise<number> {
  const [{ relocateProject }, { findProjectRoot, readProject }, { relocateText }] = await Promise.all([
    import('../workspace/relocate-project.ts'),
    import('../project/read-project.ts'),
    import('../report/relocate-report.ts'),
  ]);
  const project = readProject({ root: findProjectRoot(shell.options.project ?? '.') });
  let isStopped = false;
  const interruption = onInterruption(() => {
    isStopped = true;
    shell.note('interrupted: cleaning up; press again to end at once');
  });
  try {
    const report = await relocateProject(project, {
      ...options,
      onStep: (message) => shell.step(message),
      interrupted: () => isStopped,
    });
    shell.endSteps();
    if (shell.options.json === true) shell.json(report);
    else if (shell.options.quiet !== true) shell.print(relocateText(report, shell.style));
    return EXIT.done;
  } catch (error) {
    shell.endSteps();
    const code = interruption.exitCode();
    if (code === undefined) throw error;
    return code;
  } finally {
    interruption.release();
  }
}
