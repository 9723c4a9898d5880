// Goal: what is said of late rows follows from what files say, and from nothing else. Method: groups of files
// as values.
import { describe, expect, it } from 'vitest';
import { latenessOf } from '../../../src/inspect/report/late-rows.ts';
import { hourText } from '../../../src/model/hour.ts';

const counted = (landed: number, hours: readonly (readonly [number, number])[]) => ({
  landed,
  rows: hours.reduce((sum, [, rows]) => sum + rows, 0),
  first: Math.min(...hours.map(([hour]) => hour)),
  last: Math.max(...hours.map(([hour]) => hour)),
  counted: new Map(hours),
});

describe('late rows', () => {
  it('are told by event hour and hour of landing; a lookback misses what is older than it reaches', () => {
    const found = latenessOf([
      { landed: 100, rows: 90, first: 100, last: 100 },
      counted(104, [
        [104, 5],
        [103, 3],
        [100, 1],
        [97, 1],
      ]),
    ]);
    expect(found.late_rows).toBe(5);
    expect(found.lookbacks.map(({ rows }) => rows)).toEqual([2, 2, 1, 0]);
    // Nothing is guessed.
    expect(found.lookbacks.every((each) => each.at_least === each.rows && each.at_most === each.rows)).toBe(
      true,
    );
    expect(found.delay_hours).toEqual({ p50: 0, p90: 0, p95: 0, p99: 4, max: 7 });
    expect(found.cells).toEqual([
      { event_hour: hourText(97), landed_hour: hourText(104), rows: 1 },
      { event_hour: hourText(100), landed_hour: hourText(100), rows: 90 },
      { event_hour: hourText(100), landed_hour: hourText(104), rows: 1 },
      { event_hour: hourText(103), landed_hour: hourText(104), rows: 3 },
      { event_hour: hourText(104), landed_hour: hourText(104), rows: 5 },
    ]);
    expect(found.rows).toEqual({
      total: 100,
      in_one_hour: 90,
      counted: 10,
      spread: 0,
      without_hour: 0,
      without_landing: 0,
    });
  });
  it('of a file that only has bounds are spread, and it is said within which numbers they surely are', () => {
    const found = latenessOf([{ landed: 103, rows: 40, first: 100, last: 103 }]);
    expect(found.cells.map(({ rows }) => rows)).toEqual([10, 10, 10, 10]);
    expect(found.rows).toMatchObject({ spread: 40, in_one_hour: 0 });
    // One row at each bound is sure, and no more.
    expect(found.lookbacks.slice(0, 2)).toEqual([
      { lookback_hours: 1, rows: 20, at_least: 1, at_most: 39 },
      { lookback_hours: 3, rows: 0, at_least: 0, at_most: 0 },
    ]);
    const old = latenessOf([{ landed: 200, rows: 40, first: 100, last: 103 }]);
    expect(old.lookbacks[3]).toEqual({ lookback_hours: 12, rows: 40, at_least: 40, at_most: 40 });
  });
  it('without an hour or a landing are counted as such, and nothing is said of their delay', () => {
    const found = latenessOf([
      { landed: 5, rows: 3 },
      { landed: undefined, rows: 4, first: 1, last: 1 },
      // A wrong event time makes bounds that no honest rows have.
      { landed: 5, rows: 2, first: -400_000, last: 5 },
    ]);
    expect(found).toMatchObject({ delay_hours: null, late_rows: 0, cells: [] });
    expect(found.rows).toMatchObject({ total: 9, without_hour: 3, without_landing: 4 });
    expect(latenessOf([])).toMatchObject({ delay_hours: null, cells: [] });
  });
  it('that came before their hour are not late', () => {
    const found = latenessOf([{ landed: 5, rows: 2, first: 7, last: 7 }]);
    expect([found.late_rows, found.delay_hours?.max]).toEqual([0, -2]);
  });
});
