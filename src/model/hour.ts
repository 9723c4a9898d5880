/**
 * Converts hours in UTC. Text -> Hour -> text. Pure; it uses no clock and no time zone database: an hour is a
 * count, so DST cannot affect it.
 */

/**
 * Hours since 1970-01-01T00:00:00Z; the result of Iceberg's `hour` transform (specification, "Partition
 * Transforms").
 */
export type Hour = number;

/** Both ends included. */
export interface HourRange {
  readonly firstHour: Hour;
  readonly lastHour: Hour;
}

/** Intervals as statements take them: hours since 1970, in ascending order, both ends included. */
export interface HourIntervals {
  readonly first_hours: readonly Hour[];
  readonly last_hours: readonly Hour[];
}

export const hourIntervals = (ranges: readonly HourRange[]): HourIntervals => ({
  first_hours: ranges.map(({ firstHour }) => firstHour),
  last_hours: ranges.map(({ lastHour }) => lastHour),
});

/** The same as texts, as a plan holds them. */
export interface HourTexts {
  readonly first_hours: readonly string[];
  readonly last_hours: readonly string[];
}

export const hourTexts = ({ first_hours, last_hours }: HourIntervals): HourTexts => ({
  first_hours: first_hours.map(String),
  last_hours: last_hours.map(String),
});

export const hoursOfTexts = ({ first_hours, last_hours }: HourTexts): HourIntervals => ({
  first_hours: first_hours.map(Number),
  last_hours: last_hours.map(Number),
});

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/**
 * `2023-09-14T05:00:00Z`: the start of the hour; a year of more than four digits has a sign and six digits.
 */
export const hourText = (hour: Hour): string => new Date(hour * HOUR_MS).toISOString().replace('.000Z', 'Z');

/** The hour that contains the instant `text` (ISO 8601 with `Z`). */
export const parseHour = (text: string): Hour => hourOfMs(Date.parse(text));

/** The hour that contains an instant; instants before 1970 are in negative hours. */
export const hourOfMs = (instantMs: number): Hour => Math.floor(instantMs / HOUR_MS);

/** The last hour that does not count as future: rows of later hours are set aside until their time comes. */
export const lastAllowedHour = (
  nowMs: number,
  { futureToleranceMs }: { readonly futureToleranceMs: number },
): Hour => hourOfMs(nowMs + futureToleranceMs);

/**
 * The first hour of the year 1 and the last hour of 9999; hours outside of these have no ISO text of the
 * usual length (like `sql/macros/calendar_hour.sql`).
 */
export const CALENDAR: HourRange = { firstHour: -17_259_888, lastHour: 70_389_527 };

/** ISO 8601 with `Z` and milliseconds, for commit times. */
export const instantText = (instantMs: number): string => new Date(instantMs).toISOString();

/** Microseconds since 1970 of such a text. */
export const microsecondsOf = (text: string): bigint =>
  BigInt(Date.parse(`${text.slice(0, 23)}Z`)) * 1000n + BigInt(text.slice(23, 26));

/** UTC text, to the microsecond, of a count of microseconds since 1970. */
export const microsecondText = (us: bigint): string =>
  `${new Date(Number(us / 1000n)).toISOString().slice(0, -1)}${String(us % 1000n).padStart(3, '0')}Z`;

/** The hours of a range, ascending. */
export function hoursOf(range: HourRange): Hour[] {
  return Array.from(
    { length: Math.max(0, range.lastHour - range.firstHour + 1) },
    (_, index) => range.firstHour + index,
  );
}

/**
 * `20230914061001`: a session id names the UTC second at which the session was opened, like in Netflix's
 * Psyberg.
 */
export const sessionIdOf = (instantMs: number): string =>
  new Date(instantMs).toISOString().slice(0, 19).replace(/[-T:]/g, '');

/** The second that a session id names, as ISO text. */
export const timeOfSessionId = (id: string): string =>
  id.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6Z');

/**
 * ISO 8601 or SQL text. Without a zone it means UTC: `Date.parse` would take the machine's zone, and the same
 * project would load other hours elsewhere.
 */
export function instantOf(text: string): number {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return Date.parse(text);
  const iso = text.trim().replace(' ', 'T');
  return Date.parse(/(Z|[+-]\d\d(:?\d\d)?)$/i.test(iso) ? iso.replace(/([+-]\d\d)$/, '$1:00') : `${iso}Z`);
}

/** The texts for {@link instantOf}, as a pattern for JSON schemas. */
export const INSTANT_PATTERN =
  /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: HOUR_MS,
  d: DAY_MS,
};
/** As process files write them. */
export const DURATION_PATTERN = /^\s*(\d{1,6})([mhd])\s*$/;
/** As the command line writes them. */
export const FINE_DURATION_PATTERN = /^(\d{1,6}(?:\.\d+)?)(ms|s|m|h|d)$/;

/** `30m`, `1h`, `2d` in ms; with `fine` also `90s`, `250ms` and `1.5h`. Undefined for anything else. */
export function durationMs(text: string, { fine = false } = {}): number | undefined {
  const [, count, unit] = (fine ? FINE_DURATION_PATTERN : DURATION_PATTERN).exec(text) ?? [];
  return count === undefined || unit === undefined
    ? undefined
    : Math.round(Number(count) * (UNIT_MS[unit] as number));
}
