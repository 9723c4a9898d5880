/**
 * Finds the hours of the target that must be computed. Session -> hours. Pure.
 *
 * A watermark keeps owed hours. Up to the newest hour of its source (or the last one that the target has
 * computed) they are hours of the target. Later ones are hours of the source, whose rows lay in the future
 * when they came. Without a window the two are the same. Hours that a window reaches beyond the newest hour
 * are not owed, since nothing of them was ever computed; {@link reachedSince} finds them when their time has
 * come.
 */
import { type Hour, hoursOf, lastAllowedHour } from '../../model/hour.ts';
import { ascending, futureHours, touchedHours, union, wholeDays } from '../../model/hour-sets.ts';
import { isLookup, withoutLookups } from '../../model/lookups.ts';
import type { Session, SourceState } from '../../model/session.ts';
import { reachedBy, sourceWindow } from '../../model/window-hours.ts';

/** What a source brings to a session. */
export interface Pending {
  /** The hours of the target that it changed, and those that it owed. */
  readonly hours: readonly Hour[];
  /** Its hours in the future, which the target cannot have yet. */
  readonly ahead: readonly Hour[];
}

/** All hours of the target that changes of the sources touch, and those still owed. */
export const pending = (session: Session): Hour[] =>
  union(session.sources.map((source) => pendingOf(session, source).hours));

/**
 * What one source brings: the hours that it changed, those still owed from before, and those set aside for
 * the future. Hours above the last one that the target has computed are no debt where the source has no row
 * in them any more: nothing of them was ever loaded.
 */
export function pendingOf(session: Session, source: SourceState): Pending {
  // A lookup has no hours of its own: it brings those of the target that it has computed again.
  if (isLookup(source))
    return {
      hours: union([source.restated?.hours ?? [], source.watermark?.owedHours ?? []]),
      ahead: [],
    };
  const touched = touchedHours(source.files);
  const owed = source.watermark?.owedHours ?? [];
  if (source.spec.window === undefined) {
    const hours = union([touched, owed, futureHours(source.files)]);
    return { hours: hours.filter(mayHoldRows(session, source)), ahead: [] };
  }
  const known = lastKnown(session, source, source.watermark?.newestHour);
  const set = ascending([...futureHours(source.files), ...owed.filter((hour) => hour > known)]);
  const future = set.filter(mayHoldRows(session, source));
  const present = presentOf(session, source);
  const come = future.filter((hour) => hour <= present);
  // Keys were only read for recent changes; rows whose future has now come were there before.
  const changed = source.matched?.hours ?? reachedBy(touched, sourceWindow(source));
  const ahead = future.filter((hour) => hour > present);
  return {
    hours: union([
      changed,
      reachedBy(come, sourceWindow(source)),
      owed.filter((hour) => hour <= known),
      ahead,
    ]),
    ahead,
  };
}

/** The hours of a source that the session does not load and a later one has to know of. */
export function owedOf(session: Session, source: SourceState, loaded: ReadonlySet<Hour>): Hour[] {
  const { hours, ahead } = pendingOf(session, source);
  const left = hours.filter((hour) => !loaded.has(hour));
  if (source.spec.window === undefined) return left;
  const known = Math.max(lastKnown(session, source, source.newestHour), lastComputed(session.target, loaded));
  const own = new Set(ahead);
  return left.filter((hour) => hour <= known || own.has(hour));
}

/** The last hour that the target has computed once these hours are loaded. */
export const lastComputed = (
  { completeToHour = Number.NEGATIVE_INFINITY }: Session['target'],
  loaded: ReadonlySet<Hour>,
): Hour => {
  let last = completeToHour;
  for (const hour of loaded) last = Math.max(last, hour);
  return last;
};

/**
 * Hours that the target has not computed although rows loaded before reach them through the window of their
 * source. With a keyed window such an hour also has a row of another source, which makes it known.
 */
export function reachedSince(session: Session): Hour[] {
  const { completeToHour } = session.target;
  if (completeToHour === undefined) return [];
  return union(
    withoutLookups(session.sources).map((source) => {
      const { watermark } = source;
      const { beforeHours, key } = sourceWindow(source);
      if (watermark?.newestHour === undefined || beforeHours === 0 || key !== undefined) return [];
      const lastHour = endOfDay(source, watermark.newestHour) + beforeHours;
      return hoursOf({ firstHour: completeToHour + 1, lastHour });
    }),
  );
}

/** The last hour of a source that is not in the future. */
export const presentOf = (session: Session, { spec }: Pick<SourceState, 'spec'>): Hour =>
  lastAllowedHour(session.openedAtMs, spec);

const lastKnown = (session: Session, source: SourceState, newestHour: Hour | undefined): Hour =>
  Math.max(
    newestHour === undefined ? Number.NEGATIVE_INFINITY : endOfDay(source, newestHour),
    session.target.completeToHour ?? Number.NEGATIVE_INFINITY,
  );

/** A date is known by its midnight, but is a row of all hours of its day. */
const endOfDay = ({ eventTimeUnit }: SourceState, hour: Hour): Hour =>
  eventTimeUnit === 'day' ? Math.floor(hour / 24) * 24 + 23 : hour;

/**
 * The hours that a source owes although it has no row in them any more, and that the target has not computed.
 */
export const withoutRows = (session: Session, source: SourceState): Hour[] =>
  isLookup(source)
    ? []
    : (source.watermark?.owedHours ?? []).filter((hour) => !mayHoldRows(session, source)(hour));

function mayHoldRows(session: Session, { laterHours, newestHour }: SourceState): (hour: Hour) => boolean {
  if (laterHours === undefined) return () => true;
  const { heldHours = [], eventTime } = session.target;
  const later = new Set([...laterHours, ...(eventTime?.unit === 'day' ? wholeDays(heldHours) : heldHours)]);
  const known = Math.max(
    newestHour ?? Number.NEGATIVE_INFINITY,
    session.target.completeToHour ?? Number.NEGATIVE_INFINITY,
  );
  return (hour) => hour <= known || later.has(hour);
}
