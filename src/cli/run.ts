/** `psyberg run`: every process from init to publish, in dependency order. */
import type { Command } from 'commander';
import type { CompiledPlan } from '../model/plan.ts';
import type { RunRecord } from '../model/run-record.ts';
import { runSummary, runText } from '../report/run-report.ts';
import { highestExitCode } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { onInterruption } from './interruption.ts';
import { type Shell, varOption, withPsyberg } from './shell.ts';

interface RunCommandOptions {
  readonly plan?: string;
  readonly keepBranch?: boolean;
  readonly requireComplete?: boolean;
}

export function addRunCommand(root: Command, act: Act): void {
  root
    .command('run')
    .description('init, load, audit, publish, watermark and signal, for each process in dependency order')
    .argument('[process...]', 'names of processes; default: all')
    .option('--plan <file>', 'run exactly the plans of this file, or refuse when they are stale')
    .option('--keep-branch', 'leave the branch of a session whose audits fail, to look at the staged rows')
    .option('--require-complete', 'exit 6 when hours are still owed')
    .addOption(varOption())
    .addHelpText(
      'after',
      example(
        'psyberg run',
        'psyberg run cancel_fact_load --require-complete',
        'psyberg run --plan plan.json',
      ),
    )
    .action(act(run));
}

async function run(shell: Shell, names: string[], options: RunCommandOptions): Promise<number> {
  const startedMs = performance.now();
  const plans = options.plan === undefined ? undefined : await plansOf(options.plan, names);
  return withPsyberg(shell, async (psyberg) => {
    const interruption = onInterruption(() => {
      shell.note('interrupted: cleaning up; press again to end at once');
      psyberg.interrupt();
    });
    const nameWidth = Math.max(0, ...psyberg.project.processes.map((spec) => spec.processName.length));
    const show = (record: RunRecord): void => {
      if (shell.options.quiet !== true || record.error !== null)
        shell.print(runText(record, { style: shell.style, width: shell.width, nameWidth }));
    };
    try {
      const records = await psyberg.run(
        plans === undefined ? names : plans.map((plan) => plan.process_name),
        {
          keepBranch: options.keepBranch ?? false,
          ...(plans === undefined ? {} : { plans }),
          onRecord: show,
        },
      );
      if (shell.options.json === true) shell.json({ runs: records });
      else if (records.length > 1 && shell.options.quiet !== true)
        shell.print(shell.style.faint(runSummary(records, (performance.now() - startedMs) / 1000)));
      return interruption.exitCode() ?? highestExitCode(records, options.requireComplete);
    } finally {
      interruption.release();
    }
  });
}

/** The plans of the file, or those of them that were named. */
async function plansOf(file: string, names: readonly string[]): Promise<CompiledPlan[]> {
  const { readPlanFile } = await import('./plan-file.ts');
  return readPlanFile(file, names);
}
