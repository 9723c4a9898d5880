/** Plans as one line each. CompiledPlan[] -> text. Pure. */
import type { CompiledPlan } from '../model/plan.ts';
import { planSummary, unplacedText } from './explain.ts';
import { PLAIN, type Style } from './style.ts';
import { bytesText, columnsText, countText, hoursLabel } from './text.ts';

/** A table of the plans, and below it what is owed. */
export function planTable(plans: readonly CompiledPlan[], style: Style = PLAIN): string {
  if (plans.length === 0) return 'the project has no processes; create one with: psyberg new process';
  const sum = (plan: CompiledPlan, field: 'rows' | 'bytes'): string =>
    String(plan.sources.reduce((total, source) => total + BigInt(source[field]), 0n));
  const rows = plans.map((plan) => [
    style.strong(plan.process_name),
    statusText(plan, style),
    plan.status === 'work' ? countText(sum(plan, 'rows')) : '',
    plan.status === 'work' ? bytesText(sum(plan, 'bytes')) : '',
    planSummary(plan),
  ]);
  const table = columnsText(
    [['process', 'status', 'new rows', 'bytes', 'a run would'].map(style.faint), ...rows],
    { alignRight: [2, 3] },
  );
  const unplaced = plans.flatMap((plan) =>
    plan.sources.flatMap((source) => {
      const text = unplacedText(source, plan);
      return text === '' ? [] : [style.warn(`${plan.process_name} sets aside of ${source.table}: ${text}`)];
    }),
  );
  const owed = plans.filter((plan) => plan.status === 'work' && plan.owed_hours.length > 0);
  const warned = plans.flatMap(({ warnings = [] }) =>
    warnings.flatMap(({ message, hint }) => [style.warn(`warning: ${message}`), style.faint(`  ${hint}`)]),
  );
  return [
    table,
    ...warned,
    ...unplaced,
    ...owed.map((plan) =>
      style.warn(
        `${plan.process_name} owes ${hoursLabel(plan.owed_hours)}${plan.held_back_by === null ? '' : `: ${plan.held_back_by} is not complete for it`}`,
      ),
    ),
  ].join('\n');
}

const statusText = (plan: CompiledPlan, style: Style): string =>
  plan.status === 'work'
    ? style.good('work')
    : plan.status === 'waiting'
      ? style.warn('waiting')
      : style.faint('nothing new');
