/**
 * A dimension computes each hour from its sources and from its own rows of the hour before, in order. It is a
 * sequential stateful load, so Psyberg's id of it is 2 as well.
 */
import { refusal } from '../../model/errors.ts';
import { lastOfWholeUnits, unitHours, unitOf, wholeUnits } from '../../model/grain.ts';
import { type Hour, type HourRange, hoursOf, hourText } from '../../model/hour.ts';
import { tableName } from '../../model/names.ts';
import type { Session, SourceState } from '../../model/session.ts';
import { sourceWindow } from '../../model/window-hours.ts';
import { changedBefore, hoursTaken, reachesBackTo } from './catchup.ts';
import { lastHourToLoad, overwrite, started } from './overwrite.ts';
import type { Decision, PatternKind } from './pattern-kind.ts';
import { pending, pendingOf } from './pending.ts';

export const dimension: PatternKind = {
  etlPatternId: 2,
  operation: 'overwrite',
  loadsHours: true,
  readsPrevious: true,
  changesNeeded: () => 'hours',
  decide,
};

/**
 * The rule of Netflix's Psyberg (part 3 of its articles of 2023, "Dimension"): MinHr = the least changed
 * hour, MaxHr = the least complete hour. Each hour is computed from the one before, so everything from MinHr
 * up to MaxHr is recomputed, in order.
 */
function decide(session: Session): Decision {
  const { limit, floor, changes, firstHour } = reachOf(session);
  const { spec } = session;
  if (
    firstHour !== undefined &&
    limit !== undefined &&
    limit - firstHour >= DIMENSION_RUNS_MAX * unitHours(spec)
  )
    throw tooManyHours(session, { firstHour, lastHour: limit });
  const due = firstHour === undefined || limit === undefined ? [] : hoursOf({ firstHour, lastHour: limit });
  const hours = hoursTaken(session, due, { isRange: true, unitHours: unitHours(spec) });
  const { leftBehind = [] } = session.begin ?? {};
  const decision = overwrite(session, { hours, limit, floor, due, leftBehind });
  return { ...decision, ...asTheyAre(hours, session, changes) };
}

interface Reach {
  readonly limit: Hour | undefined;
  readonly floor: Hour | undefined;
  /** Hours that changed, or are owed. */
  readonly changes: readonly Hour[];
  /** The first hour that is due; undefined if none is. */
  readonly firstHour: Hour | undefined;
}

function reachOf(session: Session): Reach {
  const limit = lastHourToLoad(session);
  const { completeToHour } = session.target;
  const floor = reachesBackTo(session, limit);
  const changes = pending(session);
  const [changed] = started(
    session,
    limit,
    // A change before the hours to which a session reaches back stays owed, and all of these are computed.
    changedBefore(session, floor) ? [floor as Hour] : changes.filter((hour) => hour >= (floor ?? hour)),
  );
  // Completeness that moved on without new rows still yields hours: the state of the hour before is carried
  // forward.
  const next =
    limit !== undefined && completeToHour !== undefined && limit > completeToHour
      ? completeToHour + 1
      : undefined;
  const candidates = [changed, next].filter((hour) => hour !== undefined);
  const least = candidates.length === 0 ? undefined : Math.min(...candidates);
  const firstHour = least === undefined ? undefined : unitOf(session.spec, least).firstHour;
  const isDue = firstHour !== undefined && limit !== undefined && firstHour <= limit;
  return { limit, floor, changes, firstHour: isDue ? firstHour : undefined };
}

/** The first hour that a session is to compute; undefined where none is. */
export const firstDue = (session: Session): Hour | undefined => reachOf(session).firstHour;

/** The first hour to which a session reaches back, where something changed before it; else undefined. */
export function firstReached(session: Session): Hour | undefined {
  const floor = reachesBackTo(session, lastHourToLoad(session));
  return changedBefore(session, floor) ? floor : undefined;
}

/**
 * Which hours need no change of their own to be as they are. `changes`: the hours that changed.
 *
 * `unchanged`: hours that the target has computed, and of whose sources nothing changed, through windows and
 * lookups either: their rows can differ from what is stored only by the state of the hour before. `empty`:
 * before the first row of a source there is no hour, and the first one has no hour before it. Of days all 24
 * hours of such a day.
 */
export function asTheyAre(
  hours: readonly Hour[],
  { spec, target, begin }: Session,
  changes: readonly Hour[],
): { readonly unchanged: readonly Hour[]; readonly empty: readonly Hour[] } {
  const { emptyBefore = Number.NEGATIVE_INFINITY, storedFrom = Number.NEGATIVE_INFINITY } = begin ?? {};
  const empty = hours.filter((hour) => hour < emptyBefore);
  if (target.completeToHour === undefined) return { unchanged: [], empty };
  const changed = new Set(wholeUnits(spec, changes));
  const lastHour = lastOfWholeUnits(spec, target.completeToHour);
  const firstOther = Math.max(storedFrom, emptyBefore + unitHours(spec));
  return {
    unchanged: hours.filter((hour) => hour >= firstOther && hour <= lastHour && !changed.has(hour)),
    empty,
  };
}

/**
 * 34 years of hours, with one execution of the SQL each. More than that means a row with a date of 1970, and
 * no archive.
 */
const DIMENSION_RUNS_MAX = 300_000;

function tooManyHours(session: Session, { firstHour, lastHour }: HourRange): Error {
  const [source, first = firstHour] = firstOf(session, firstHour);
  const changedHour = source === undefined ? firstHour : first + sourceWindow(source).afterHours;
  const file = source?.files.find((each) => each.firstHour === changedHour);
  const table = source === undefined ? 'its sources' : tableName(source.spec.table);
  return refusal(
    'too-many-hours',
    `${session.spec.processName} would compute ${(lastHour - firstHour + 1) / unitHours(session.spec)} ${session.spec.grain ?? 'hour'}s one after the other, from ${hourText(firstHour)} on: the first changed hour of ${table}${file === undefined ? '' : `, in ${file.path} (snapshot ${file.snapshotId})`}`,
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

/** The source whose rows make the first unit necessary, and its first hour there. */
function firstOf(session: Session, firstHour: Hour): [SourceState?, Hour?] {
  for (const source of session.sources) {
    const [first] = pendingOf(session, source).hours;
    if (first !== undefined && unitOf(session.spec, first).firstHour === firstHour) return [source, first];
  }
  return [];
}
