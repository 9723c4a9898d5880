/**
 * Instants up to which a source is complete. A timestamp says "complete up to this instant", so the last
 * complete hour is the one that ends there or before. Text -> instant -> hour. Pure.
 */
import { HOUR_MS, type Hour, instantOf } from '../../model/hour.ts';

/**
 * 1973-03-03 as milliseconds. A smaller number is one of seconds: those stay below it for the next thousand
 * years.
 */
const LEAST_EPOCH_MS = 100_000_000_000;
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Undefined for a number that cannot be milliseconds: in seconds it would lie before 1973, in microseconds
 * beyond the year 9999.
 */
export function epochMs(text: string): number | undefined {
  const instantMs = Number(text);
  return instantMs >= LEAST_EPOCH_MS && instantMs <= LAST_MS ? instantMs : undefined;
}

/** Undefined for a text that is no time of the years 1 to 9999. */
export function calendarMs(text: string): number | undefined {
  const instantMs = instantOf(text);
  return instantMs >= Date.parse('0001-01-01') && instantMs <= LAST_MS ? instantMs : undefined;
}

export const completeHour = (instantMs: number): Hour => Math.floor(instantMs / HOUR_MS) - 1;
