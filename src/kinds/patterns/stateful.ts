/**
 * A stateful load computes the changed hours again, from whole sources, and replaces them in the target; as
 * late as its sources are complete.
 */
import type { Hour } from '../../model/hour.ts';
import { contiguous, spanOf, union, wholeDays } from '../../model/hour-sets.ts';
import type { ChangedFile, Session, SourceState } from '../../model/session.ts';
import { lastHourToLoad, overwrite, started } from './overwrite.ts';
import type { Decision, PatternKind } from './pattern-kind.ts';
import { pending, reachedSince } from './pending.ts';

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
  spec.hours === 'touched' || spec.sources.some(({ window }) => window?.key !== undefined);

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
 * A row of a day is computed from all its hours: with one of them changed the whole day is, as far as it is
 * complete.
 */
const daysOf = (hours: readonly Hour[], limit: Hour): Hour[] =>
  wholeDays(hours).filter((hour) => hour <= limit);
