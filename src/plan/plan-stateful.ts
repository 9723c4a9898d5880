/**
 * Plans a stateful load and a dimension: an hour range to overwrite. Session -> Plan. Pure. The upper limit
 * is the least common hour: a later hour is incomplete for some stream. What lies above it is owed, and paid
 * later.
 */
import { refusal } from '../model/errors.ts';
import { type Hour, type HourRange, hourOfMs, hourText, hoursOf } from '../model/hour.ts';
import { tableName } from '../model/names.ts';
import type { Plan, PlanRead, PlanStatus } from '../model/plan.ts';
import type { ChangedFile, Session, SourceState } from '../model/session.ts';
import { awaitsStart, beginsSomewhere, describeSource, planHead } from './describe-source.ts';
import { type CauseOptions, describeHours } from './causes.ts';
import { contiguous, pendingHours, spanOf, union, wholeDays } from './hour-sets.ts';

/** The hours a session loads, and those it leaves owed. */
interface Decision {
  readonly status: PlanStatus;
  readonly hours: readonly Hour[];
  /** Hours above this are owed; undefined when some source is not complete for any hour. */
  readonly limit: Hour | undefined;
  /** Hours below this are owed: a catch-up that reaches back too far. */
  readonly floor: Hour | undefined;
}

/**
 * Psyberg post 2, "Stateful": lower limit = least changed hour over all sources (and what is owed), upper
 * limit = the greatest changed hour, but no later than the least VTTS.
 */
export function planStateful(opened: Session, options: CauseOptions): Plan {
  const session = withWholeDays(opened);
  const limit = lastHourToLoad(session);
  const payable = started(
    session,
    limit,
    pending(session).filter((hour) => limit !== undefined && hour <= limit),
  );
  const whole =
    limit === undefined || session.target.eventTime?.unit !== 'day' ? payable : daysOf(payable, limit);
  const span = spanOf(whole);
  const hours = span === undefined ? [] : session.spec.hours === 'touched' ? whole : contiguous(whole);
  return overwritePlan(
    session,
    { status: statusOf(session, hours), hours, limit, floor: undefined },
    options,
  );
}

/**
 * A date beside sources with a time of day is a row of each hour of its day (`compile/source-ctes.ts` shows
 * it to all of them), so it changes all of them: also those of today that are still to come, and those of a
 * date of the future. They are owed until their time has come.
 */
function withWholeDays(session: Session): Session {
  if (session.sources.every((source) => source.eventTimeUnit === 'day')) return session;
  return {
    ...session,
    sources: session.sources.map((source) => (source.eventTimeUnit === 'day' ? ofDays(source) : source)),
  };
}

const ofDays = (source: SourceState): SourceState => ({
  ...source,
  files: source.files.map(ofWholeDays),
  ...(source.laterHours === undefined ? {} : { laterHours: wholeDays(source.laterHours) }),
});

const ofWholeDays = (file: ChangedFile): ChangedFile => ({
  ...file,
  ...(file.lastHour === undefined ? {} : { lastHour: Math.floor(file.lastHour / 24) * 24 + 23 }),
  ...(file.differingHours === undefined ? {} : { differingHours: wholeDays(file.differingHours) }),
  ...(file.futureHours === undefined ? {} : { futureHours: wholeDays(file.futureHours) }),
});

/**
 * A process that begins somewhere, and finds nothing changed since, begins with the newest complete hour: its
 * first session records where it began.
 */
const started = (session: Session, limit: Hour | undefined, hours: readonly Hour[]): readonly Hour[] =>
  hours.length === 0 && limit !== undefined && beginsSomewhere(session) ? [limit] : hours;

/**
 * A row of a day is computed from all its hours: with one of them changed the whole day is, as far as it is
 * complete.
 */
const daysOf = (hours: readonly Hour[], limit: Hour): Hour[] =>
  wholeDays(hours).filter((hour) => hour <= limit);

/**
 * Psyberg post 3, "Dimension": MinHr = the least changed hour, MaxHr = the least complete hour; each hour is
 * computed from the one before, so everything from MinHr on is recomputed, in order, up to MaxHr.
 */
