/** `psyberg run`: every process from init to publish, in dependency order. */
import type { Command } from 'commander';
import { usageError } from '../model/errors.ts';
import type { CompiledPlan } from '../model/plan.ts';
import { exitCodeOfSessions } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { countOf } from './measures.ts';
import { metricsOption, type Shell, varOption, withPsyberg } from './shell.ts';
import { showSessions } from './show-sessions.ts';

interface RunCommandOptions {
  readonly plan?: string;
  readonly keepBranch?: boolean;
  readonly requireComplete?: boolean;
  readonly untilComplete?: boolean;
  readonly jobs?: number;
}

export function addRunCommand(root: Command, act: Act): void {
  root
    .command('run')
    .description('init, load, audit, publish, watermark and signal, for each process in dependency order')
    .argument('[process...]', 'names of processes; default: all')
    .option('--plan <file>', 'run exactly the plans of this file, or refuse when they are stale')
    .option('--keep-branch', 'leave the branch of a session whose audits fail, to look at the staged rows')
    .option(
      '--jobs <n>',
      'run so many processes side by side where none reads what another writes; default: 1',
      (text: string) => countOf(text, '--jobs', 1),
    )
    .option('--require-complete', 'exit 6 when hours are still owed')
    .option('--until-complete', 'session after session, until nothing is owed but what is held back')
    .addOption(metricsOption())
    .addOption(varOption())
    .addHelpText(
      'after',
      example(
        'psyberg run',
        'psyberg run cancel_fact_load --require-complete',
        'psyberg run --plan plan.json',
        'psyberg run --jobs 4',
        'psyberg run --until-complete',
      ),
    )
    .action(act(run));
}

async function run(shell: Shell, names: string[], options: RunCommandOptions): Promise<number> {
  if (options.plan !== undefined && options.untilComplete === true)
    throw usageError('usage', '--until-complete and --plan do not go together: a plan is one session', {
      hint: 'leave one of them out',
    });
  const plans = options.plan === undefined ? undefined : await plansOf(options.plan, names);
  return withPsyberg(shell, (psyberg) =>
    showSessions(shell, psyberg, {
      names: psyberg.project.processes.map(({ processName }) => processName),
      run: (onRecord) =>
        psyberg.run(plans === undefined ? names : plans.map((plan) => plan.process_name), {
          keepBranch: options.keepBranch ?? false,
          untilComplete: options.untilComplete ?? false,
          ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
          ...(plans === undefined ? {} : { plans }),
          onRecord,
        }),
      exitCode: (records) => exitCodeOfSessions(records, options.requireComplete),
    }),
  );
}

/** The plans in the file; only those of the named processes, if any are named. */
async function plansOf(file: string, names: readonly string[]): Promise<CompiledPlan[]> {
  const { readPlanFile } = await import('./plan-file.ts');
  return readPlanFile(file, names);
}
