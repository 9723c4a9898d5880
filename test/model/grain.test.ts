// Goal: hours and days as units count alike, before 1970 too. Method: values.
import { describe, expect, it } from 'vitest';
import {
  lastOfWholeUnits,
  plannedHours,
  roundedUp,
  unitOf,
  unitStarts,
  unitsAround,
  unitTexts,
  wholeUnits,
} from '../../src/model/grain.ts';
import { hoursOf, hourText } from '../../src/model/hour.ts';

const DAY = { grain: 'day' } as const;

describe('units', () => {
  it('are the hours themselves where no grain is named', () => {
    expect(unitOf({}, 5)).toEqual({ firstHour: 5, lastHour: 5 });
    expect(wholeUnits({}, [3, 1, 3])).toEqual([1, 3]);
    expect(lastOfWholeUnits({}, 7)).toBe(7);
    expect(roundedUp({ grain: 'hour' }, 7)).toBe(7);
    expect(plannedHours({ hours: [{ hour: hourText(4) }] })).toEqual([4]);
  });

  it('of days begin at midnight', () => {
    expect(unitOf(DAY, 25)).toEqual({ firstHour: 24, lastHour: 47 });
    expect(unitOf(DAY, -1)).toEqual({ firstHour: -24, lastHour: -1 });
    expect(unitStarts(DAY, [47, 3, 24])).toEqual([0, 24]);
    expect(unitTexts(DAY, [30])).toEqual(['1970-01-02T00:00:00Z']);
    expect(wholeUnits(DAY, [30])).toEqual(hoursOf({ firstHour: 24, lastHour: 47 }));
    expect(unitsAround(DAY, { firstHour: 5, lastHour: 24 })).toEqual({ firstHour: 0, lastHour: 47 });
    expect(plannedHours({ ...DAY, hours: [{ hour: hourText(24) }] })).toEqual(wholeUnits(DAY, [24]));
  });

  it.each([
    [46, 23],
    [47, 47],
    [22, -1],
    [-2, -25],
    [-1, -1],
  ])('of days are whole up to hour %i until hour %i', (hour, last) => {
    expect(lastOfWholeUnits(DAY, hour)).toBe(last);
  });

  it.each([
    [0, 0],
    [1, 24],
    [24, 24],
    [25, 48],
  ])('round %i hours up to %i', (hours, rounded) => {
    expect(roundedUp(DAY, hours)).toBe(rounded);
  });
});
