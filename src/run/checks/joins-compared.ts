/**
 * Whether rows of two sources meet over more hours than a session loads. Audited -> the same, or
 * `join-without-window`.
 *
 * Where nothing ties the hours of two sources that a query joins, a row gets those partners that lie in the
 * hours of the session: an order at 7:50 whose payment comes at 8:10 has one when both hours are loaded at
 * once, and none otherwise. So the session's hours are computed once more together with those around them.
 * The partners that this brings belong to the target by the SQL over whole tables, so rows that come out
 * otherwise would be wrong as they are. A partner that lies further away is not seen: the warning stays.
 */
import { hoursAround } from '../../model/compared-company.ts';
import { type PsybergError, refusal } from '../../model/errors.ts';
import { plannedHours, unitsAround } from '../../model/grain.ts';
import { type HourRange, hourText, parseHour } from '../../model/hour.ts';
import { intervalsOf } from '../../model/hour-sets.ts';
import { type Audited, workOf } from '../session.ts';
import { showStaged } from '../stages/compose.ts';
import { differenceText } from './difference-text.ts';
import { targetTime } from './staged-hours.ts';

/** A session of more hours is not computed twice: the next one, of few hours, shows the same. */
const MOST_HOURS = 48;

interface ComputedTwice {
  /** The hours whose rows are held against the staged ones. */
  readonly compared: HourRange;
  /** Those in whose company. */
  readonly computed: HourRange;
}

/** The same session, perhaps with its staged rows shown. */
export async function checkJoinsCompared(audited: Audited): Promise<Audited> {
  const twice = besideHoursAround(audited);
  if (twice === undefined) return audited;
  const shown = await showStaged(audited);
  const { workload } = shown.ports;
  const again = { ...twice, time: targetTime(shown) };
  const differing = differenceText(await workload.compareHour(workOf(shown), shown.composed.metadata, again));
  if (differing !== undefined) throw joinWithoutWindow(shown, twice, differing);
  return shown;
}

/** Undefined of a first session, which no hours were loaded before. */
function besideHoursAround(audited: Audited): ComputedTwice | undefined {
  const { plan, rowsRead } = audited;
  // Of hours that do not follow each other only the first ones: what lies between was not staged.
  const [hours] = intervalsOf(plannedHours(plan));
  if (hours === undefined || plan.range === null || plan.target.complete_to_hour === null) return undefined;
  // A row of a date is of its whole day.
  const unit = targetTime(audited).unit === 'day' ? ({ grain: 'day' } as const) : plan;
  const compared = unitsAround(unit, hours);
  const range = unitsAround(unit, rangeOf(plan.range));
  if (range.lastHour - range.firstHour >= MOST_HOURS) return undefined;
  const around = hoursAround(unit, rowsRead);
  return {
    compared,
    computed: { firstHour: range.firstHour - around, lastHour: range.lastHour + around },
  };
}

const rangeOf = ({ first_hour, last_hour }: NonNullable<Audited['plan']['range']>): HourRange => ({
  firstHour: parseHour(first_hour),
  lastHour: parseHour(last_hour),
});

function joinWithoutWindow(
  { plan, spec }: Audited,
  { compared, computed }: ComputedTwice,
  differing: string,
): PsybergError {
  const hours = ({ firstHour, lastHour }: HourRange): string =>
    firstHour === lastHour ? hourText(firstHour) : `${hourText(firstHour)} to ${hourText(lastHour)}`;
  const hint = plan.warnings.find(({ code }) => code === 'join-without-window')?.hint;
  return refusal(
    'join-without-window',
    `${plan.process_name} gives ${hours(compared)} other rows when the hours around it, ${hours(computed)}, are loaded as well (${differing}): its SQL joins rows of two sources that lie in different hours, and a session loads those of which something changed; nothing was published`,
    {
      hint: `${hint ?? 'say how far rows matter with window: { before: 1d } at the source'}; where it is meant so, write accept: [join-without-window] in the header of ${spec.file}`,
      context: {
        process_name: plan.process_name,
        table: plan.target.table,
        hour: hourText(compared.firstHour),
      },
    },
  );
}
