/** Decides which hours of a target are compared. Progress + hours asked for -> what is kept. Pure. */
import { patternOf } from '../../kinds/patterns/index.ts';
import { usageError } from '../../model/errors.ts';
import { unitsAround, wholeUnits } from '../../model/grain.ts';
import { type Hour, type HourRange, hourText } from '../../model/hour.ts';
import { hourRangeText } from '../../model/hour-range.ts';
import { intervalsOf, union } from '../../model/hour-sets.ts';
import { tableName } from '../../model/names.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { ProcessProgress } from '../../state/process-progress.ts';
import type { KeptHours } from '../../statements/index.ts';

export interface HoursCompared {
  readonly kept: KeptHours;
  /** The last hour that is computed; undefined if rows belong to no hour. */
  readonly completeHour: Hour | undefined;
  /** Hours up to it that the process still owes, ascending: they are not compared. */
  readonly owed: readonly Hour[];
  /**
   * Set for a target that was adopted: whether an hour lies after the complete ones, and no session of the
   * process has made it. What whoever filled the target put there is computed when it is complete.
   */
  readonly isLeft?: (hour: Hour) => boolean;
  readonly notes: readonly string[];
}

/**
 * `asked`: the hours that were named, in whole units. `isDate`: the target is of days, which are compared
 * whole. Throws `event-time-missing` if rows have no hour, `hours-invalid` if the target has none of the
 * hours.
 */
export function hoursCompared(
  spec: ProcessSpec,
  { completeToHour, watermarks, hoursMade = [] }: ProcessProgress,
  {
    asked,
    isDate,
    isAdopted,
  }: {
    readonly asked: HourRange | undefined;
    readonly isDate: boolean | undefined;
    readonly isAdopted: boolean;
  },
): HoursCompared {
  const { grain = 'hour' } = spec;
  if (asked !== undefined && isDate === undefined)
    throw usageError(
      'event-time-missing',
      `rows of ${tableName(spec.target.table)} cannot be chosen by hours: its process ${spec.processName} names no event_time of the target`,
      {
        hint: `write event_time: COLUMN under target in ${spec.file}, or leave --hours out`,
        context: { process_name: spec.processName, table: tableName(spec.target.table) },
      },
    );
  const wanted = asked === undefined || isDate !== true ? asked : unitsAround({ grain: 'day' }, asked);
  const from = { first: wanted?.firstHour, last: wanted?.lastHour };
  if (!patternOf(spec).loadsHours)
    return {
      kept: { ...from, without: [], withNone: asked === undefined },
      completeHour: undefined,
      owed: [],
      notes: [],
    };
  if (wanted !== undefined && (completeToHour === undefined || wanted.firstHour > completeToHour))
    throw usageError(
      'hours-invalid',
      `${tableName(spec.target.table)} has none of the ${grain}s ${hourRangeText(wanted, spec)}: ${completeToHour === undefined ? `no ${grain} is complete yet` : `it is complete to ${hourText(completeToHour)}`}`,
      {
        hint: `name earlier ${grain}s, or run "psyberg run ${spec.processName}" first`,
        context: { process_name: spec.processName, found: hourRangeText(wanted, spec) },
      },
    );
  const owed = wholeUnits(spec, union(watermarks.map(({ owedHours }) => owedHours))).filter(
    (hour) => completeToHour !== undefined && hour <= completeToHour,
  );
  const made = hoursMade.flatMap(({ hours }) => hours);
  const isLeft = (hour: Hour): boolean =>
    completeToHour !== undefined &&
    hour > completeToHour &&
    !made.some(({ firstHour, lastHour }) => hour >= firstHour && hour <= lastHour);
  // A row of a day belongs to all its hours.
  const left = isDate === true ? owed.map(dayOf) : owed;
  return {
    kept: { ...from, without: intervalsOf(union([left])), withNone: asked === undefined },
    completeHour: completeToHour,
    owed,
    ...(isAdopted ? { isLeft } : {}),
    notes: notesOn(spec, { completeToHour, wanted }),
  };
}

/** The midnight of an hour's day, which is the hour of its date. */
const dayOf = (hour: Hour): Hour => Math.floor(hour / 24) * 24;

function notesOn(
  { target, grain = 'hour' }: ProcessSpec,
  {
    completeToHour,
    wanted,
  }: { readonly completeToHour: Hour | undefined; readonly wanted: HourRange | undefined },
): string[] {
  if (completeToHour === undefined || wanted === undefined || wanted.lastHour <= completeToHour) return [];
  return [
    `${grain}s after ${hourText(completeToHour)} are not complete: no row of ${tableName(target.table)} is expected in them`,
  ];
}
