/** Treats dates as whole days, in a process that computes hours. Session -> Session. Pure. */
import { wholeDays } from '../../model/hour-sets.ts';
import { withoutLookups } from '../../model/lookups.ts';
import type { ChangedFile, Session, SourceState } from '../../model/session.ts';

/**
 * Beside sources with a time of day, a date is a row of each hour of its day (`compile/duckdb/source-ctes.ts`
 * shows it to all of them), so it changes all these hours. Those that are still to come, today or later, are
 * owed until their time has come.
 */
export function withWholeDays(session: Session): Session {
  if (!holdsWholeDays(session)) return session;
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
 * True if a date counts for all hours of its day. Without sources that have a time of day it is just its
 * midnight.
 */
export const holdsWholeDays = ({ sources }: Pick<Session, 'sources'>): boolean =>
  withoutLookups(sources).some((source) => source.eventTimeUnit !== 'day');
