/**
 * Session -> Plan. Pure: no I/O, no clock. The process's pattern decides, and what it decided is described.
 */

import type { Decision } from '../kinds/patterns/index.ts';
import { decide } from '../kinds/patterns/restate.ts';
import { unitHours, unitTexts } from '../model/grain.ts';
import { hourText } from '../model/hour.ts';
import { union } from '../model/hour-sets.ts';
import type { Plan } from '../model/plan.ts';
import type { Session } from '../model/session.ts';
import { type CauseOptions, describeHours } from './causes.ts';
import { describeSource } from './describe-source.ts';
import { planHead } from './plan-head.ts';

export { columnsByChance, columnsByChanceOnSpark } from './columns-by-chance.ts';
export { followed, type PlannedProcess } from './follow.ts';
export { isRandomOnSpark, nonDeterministicCalls, randomCallsOnSpark } from './non-deterministic.ts';
export { planAdoption } from './plan-adoption.ts';
export { hourOfInterest, lastCompleteHour, planHours } from './plan-hours.ts';
export { namesInSources, rowsAlone } from './rows-alone.ts';
export { sqlOfSession } from './sql-of-session.ts';
export { isAccepted, type JudgedSql, judgeRows, togetherWarning, warningsOf } from './warnings.ts';

/** What a session processes, with what made each hour and each partition necessary. */
export function planSession(session: Session, options: CauseOptions = { allCauses: false }): Plan {
  const decision = decide(session);
  const { status, sources, hours, range, heldBackBy, reached = [], unchanged = [], empty = [] } = decision;
  const decided = sources.map(({ source }) => source);
  return Object.freeze({
    ...planHead(session, status),
    sources: sources.map(({ source, read, owed }) => describeSource(source, { read, owed, ...options })),
    range:
      range === undefined
        ? null
        : { first_hour: hourText(range.firstHour), last_hour: hourText(range.lastHour) },
    hours: describeHours(decided, hours, {
      ...options,
      reached,
      restated: session.restate?.hours ?? [],
      unchanged,
      empty,
      unit: session.spec,
    }),
    // Hours that only a window reaches are in no watermark: the next session finds them again.
    owed_hours: unitTexts(
      session.spec,
      union([...sources.map(({ owed }) => owed), decision.catchup?.later ?? []]),
    ),
    held_back_by: heldBackBy,
    ...catchupJson(session, decision),
  });
}

const catchupJson = ({ spec }: Session, { catchup, hours }: Decision): Pick<Plan, 'catchup'> =>
  catchup === undefined
    ? {}
    : {
        catchup: {
          order: spec.catchup.order ?? 'oldest',
          session_hours: hours.length / unitHours(spec),
          later_hours: unitTexts(spec, catchup.later).length,
          reaches_back_to: catchup.reachesBackTo === undefined ? null : hourText(catchup.reachesBackTo),
          beyond_hours: unitTexts(spec, catchup.beyond),
        },
      };
