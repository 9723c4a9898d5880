/**
 * A stateful load computes the changed hours again, from whole sources, and replaces them in the target; as
 * late as its sources are complete.
 */
import type { Hour } from '../../model/hour.ts';
import { contiguous, spanOf, union, wholeDays } from '../../model/hour-sets.ts';
import type { Session } from '../../model/session.ts';
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
 * Psyberg post 2, "Stateful": lower limit = least changed hour over all sources (and what is owed), upper
 * limit = the greatest changed hour, but no later than the least VTTS.
 */
function decide(opened: Session): Decision {
  const session = withWholeDays(opened);
  const limit = lastHourToLoad(session);
  const reached = reachedSince(session);
  const payable = started(
    session,
    limit,
    union([pending(session), reached]).filter((hour) => limit !== undefined && hour <= limit),
  );
  const whole =
    limit === undefined || session.target.eventTime?.unit !== 'day' ? payable : daysOf(payable, limit);
  const span = spanOf(whole);
  const hours = span === undefined ? [] : loadsSingleHours(session) ? whole : contiguous(whole);
  return { ...overwrite(session, { hours, limit }), reached };
}

/** Between the hours that hold a key lie hours that do not: what a key saves is not loaded after all. */
const loadsSingleHours = ({ spec }: Session): boolean =>
  spec.hours === 'touched' ||
  spec.sources.some(({ window, lookup }) => (window?.key ?? lookup?.key) !== undefined);

/**
 * A row of a day is computed from all its hours: with one of them changed the whole day is, as far as it is
 * complete.
 */
const daysOf = (hours: readonly Hour[], limit: Hour): Hour[] =>
  wholeDays(hours).filter((hour) => hour <= limit);
