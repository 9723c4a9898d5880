/** Writes numbers and times for people. Values of plans and records -> short text. Pure. */
import { unitHours, type WithGrain } from '../model/grain.ts';
import { hourText, parseHour } from '../model/hour.ts';
import type { PlanWindow } from '../model/plan.ts';
import { type Fit, fitCells, UNLIMITED } from './fit.ts';
import { displayWidth, padToWidth } from './width.ts';

/** `1,234,567`, from a number or from 64-bit text. */
export const countText = (count: string | number | bigint): string =>
  BigInt(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 file`, `2 files`. */
export const plural = (count: string | number | bigint, noun: string, nouns = `${noun}s`): string =>
  `${countText(count)} ${BigInt(count) === 1n ? noun : nouns}`;

/** `812 B`, `1.4 MB`; powers of 1000, as file managers and cloud bills count. */
export function bytesText(bytes: string | number | bigint): string {
  let value = Number(bytes);
  if (value < 1000) return `${value} B`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let unit = -1;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}

/** `0.31 s`, `2 min 05 s`. */
export function secondsText(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** `2023-09-14 05h`: the hour that starts at 05:00 UTC. */
export const hourLabel = (hour: string): string => `${hour.slice(0, -10)} ${hour.slice(-9, -7)}h`;

/** `2 hours`, `1 day`: a number of the units in which a process counts its target. */
export const unitsText = ({ grain = 'hour' }: WithGrain, count: number): string => plural(count, grain);

/** `2023-09-14 05h`, or for days `2023-09-14`: the hour, or the day in which it lies. */
export const unitLabel = (of: WithGrain, hour: string): string =>
  unitHours(of) === 1 ? hourLabel(hour) : hour.slice(0, -10);

/**
 * `2023-09-14 05h..07h`, or with both days if they differ; both ends are included. For days
 * `2023-09-14..2023-09-16`.
 */
export function rangeLabel(firstHour: string, lastHour: string, of: WithGrain = {}): string {
  if (unitHours(of) > 1) {
    const days = [unitLabel(of, firstHour), unitLabel(of, lastHour)];
    return [...new Set(days)].join('..');
  }
  if (firstHour === lastHour) return hourLabel(firstHour);
  const [first, last] = [hourLabel(firstHour), hourLabel(lastHour)];
  const sameDay = first.slice(0, -4) === last.slice(0, -4);
  return `${first}..${sameDay ? last.slice(-3) : last}`;
}

/** `2023-09-14 06:10:11 UTC`. */
export const instantLabel = (instant: string): string =>
  `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;

/** Joins neighbouring hours, or days, into ranges; hours are ISO texts, in any order. */
export function hourRanges(
  hours: readonly string[],
  of: WithGrain = {},
): { readonly firstHour: string; readonly lastHour: string; readonly count: number }[] {
  const sorted = [...new Set(hours.map(parseHour))].sort((left, right) => left - right);
  const step = unitHours(of);
  const ranges: { first: number; last: number }[] = [];
  for (const hour of sorted) {
    const open = ranges.at(-1);
    if (open !== undefined && hour === open.last + step) open.last = hour;
    else ranges.push({ first: hour, last: hour });
  }
  return ranges.map(({ first, last }) => ({
    firstHour: hourText(first),
    lastHour: hourText(last),
    count: (last - first) / step + 1,
  }));
}

/** `2023-09-14 02h..03h, 2023-09-14 06h`; with more than `most` ranges, says how many more. */
export const hoursLabel = (hours: readonly string[], most?: number): string => unitsLabel({}, hours, most);

/** The same in the units in which a process counts its target. `hours`: for days, the first hour of each. */
export function unitsLabel(of: WithGrain, hours: readonly string[], most = 4): string {
  const ranges = hourRanges(hours, of);
  const shown = ranges.slice(0, most).map((range) => rangeLabel(range.firstHour, range.lastHour, of));
  return ranges.length > most
    ? `${shown.join(', ')} and ${plural(ranges.length - most, 'more range')}`
    : shown.join(', ');
}

/** Indents every line. */
export const indent = (text: string, width: number): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? line : ' '.repeat(width) + line))
    .join('\n');

/**
 * Writes rows as columns, each as wide as its widest cell; without borders. `alignRight`: columns of
 * numbers. `width`: limit of a line; `fits`: which column gives way to it.
 */
export function columnsText(
  rows: readonly (readonly string[])[],
  options: {
    readonly alignRight?: readonly number[];
    readonly gap?: number;
    readonly fits?: readonly Fit[];
    readonly width?: number;
  } = {},
): string {
  const { alignRight = [], gap = 2, fits = [], width = UNLIMITED } = options;
  const fitted = fitCells({ rows, fits, width, gap });
  const lines = fitted.rows.flatMap(linesOfRow);
  const widths: number[] = [];
  for (const line of lines)
    for (const [index, cell] of line.entries())
      widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell));
  return lines
    .map((line) =>
      line
        .map((cell, index) => {
          const isRight = alignRight.includes(fitted.shown[index] as number);
          return padToWidth(cell, widths[index] as number, isRight ? 'left' : 'right');
        })
        .join(' '.repeat(gap))
        .trimEnd(),
    )
    .join('\n');
}

/** Splits a row whose cells may have several lines into lines. */
function linesOfRow(row: readonly string[]): string[][] {
  const cells = row.map((cell) => cell.split('\n'));
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) => cells.map((lines) => lines[at] ?? ''));
}

/** `30 d`, `12 h`, `30 d before and 1 h after, by account_id`: how far a window reaches. */
export function windowText({ before_hours: before, after_hours: after, key }: PlanWindow): string {
  const by = key === null ? '' : `, by ${key}`;
  if (after === 0) return `${spanText(before)}${by}`;
  if (before === 0) return `${spanText(after)} after${by}`;
  return `${spanText(before)} before and ${spanText(after)} after${by}`;
}

const spanText = (hours: number): string =>
  hours > 0 && hours % 24 === 0 ? `${hours / 24} d` : `${hours} h`;
