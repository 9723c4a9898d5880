/** Sums up a plan in a few words. Plan -> text. Pure. */
import { patternOf } from '../../kinds/patterns/index.ts';
import type { CompiledPlan, Plan, PlanSource } from '../../model/plan.ts';
import { faint, good, type Span, strong, warn } from '../document.ts';
import { hoursLabel, plural, rangeLabel, unitsLabel, unitsText } from '../text.ts';
import { followsSummary } from './follows.ts';

/** Says in one line what a run would do. */
export function planSummary(plan: CompiledPlan): string {
  const { target } = plan;
  if (plan.status === 'follows') return followsSummary(plan);
  if (plan.status === 'nothing-new')
    return plan.owed_hours.length === 0
      ? 'nothing new'
      : `nothing new; ${unitsText(plan, plan.owed_hours.length)} owed`;
  const missing = plan.sources.find((each) => each.lookup && each.table === plan.held_back_by);
  if (plan.status === 'waiting' && missing !== undefined)
    return `waits for the lookup ${missing.table}, which does not exist yet`;
  if (plan.status === 'waiting')
    return plan.owed_hours.length === 0
      ? 'waits for a source that does not exist yet'
      : `waits: ${unitsLabel(plan, plan.owed_hours, 2)} is not complete yet${plan.held_back_by === null ? '' : ` in ${plan.held_back_by}`}`;
  const what = target.operation === 'append' ? 'append to' : 'overwrite';
  const when =
    plan.range === null ? changedHours(plan) : rangeLabel(plan.range.first_hour, plan.range.last_hour, plan);
  const mayStop = plan.steps.some(({ kind }) => kind === 'may-stop') ? ', may stop early' : '';
  return `${what} ${target.table}${when === '' ? '' : `, ${when}`}${mayStop}`;
}

/** The hours of a stateless plan in which the new rows land. */
function changedHours(plan: Plan): string {
  if (plan.hours.length > 0)
    return unitsLabel(
      plan,
      plan.hours.map((hour) => hour.hour),
    );
  const [source] = plan.sources;
  return source?.first_hour == null || source.last_hour === null
    ? ''
    : rangeLabel(source.first_hour, source.last_hour);
}

const STATUS_SPANS: Readonly<Record<Plan['status'], Span>> = {
  work: good('work'),
  follows: strong('follows'),
  waiting: warn('waiting'),
  'nothing-new': faint('nothing new'),
};

/** The status as a coloured word. */
export const statusSpan = ({ status }: Pick<Plan, 'status'>): Span => STATUS_SPANS[status];

/**
 * Counts rows that a process of hours does not load: those without an event time, and those of the future. A
 * stateless load takes both.
 */
export function unplacedText(source: PlanSource, plan: Pick<Plan, 'pattern'>): string {
  if (!patternOf(plan).loadsHours) return '';
  return [
    ...(source.null_event_times === '0'
      ? []
      : [`${plural(source.null_event_times, 'row')} without an event time: skipped`]),
    ...(source.future_rows === '0'
      ? []
      : [`${plural(source.future_rows, 'row')} of the future (${hoursLabel(source.future_hours)}): owed`]),
  ].join('; ');
}

/** Says what holds the owed hours back. */
export function heldBackText({ held_back_by: holder, sources }: Plan): string {
  if (holder === null) return 'beyond the reach of this session; a later one loads them';
  const source = sources.find((each) => each.table === holder);
  if (source?.lookup === true) return `held back by the lookup ${holder}, which does not exist yet`;
  const vtts = source?.vtts_hour;
  return `held back by ${holder}, ${vtts == null ? 'which is complete for no hour yet' : `complete to ${rangeLabel(vtts, vtts)}`}`;
}
