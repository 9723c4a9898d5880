/**
 * Reads and writes hours as on the command line. Text -> HourRange -> text. Pure. All commands with `--hours`
 * use it.
 */
import { usageError } from './errors.ts';
import { plannedHours, unitHours, type WithGrain } from './grain.ts';
import { HOUR_MS, type Hour, type HourRange, hourText, parseHour } from './hour.ts';
import type { Plan } from './plan.ts';

/**
 * The most hours that can be asked for at once: 34 years. Each may mean an execution of a query, and a typing
 * error in a year should not cause so many.
 */
const HOURS_MAX = 300_000;

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d)(.*))?$/;
/** What may follow the hour: only what makes it a whole hour in UTC. */
const WHOLE_UTC = /^(?::00(?::00(?:\.0+)?)?)?(?:[Zz]|\+00:?00)?$/;

/**
 * `2023-09-14T05`, `2023-09-14T05:00:00Z`, a day `2023-09-14`, or `FROM..TO` of these: both ends included, a
 * day as `TO` with its last hour. UTC. Throws `hours-invalid`.
 */
export function parseHourRange(text: string): HourRange {
  const [from, to, ...more] = text.split('..');
  if (from === undefined || more.length > 0) throw notHours(text);
  const first = hoursOfPart(text, from);
  const last = to === undefined ? first : hoursOfPart(text, to);
  const range = { firstHour: first.firstHour, lastHour: last.lastHour };
  if (range.lastHour < range.firstHour)
    throw invalid(text, `the hours ${text} end before they begin`, `turn them round: ${to}..${from}`);
  if (range.lastHour - range.firstHour >= HOURS_MAX)
    throw invalid(
      text,
      `${text} are ${range.lastHour - range.firstHour + 1} hours, more than ${HOURS_MAX}`,
      'name fewer hours',
    );
  return range;
}

function hoursOfPart(text: string, part: string): HourRange {
  const [, year, month, day, hour, rest = ''] = DATE.exec(part.trim()) ?? [];
  if (year === undefined || month === undefined || day === undefined) throw notHours(text);
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const isDay = new Date(midnight).toISOString().startsWith(`${year}-${month}-${day}T`);
  if (!isDay) throw invalid(text, `there is no day ${year}-${month}-${day}`, EXAMPLE);
  const firstHour = midnight / HOUR_MS;
  if (hour === undefined) return { firstHour, lastHour: firstHour + 23 };
  if (Number(hour) > 23) throw invalid(text, `there is no hour ${hour} in a day`, EXAMPLE);
  if (!WHOLE_UTC.test(rest))
    throw invalid(text, `'${part.trim()}' is not the start of an hour in UTC`, EXAMPLE);
  const found = firstHour + Number(hour);
  return { firstHour: found, lastHour: found };
}

const EXAMPLE = 'for example 2023-09-14T05, 2023-09-14, or 2023-09-14T05..2023-09-14T07 (UTC)';

const notHours = (text: string): Error =>
  invalid(text, `hours are an hour, a day, or FROM..TO, found '${text}'`, EXAMPLE);

const invalid = (found: string, message: string, hint: string): Error =>
  usageError('hours-invalid', message, { hint, context: { found } });

/**
 * In a form that can be given again: `2023-09-14T05`, or `2023-09-14T05..2023-09-14T07`; for days
 * `2023-09-14`.
 */
export function hourRangeText({ firstHour, lastHour }: HourRange, of: WithGrain = {}): string {
  const cut = unitHours(of) === 1 ? /:00:00Z$/ : /T\d\d:00:00Z$/;
  const short = (hour: Hour): string => hourText(hour).replace(cut, '');
  return short(firstHour) === short(lastHour) ? short(firstHour) : `${short(firstHour)}..${short(lastHour)}`;
}

/** The range of a plan. */
export const hourRangeOf = (range: NonNullable<Plan['range']>): HourRange => ({
  firstHour: parseHour(range.first_hour),
  lastHour: parseHour(range.last_hour),
});

/** The hours of a plan: `2023-09-14T05..2023-09-14T07`, `2 hours of 2023-09-14T02..2023-09-14T09`. */
export function hoursText(plan: Pick<Plan, 'range' | 'hours' | 'grain'>): string {
  const { range, hours, grain = 'hour' } = plan;
  if (range === null) return 'the rows of new files';
  const given = hourRangeOf(range);
  const isWhole = plannedHours(plan).length === given.lastHour - given.firstHour + 1;
  const text = hourRangeText(given, plan);
  return isWhole ? text : `${hours.length} ${grain}s of ${text}`;
}
