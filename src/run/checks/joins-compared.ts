/**
 * Checks that rows of two sources do not meet over more hours than a session loads. Audited -> the same, or
 * `join-without-window`.
 *
 * If nothing ties the hours of two sources that a query joins, a row gets those partners that lie in the
 * hours of the session: an order at 7:50 whose payment comes at 8:10 has one if both hours are loaded at
 * once, and none otherwise. So the session's hours are computed once more together with those around them.
 * The partners that this brings belong to the target by the SQL over whole tables, so rows that come out
 * otherwise would be wrong as they are. A partner that lies further away is not seen: the warning stays.
 */
import { windowOf } from '../../compile/index.ts';
import { hoursAround } from '../../model/compared-company.ts';
import { type PsybergError, refusal } from '../../model/errors.ts';
import { plannedHours, unitsAround } from '../../model/grain.ts';
import { type HourRange, hourText } from '../../model/hour.ts';
import { intervalsOf } from '../../model/hour-sets.ts';
import type { HourAgain } from '../../workload/port.ts';
import type { Audited } from '../session.ts';
import { showStaged } from '../stages/compose.ts';
import { hoursDiffering } from './difference-text.ts';
import { targetTime, unitOfRows } from './staged-hours.ts';

/** A session of more hours is not computed twice: the next one, of few hours, shows the same. */
const MOST_HOURS = 48;

/** The same session, perhaps with its staged rows shown. */
export async function checkJoinsCompared(audited: Audited): Promise<Audited> {
  const again = besideHoursAround(audited);
  if (again === undefined) return audited;
  const shown = await showStaged(audited);
  const differing = await hoursDiffering(shown, again);
  if (differing !== undefined) throw joinWithoutWindow(shown, again, differing);
  return shown;
}

/** Undefined of a first session, which no hours were loaded before. */
function besideHoursAround(audited: Audited): HourAgain | undefined {
  const { plan, rowsRead } = audited;
  // If the hours do not follow each other, only the first interval: what lies between was not staged.
  const [hours] = intervalsOf(plannedHours(plan));
  const window = windowOf(plan);
  if (hours === undefined || window === undefined || plan.target.complete_to_hour === null) return undefined;
  const time = targetTime(audited);
  const unit = unitOfRows(time, plan);
  const compared = unitsAround(unit, hours);
  const range = unitsAround(unit, window);
  if (range.lastHour - range.firstHour >= MOST_HOURS) return undefined;
  const around = hoursAround(unit, rowsRead);
  const computed = { firstHour: range.firstHour - around, lastHour: range.lastHour + around };
  return { compared, computed, time };
}

function joinWithoutWindow(
  { plan, spec }: Audited,
  { compared, computed }: HourAgain,
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
