/** Places positions and labels on the axes of a report's pictures. Values -> numbers, texts. Pure. */
import { HOUR_MS, hourText } from '../../model/hour.ts';
import { hourLabel } from '../text.ts';

/** At most one digit after the decimal point: a page holds many thousands of such numbers. */
export const px = (value: number): string => String(Math.round(value * 10) / 10);

/** `4.0 %`, `0.32 %`: a share in percent, with a non-breaking space; a small share is not shown as zero. */
export function percentText(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0\u00a0%';
  const percent = (100 * part) / whole;
  if (percent < 0.01) return '<\u00a00.01\u00a0%';
  return `${percent < 1 ? percent.toFixed(2) : percent.toFixed(percent < 100 ? 1 : 0)}\u00a0%`;
}

export interface Tick {
  readonly at: number;
  readonly label: string;
}

const HOUR_STEPS = [1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720, 1440, 2880, 8760] as const;

/** Ticks at round hours (UTC) of `first` to `last`, counted since 1970; `at`: hours since 1970. */
export function hourTicks(first: number, last: number, most: number): Tick[] {
  const span = last - first + 1;
  const step = HOUR_STEPS.find((each) => span / each <= most) ?? Math.ceil(span / most);
  const ticks: Tick[] = [];
  for (let hour = Math.ceil(first / step) * step; hour <= last; hour += step)
    ticks.push({ at: hour, label: step < 24 ? hourLabel(hourText(hour)) : hourText(hour).slice(0, 10) });
  return ticks;
}

const TIME_STEPS_S = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400] as const;

/** Ticks at round times of an interval in ms since 1970; `at`: ms. */
export function timeTicks(firstMs: number, lastMs: number, most: number): Tick[] {
  const span = Math.max(1, lastMs - firstMs) / 1000;
  const found = TIME_STEPS_S.find((each) => span / each <= most);
  const step = (found ?? Math.ceil(span / most / 86_400) * 86_400) * 1000;
  const ticks: Tick[] = [];
  for (let at = Math.ceil(firstMs / step) * step; at <= lastMs; at += step)
    ticks.push({ at, label: timeLabel(at, step) });
  return ticks;
}

function timeLabel(atMs: number, stepMs: number): string {
  const text = new Date(atMs).toISOString();
  if (stepMs >= 24 * HOUR_MS) return text.slice(0, 10);
  return stepMs >= 60_000 ? `${text.slice(5, 10)} ${text.slice(11, 16)}` : text.slice(11, 19);
}

/** `3 h`, `2 d 4 h`. */
export function spanOfHours(hours: number): string {
  const whole = Math.abs(hours);
  const days = Math.floor(whole / 24);
  const rest = whole % 24;
  const text = days === 0 ? `${rest} h` : rest === 0 ? `${days} d` : `${days} d ${rest} h`;
  return hours < 0 ? `−${text}` : text;
}

/** At most so many characters; the end is cut off. */
export const cutText = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;
