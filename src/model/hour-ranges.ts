/**
 * Computes with sets of hours as ascending ranges, both ends included, that neither overlap nor touch. Pure.
 */
import type { HourRange } from './hour.ts';

/** All hours of all ranges, given in any order. */
export function unionOfRanges(ranges: readonly HourRange[]): HourRange[] {
  const union: { firstHour: number; lastHour: number }[] = [];
  for (const { firstHour, lastHour } of ranges.toSorted((left, right) => left.firstHour - right.firstHour)) {
    const open = union.at(-1);
    if (open !== undefined && firstHour <= open.lastHour + 1)
      open.lastHour = Math.max(open.lastHour, lastHour);
    else union.push({ firstHour, lastHour });
  }
  return union;
}

/** The hours of `ranges` without those of `gone`. */
export function withoutRanges(ranges: readonly HourRange[], gone: readonly HourRange[]): HourRange[] {
  let left = unionOfRanges(ranges);
  for (const hole of unionOfRanges(gone))
    left = left.flatMap((range) => {
      if (hole.lastHour < range.firstHour || hole.firstHour > range.lastHour) return [range];
      return [
        { firstHour: range.firstHour, lastHour: hole.firstHour - 1 },
        { firstHour: hole.lastHour + 1, lastHour: range.lastHour },
      ].filter(({ firstHour, lastHour }) => firstHour <= lastHour);
    });
  return left;
}

/** At most `most` ranges: the same hours, and those in the smallest gaps between them. */
export function atMostRanges(ranges: readonly HourRange[], most: number): HourRange[] {
  const union = unionOfRanges(ranges);
  const gaps = union.slice(1).map((range, index) => ({
    index,
    hours: range.firstHour - (union[index] as HourRange).lastHour,
  }));
  const closed = new Set(
    gaps
      .sort((left, right) => left.hours - right.hours)
      .slice(0, Math.max(0, union.length - most))
      .map(({ index }) => index),
  );
  const joined: { firstHour: number; lastHour: number }[] = [];
  for (const [index, range] of union.entries()) {
    const open = joined.at(-1);
    if (open !== undefined && closed.has(index - 1)) open.lastHour = range.lastHour;
    else joined.push({ ...range });
  }
  return joined;
}

export const isInRanges = (hour: number, ranges: readonly HourRange[]): boolean =>
  ranges.some(({ firstHour, lastHour }) => hour >= firstHour && hour <= lastHour);
