/**
 * Decides what a session of a restate loads: given hours, or hours in which rows were replaced, from whole
 * sources as the session has pinned them. Session -> Decision. Pure.
 */
import { lastOfWholeUnits, unitOf, wholeUnits } from '../../model/grain.ts';
import type { Hour } from '../../model/hour.ts';
import { hoursOf } from '../../model/hour.ts';
import { spanOf, wholeDays } from '../../model/hour-sets.ts';
import type { PlanRead } from '../../model/plan.ts';
import type { Session, SourceState } from '../../model/session.ts';
import { asTheyAre, firstDue } from './dimension.ts';
import { patternOf } from './index.ts';
import { lastHourToLoad, overwrite } from './overwrite.ts';
import type { Decision } from './pattern-kind.ts';
import { pending } from './pending.ts';
import { readOfFolder } from './stateless.ts';

/** The first hour that a process which computes hours has to compute; undefined if there is none. */
export function firstToCompute(session: Session): Hour | undefined {
  const asked = session.restate?.hours;
  return asked === undefined ? firstDue(session) : hoursComputed(session, asked)[0];
}

/** What the session loads: by its pattern's own rule, unless hours are restated. */
export function decide(session: Session): Decision {
  const hours = session.restate?.hours;
  return hours === undefined ? patternOf(session.spec).decide(session) : restated(session, hours);
}

function restated(session: Session, asked: readonly Hour[]): Decision {
  if (!patternOf(session.spec).loadsHours) return replaced(session, asked);
  const hours = hoursComputed(session, asked);
  const status = hours.length > 0 ? 'work' : 'nothing-new';
  // Owed hours among those that were asked for are settled: their rows are in the sources.
  const decision = overwrite(session, { hours, limit: lastHourToLoad(session), status });
  return { ...decision, heldBackBy: null, ...followingOnly(session, hours, asked) };
}

/**
 * A dimension computes each hour from the one before, so all hours after the first that is asked for follow.
 */
function hoursComputed({ spec, target }: Session, asked: readonly Hour[]): readonly Hour[] {
  const { completeToHour, eventTime } = target;
  const [first] = asked;
  if (first === undefined || completeToHour === undefined) return [];
  const lastHour = lastOfWholeUnits(spec, completeToHour);
  if (patternOf(spec).readsPrevious) return hoursOf({ firstHour: unitOf(spec, first).firstHour, lastHour });
  const hours = wholeUnits(spec, asked);
  return (eventTime?.unit === 'day' ? wholeDays(hours) : hours).filter((hour) => hour <= lastHour);
}

/**
 * In a dimension the hours that were not asked for and are not owed: they differ from what is stored only by
 * the state of the hour before.
 */
const followingOnly = (
  session: Session,
  hours: readonly Hour[],
  asked: readonly Hour[],
): Pick<Decision, 'unchanged' | 'empty'> =>
  patternOf(session.spec).readsPrevious ? asTheyAre(hours, session, [...asked, ...pending(session)]) : {};

/**
 * A process that appends owes nothing: the rows that sources have of an hour replace what it loaded of it.
 */
function replaced(session: Session, asked: readonly Hour[]): Decision {
  const units = wholeUnits(session.spec, asked);
  const hours = session.target.eventTime?.unit === 'day' ? wholeDays(units) : units;
  const hasWork = hours.length > 0;
  return {
    status: hasWork ? 'work' : 'nothing-new',
    sources: session.sources.map((source) => ({
      source,
      read: hasWork ? wholeOf(source) : { kind: 'nothing' as const },
      owed: [],
    })),
    hours,
    range: spanOf(hours),
    heldBackBy: null,
  };
}

function wholeOf(source: SourceState): PlanRead {
  if (source.toRead !== undefined) return readOfFolder(source, source.toRead);
  if (source.head === undefined || source.spec.files !== undefined) return { kind: 'nothing' };
  return { kind: 'snapshot', snapshot_id: String(source.head.snapshotId) };
}
