/** Computes with sets of hours as ascending arrays. Files -> hours. Pure. */
import { type Hour, type HourRange, hoursOf } from './hour.ts';
import type { ChangedFile } from './session.ts';

/**
 * The hours that a source's changed files touch, by their bounds. A file whose bounds span many hours touches
 * all of them, since metadata cannot tell that it skips one.
 */
export function touchedHours(files: readonly ChangedFile[]): Hour[] {
  const hours = new Set<Hour>();
  const spans = new Set<string>();
  for (const { firstHour, lastHour, differingHours } of files) {
    if (differingHours !== undefined) {
      for (const hour of differingHours) hours.add(hour);
      continue;
    }
    if (firstHour === undefined || lastHour === undefined) continue;
    // Thousands of files often have the same span, so each span is walked once.
    const span = `${firstHour}:${lastHour}`;
    if (spans.has(span)) continue;
    spans.add(span);
    for (let hour = firstHour; hour <= lastHour; hour += 1) hours.add(hour);
  }
  return ascending(hours);
}

/** Hours that have rows beyond the tolerance for the future: owed until their time has come. */
export const futureHours = (files: readonly ChangedFile[]): Hour[] =>
  ascending(files.flatMap((file) => file.futureHours ?? []));

/** Both: the hours that the files touch, and those beyond the tolerance for the future. */
export const allHoursOf = (files: readonly ChangedFile[]): Hour[] =>
  ascending([...touchedHours(files), ...futureHours(files)]);

/** All hours of the days that contain one of the hours. */
export const wholeDays = (hours: Iterable<Hour>): Hour[] =>
  [...new Set([...hours].map((hour) => Math.floor(hour / 24)))].flatMap((day) =>
    hoursOf({ firstHour: day * 24, lastHour: day * 24 + 23 }),
  );

export const ascending = (hours: Iterable<Hour>): Hour[] =>
  [...new Set(hours)].sort((left, right) => left - right);

export const union = (sets: readonly (readonly Hour[])[]): Hour[] => ascending(sets.flat());

/** The first and last of the hours, or undefined if there are none. */
export function spanOf(hours: readonly Hour[]): HourRange | undefined {
  const [firstHour] = hours;
  return firstHour === undefined ? undefined : { firstHour, lastHour: hours.at(-1) as Hour };
}

/**
 * A gap of more hours than this is not filled: no query looks two years ahead, and a row with a date of 1970
 * would add all hours since to a plan.
 */
const GAP_HOURS_MAX = 2 * 366 * 24;

/** From the first to the last of the ascending hours, without gaps, except for gaps of years. */
export function contiguous(hours: readonly Hour[]): Hour[] {
  const filled: Hour[] = [];
  for (const hour of hours) {
    const before = filled.at(-1);
    if (before !== undefined && hour - before <= GAP_HOURS_MAX)
      for (let between = before + 1; between < hour; between += 1) filled.push(between);
    filled.push(hour);
  }
  return filled;
}

/** Groups ascending hours into maximal runs of neighbours: 2,3,6 -> 2..3, 6..6. */
export function intervalsOf(hours: readonly Hour[]): HourRange[] {
  const intervals: { firstHour: Hour; lastHour: Hour }[] = [];
  for (const hour of hours) {
    const last = intervals.at(-1);
    if (last !== undefined && hour === last.lastHour + 1) last.lastHour = hour;
    else intervals.push({ firstHour: hour, lastHour: hour });
  }
  return intervals;
}
