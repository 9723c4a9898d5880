/**
 * Plans a look at given hours: sources pinned at their heads, whatever was loaded of them. Session + hours ->
 * Plan. Pure. No session runs such a plan, since it knows nothing of what changed.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import { lastHourToLoad } from '../kinds/patterns/overwrite.ts';
import { unitStarts, unitsAround } from '../model/grain.ts';
import { type Hour, type HourRange, hourOfMs, hoursOf, hourText } from '../model/hour.ts';
import type { Plan, PlanHour, PlanRead } from '../model/plan.ts';
import type { Session, SourceState } from '../model/session.ts';
import { describeSource } from './describe-source.ts';
import { planHead } from './plan-head.ts';

/** The hours that are looked at; of a target of days whole ones, of which each of its rows is computed. */
export function planHours(session: Session, given: HourRange): Plan {
  const range = lookedAt(session, given);
  return Object.freeze({
    ...planHead(session, 'work'),
    sources: session.sources.map((source) =>
      describeSource(source, { read: pinned(source), owed: [], allCauses: false }),
    ),
    range: { first_hour: hourText(range.firstHour), last_hour: hourText(range.lastHour) },
    hours: unitStarts(session.spec, hoursOf(range)).map((hour) => withoutCause(session, hour)),
    owed_hours: [],
    held_back_by: null,
  });
}

function lookedAt({ spec, target }: Session, given: HourRange): HourRange {
  const range = unitsAround(spec, given);
  if (target.eventTime?.unit !== 'day' || patternOf(spec).readsPrevious) return range;
  return {
    firstHour: Math.floor(range.firstHour / 24) * 24,
    lastHour: Math.floor(range.lastHour / 24) * 24 + 23,
  };
}

/** Nothing made it necessary. */
const withoutCause = ({ begin }: Session, hour: Hour): PlanHour => ({
  hour: hourText(hour),
  ...(hour < (begin?.emptyBefore ?? hour) ? { empty: true as const } : {}),
  causes: [],
  cause_count: 0,
  owed_by: [],
  reason: 'contiguous',
});

const pinned = ({ head }: SourceState): PlanRead =>
  head === undefined ? { kind: 'nothing' } : { kind: 'snapshot', snapshot_id: String(head.snapshotId) };

/** The last hour that is complete for all sources, or that was loaded; undefined while there is none. */
export const lastCompleteHour = (session: Session): Hour | undefined => lastHourToLoad(session);

/**
 * An hour to write SQL for where nothing is new: the last one that was loaded, or else that is complete; of
 * sources without rows the hour that has just gone.
 */
export const hourOfInterest = (session: Session): Hour =>
  session.target.completeToHour ?? lastHourToLoad(session) ?? hourOfMs(session.openedAtMs) - 1;
