/**
 * A stateful load computes the changed hours again from whole sources, as far as these are complete, and
 * replaces them in the target.
 */
import { unitHours, wholeUnits } from '../../model/grain.ts';
import type { Hour } from '../../model/hour.ts';
import { contiguous, union, wholeDays } from '../../model/hour-sets.ts';
import type { Session } from '../../model/session.ts';
import { changedBefore, hoursTaken, reachesBackTo } from './catchup.ts';
import { lastHourToLoad, overwrite, started } from './overwrite.ts';
import type { Decision, PatternKind } from './pattern-kind.ts';
import { pending, reachedSince } from './pending.ts';
import { withWholeDays } from './whole-days.ts';

export const stateful: PatternKind = {
  etlPatternId: 2,
  operation: 'overwrite',
  loadsHours: true,
  readsPrevious: false,
  changesNeeded: () => 'hours',
  decide,
};

/**
 * The rule of Netflix's Psyberg (part 2 of its articles of 2023, "Stateful"): lower limit = the least
 * changed hour over all sources (and what is owed), upper limit = the greatest changed hour, but no later
 * than the least VTTS.
 */
function decide(opened: Session): Decision {
  const session = withWholeDays(opened);
  const limit = lastHourToLoad(session);
  const reached = reachedSince(session);
  const floor = reachesBackTo(session, limit);
  const payable = union([pending(session), reached]).filter(
    (hour) => limit !== undefined && hour <= limit && hour >= (floor ?? hour),
  );
  const isOfDays = session.target.eventTime?.unit === 'day';
  const grain = unitHours(session.spec);
  const begun = wholeUnits(
    session.spec,
    started(session, limit, carried(session, payable, { limit, floor })),
  );
  const due = limit === undefined || !isOfDays ? begun : daysOf(begun, limit);
  const isRange = loadsRange(session);
  const taken = hoursTaken(session, due, { isRange, unitHours: isOfDays ? 24 : grain });
  const hours = isRange ? contiguous(taken) : taken;
  return { ...overwrite(session, { hours, limit, floor, due }), reached };
}

/**
 * If everything that changed lies before the hours to which a session reaches back, the newest complete hour
 * is computed again, so that what stays owed can be published with it.
 */
const carried = (
  session: Session,
  payable: readonly Hour[],
  { limit, floor }: { readonly limit: Hour | undefined; readonly floor: Hour | undefined },
): readonly Hour[] =>
  payable.length === 0 && limit !== undefined && changedBefore(session, floor) ? [limit] : payable;

/**
 * True if the session loads a whole range. With keys it does not: hours between those that hold a key need
 * not be loaded.
 */
const loadsRange = ({ spec }: Session): boolean =>
  spec.catchup.load === 'range' ||
  (spec.hours === 'contiguous' &&
    spec.sources.every(({ window, lookup }) => (window?.key ?? lookup?.key) === undefined));

/**
 * A row of a day is computed from all its hours: with one of them changed the whole day is, as far as it is
 * complete.
 */
const daysOf = (hours: readonly Hour[], limit: Hour): Hour[] =>
  wholeDays(hours).filter((hour) => hour <= limit);
