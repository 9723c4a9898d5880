/** `psyberg plan`: what a run would do, and why. Writes nothing but the file of --out. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { fileNotWritable } from '../model/file-not-writable.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { Psyberg, RefusedPlan } from '../psyberg.ts';
import type { Document } from '../report/document.ts';
import { jsonText } from '../report/json-text.ts';
import { highestOfErrors } from './exit-code.ts';
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
  const refused: RefusedPlan[] = [];
  const plans = await withPsyberg(shell, (psyberg) =>
    psyberg.plan(names, {
      allCauses,
      reads: explain,
      // A file of plans lacks none: it is for a run, or to be compared. Of one process the error is all
      // there is.
      ...(options.out !== undefined || askedFor(psyberg, names) === 1
        ? {}
        : { onRefused: (each: RefusedPlan) => refused.push(each) }),
    }),
  );
  if (options.out !== undefined) {
    writePlans(options.out, jsonText({ plans }));
    shell.note(`written: ${options.out}`);
  }
  const [first] = refused;
  // Programs that do not know `refused` find the error in its usual place if nothing can be planned.
  if (shell.options.json === true)
    shell.json({ plans, ...(first === undefined ? {} : { refused, error: first.error }) });
  else {
    const document = await documentOf(plans, refused, { explain, allCauses, steps });
    await printDocument(shell, document, format);
  }
  return highestOfErrors(refused.map(({ error }) => error));
}

const askedFor = ({ project }: Psyberg, names: readonly string[]): number =>
  names.length === 0 ? project.processes.length : new Set(names).size;

async function documentOf(
  plans: readonly CompiledPlan[],
  refused: readonly RefusedPlan[],
  {
    explain,
    allCauses,
    steps,
  }: { readonly explain: boolean; readonly allCauses: boolean; readonly steps: boolean },
): Promise<Document> {
  const { planOverview, refusals } = await import('../report/plan-overview.ts');
  if (!explain && !steps) return planOverview(plans, refused);
  const { explanation, stepsDocument } = await import('../report/explain/explanation.ts');
  const told = explain ? explanation(plans, { allCauses, steps }) : stepsDocument(plans);
  return [...(plans.length === 0 ? [] : told), ...refusals(refused)];
}

function writePlans(file: string, text: string): void {
  try {
    writeFileSync(file, `${text}\n`);
  } catch (error) {
    throw fileNotWritable(file, error);
  }
}
