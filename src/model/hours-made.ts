/**
 * Keeps by which SQL the hours of a target were made: each published session adds to what the one before it
 * said. HoursMade[] + session -> HoursMade[]. Pure. The newest summary says all of it, whatever became of
 * older snapshots.
 */
import { type Hour, type HourRange, hoursOf, hourText, parseHour } from './hour.ts';
import { atMostRanges, unionOfRanges, withoutRanges } from './hour-ranges.ts';

/** The SQL of a process, with what else decides on its rows. */
export interface ProcessSql {
  /** SHA-256 in hex of what it means: the same whatever its layout and its comments are. */
  readonly fingerprint: string;
  /** SHA-256 in hex of how it is written: while it stays the same, so does the fingerprint. */
  readonly textSha256: string;
}

/** The hours of a target that hold rows of one SQL. An hour of appended rows may hold those of several. */
export interface HoursMade extends ProcessSql {
  /** The last session that made rows by it. */
  readonly lastSessionId: string;
  /** Ascending. */
  readonly hours: readonly HourRange[];
  /** True when it made rows that are in no hour that is known: their source has no event time. */
  readonly unplaced: boolean;
}

/** Hours that other SQL has made than that of now, and its last session. */
export interface SqlChanged {
  readonly sinceSessionId: string;
  /** Ascending; none where they are not known. */
  readonly hours: readonly Hour[];
}

/** What a session does to its target's hours. */
export interface HoursWritten {
  readonly sql: ProcessSql;
  readonly psybergSessionId: string;
  readonly hours: readonly HourRange[];
  /** True: what other SQL made of these hours is gone; `all`: what it made at all. */
  readonly replaces: boolean | 'all';
  /** True when it wrote rows of no known hour. */
  readonly unplaced: boolean;
}

/**
 * Ranges of a summary, at most: 100 are 5 kB, and every commit writes the summaries of all snapshots anew.
 */
const RANGES_MAX = 100;
/** SQLs that are told apart; older ones count as one that is none of them. */
const MADE_MAX = 8;
/** The fingerprint of several SQLs. */
const SEVERAL = '';

/** A summary's ranges: with many of them, hours of small gaps count as written, too. */
export const boundedRanges = (ranges: readonly HourRange[]): HourRange[] => atMostRanges(ranges, RANGES_MAX);

/** What is true once the session is published. */
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

/** The oldest ones as one. */
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

/** What other SQL made than `sql`; null when nothing is known of such. */
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

/** As a summary and a plan hold it. */
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

/** Undefined for a text that holds no such pairs. */
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
 * The same from a summary's text; undefined where there is none, or one that nobody can read: then it is not
 * known which hours old SQL has made.
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
