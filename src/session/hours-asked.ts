/** Finds which hours somebody asks to have computed again. Request + session -> hours of the target. */
import { patternOf } from '../kinds/patterns/index.ts';
import { refusal, usageError } from '../model/errors.ts';
import { lastOfWholeUnits, unitOf, unitsAround, wholeUnits } from '../model/grain.ts';
import { type Hour, type HourRange, hoursOf, hourText } from '../model/hour.ts';
import { hourRangeText } from '../model/hour-range.ts';
import { allHoursOf, union } from '../model/hour-sets.ts';
import { withoutLookups } from '../model/lookups.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { HoursToRestate } from '../model/restate.ts';
import type { Session } from '../model/session.ts';
import { firstHourThere } from './first-hour-there.ts';
import { hoursOfTarget } from './restate-lookups.ts';
import type { RestateSources } from './restate-sources.ts';
import type { OpenSessionInput } from './session-input.ts';
import { filesOfSnapshot, liveFiles, targetOfHours } from './tables-of-hours.ts';

/**
 * Ascending; for a process of days all hours of its days. Throws `restate-hours-beyond`,
 * `restate-hours-unknown` and `restate-without-hours`.
 */
export async function hoursAsked(
  input: OpenSessionInput,
  opened: RestateSources,
  asked: HoursToRestate,
): Promise<readonly Hour[]> {
  refuseWithoutHours(input, opened, asked);
  const hours = wholeUnits(input.spec, await hoursOfRequest(input, opened, asked));
  const { completeToHour } = opened.session.target;
  if (!patternOf(input.spec).loadsHours || completeToHour === undefined) return hours;
  // A process that counts in days now may have been one of hours before, and then have loaded hours of a day
  // that is not over.
  const lastHour = lastOfWholeUnits(input.spec, completeToHour);
  return hours.filter((hour) => hour <= lastHour);
}

async function hoursOfRequest(
  input: OpenSessionInput,
  opened: RestateSources,
  asked: HoursToRestate,
): Promise<readonly Hour[]> {
  if (asked.kind === 'hours') {
    const range = unitsAround(input.spec, asked.range);
    await refuseBeyond(input, opened, range);
    const firstHour = await firstHourThere(input, opened, range);
    return firstHour === undefined ? [] : hoursOf({ ...range, firstHour });
  }
  if (asked.kind === 'changed-sql') return hoursOfOtherSql(input, opened.session);
  if (patternOf(input.spec).loadsHours) return hoursOfTarget(input, opened.session);
  return union([await hoursOfSources(input, opened), await hoursStored(input, opened)]);
}

/** The hours that were made by other SQL than the current one; none if no such hours are known. */
async function hoursOfOtherSql(input: OpenSessionInput, session: Session): Promise<readonly Hour[]> {
  const { sqlChanged } = (await input.withSqlChanged?.(session)) ?? session;
  if (sqlChanged == null) return [];
  const last = session.target.completeToHour ?? Number.POSITIVE_INFINITY;
  const hours = patternOf(input.spec).loadsHours
    ? sqlChanged.hours.filter((hour) => hour <= last)
    : sqlChanged.hours;
  if (hours.length > 0) return hours;
  const { processName } = input.spec;
  throw refusal(
    'restate-hours-unknown',
    `the SQL of ${processName} changed since session ${sqlChanged.sinceSessionId}, and in which hours the rows lie that were made before is not known`,
    {
      hint: `restate all: psyberg restate ${processName} --all`,
      context: { process_name: processName, since_session_id: sqlChanged.sinceSessionId },
    },
  );
}

/** The hours of the source rows that the process has read. */
async function hoursOfSources(
  input: OpenSessionInput,
  { session, recorded }: RestateSources,
): Promise<Hour[]> {
  const hours: Hour[] = [];
  for (const source of withoutLookups(session.sources)) {
    const files = recorded.get(source) ?? (await liveFiles(input, source));
    hours.push(...allHoursOf(files));
  }
  return hours;
}

/** The hours in which the target has rows, ascending. */
async function hoursStored(input: OpenSessionInput, { session }: RestateSources): Promise<Hour[]> {
  const target = await targetOfHours(input, session);
  if (target === undefined) return [];
  return allHoursOf(await filesOfSnapshot(input, target));
}

/** Refuses a process that appends and does not know in which hours its rows lie. */
function refuseWithoutHours(
  { spec }: OpenSessionInput,
  { session }: RestateSources,
  asked: HoursToRestate,
): void {
  if (patternOf(spec).loadsHours) return;
  const table = tableName(spec.target.table);
  if (spec.target.eventTime === undefined)
    throw usageError(
      'restate-without-hours',
      `${spec.processName} names no event time of its target ${table}: which of its rows lie in which hour is not known`,
      {
        hint: `write event_time: COLUMN under target: in ${spec.file}; or drop ${table} and run again to load it anew`,
        context: { process_name: spec.processName, target: table },
      },
    );
  const without = withoutLookups(session.sources).find((source) => source.spec.eventTime === undefined);
  if (without === undefined || asked.kind === 'all') return;
  throw usageError(
    'restate-without-hours',
    `the source ${tableName(without.spec.table)} of ${spec.processName} names no event time: its rows of some hours cannot be chosen`,
    {
      hint: `write event_time: COLUMN under that source in ${spec.file}, or restate all hours: psyberg restate ${spec.processName} --all`,
      context: { process_name: spec.processName, table: tableName(without.spec.table) },
    },
  );
}

/** Refuses hours that are not loaded yet: there is nothing to compute again. */
async function refuseBeyond(
  input: OpenSessionInput,
  opened: RestateSources,
  range: HourRange,
): Promise<void> {
  const { spec } = input;
  const { processName } = spec;
  const last = patternOf(spec).loadsHours
    ? wholeTo(spec, opened.session.target.completeToHour)
    : await lastLoaded(input, opened, range);
  if (last !== undefined && range.lastHour <= last) return;
  const within =
    last === undefined || range.firstHour > last
      ? undefined
      : hourRangeText({ firstHour: range.firstHour, lastHour: last }, spec);
  throw refusal(
    'restate-hours-beyond',
    `${processName} has loaded no hours after ${last === undefined ? 'its first session' : hourText(last)}, and ${hourRangeText(range, spec)} reaches beyond`,
    {
      hint:
        within === undefined
          ? `name hours that it has loaded; what comes a run loads: psyberg run ${processName}`
          : `restate what it has loaded: --hours ${within}`,
      context: { process_name: processName, complete_to_hour: last === undefined ? null : hourText(last) },
    },
  );
}

const wholeTo = (spec: ProcessSpec, hour: Hour | undefined): Hour | undefined =>
  hour === undefined ? undefined : lastOfWholeUnits(spec, hour);

/**
 * The last hour that a process which appends has loaded: the newest one with rows, which may be in the
 * future; for a process of days the last hour of that day.
 */
async function lastLoaded(
  input: OpenSessionInput,
  opened: RestateSources,
  { lastHour }: HourRange,
): Promise<Hour | undefined> {
  const newest = opened.session.sources.flatMap((source) => source.newestHour ?? []);
  const known = newest.length === 0 ? undefined : Math.max(...newest);
  if (known !== undefined && lastHour <= known) return known;
  const stored = (await hoursStored(input, opened)).at(-1);
  const newestHour = known === undefined ? stored : Math.max(known, stored ?? known);
  return newestHour === undefined ? undefined : unitOf(input.spec, newestHour).lastHour;
}
