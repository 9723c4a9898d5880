/**
 * Applies windows to hours: which hours of the target a source's hours change, and which hours of a source
 * the target's depend on. Hours -> hours. Pure.
 */
import { type Hour, type HourRange, hoursOf } from './hour.ts';
import { intervalsOf } from './hour-sets.ts';
import type { PlanSource } from './plan.ts';
import type { SourceWindow } from './process-spec.ts';
import type { SourceState } from './session.ts';

const NO_WINDOW: SourceWindow = { beforeHours: 0, afterHours: 0 };

/** All zero for a source without a window. */
export const sourceWindow = ({ spec }: Pick<SourceState, 'spec'>): SourceWindow => spec.window ?? NO_WINDOW;

/** The window in a plan; a plan saved by an earlier release does not have it. */
export const plannedWindow = ({
  window,
}: Pick<PlanSource, 'window'>): Pick<SourceWindow, 'beforeHours' | 'afterHours'> => ({
  beforeHours: window?.before_hours ?? 0,
  afterHours: window?.after_hours ?? 0,
});

/**
 * The hours of the target that change with these hours of the source: *s* reaches *s - after* to *s +
 * before*.
 */
export const reachedBy = (
  hours: readonly Hour[],
  { beforeHours, afterHours }: Pick<SourceWindow, 'beforeHours' | 'afterHours'>,
): Hour[] => rangesAround(intervalsOf(hours), { earlier: afterHours, later: beforeHours }).flatMap(hoursOf);

/** The ranges of the source on which these hours of the target depend: *h* on *h - before* to *h + after*. */
export const rangesBehind = (
  ranges: readonly HourRange[],
  { beforeHours, afterHours }: Pick<SourceWindow, 'beforeHours' | 'afterHours'>,
): HourRange[] => rangesAround(ranges, { earlier: beforeHours, later: afterHours });

/** Extends ascending ranges at both ends; those that then meet are joined. */
function rangesAround(
  ranges: readonly HourRange[],
  { earlier, later }: { readonly earlier: number; readonly later: number },
): HourRange[] {
  const around: { firstHour: Hour; lastHour: Hour }[] = [];
  for (const range of ranges) {
    const [firstHour, lastHour] = [range.firstHour - earlier, range.lastHour + later];
    const open = around.at(-1);
    if (open !== undefined && firstHour <= open.lastHour + 1)
      open.lastHour = Math.max(open.lastHour, lastHour);
    else around.push({ firstHour, lastHour });
  }
  return around;
}
