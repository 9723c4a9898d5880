// Goal: who made an hour is known from the newest summary alone. Method: sessions one after the other, as values.
import { expect, it } from 'vitest';
import { hoursOf } from '../../src/model/hour.ts';
import { atMostRanges, unionOfRanges, withoutRanges } from '../../src/model/hour-ranges.ts';
import {
  type HoursMade,
  type HoursWritten,
  hoursMadeJson,
  hoursMadeOf,
  madeAfter,
  parseHoursMade,
  sqlChangedOf,
} from '../../src/model/hours-made.ts';

const range = (firstHour: number, lastHour = firstHour) => ({ firstHour, lastHour });
const sqlNamed = (name: string) => ({ fingerprint: name, textSha256: `text of ${name}` });

let second = 0;
const written = (
  sql: string,
  hours: HoursWritten['hours'],
  more: Partial<HoursWritten> = {},
): HoursWritten => {
  second += 1;
  return {
    sql: sqlNamed(sql),
    psybergSessionId: String(20230914000000 + second),
    hours,
    replaces: true,
    unplaced: false,
    ...more,
  };
};
const after = (...sessions: readonly HoursWritten[]): HoursMade[] =>
  sessions.reduce((made: HoursMade[], session) => madeAfter(made, session), []);
const oldHours = (made: readonly HoursMade[], sql: string) =>
  sqlChangedOf(made, sqlNamed(sql))?.hours ?? null;

it('takes the hours that new SQL replaced off those of the old one', () => {
  const first = written('a', [range(0, 9)]);
  const made = after(first, written('b', [range(3, 4)]));
  expect(oldHours(made, 'b')).toEqual([0, 1, 2, 5, 6, 7, 8, 9]);
  expect(sqlChangedOf(made, sqlNamed('b'))?.sinceSessionId).toBe(first.psybergSessionId);
  expect(oldHours(after(first, written('b', [range(0, 9)])), 'b')).toBeNull();
});

it('knows an hour that rows of two SQLs were appended to as old for both', () => {
  const made = after(
    written('a', [range(0, 3)], { replaces: false }),
    written('b', [range(3, 5)], { replaces: false }),
  );
  expect(oldHours(made, 'b')).toEqual([0, 1, 2, 3]);
  expect(oldHours(made, 'a')).toEqual([3, 4, 5]);
});

it('has nothing to say once the SQL is again what it was', () => {
  const made = after(written('a', [range(0, 3)]), written('b', [range(4)]), written('b', [range(5)]));
  expect(oldHours(made, 'a')).toEqual([4, 5]);
  expect(oldHours(after(written('a', [range(0, 3)])), 'a')).toBeNull();
});

it('says that SQL changed without hours where rows have none', () => {
  const made = after(written('a', [], { replaces: false, unplaced: true }));
  expect(sqlChangedOf(made, sqlNamed('b'))?.hours).toEqual([]);
  expect(oldHours(made, 'a')).toBeNull();
});

it('never loses an old hour of many ranges, and says a few more', () => {
  const scattered = Array.from({ length: 300 }, (_, index) => range(index * index));
  const made = after(written('a', scattered), written('b', [range(1_000_000)]));
  const json = hoursMadeJson(made);
  expect(json[0]?.hours.length).toBe(100);
  const old = new Set(oldHours(hoursMadeOf(json), 'b'));
  expect(scattered.every(({ firstHour }) => old.has(firstHour))).toBe(true);
  expect(old.size).toBeLessThan(300 * 300);
});

it('counts the oldest of many SQLs as one that is none of them', () => {
  const made = after(...Array.from({ length: 12 }, (_, index) => written(`sql ${index}`, [range(index)])));
  expect(made.length).toBe(8);
  expect(oldHours(made, 'sql 11')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  // Its own hour is among those of several: it is said once too often, and never too seldom.
  expect(oldHours(made, 'sql 0')).toContain(0);
});

it.each(['', 'no JSON', '{}', '[{"fingerprint":"a"}]', '[{"hours":[["x","y"]]}]', '[null]'])(
  'reads nothing from a summary that holds %j',
  (text) => expect(parseHoursMade(text)).toBeUndefined(),
);

it('joins, cuts and bounds ranges as the sets of hours that they are', () => {
  const some = [range(5, 6), range(0, 2), range(3), range(9)];
  expect(unionOfRanges(some)).toEqual([range(0, 3), range(5, 6), range(9)]);
  expect(withoutRanges(some, [range(2, 5), range(9, 20)])).toEqual([range(0, 1), range(6)]);
  expect(atMostRanges(some, 2)).toEqual([range(0, 6), range(9)]);
  expect(atMostRanges(some, 1).flatMap(hoursOf)).toEqual(hoursOf(range(0, 9)));
});
