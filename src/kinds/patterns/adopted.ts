/** What a target owes that is adopted. Session with all files of its sources -> hours. Pure. */
import type { Hour } from '../../model/hour.ts';
import type { Session } from '../../model/session.ts';
import { lastHourToLoad } from './overwrite.ts';
import { owedOf, pending } from './pending.ts';
import { withWholeDays } from './whole-days.ts';

/**
 * Of each source what a first session would leave that loads every complete hour. Whoever filled the target
 * may have done so for complete hours only, and of what is complete later nothing has to come again.
 */
export function owedWhenAdopted(opened: Session): readonly (readonly Hour[])[] {
  const session = withWholeDays(opened);
  const limit = lastHourToLoad(session) ?? Number.NEGATIVE_INFINITY;
  const complete = new Set(pending(session).filter((hour) => hour <= limit));
  return session.sources.map((source) => owedOf(session, source, complete));
}