export function planDimension(session: Session, options: CauseOptions): Plan {
  const limit = lastHourToLoad(session);
  const { completeToHour } = session.target;
  const [changed] = started(session, limit, pending(session));
  // Completeness that moved on without new rows still yields hours: the state of the hour before is carried
  // forward.
  const next =
    limit !== undefined && completeToHour !== undefined && limit > completeToHour
      ? completeToHour + 1
      : undefined;
  const candidates = [changed, next].filter((hour) => hour !== undefined);
  const first = candidates.length === 0 ? undefined : Math.min(...candidates);
  const threshold = session.spec.catchup.thresholdHours;
  // A first load has nothing to catch up with: it loads all there is.
  const floor =
    threshold === undefined || limit === undefined || completeToHour === undefined
      ? undefined
      : Math.min(limit - threshold + 1, completeToHour + 1);
  const firstHour = first === undefined ? undefined : Math.max(first, floor ?? first);
  if (firstHour !== undefined && limit !== undefined && limit - firstHour >= DIMENSION_HOURS_MAX)
    throw tooManyHours(session, { firstHour, lastHour: limit });
  const hours = firstHour === undefined || limit === undefined ? [] : hoursOf({ firstHour, lastHour: limit });
  // Only debts below the floor are left: nothing that this session may load.
  const onlyOldDebts =
    floor !== undefined &&
    next === undefined &&
    session.sources.every((source) => source.files.length === 0) &&
    pending(session).every((hour) => hour < floor);
  return overwritePlan(
    session,
    {
      status: onlyOldDebts ? 'nothing-new' : statusOf(session, hours),
      hours: onlyOldDebts ? [] : hours,
      limit,
      floor,
    },
    options,
  );
}

/** 34 years of hours, each an execution of the SQL: a row with a date of 1970, and not an archive. */
const DIMENSION_HOURS_MAX = 300_000;

function tooManyHours(session: Session, { firstHour, lastHour }: HourRange): Error {
  const source = session.sources.find(
    (each) => pendingHours(each, session.target.completeToHour)[0] === firstHour,
  );
  const file = source?.files.find((each) => each.firstHour === firstHour);
  const table = source === undefined ? 'its sources' : tableName(source.spec.table);
  return refusal(
    'too-many-hours',
    `${session.spec.processName} would compute ${lastHour - firstHour + 1} hours one after the other, from ${hourText(firstHour)} on: the first changed hour of ${table}${file === undefined ? '' : `, in ${file.path} (snapshot ${file.snapshotId})`}`,
    {
      hint: `correct the event time of that row in ${table}; or set catchup: { threshold_hours: N } in ${session.spec.file}, and hours further back stay owed once the first session is published`,
      context: {
        process_name: session.spec.processName,
        table: source === undefined ? null : table,
        first_hour: hourText(firstHour),
        last_hour: hourText(lastHour),
        file: file?.path ?? null,
      },
    },
  );
}

const pending = (session: Session): Hour[] =>
  union(session.sources.map((source) => pendingHours(source, session.target.completeToHour)));

/**
 * The least VTTS, or the last hour that the target has computed, where that is later: a source may lose its
 * newest rows again (a rollback, a row with a wrong date that is deleted), and hours that were loaded once
 * are kept equal to what the sources hold. Never an hour of the future.
 */
function lastHourToLoad(session: Session): Hour | undefined {
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

function statusOf(session: Session, hours: readonly Hour[]): PlanStatus {
  if (hours.length > 0) return 'work';
  return awaitsStart(session) ||
    pending(session).length > 0 ||
    session.sources.some((source) => source.awaited)
    ? 'waiting'
    : 'nothing-new';
}

function overwritePlan(session: Session, decision: Decision, options: CauseOptions): Plan {
  const { hours, status } = decision;
  const loaded = new Set(hours);
  const owedOf = (source: SourceState): Hour[] =>
    pendingHours(source, session.target.completeToHour).filter((hour) => !loaded.has(hour));
  const owed = union(session.sources.map(owedOf));
  const span = spanOf(hours);
  return Object.freeze({
    ...planHead(session, status),
    sources: session.sources.map((source) =>
      describeSource(source, { read: readOf(source, status), owed: owedOf(source), ...options }),
    ),
    range:
      span === undefined
        ? null
        : { first_hour: hourText(span.firstHour), last_hour: hourText(span.lastHour) },
    hours: describeHours(session, hours, options),
    owed_hours: owed.map(hourText),
    held_back_by: owed.some((hour) => decision.limit === undefined || hour > decision.limit)
      ? laggard(session)
      : null,
  });
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
