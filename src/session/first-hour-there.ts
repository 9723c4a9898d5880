/**
 * Finds the first of given hours in which the process has anything. Session + hours -> hour. Before its first
 * hour there are no rows, but a query that makes rows from the hours themselves would invent some.
 */
import { firstHourIn } from '../changes/first-hour.ts';
import { openSource } from '../changes/open-source.ts';
import type { Hour, HourRange } from '../model/hour.ts';
import { allHoursOf } from '../model/hour-sets.ts';
import { withoutLookups } from '../model/lookups.ts';
import type { SourceState } from '../model/session.ts';
import { sourceWindow } from '../model/window-hours.ts';
import type { RestateSources } from './restate-sources.ts';
import type { OpenSessionInput } from './session-input.ts';
import { type TableOfHours, tableAtHead, targetOfHours } from './tables-of-hours.ts';

/** Before any hour that a table has: year -10,000. */
export const BEGINNING = -105_000_000;
/** Rows are mostly found within so many hours; only if not are all files of a table looked through. */
const NEAR_HOURS = 24 * 7;

/**
 * The first of the hours, if the target or a source has rows in it or before. Else the first hour that rows
 * of a source reach, through its window. Undefined if no table has rows of these hours.
 */
export async function firstHourThere(
  input: OpenSessionInput,
  opened: RestateSources,
  { firstHour, lastHour }: HourRange,
): Promise<Hour | undefined> {
  const places = await placesOf(input, opened);
  for (const from of [firstHour - NEAR_HOURS, BEGINNING])
    for (const place of places)
      if ((await place({ firstHour: from, lastHour: firstHour })) !== undefined) return firstHour;
  const found: Hour[] = [];
  for (const place of places) {
    const first = await place({ firstHour, lastHour });
    if (first !== undefined) found.push(first);
  }
  return found.length === 0 ? undefined : Math.min(...found);
}

/** Finds the first of some hours of the target for which one table has rows. */
type Place = (range: HourRange) => Promise<Hour | undefined>;

async function placesOf(
  input: OpenSessionInput,
  { session, recorded }: RestateSources,
): Promise<readonly Place[]> {
  const target = await targetOfHours(input, session);
  const places: Place[] = target === undefined ? [] : [(range) => firstIn(input, target, range)];
  for (const source of withoutLookups(session.sources)) {
    const place = await placeOf(input, source, recorded);
    if (place !== undefined) places.push(place);
  }
  return places;
}

async function placeOf(
  input: OpenSessionInput,
  source: SourceState,
  recorded: RestateSources['recorded'],
): Promise<Place | undefined> {
  const { beforeHours, afterHours } = sourceWindow(source);
  const files = recorded.get(source);
  const table = files === undefined ? await tableAtHead(input, source) : undefined;
  if (source.spec.eventTime === undefined || (files === undefined && table === undefined)) return undefined;
  return async ({ firstHour, lastHour }) => {
    const range = { firstHour: firstHour - beforeHours, lastHour: lastHour + afterHours };
    const first =
      table === undefined
        ? allHoursOf(files ?? []).find((hour) => hour >= range.firstHour && hour <= range.lastHour)
        : await firstIn(input, table, range);
    return first === undefined ? undefined : Math.max(firstHour, first - afterHours);
  };
}

/** The first of the hours in which the table has rows. */
export const firstIn = async (
  input: OpenSessionInput,
  { source, snapshot }: TableOfHours,
  range: HourRange,
): Promise<Hour | undefined> => firstHourIn(openSource(await input.engine(), source), snapshot, range);
