/**
 * Session -> Plan. Pure: no I/O, no clock. The process's pattern decides, and what it decided is described.
 */

import { patternOf } from '../kinds/patterns/index.ts';
import { hourText } from '../model/hour.ts';
import { union } from '../model/hour-sets.ts';
import type { Plan } from '../model/plan.ts';
import type { Session } from '../model/session.ts';
import { type CauseOptions, describeHours } from './causes.ts';
import { describeSource, planHead } from './describe-source.ts';

export { planAdoption } from './plan-adoption.ts';
export { hourOfInterest, lastCompleteHour, planHours } from './plan-hours.ts';
export { warningsOf } from './warnings.ts';

/** What a session processes, with what made each hour and each partition necessary. */
export function planSession(session: Session, options: CauseOptions = { allCauses: false }): Plan {
  const { status, sources, hours, range, heldBackBy, reached = [] } = patternOf(session.spec).decide(session);
  const decided = sources.map(({ source }) => source);
  return Object.freeze({
    ...planHead(session, status),
    sources: sources.map(({ source, read, owed }) => describeSource(source, { read, owed, ...options })),
    range:
      range === undefined
        ? null
        : { first_hour: hourText(range.firstHour), last_hour: hourText(range.lastHour) },
    hours: describeHours(decided, hours, { ...options, reached }),
    owed_hours: union(sources.map(({ owed }) => owed)).map(hourText),
    held_back_by: heldBackBy,
  });
}
