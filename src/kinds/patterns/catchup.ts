/**
 * Limits how far back a session reaches, and how many hours it takes at a time (`catchup` in a header).
 * Session -> hours. Pure.
 *
 * Hours that a session does not take stay owed, while its watermarks move on all the same: an owed hour is
 * computed from whole sources when its turn comes, whatever happened to them in between.
 */
import { roundedUp, unitOf } from '../../model/grain.ts';
import type { Hour } from '../../model/hour.ts';
import type { Session } from '../../model/session.ts';
import { pendingOf } from './pending.ts';

/**
 * The first hour that a session computes again; undefined: it reaches as far back as something changed. Hours
 * that were never computed are no catching up, so a first load, or one after a long pause, leaves none out.
 */
export function reachesBackTo({ spec, target }: Session, limit: Hour | undefined): Hour | undefined {
  const { thresholdHours } = spec.catchup;
  if (thresholdHours === undefined || limit === undefined || target.completeToHour === undefined)
    return undefined;
  const floor = Math.min(limit - roundedUp(spec, thresholdHours) + 1, target.completeToHour + 1);
  return unitOf(spec, floor).firstHour;
}

/**
 * The hours that this session takes of those that are due (ascending). `isRange`: hours between them are
 * loaded too, and count. `unitHours`: so many hours are computed together; at least one such unit is taken.
 */
export function hoursTaken(
  { spec }: Session,
  due: readonly Hour[],
  { isRange, unitHours }: { readonly isRange: boolean; readonly unitHours: number },
): readonly Hour[] {
  const { hoursPerSession, order } = spec.catchup;
  if (hoursPerSession === undefined) return due;
  const atMost = Math.max(1, Math.floor(hoursPerSession / unitHours));
  const numberOf = (hour: Hour): number => Math.floor(hour / unitHours);
  const inOrder = order === 'newest' ? due.toReversed() : due;
  const taken = new Set<number>();
  for (const hour of inOrder) {
    const unit = numberOf(hour);
    const first = numberOf(inOrder[0] as Hour);
    const isFull = isRange ? Math.abs(unit - first) >= atMost : taken.size >= atMost && !taken.has(unit);
    if (isFull) break;
    taken.add(unit);
  }
  return due.filter((hour) => taken.has(numberOf(hour)));
}

/**
 * True if something changed before the hour to which the session reaches back, and no watermark owes it yet.
 * The session has to record it as owed; otherwise the change would be looked for again and again, and
 * `restate` would compute the hour without it.
 */
export const changedBefore = (session: Session, floor: Hour | undefined): boolean =>
  floor !== undefined &&
  session.sources.some((source) => {
    const { watermark } = source;
    const nothingOwed = watermark === undefined ? {} : { watermark: { ...watermark, owedHours: [] } };
    return pendingOf(session, { ...source, ...nothingOwed }).hours.some((hour) => hour < floor);
  });
