/** Converts owed hours to the form in watermarks. Hours -> texts -> hours. Pure. */
import { type Hour, hoursOf, hourText, parseHour } from './hour.ts';
import { intervalsOf } from './hour-sets.ts';

/**
 * Up to this many are listed one by one. More are written as ranges: every snapshot of a target keeps its own
 * list, and a first load of two years in sessions would make the target's metadata a hundred times as large.
 */
const LISTED_MAX = 1000;

/** Ascending hour starts; if there are many, consecutive hours as `FROM..TO`, both included. */
export function owedHoursJson(hours: readonly string[]): readonly string[] {
  if (hours.length <= LISTED_MAX) return hours;
  return intervalsOf(hours.map(parseHour)).map(({ firstHour, lastHour }) =>
    firstHour === lastHour ? hourText(firstHour) : `${hourText(firstHour)}..${hourText(lastHour)}`,
  );
}

/** Hour starts, and ranges `FROM..TO`. */
export const parseOwedHours = (texts: readonly string[]): Hour[] =>
  texts.flatMap((text) => {
    const [from = '', to = from] = text.split('..');
    return hoursOf({ firstHour: parseHour(from), lastHour: parseHour(to) });
  });
