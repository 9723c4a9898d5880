// Goal: hours on the command line mean what is written, in UTC, both ends included; anything else is refused
// with an example. Method: texts and what they are.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hoursOf, hourText } from '../../src/model/hour.ts';
import { hourRangeText, hoursText, parseHourRange } from '../../src/model/hour-range.ts';
import type { PlanHour } from '../../src/model/plan.ts';

const ends = (text: string): string[] => {
  const { firstHour, lastHour } = parseHourRange(text);
  return [hourText(firstHour), hourText(lastHour)];
};

describe('hours', () => {
  it.each([
    ['2023-09-14T05', '2023-09-14T05:00:00Z', '2023-09-14T05:00:00Z'],
    ['2023-09-14T05:00:00Z', '2023-09-14T05:00:00Z', '2023-09-14T05:00:00Z'],
    ['2023-09-14 05:00', '2023-09-14T05:00:00Z', '2023-09-14T05:00:00Z'],
    ['2023-09-14t05z', '2023-09-14T05:00:00Z', '2023-09-14T05:00:00Z'],
    ['2023-09-14T05:00:00.000+00:00', '2023-09-14T05:00:00Z', '2023-09-14T05:00:00Z'],
    ['2023-09-14', '2023-09-14T00:00:00Z', '2023-09-14T23:00:00Z'],
    ['2023-09-14T05..2023-09-14T07', '2023-09-14T05:00:00Z', '2023-09-14T07:00:00Z'],
    ['2023-09-14T22..2023-09-15', '2023-09-14T22:00:00Z', '2023-09-15T23:00:00Z'],
    ['2023-09-14..2023-09-14T03', '2023-09-14T00:00:00Z', '2023-09-14T03:00:00Z'],
    ['1969-12-31T23', '1969-12-31T23:00:00Z', '1969-12-31T23:00:00Z'],
    ['2024-02-29', '2024-02-29T00:00:00Z', '2024-02-29T23:00:00Z'],
  ])('%s are %s to %s', (text, first, last) => {
    expect(ends(text)).toEqual([first, last]);
  });
  it.each([
    ['', /an hour, a day, or FROM\.\.TO, found ''/],
    ['yesterday', /found 'yesterday'/],
    ['2023-09-14T05..', /found '2023-09-14T05\.\.'/],
    ['2023-09-14..2023-09-15..2023-09-16', /found/],
    ['2023-09-14T05-2023-09-14T07', /not the start of an hour in UTC/],
    ['2023-02-29', /there is no day 2023-02-29/],
    ['2023-13-01', /there is no day 2023-13-01/],
    ['2023-09-14T24', /there is no hour 24/],
    ['2023-09-14T05:30', /not the start of an hour/],
    ['2023-09-14T05:00:00+02:00', /not the start of an hour in UTC/],
    ['2023-09-14T07..2023-09-14T05', /end before they begin/],
    ['1900..2100', /found '1900\.\.2100'/],
    ['1900-01-01..2100-01-01', /more than 300000/],
  ])('%s is refused', (text, message) => {
    expect(() => parseHourRange(text)).toThrow(
      expect.objectContaining({ code: 'hours-invalid', message: expect.stringMatching(message) }),
    );
  });
  it('turns reversed ones round in its hint', () => {
    expect(() => parseHourRange('2023-09-14T07..2023-09-14T05')).toThrow(
      expect.objectContaining({ hint: 'turn them round: 2023-09-14T05..2023-09-14T07' }),
    );
  });
  it('are days where a process counts them', () => {
    const of = { grain: 'day' } as const;
    const [one, two] = [parseHourRange('2023-09-14'), parseHourRange('2023-09-14..2023-09-16')];
    expect([hourRangeText(one, of), hourRangeText(two, of)]).toEqual([
      '2023-09-14',
      '2023-09-14..2023-09-16',
    ]);
    const days = [14, 15, 16].map((day) => ({ hour: `2023-09-${day}T00:00:00Z` }) as PlanHour);
    const range = { first_hour: '2023-09-14T00:00:00Z', last_hour: '2023-09-16T23:00:00Z' };
    expect(hoursText({ ...of, range, hours: days })).toBe('2023-09-14..2023-09-16');
    expect(hoursText({ ...of, range, hours: days.toSpliced(1, 1) })).toBe('2 days of 2023-09-14..2023-09-16');
  });
  it('survive the way through text', () => {
    const hour = fc.integer({ min: -15_000_000, max: 15_000_000 });
    fc.assert(
      fc.property(hour, fc.integer({ min: 0, max: 2000 }), (firstHour, more) => {
        const range = { firstHour, lastHour: firstHour + more };
        expect(parseHourRange(hourRangeText(range))).toEqual(range);
        expect(hoursOf(range)).toHaveLength(more + 1);
      }),
    );
  });
});
