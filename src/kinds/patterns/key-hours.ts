/** Finds the hours in which the key of a window must be looked for. Session -> hours. Pure. */
import { unitHours, wholeUnits } from '../../model/grain.ts';
import type { Hour } from '../../model/hour.ts';
import { touchedHours, union } from '../../model/hour-sets.ts';
import type { Session, SourceState } from '../../model/session.ts';
import { reachedBy, sourceWindow } from '../../model/window-hours.ts';
import { patternOf } from './index.ts';
import { lastHourToLoad } from './overwrite.ts';
import { pendingOf } from './pending.ts';
import { holdsWholeDays, withWholeDays } from './whole-days.ts';

export interface KeyHours {
  /** Hours that the source's changes reach, that a session may load, and that nothing else makes it load. */
  readonly candidates: readonly Hour[];
  /** Hours that the changes reach but that are not complete: a later session will know their rows. */
  readonly later: readonly Hour[];
}

/** `source`: one of the session's, whose window has a key. */
export function keyHours(opened: Session, { spec }: SourceState): KeyHours {
  const session = patternOf(opened.spec).readsPrevious ? opened : withWholeDays(opened);
  const source = session.sources.find((each) => each.spec === spec) as SourceState;
  const limit = lastHourToLoad(session) ?? Number.NEGATIVE_INFINITY;
  const others = session.sources.filter((each) => each.spec.window?.key === undefined);
  const known = new Set(
    wholeUnits(session.spec, union(others.map((each) => pendingOf(session, each).hours))),
  );
  const reached = wholeUnits(session.spec, reachedBy(touchedHours(source.files), sourceWindow(source)));
  return {
    candidates: reached.filter((hour) => hour <= limit && !known.has(hour)),
    later: reached.filter((hour) => hour > limit),
  };
}

/** How many hours a source row reaches beyond its first: a date lies in all hours of its day. */
export const hoursOfRow = (session: Session, { eventTimeUnit }: SourceState): number =>
  eventTimeUnit === 'day' && !patternOf(session.spec).readsPrevious && holdsWholeDays(session) ? 23 : 0;

/**
 * How far from a changed row its key may matter. In a process of days a row meets all rows of its day, and of
 * the days that its window reaches.
 */
export function keyReach(
  session: Session,
  source: SourceState,
): { readonly earlier: number; readonly later: number } {
  const { beforeHours, afterHours } = sourceWindow(source);
  const withinUnit = unitHours(session.spec) - 1;
  return {
    earlier: afterHours + withinUnit,
    later: beforeHours + hoursOfRow(session, source) + withinUnit,
  };
}
