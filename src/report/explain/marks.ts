/** Marks what a plan does with each hour. Plan -> marks. Pure. */
import { unitOf, type WithGrain } from '../../model/grain.ts';
import { type Hour, hoursOf, parseHour } from '../../model/hour.ts';
import type { Plan, PlanHour } from '../../model/plan.ts';

/**
 * `new`: beyond what the target had · `late`: rows came for an hour that was loaded before · `between`:
 * computed again because an earlier hour, or its neighbours, changed · `expected`: may follow once processes
 * above have published · `owed`: changed, and left to a later session · `done`: loaded before, not touched ·
 * `none`: not loaded, and nothing there.
 */
export type HourMark = 'new' | 'late' | 'between' | 'expected' | 'owed' | 'done' | 'none';

/** A letter for each, so that the picture is complete without colours; in the order of the legend. */
export const MARKS: Readonly<Record<HourMark, { readonly letter: string; readonly meaning: string }>> = {
  new: { letter: 'N', meaning: 'new' },
  late: { letter: 'L', meaning: 'late' },
  between: { letter: '~', meaning: 'recomputed' },
  expected: { letter: 'e', meaning: 'expected' },
  owed: { letter: 'o', meaning: 'owed' },
  done: { letter: '·', meaning: 'untouched' },
  none: { letter: ' ', meaning: '' },
};

/** The parts of a plan that marks need. */
export type MarkedPlan = Pick<Plan, 'process_name' | 'owed_hours' | 'expected_hours' | 'grain'> & {
  readonly hours: readonly Pick<PlanHour, 'hour' | 'reason'>[];
  readonly target: Pick<Plan['target'], 'complete_to_hour'>;
};

/** Returns the mark of any hour. */
export type MarkOf = (hour: Hour) => HourMark;

/** Finds the hours with a mark of their own, and the mark of every other hour. */
export function marksOf(plan: MarkedPlan): { readonly marked: ReadonlyMap<Hour, HourMark>; mark: MarkOf } {
  const { complete_to_hour: completeTo } = plan.target;
  const loadedTo = completeTo === null ? Number.NEGATIVE_INFINITY : parseHour(completeTo);
  const marked = new Map<Hour, HourMark>();
  const set = (hour: Hour, mark: HourMark): void => {
    for (const each of hoursOfUnit(plan, hour)) marked.set(each, mark);
  };
  for (const each of plan.owed_hours) set(parseHour(each), 'owed');
  for (const each of plan.expected_hours ?? []) set(parseHour(each), 'expected');
  for (const each of plan.hours) {
    const hour = parseHour(each.hour);
    if (marked.get(hour) !== 'owed') set(hour, markOfPlanned(hour, each.reason, loadedTo));
  }
  return { marked, mark: (hour) => marked.get(hour) ?? (hour <= loadedTo ? 'done' : 'none') };
}

const hoursOfUnit = (of: WithGrain, hour: Hour): Hour[] => hoursOf(unitOf(of, hour));

function markOfPlanned(hour: Hour, reason: PlanHour['reason'], loadedTo: Hour): HourMark {
  if (hour > loadedTo) return 'new';
  return reason === 'contiguous' ? 'between' : 'late';
}

/** If a cell holds several hours, it shows the first of these marks: the one a reader must not miss. */
const WEIGHT: readonly HourMark[] = ['late', 'owed', 'new', 'between', 'expected', 'done', 'none'];

/** The mark of the hours `first` to `last`, both included. */
export function heaviest({ marked, mark }: ReturnType<typeof marksOf>, first: Hour, last: Hour): HourMark {
  const found = new Set<HourMark>([mark(first), mark(last)]);
  if (last - first < marked.size) for (let hour = first; hour <= last; hour += 1) found.add(mark(hour));
  else for (const [hour, each] of marked) if (hour >= first && hour <= last) found.add(each);
  return WEIGHT.find((each) => found.has(each)) ?? 'none';
}
