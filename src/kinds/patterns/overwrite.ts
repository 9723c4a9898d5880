/**
 * What the patterns of hours share: up to which hour a session may load, and what it then leaves owed. The
 * upper limit is the least common hour: a later hour is incomplete for some stream. What lies above it is
 * owed, and paid later. Session -> Decision. Pure.
 */
import type { Hour } from '../../model/hour.ts';
import { spanOf } from '../../model/hour-sets.ts';
import { withoutLookups } from '../../model/lookups.ts';
import { tableName } from '../../model/names.ts';
import type { PlanRead, PlanStatus } from '../../model/plan.ts';
import type { Session, SourceState } from '../../model/session.ts';
import { sourceWindow } from '../../model/window-hours.ts';
import { awaitedLookups, awaitsStart, beginsSomewhere } from './begin.ts';
import type { Decision } from './pattern-kind.ts';
import { owedOf, presentOf } from './pending.ts';

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
    owed: owedOf(session, source, loaded),
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

/**
 * The least VTTS, or the last hour that the target has computed, where that is later: a source may lose its
 * newest rows again (a rollback, a row with a wrong date that is deleted), and hours that were loaded once
 * are kept equal to what the sources hold. Never an hour of the future.
 */
export function lastHourToLoad(session: Session): Hour | undefined {
  if (awaitsStart(session) || awaitedLookups(session).length > 0) return undefined;
  const least = leastVtts(session);
  const { completeToHour } = session.target;
  if (completeToHour === undefined) return least;
  const present = withoutLookups(session.sources).map(
    (source) => presentOf(session, source) - sourceWindow(source).afterHours,
  );
  return Math.max(least ?? Number.NEGATIVE_INFINITY, Math.min(completeToHour, ...present));
}

/**
 * The least VTTS over all sources; undefined while one of them is complete for no hour at all. An hour whose
 * rows depend on later ones is complete when those are.
 */
function leastVtts(session: Session): Hour | undefined {
  const hours = withoutLookups(session.sources).map(completeFor);
  return hours.some((hour) => hour === undefined) ? undefined : Math.min(...(hours as Hour[]));
}

/** The last hour of the target for which the source is complete. */
const completeFor = (source: SourceState): Hour | undefined =>
  source.vttsHour === undefined ? undefined : source.vttsHour - sourceWindow(source).afterHours;

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

const NOTHING_LOADED: ReadonlySet<Hour> = new Set();

function statusOf(session: Session, hours: readonly Hour[]): PlanStatus {
  if (hours.length > 0) return 'work';
  return awaitsStart(session) ||
    session.sources.some((source) => owedOf(session, source, NOTHING_LOADED).length > 0) ||
    session.sources.some((source) => source.awaited)
    ? 'waiting'
    : 'nothing-new';
}

/** The source with the least VTTS, but for a lookup that is not there yet. */
function laggard(session: Session): string | null {
  const rank = (source: SourceState): number => completeFor(source) ?? Number.NEGATIVE_INFINITY;
  const [first] = [
    ...awaitedLookups(session),
    ...withoutLookups(session.sources).sort((left, right) => rank(left) - rank(right)),
  ];
  return first === undefined ? null : tableName(first.spec.table);
}

function readOf(source: SourceState, status: PlanStatus): PlanRead {
  if (source.head === undefined || status !== 'work') return { kind: 'nothing' };
  return { kind: 'snapshot', snapshot_id: String(source.head.snapshotId) };
}
