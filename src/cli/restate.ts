/** `psyberg restate`: hours that were loaded are computed again, by the current SQL. */
import type { Command } from 'commander';
import { processesBelow } from '../project/dependency-order.ts';
import type { Psyberg, RestateOptions } from '../psyberg.ts';
import { EXIT, highestExitCode } from './exit-code.ts';
import { type Act, example, HOURS } from './help.ts';
import { metricsOption, type Shell, varOption, withPsyberg } from './shell.ts';
import { showSessions } from './show-sessions.ts';

interface RestateCommandOptions extends Omit<RestateOptions, 'onRecord'> {
  readonly plan?: boolean;
}

export function addRestateCommand(root: Command, act: Act): void {
  root
    .command('restate')
    .description('compute hours again that were loaded, by the SQL of now, and publish them in one commit')
    .argument('<process>', 'name of the process')
    .option('--hours <from..to>', `these: ${HOURS}`)
    .option('--changed-sql', 'the hours that were made by another SQL than that of now')
    .option('--all', 'all hours that the target has')
    .option('--downstream', 'also what reads the target, and what reads that, in dependency order')
    .option('--atomic', 'publish all of them in one commit: no reader sees one restated and another not yet')
    .option('--reason <text>', 'why; kept with the session, and shown by psyberg history')
    .option('--plan', 'show what it would do; writes nothing')
    .option('--keep-branch', 'leave the branch of a session whose audits fail, to look at the staged rows')
    .addOption(metricsOption())
    .addOption(varOption())
    .addHelpText(
      'after',
      example(
        'psyberg restate cancel_fact_load --changed-sql --plan',
        'psyberg restate cancel_fact_load --hours 2023-09-14T05..2023-09-14T07 --downstream --atomic',
        "psyberg restate cancel_fact_load --all --reason 'refunds were counted twice'",
      ),
    )
    .action(act(restate));
}

async function restate(shell: Shell, name: string, options: RestateCommandOptions): Promise<number> {
  const { plan = false, ...asked } = options;
  return withPsyberg(shell, (psyberg) =>
    plan ? showPlan(shell, psyberg, name, asked) : run(shell, psyberg, name, asked),
  );
}

async function showPlan(
  shell: Shell,
  psyberg: Psyberg,
  name: string,
  options: RestateOptions,
): Promise<number> {
  const plans = await psyberg.planRestate(name, options);
  if (shell.options.json === true) shell.json({ plans });
  else {
    const { restatePlanText } = await import('../report/restate-plan.ts');
    shell.print(restatePlanText(plans, { style: shell.style, width: shell.width }));
  }
  return EXIT.done;
}

const namesBelow = ({ project }: Psyberg, name: string): string[] => {
  const spec = project.processes.find(({ processName }) => processName === name);
  return spec === undefined ? [] : processesBelow(project, spec).map(({ processName }) => processName);
};

const run = (shell: Shell, psyberg: Psyberg, name: string, options: RestateOptions): Promise<number> =>
  showSessions(shell, psyberg, {
    names: [name, ...(options.downstream === true ? namesBelow(psyberg, name) : [])],
    run: (onRecord) => psyberg.restate(name, { ...options, onRecord }),
    exitCode: highestExitCode,
  });
