/**
 * The rule that patterns of hours share: up to which hour a session may load, and what it then leaves owed.
 * Session -> Decision. Pure. The upper limit is the least common hour, because a later hour is incomplete for
 * some source. Hours above it are owed, and loaded later.
 */
import { lastOfWholeUnits } from '../../model/grain.ts';
import type { Hour } from '../../model/hour.ts';
import { spanOf, union } from '../../model/hour-sets.ts';
import { withoutLookups } from '../../model/lookups.ts';
import { tableName } from '../../model/names.ts';
import type { PlanRead, SessionStatus } from '../../model/plan.ts';
import type { Session, SourceState } from '../../model/session.ts';
import { sourceWindow } from '../../model/window-hours.ts';
import { awaitedLookups, awaitsStart, beginsSomewhere } from './begin.ts';
import type { DecidedCatchup, DecidedSource, Decision } from './pattern-kind.ts';
import { lastComputed, owedOf, presentOf } from './pending.ts';

interface Chosen {
  readonly hours: readonly Hour[];
  /** Hours above this are not complete; undefined when some source is not complete for any hour. */
  readonly limit: Hour | undefined;
  /** The hours that a session without `hours_per_session` would load: what it leaves of them is owed. */
  readonly due?: readonly Hour[];
  /** Hours that stay owed although no source has rows for them. */
  readonly leftBehind?: readonly Hour[];
  /** No session will load changed hours before this one by itself; undefined if there is no such limit. */
  readonly floor?: Hour | undefined;
  readonly status?: SessionStatus;
}

/** The session replaces these hours; what else is pending stays owed. */
export function overwrite(
  session: Session,
  { hours, limit, floor, due = hours, leftBehind = [], status = statusOf(session, hours, floor) }: Chosen,
): Decision {
  const loaded = new Set(hours);
  const sources = withRest(
    session,
    session.sources.map((source) => ({
      source,
      read: readOf(source, status),
      owed: owedOf(session, source, loaded),
    })),
    union([due, leftBehind]),
    loaded,
  );
  const owed = union(sources.map((each) => each.owed));
  const isHeldBack = sources.some(({ owed }) => owed.some((hour) => limit === undefined || hour > limit));
  return {
    status,
    sources,
    hours,
    range: spanOf(hours),
    heldBackBy: isHeldBack ? laggard(session) : null,
    ...catchupOf(session, {
      later: due.filter((hour) => !loaded.has(hour)),
      beyond: floor === undefined ? [] : owed.filter((hour) => hour < floor),
      reachesBackTo: floor,
    }),
  };
}

/**
 * Adds to what is owed the due hours that this session leaves and that no source has rows for, up to the last
 * hour that will be computed then: in a dimension the hours after a changed one, and hours that a window
 * reaches. Nothing else would find them again. The first source owes them.
 */
function withRest(
  { sources: [...opened], target }: Session,
  sources: readonly DecidedSource[],
  due: readonly Hour[],
  loaded: ReadonlySet<Hour>,
): DecidedSource[] {
  const computedTo = lastComputed(target, loaded);
  const known = new Set(sources.flatMap(({ owed }) => owed));
  const rest = due.filter((hour) => hour <= computedTo && !loaded.has(hour) && !known.has(hour));
  const [first] = withoutLookups(opened);
  return rest.length === 0
    ? [...sources]
    : sources.map((each) => (each.source === first ? { ...each, owed: union([each.owed, rest]) } : each));
}

/** A process without `catchup` limits says nothing of them. */
const catchupOf = ({ spec }: Session, catchup: DecidedCatchup): { readonly catchup?: DecidedCatchup } =>
  spec.catchup.hoursPerSession === undefined && catchup.beyond.length === 0 ? {} : { catchup };

/**
 * The last hour to load: the least VTTS, or the last hour that the target has computed if that is later. A
 * source may lose its newest rows again (a rollback, a row with a wrong date that is deleted), and loaded
 * hours are kept equal to what the sources hold. Never a future hour; in a process of days the last hour of a
 * day that is over.
 */
export function lastHourToLoad(session: Session): Hour | undefined {
  const hour = lastHourOfAll(session);
  return hour === undefined || hour === Number.NEGATIVE_INFINITY
    ? hour
    : lastOfWholeUnits(session.spec, hour);
}

function lastHourOfAll(session: Session): Hour | undefined {
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

function statusOf(session: Session, hours: readonly Hour[], floor = Number.NEGATIVE_INFINITY): SessionStatus {
  if (hours.length > 0) return 'work';
  return awaitsStart(session) ||
    session.sources.some((source) => owedOf(session, source, NOTHING_LOADED).some((hour) => hour >= floor)) ||
    session.sources.some((source) => source.awaited)
    ? 'waiting'
    : 'nothing-new';
}

/** The source with the least VTTS, without lookups that do not exist yet. */
function laggard(session: Session): string | null {
  const rank = (source: SourceState): number => completeFor(source) ?? Number.NEGATIVE_INFINITY;
  const [first] = [
    ...awaitedLookups(session),
    ...withoutLookups(session.sources).sort((left, right) => rank(left) - rank(right)),
  ];
  return first === undefined ? null : tableName(first.spec.table);
}

function readOf(source: SourceState, status: SessionStatus): PlanRead {
  if (source.head === undefined || status !== 'work') return { kind: 'nothing' };
  return { kind: 'snapshot', snapshot_id: String(source.head.snapshotId) };
}
