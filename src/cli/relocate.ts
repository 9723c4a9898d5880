/** `psyberg relocate`: puts paths right after a warehouse was moved, and copies one elsewhere. */
import { type Command, Option } from 'commander';
import { usageError } from '../model/errors.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { RelocateReport } from '../model/relocate-record.ts';
import type { CopyRequest } from '../workspace/copy-project.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { onInterruptedWork } from './interruption.ts';
import type { Shell } from './shell.ts';

interface RelocateOptions {
  readonly dryRun?: boolean;
  readonly forgetShared?: boolean;
  readonly to?: string;
  readonly state?: string;
  readonly database?: string;
}

/** Unlike an argument, a variable is not in the list of processes. */
const DATABASE = 'PSYBERG_RELOCATE_DATABASE';

export function addRelocateCommand(root: Command, act: Act): void {
  root
    .command('relocate')
    .description(
      'put the paths of an embedded warehouse right after its folder was moved, copied or restored elsewhere; or, with --to, copy it to an object store or a folder',
    )
    .option(
      '--to <place>',
      'copy the warehouse to this empty place, s3://BUCKET/PREFIX, gs://… or a folder; run again it goes on where it was stopped, and the original stays as it is',
    )
    .option(
      '--state <folder>',
      'with --to a store: the folder for the pointers of the copy; default: .psyberg beside psyberg.yaml',
    )
    .addOption(
      new Option('--database <url>', 'with --to: postgres://… for the pointers of the copy').env(DATABASE),
    )
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('--forget-shared', 'a copy lets go of the tables that lie outside of the original warehouse')
    .addHelpText(
      'after',
      example(
        'cp -a lake lake_test && psyberg relocate --project lake_test --dry-run',
        'psyberg relocate --project lake_test',
        'psyberg relocate --to s3://bucket/lake',
      ),
    )
    .action(act(relocate));
}

async function relocate(shell: Shell, options: RelocateOptions): Promise<number> {
  const [{ findProjectRoot, readProject }, { relocateText }] = await Promise.all([
    import('../project/read-project.ts'),
    import('../report/relocate-report.ts'),
  ]);
  const project = readProject({ root: findProjectRoot(shell.options.project ?? '.') });
  let isStopped = false;
  const interruption = onInterruptedWork(shell, () => {
    isStopped = true;
  });
  try {
    const report = await relocated(project, options, {
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

async function relocated(
  project: ProjectSpec,
  { to, state, database }: RelocateOptions,
  request: CopyRequest,
): Promise<RelocateReport> {
  if (to === undefined) {
    if (state !== undefined)
      throw usageError('usage', '--state is for a copy', { hint: 'name its place as well: --to PLACE' });
    const { relocateProject } = await import('../workspace/relocate-project.ts');
    return relocateProject(project, request);
  }
  const { copyProject } = await import('../workspace/copy-project.ts');
  const place = {
    to,
    ...(state === undefined ? {} : { state }),
    ...(database === undefined ? {} : { database }),
  };
  return copyProject(project, place, request);
}
