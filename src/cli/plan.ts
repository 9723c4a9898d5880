/** `psyberg plan`: what a run would do, and why. Writes nothing but the file of --out. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { usageError } from '../model/errors.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { Document } from '../report/document.ts';
import { jsonText } from '../report/json-text.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { addPlanDiffCommand } from './plan-diff.ts';
import { FORMATS, formatOf, printDocument } from './print-document.ts';
import { type Shell, varOption, withPsyberg } from './shell.ts';

interface PlanOptions {
  readonly explain?: boolean;
  readonly steps?: boolean;
  readonly format: string;
  readonly out?: string;
  readonly allCauses?: boolean;
}

export function addPlanCommand(root: Command, act: Act): void {
  const plan = root
    .command('plan')
    .description('show what a run would do, and why; writes nothing')
    .argument('[process...]', 'names of processes; default: all, in dependency order')
    .option('--explain', 'the hours as a picture; then what changed, why, the SQL, the audits, what is read')
    .option('--steps', 'every statement that a run would execute, with its parameters')
    .option('--all-causes', 'name every file behind every hour and partition; otherwise at most 20 for each')
    .option('--format <format>', `${FORMATS.join(' or ')}: markdown is for pull requests`, 'text')
    .option('--out <file>', 'also write the plans to a file, for psyberg run --plan and psyberg plan diff')
    .addOption(varOption())
    .helpCommand(false)
    .addHelpText(
      'after',
      example(
        'psyberg plan',
        'psyberg plan cancel_fact_load --explain',
        'psyberg plan --explain --format markdown > plan.md',
        'psyberg plan --out plan.json',
        'psyberg plan diff before.json after.json',
      ),
    )
    .action(act(showPlans));
  addPlanDiffCommand(plan, act);
}

async function showPlans(shell: Shell, names: string[], options: PlanOptions): Promise<number> {
  const format = formatOf(options);
  const { allCauses = false, steps = false } = options;
  const explain = options.explain === true || allCauses;
  const plans = await withPsyberg(shell, (psyberg) => psyberg.plan(names, { allCauses, reads: explain }));
  if (options.out !== undefined) {
    writePlans(options.out, jsonText({ plans }));
    shell.note(`written: ${options.out}`);
  }
  if (shell.options.json === true) shell.json({ plans });
  else await printDocument(shell, await documentOf(plans, { explain, allCauses, steps }), format);
  return EXIT.done;
}

async function documentOf(
  plans: readonly CompiledPlan[],
  {
    explain,
    allCauses,
    steps,
  }: { readonly explain: boolean; readonly allCauses: boolean; readonly steps: boolean },
): Promise<Document> {
  if (!explain && !steps) return (await import('../report/plan-table.ts')).planOverview(plans);
  const { explanation, stepsDocument } = await import('../report/explain/explanation.ts');
  return explain ? explanation(plans, { allCauses, steps }) : stepsDocument(plans);
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
