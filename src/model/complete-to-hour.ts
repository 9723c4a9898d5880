/** Finds how far a target is complete once a plan is published. Plan -> hour. Pure. */
import { lastOfWholeUnits, type WithGrain } from './grain.ts';
import { hourText, parseHour } from './hour.ts';
import type { Plan } from './plan.ts';
import { plannedWindow } from './window-hours.ts';

/**
 * The hour up to which the target is complete once this plan is published, as UTC text of its start: it is
 * announced to the processes downstream. Undefined while a source is not complete up to any hour.
 */
export function completeToHour(
  plan: Pick<Plan, 'sources' | 'range' | 'target' | 'etl_pattern_id'> & WithGrain,
): string | undefined {
  const vtts = plan.sources
    .filter(({ lookup }) => lookup !== true)
    .map((source) =>
      source.vtts_hour === null
        ? null
        : hourText(parseHour(source.vtts_hour) - plannedWindow(source).afterHours),
    );
  const [least] = vtts.some((hour) => hour === null) ? [] : (vtts as string[]).toSorted();
  const whole = least === undefined ? undefined : hourText(lastOfWholeUnits(plan, parseHour(least)));
  // If hours of a stateless process are restated, the range says nothing about how far it is complete: only
  // its sources do.
  const reached = plan.range === null || plan.etl_pattern_id === 1 ? whole : plan.range.last_hour;
  const before = plan.target.complete_to_hour ?? undefined;
  if (reached === undefined) return before;
  return before === undefined || reached > before ? reached : before;
}
