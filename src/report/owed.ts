/** Says what a process owes and what will become of it, for people. Plan or record -> texts. Pure. */

import { plannedHours, type WithGrain } from '../model/grain.ts';
import { hourRangeText } from '../model/hour-range.ts';
import { intervalsOf } from '../model/hour-sets.ts';
import type { Plan } from '../model/plan.ts';
import type { RunRecord, SessionsLeft } from '../model/run-record.ts';
import { durationText } from './progress.ts';
import { plural, unitLabel, unitsLabel, unitsText } from './text.ts';

type Owing = Pick<Plan, 'process_name' | 'owed_hours' | 'held_back_by' | 'catchup' | 'grain'>;

/**
 * Writes one line for what is held back, one for what later sessions load, and one for what only a restate
 * loads.
 */
export function owedTexts(owing: Owing): string[] {
  const { owed_hours: owed, held_back_by: holder, catchup } = owing;
  const beyond = new Set(catchup?.beyond_hours);
  const others = owed.filter((hour) => !beyond.has(hour));
  const later = catchup?.later_hours ?? 0;
  return [
    ...(others.length === 0 || (later > 0 && holder === null)
      ? []
      : [
          `owed: ${unitsLabel(owing, others)}${holder === null ? '' : `, until ${holder} is complete for it`}`,
        ]),
    ...(later === 0
      ? []
      : [`left to later sessions: ${unitsText(owing, later)}; psyberg run --until-complete runs them all`]),
    ...(beyond.size === 0 ? [] : [beyondText(owing)]),
  ];
}

/** Names changed hours that no session reaches back to. */
function beyondText(owing: Owing): string {
  const { process_name: name, catchup, grain = 'hour' } = owing;
  const { beyond_hours: hours = [], beyond_rows: rows, beyond_rows_exact: isExact } = catchup ?? {};
  const first = catchup?.reaches_back_to ?? null;
  const counted = rows === undefined ? '' : ` (${isExact === false ? 'at most ' : ''}${plural(rows, 'row')})`;
  const before =
    first === null
      ? ''
      : `, before ${unitLabel(owing, first)}, the first ${grain} that a session computes again`;
  return `owed: ${unitsLabel(owing, hours)}${counted}${before}; ${restateText(name, hours, owing)}`;
}

/** The command that loads hours which no session loads by itself. */
export function restateText(processName: string, hours: readonly string[], of: WithGrain = {}): string {
  const [first, ...more] = intervalsOf(plannedHours({ ...of, hours: hours.map((hour) => ({ hour })) }));
  if (first === undefined) return '';
  const last = more.at(-1) ?? first;
  const range = hourRangeText({ firstHour: first.firstHour, lastHour: last.lastHour }, of);
  return `to load them: psyberg restate ${processName} --hours ${range}`;
}

/** `some_load: 48 of 720 hours, about 3 min left`. */
export const sessionsLeftText = (
  record: Pick<RunRecord, 'process_name' | 'grain'>,
  { doneHours, leftHours, leftMs }: SessionsLeft,
): string =>
  `${record.process_name}: ${doneHours} of ${unitsText(record, doneHours + leftHours)}, about ${durationText(leftMs)} left`;
