/** Finds the hours that an adopted target owes. Session with all files of its sources -> hours. Pure. */
import type { Hour } from '../../model/hour.ts';
import type { Session } from '../../model/session.ts';
import { lastHourToLoad } from './overwrite.ts';
import { owedOf, pending } from './pending.ts';
import { withWholeDays } from './whole-days.ts';

/**
 * For each source the hours that a first session would leave owed after loading every complete hour. The
 * target may have been filled for complete hours only, and hours that become complete later get no new rows
 * by which a session would find them.
 */
export function owedWhenAdopted(opened: Session): readonly (readonly Hour[])[] {
  const session = withWholeDays(opened);
  const limit = lastHourToLoad(session) ?? Number.NEGATIVE_INFINITY;
  const complete = new Set(pending(session).filter((hour) => hour <= limit));
  return session.sources.map((source) => owedOf(session, source, complete));
}
