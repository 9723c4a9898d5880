/** `psyberg plan`: what a run would do, and why. Writes nothing but the file of --out. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { usageError } from '../model/errors.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { jsonText, type Shell, varOption, withPsyberg } from './shell.ts';

interface PlanOptions {
  readonly explain?: boolean;
  readonly out?: string;
  readonly allCauses?: boolean;
}

export function addPlanCommand(root: Command, act: Act): void {
  root
    .command('plan')
    .description('show what a run would do, and why; writes nothing')
    .argument('[process...]', 'names of processes; default: all, in dependency order')
    .option('--explain', 'sources, changes, hours with their causes, and every statement with its parameters')
    .option('--all-causes', 'name every file behind every hour and partition; otherwise at most 20 for each')
    .option('--out <file>', 'also write the plans to a file, for psyberg run --plan')
    .addOption(varOption())
    .addHelpText(
      'after',
      example('psyberg plan', 'psyberg plan cancel_fact_load --explain', 'psyberg plan --out plan.json'),
    )
    .action(act(plan));
}

async function plan(shell: Shell, names: string[], options: PlanOptions): Promise<number> {
  const plans = await withPsyberg(shell, (psyberg) =>
    psyberg.plan(names, { allCauses: options.allCauses ?? false }),
  );
  if (options.out !== undefined) {
    writePlans(options.out, jsonText({ plans }));
    shell.note(`written: ${options.out}`);
  }
  if (shell.options.json === true) shell.json({ plans });
  else if (options.explain === true || options.allCauses === true) {
    const { explainPlan } = await import('../report/explain.ts');
    shell.print(
      plans
        .map((each) => explainPlan(each, shell.style, { allCauses: options.allCauses ?? false }))
        .join('\n\n\n'),
    );
  } else {
    const { planTable } = await import('../report/plan-table.ts');
    shell.print(planTable(plans, shell.style));
  }
  return EXIT.done;
}

function writePlans(file: string, text: string): void {
  try {
    writeFileSync(file, `${text}\n`);
  } catch (error) {
    throw usageError('file-not-writable', `could not write ${file}: ${(error as Error).message}`, {
      hint: 'name a file in a folder that exists and may be written to',
      context: { file },
      cause: error,
    });
  }
}
