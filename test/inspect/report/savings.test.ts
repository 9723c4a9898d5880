// Goal: psyberg and a lookback are compared over the same sessions and the same rows. Method: values.
import { expect, it } from 'vitest';
import { savingsOf } from '../../../src/inspect/report/savings.ts';
import type { HourRange } from '../../../src/model/hour.ts';

/** Landed by three snapshots: hour 10 in time, then hour 11 with 2 late rows of hour 7, then hour 12. */
const source = [
  { landed: 10, place: 0, rows: 100, bytes: 1000, first: 10, last: 10 },
  { landed: 11, place: 1, rows: 50, bytes: 500, first: 11, last: 11 },
  { landed: 11, place: 1, rows: 2, bytes: 90, first: 7, last: 7 },
  { landed: 12, place: 2, rows: 30, bytes: 300, first: 12, last: 12 },
];
const session = (newest: number, rowsRead: number, head: number | undefined, hours?: HourRange[]) => ({
  newest,
  rowsRead,
  reads: [{ head, hours }],
});

const back = (hours: number) => ({ lookback_hours: hours });

it('a lookback reads what was there, and misses what came since the session before', () => {
  const found = savingsOf([session(10, 100, 0), session(11, 52, 1), session(12, 30, 2)], [source]);
  expect(found).toEqual({
    sessions: 2,
    rows_read: 82,
    bytes_read: 500 + 90 + 300,
    lookbacks: [
      { ...back(1), rows_read: 50 + 100 + 30 + 50, bytes_read: 2300, missed_rows: 2, missed_hours: 1 },
      { ...back(3), rows_read: 150 + 180, bytes_read: 3300, missed_rows: 2, missed_hours: 1 },
      { ...back(6), rows_read: 152 + 182, bytes_read: 3480, missed_rows: 0, missed_hours: 0 },
      { ...back(12), rows_read: 152 + 182, bytes_read: 3480, missed_rows: 0, missed_hours: 0 },
    ],
  });
});

it('a session of hours reads all that there was of them', () => {
  const range = { firstHour: 7, lastHour: 11 };
  const found = savingsOf([session(10, 100, 0), session(11, 152, 1, [range])], [source]);
  expect(found).toMatchObject({ rows_read: 152, bytes_read: 1000 + 500 + 90 });
});

it('nothing is said of one session, or of a source that is not counted', () => {
  expect(savingsOf([session(10, 100, 0)], [source])).toBeNull();
  expect(savingsOf([session(10, 100, 0), session(11, 52, 1)], [source, undefined])).toBeNull();
  expect(savingsOf([session(10, 100, 0), session(11, 52, 1)], [])).toBeNull();
});

it('rows of a session whose snapshot is expired are neither read nor missed', () => {
  const found = savingsOf([session(10, 100, 0), session(11, 52, undefined)], [source]);
  expect(found?.lookbacks.every((each) => each.rows_read === 0 && each.missed_rows === 0)).toBe(true);
});
