// Goal: hours, instants and session ids survive the way through text in every year that DuckDB and Iceberg
// take, wherever the machine stands. Method: values at the edges, and any others.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CALENDAR,
  durationMs,
  HOUR_MS,
  hourIntervals,
  hourOfMs,
  hoursOf,
  hoursOfTexts,
  hourText,
  hourTexts,
  instantOf,
  parseHour,
  sessionIdOf,
} from '../../src/model/hour.ts';
import { freeSessionId, laterSessionId } from '../../src/model/session-id.ts';
import { parseStart } from '../../src/model/start.ts';

describe('an hour', () => {
  it.each([
    [0, '1970-01-01T00:00:00Z'],
    [-1, '1969-12-31T23:00:00Z'],
    [CALENDAR.firstHour, '0001-01-01T00:00:00Z'],
    [CALENDAR.lastHour, '9999-12-31T23:00:00Z'],
    [CALENDAR.lastHour + 1, '+010000-01-01T00:00:00Z'],
    [CALENDAR.firstHour - 24 * 366, '0000-01-01T00:00:00Z'],
  ])('%i is %s', (hour, text) => {
    expect([hourText(hour), parseHour(text)]).toEqual([text, hour]);
  });
  it('is that which holds an instant, also before 1970', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e13, max: 1e13 }), (ms) => {
        const hour = hourOfMs(ms);
        expect(hour * HOUR_MS <= ms && ms < (hour + 1) * HOUR_MS).toBe(true);
        expect(parseHour(hourText(hour))).toBe(hour);
      }),
    );
    expect([hourOfMs(-1), hourOfMs(0), hourOfMs(HOUR_MS - 1)]).toEqual([-1, 0, 0]);
  });
  it('is counted with both ends, and of a range that ends before it begins there is none', () => {
    expect(hoursOf({ firstHour: -1, lastHour: 1 })).toEqual([-1, 0, 1]);
    expect(hoursOf({ firstHour: 2, lastHour: 1 })).toEqual([]);
    const intervals = hourIntervals([
      { firstHour: -1, lastHour: 3 },
      { firstHour: 7, lastHour: 7 },
    ]);
    expect(intervals).toEqual({ first_hours: [-1, 7], last_hours: [3, 7] });
    expect(hourTexts(intervals)).toEqual({ first_hours: ['-1', '7'], last_hours: ['3', '7'] });
    expect(hoursOfTexts(hourTexts(intervals))).toEqual(intervals);
  });
});

describe('an instant', () => {
  const FIVE = Date.UTC(2023, 8, 14, 5);
  it.each([
    ['2023-09-14T05:00:00Z', FIVE],
    ['2023-09-14 05:00:00', FIVE],
    ['  2023-09-14T05:00 ', FIVE],
    ['2023-09-14 07:00:00+02', FIVE],
    ['2023-09-14 07:00:00+0200', FIVE],
    ['2023-09-14T00:30:00-04:30', FIVE],
    ['2023-09-14 05:00:00.250z', FIVE + 250],
    ['2023-09-14', FIVE - 5 * HOUR_MS],
    ['yesterday', Number.NaN],
    ['', Number.NaN],
  ])('%s', (text, ms) => {
    expect(instantOf(text)).toBe(ms);
  });
  it('without a zone is UTC, whatever zone the machine is in', () => {
    const before = process.env['TZ'];
    try {
      for (const zone of ['America/St_Johns', 'Asia/Kathmandu']) {
        process.env['TZ'] = zone;
        expect(new Date(FIVE).getHours()).not.toBe(5);
        expect(instantOf('2023-09-14 05:00:00')).toBe(FIVE);
        expect(instantOf('2023-09-14')).toBe(FIVE - 5 * HOUR_MS);
        expect(sessionIdOf(FIVE)).toBe('20230914050000');
      }
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });
});

it.each([
  ['30m', 1_800_000],
  [' 2d ', 172_800_000],
  ['0h', 0],
  ['999999h', 999_999 * HOUR_MS],
  ['1.5h', undefined],
  ['1 h', undefined],
  ['-1h', undefined],
  ['1000000h', undefined],
  ['1s', undefined],
  ['h', undefined],
])('a duration of %s', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

describe('a session id', () => {
  it('names its second, and one that is not later than the one before takes the next second', () => {
    expect(sessionIdOf(Date.UTC(2023, 8, 14, 6, 15, 1, 999))).toBe('20230914061501');
    expect(laterSessionId('20230914061501', null)).toBe('20230914061501');
    expect(laterSessionId('20230914061501', '20230914061500')).toBe('20230914061501');
    expect(laterSessionId('20230914061501', '20230914061501')).toBe('20230914061502');
    // The clock went back.
    expect(laterSessionId('20230914061501', '20240228235959')).toBe('20240229000000');
  });
  it('of a form that others gave is left alone', () => {
    expect(laterSessionId('20230914061501', 'restated')).toBe('20230914061501');
    expect(laterSessionId('manual', '20230914061501')).toBe('manual');
  });
  it('that is taken is passed over, as many as there are', () => {
    const taken = new Set(['20231231235958', '20231231235959']);
    expect(freeSessionId('20231231235958', (id) => taken.has(id))).toBe('20240101000000');
    expect(freeSessionId('20231231235957', (id) => taken.has(id))).toBe('20231231235957');
  });
});

it.each([
  ['beginning', { kind: 'beginning' }],
  [' now ', { kind: 'now' }],
  ['9223372036854775807', { kind: 'snapshot', snapshotId: 9223372036854775807n }],
  ['2023-09-14', { kind: 'timestamp', atMs: Date.UTC(2023, 8, 14) }],
  ['2023-09-14 05:00', { kind: 'timestamp', atMs: Date.UTC(2023, 8, 14, 5) }],
  ['Now', undefined],
  ['12345678901234567890', undefined],
  ['', undefined],
])('a start of "%s"', (text, expected) => {
  expect(parseStart(text)).toEqual(expected);
});
