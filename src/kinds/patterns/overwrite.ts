/**
 * What the patterns of hours share: up to which hour a session may load, and what it then leaves owed. The
 * upper limit is the least common hour: a later hour is incomplete for some stream. What lies above it is
 * owed, and paid later. Session -> Decision. Pure.
 */
import { type Hour, hourOfMs } from '../../model/hour.ts';
import { pendingHours, spanOf, union } from '../../model/hour-sets.ts';
import { tableName } from '../../model/names.ts';
import type { PlanRead, PlanStatus } from '../../model/plan.ts';
import type { Session, SourceState } from '../../model/session.ts';
import { awaitsStart, beginsSomewhere } from './begin.ts';
import type { Decision } from './pattern-kind.ts';

/** The session replaces these hours; what else is pending stays owed. */
export function overwrite(
  session: Session,
  {
    hours,
    limit,
    status = statusOf(session, hours),
  }: {
    readonly hours: readonly Hour[];
    /** Hours above this are not complete; undefined when some source is not complete for any hour. */
    readonly limit: Hour | undefined;
    readonly status?: PlanStatus;
  },
): Decision {
  const loaded = new Set(hours);
  const sources = session.sources.map((source) => ({
    source,
    read: readOf(source, status),
    owed: pendingHours(source, session.target.completeToHour).filter((hour) => !loaded.has(hour)),
  }));
  const isHeldBack = sources.some(({ owed }) => owed.some((hour) => limit === undefined || hour > limit));
  return {
    status,
    sources,
    hours,
    range: spanOf(hours),
    heldBackBy: isHeldBack ? laggard(session) : null,
  };
}

/** All hours that the sources bring, and owe. */
export const pending = (session: Session): Hour[] =>
  union(session.sources.map((source) => pendingHours(source, session.target.completeToHour)));

/**
 * The least VTTS, or the last hour that the target has computed, where that is later: a source may lose its
 * newest rows again (a rollback, a row with a wrong date that is deleted), and hours that were loaded once
 * are kept equal to what the sources hold. Never an hour of the future.
 */
export function lastHourToLoad(session: Session): Hour | undefined {
  if (awaitsStart(session)) return undefined;
  const least = leastVtts(session);
  const { completeToHour } = session.target;
  if (completeToHour === undefined) return least;
  const present = session.spec.sources.map((source) =>
    hourOfMs(session.openedAtMs + source.futureToleranceMs),
  );
  return Math.max(least ?? Number.NEGATIVE_INFINITY, Math.min(completeToHour, ...present));
}

/** The least VTTS over all sources; undefined while one of them is complete for no hour at all. */
function leastVtts(session: Session): Hour | undefined {
  const hours = session.sources.map((source) => source.vttsHour);
  return hours.some((hour) => hour === undefined) ? undefined : Math.min(...(hours as Hour[]));
}

/**
 * A process that begins somewhere, and finds nothing changed since, begins with the newest complete hour: its
 * first session records where it began.
 */
export const started = (
  session: Session,
  limit: Hour | undefined,
  hours: readonly Hour[],
): readonly Hour[] =>
  hours.length === 0 && limit !== undefined && beginsSomewhere(session) ? [limit] : hours;

function statusOf(session: Session, hours: readonly Hour[]): PlanStatus {
  if (hours.length > 0) return 'work';
  return awaitsStart(session) ||
    pending(session).length > 0 ||
    session.sources.some((source) => source.awaited)
    ? 'waiting'
    : 'nothing-new';
}

/** The source with the least VTTS. */
function laggard(session: Session): string | null {
  const rank = (source: SourceState): number => source.vttsHour ?? Number.NEGATIVE_INFINITY;
  const [first] = [...session.sources].sort((left, right) => rank(left) - rank(right));
  return first === undefined ? null : tableName(first.spec.table);
}

function readOf(source: SourceState, status: PlanStatus): PlanRead {
  if (source.head === undefined || status !== 'work') return { kind: 'nothing' };
  return { kind: 'snapshot', snapshot_id: String(source.head.snapshotId) };
}
