/**
 * Keeps track of which SQL made the hours of a target: each published session adds to what the one before it
 * recorded. HoursMade[] + session -> HoursMade[]. Pure. The newest summary has all of it, whatever became of
 * older snapshots.
 */
import { type Hour, type HourRange, hoursOf, hourText, parseHour } from './hour.ts';
import { atMostRanges, unionOfRanges, withoutRanges } from './hour-ranges.ts';

/** The SQL of a process, with everything else that decides its rows. */
export interface ProcessSql {
  /** SHA-256 in hex of what it means, whatever its layout and comments. */
  readonly fingerprint: string;
  /** SHA-256 in hex of how it is written: if this stays the same, so does the fingerprint. */
  readonly textSha256: string;
}

/** The hours of a target with rows made by one SQL. An hour of appended rows may have rows of several. */
export interface HoursMade extends ProcessSql {
  /** The last session that made rows with it. */
  readonly lastSessionId: string;
  /** Ascending. */
  readonly hours: readonly HourRange[];
  /** True if it made rows whose hour is unknown, because their source has no event time. */
  readonly unplaced: boolean;
}

/** Hours made by other SQL than the current one, and the last session that used it. */
export interface SqlChanged {
  readonly sinceSessionId: string;
  /** Ascending; empty if they are unknown. */
  readonly hours: readonly Hour[];
}

/** What a session does to its target's hours. */
export interface HoursWritten {
  readonly sql: ProcessSql;
  readonly psybergSessionId: string;
  readonly hours: readonly HourRange[];
  /** True: what other SQL made in these hours is gone; `all`: everything that other SQL made. */
  readonly replaces: boolean | 'all';
  /** True if it wrote rows whose hour is unknown. */
  readonly unplaced: boolean;
}

/**
 * At most this many ranges in a summary: 100 are 5 kB, and every commit writes the summaries of all snapshots
 * again.
 */
const RANGES_MAX = 100;
/** How many SQLs are told apart; older ones are counted together, as one that equals none of them. */
const MADE_MAX = 8;
/** The fingerprint that stands for several SQLs. */
const SEVERAL = '';

/** A summary's ranges: if there are many, hours in small gaps count as written, too. */
export const boundedRanges = (ranges: readonly HourRange[]): HourRange[] => atMostRanges(ranges, RANGES_MAX);

/** What is known once the session is published. */
export function madeAfter(before: readonly HoursMade[], session: HoursWritten): HoursMade[] {
  const { sql, hours, replaces, unplaced, psybergSessionId } = session;
  const isOwn = ({ fingerprint }: HoursMade): boolean => fingerprint === sql.fingerprint;
  const own = before.find(isOwn);
  const others = before
    .filter((each) => !isOwn(each) && replaces !== 'all')
    .map((each) => (replaces ? { ...each, hours: boundedRanges(withoutRanges(each.hours, hours)) } : each))
    .filter((each) => each.hours.length > 0 || each.unplaced);
  const made: HoursMade = {
    ...sql,
    lastSessionId: psybergSessionId,
    hours: boundedRanges([...(own?.hours ?? []), ...hours]),
    unplaced: unplaced || own?.unplaced === true,
  };
  return fewer([...others, made]);
}

/** Joins the oldest ones into one. */
function fewer(made: readonly HoursMade[]): HoursMade[] {
  if (made.length <= MADE_MAX) return [...made];
  const byAge = made.toSorted((left, right) => (left.lastSessionId < right.lastSessionId ? -1 : 1));
  const old = byAge.slice(0, made.length - MADE_MAX + 1);
  const several: HoursMade = {
    fingerprint: SEVERAL,
    textSha256: SEVERAL,
    lastSessionId: old.at(-1)?.lastSessionId ?? '',
    hours: boundedRanges(old.flatMap(({ hours }) => hours)),
    unplaced: old.some(({ unplaced }) => unplaced),
  };
  return [several, ...byAge.slice(old.length)];
}

/** What other SQL than `sql` has made; null if nothing like this is known. */
export function sqlChangedOf(
  made: readonly HoursMade[],
  sql: Pick<ProcessSql, 'fingerprint'>,
): SqlChanged | null {
  const others = made.filter(({ fingerprint }) => fingerprint !== sql.fingerprint);
  if (others.length === 0) return null;
  return {
    sinceSessionId: others.map(({ lastSessionId }) => lastSessionId).reduce((a, b) => (a > b ? a : b)),
    hours: unionOfRanges(others.flatMap(({ hours }) => hours)).flatMap(hoursOf),
  };
}

/** The form in which summaries and plans hold it. */
export interface HoursMadeJson {
  readonly fingerprint: string;
  readonly text_sha256: string;
  readonly last_session_id: string;
  readonly hours: readonly HourPair[];
  readonly unplaced?: true;
}
/** The first and the last hour of a range, both included: `2023-09-14T05:00:00Z`. */
export type HourPair = readonly [string, string];

export const hourPairs = (ranges: readonly HourRange[]): HourPair[] =>
  ranges.map(({ firstHour, lastHour }) => [hourText(firstHour), hourText(lastHour)]);

/** Undefined for a text that does not consist of such pairs. */
export function parseHourPairs(text: string | null | undefined): HourRange[] | undefined {
  if (text == null) return undefined;
  try {
    const ranges = rangesOfPairs(JSON.parse(text) as HourPair[]);
    return ranges.every(isRange) ? ranges : undefined;
  } catch {
    return undefined;
  }
}

/** The inverse of {@link hourPairs}. */
export const rangesOfPairs = (pairs: readonly HourPair[]): HourRange[] =>
  pairs.map(([first, last]) => ({ firstHour: parseHour(first), lastHour: parseHour(last) }));

export const hoursMadeJson = (made: readonly HoursMade[]): HoursMadeJson[] =>
  made.map(({ fingerprint, textSha256, lastSessionId, hours, unplaced }) => ({
    fingerprint,
    text_sha256: textSha256,
    last_session_id: lastSessionId,
    hours: hourPairs(hours),
    ...(unplaced ? { unplaced: true as const } : {}),
  }));

export const hoursMadeOf = (json: readonly HoursMadeJson[]): HoursMade[] =>
  json.map((each) => ({
    fingerprint: each.fingerprint,
    textSha256: each.text_sha256,
    lastSessionId: each.last_session_id,
    hours: rangesOfPairs(each.hours),
    unplaced: each.unplaced === true,
  }));

/**
 * The same from a summary's text; undefined if there is none, or if it cannot be read: then it is unknown
 * which hours old SQL has made.
 */
export function parseHoursMade(text: string | undefined): HoursMade[] | undefined {
  if (text === undefined) return undefined;
  try {
    const made = hoursMadeOf(JSON.parse(text) as HoursMadeJson[]);
    return made.every(({ hours }) => hours.every(isRange)) ? made : undefined;
  } catch {
    return undefined;
  }
}

const isRange = ({ firstHour, lastHour }: HourRange): boolean =>
  Number.isInteger(firstHour) && Number.isInteger(lastHour) && firstHour <= lastHour;
