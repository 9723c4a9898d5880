// Goal: what a session leaves owed, and what it finds pending, miss no hour, whatever comes in whatever order through
// whatever windows, with keys and without. Method: histories of arrivals and removals in a model of sources and target,
// planned by the real planner; each planned hour takes the state of its windows, and every complete hour must have that
// of now. Keys are matched in the model, over the hours that the planner says. Of a process of days an hour is a day: the
// model's rows then lie five hours apart, so that several are in one day, and days are left that are not over.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertySeed } from '../support/property-seed.ts';
import { check, type Event, history, type Row } from './window-model.ts';

describe('what sessions plan through windows', () => {
  it('keeps every complete hour as its windows are', () => {
    fc.assert(fc.property(history, check), {
      numRuns: Number(process.env['PSYBERG_PROPERTY_RUNS'] ?? 300),
      ...propertySeed(),
    });
  });

  const ARRIVALS: readonly (readonly [number, readonly Row[]])[] = [
    [
      0,
      [
        { hour: 2, key: 0 },
        { hour: 6, key: 1 },
        { hour: 9, key: 2 },
      ],
    ],
    [
      0,
      [
        { hour: 4, key: 0 },
        { hour: 12, key: 2 },
      ],
    ],
    [
      1,
      [
        { hour: 4, key: 1 },
        { hour: 12, key: 0 },
      ],
    ],
    [
      1,
      [
        { hour: 1, key: 0 },
        { hour: 7, key: 2 },
        { hour: 11, key: 2 },
      ],
    ],
    [
      1,
      [
        { hour: 3, key: 0 },
        { hour: 8, key: 1 },
      ],
    ],
  ];
  const orders = (rest: readonly number[]): number[][] =>
    rest.length === 0
      ? [[]]
      : rest.flatMap((first) =>
          orders(rest.filter((each) => each !== first)).map((more) => [first, ...more]),
        );

  it.each([
    ['stateful', 'hour'],
    ['dimension', 'hour'],
    ['stateful', 'day'],
    ['dimension', 'day'],
  ] as const)('%s by %s: all 120 orders of five arrivals end in the same', (pattern, grain) => {
    const all = orders([0, 1, 2, 3, 4]);
    expect(all).toHaveLength(120);
    const spans = [
      { beforeHours: 3, afterHours: 0, keyed: false },
      { beforeHours: 0, afterHours: 2, keyed: true },
      { beforeHours: 3, afterHours: 2, keyed: true },
    ];
    for (const span of grain === 'day' ? spans.slice(1) : spans)
      for (const order of all)
        check({
          windows: [undefined, span],
          pattern,
          hours: 'contiguous',
          grain,
          catchup: order[0] === 0 ? {} : { hoursPerSession: 1 + (order[0] as number) },
          events: order.flatMap((index): Event[] => {
            const [source, rows] = ARRIVALS[index] as (typeof ARRIVALS)[number];
            return [
              { kind: 'come', source, rows },
              { kind: 'session', passed: 2 },
            ];
          }),
        });
  });
});
