// Goal: the picture of hours is right whatever hours there are. Method: plans as short data, lines as a whole.
import { describe, expect, it } from 'vitest';
import type { Plan, PlanHour } from '../../../src/model/plan.ts';
import { gridLines, gridOfHours, hourGrid, legendLine } from '../../../src/report/explain/grid.ts';
import type { MarkedPlan } from '../../../src/report/explain/marks.ts';
import { hourAt, msAt } from '../../support/world.ts';

const PLAIN = { nameWidth: 8, paintMark: (text: string) => text, paintHead: (text: string) => text };

interface Short {
  readonly name?: string;
  readonly grain?: 'day';
  readonly completeTo?: number;
  readonly owed?: readonly number[];
  /** Hours by their reasons; default: changed. */
  readonly hours?: Readonly<Record<number, PlanHour['reason']>> | readonly number[];
}

const planOf = ({ name = 'a_load', grain, completeTo, owed = [], hours = [] }: Short): MarkedPlan => ({
  process_name: name,
  ...(grain === undefined ? {} : { grain }),
  owed_hours: owed.map(hourAt),
  hours: (Array.isArray(hours)
    ? hours.map((hour) => [hour, 'changed'] as const)
    : Object.entries(hours).map(([hour, reason]) => [Number(hour), reason as PlanHour['reason']] as const)
  ).map(([hour, reason]) => ({ hour: hourAt(hour), reason })),
  target: { complete_to_hour: completeTo === undefined ? null : hourAt(completeTo) } as Plan['target'],
});

const drawn = (plans: readonly Short[], room = 60): string[] => {
  const grid = hourGrid(plans.map(planOf), room);
  return grid === undefined ? [] : [...gridLines(grid, PLAIN), legendLine(grid, PLAIN)];
};

describe('the picture of hours', () => {
  it('has a letter an hour and a line a process', () => {
    expect(
      drawn([
        { name: 'facts', completeTo: 5, hours: { 3: 'changed', 4: 'contiguous', 5: 'owed', 6: 'changed' } },
        { name: 'dims', completeTo: 4, owed: [6] },
      ]),
    ).toEqual([
      '          2023-09-14',
      '          01  03  05',
      'facts     · · L ~ L N',
      'dims      · · · ·   o',
      'N new  L late  ~ recomputed  o owed  · untouched',
    ]);
  });

  it('has a letter a day where all processes count days, and marks all hours of a day where not all do', () => {
    const days: Short = { name: 'days', grain: 'day', completeTo: 23, hours: [0, 24], owed: [48] };
    expect(drawn([days])).toEqual([
      '          2023-09-12',
      'days      ··LNo',
      'N new  L late  o owed  · untouched  (a letter: 1 d)',
    ]);
    const [, , line] = drawn(
      [
        { ...days, hours: [0], owed: [] },
        { name: 'hours', completeTo: 23 },
      ],
      200,
    );
    expect(line).toBe(`days      · · ${'L'.repeat(24).split('').join(' ')}`);
    expect(drawn([{ ...days, hours: [], owed: [] }])[1]).toBe(`days      ${'·'.repeat(8)}`);
  });

  it('leaves out hours in which no process does anything', () => {
    expect(drawn([{ completeTo: 205, hours: [3, 4, 205, 206] }])).toEqual([
      '          2023-09-14   09-22',
      '          01  03       11  13',
      'a_load    · · L L    ‥ · · L N',
      'N new  L late  · untouched',
    ]);
  });

  it('puts several hours into a letter where there is no room, and never hides a late one', () => {
    const hours = Array.from({ length: 2160 }, (_, index) => index);
    const grid = hourGrid([planOf({ hours, completeTo: 700 })], 60);
    expect(grid?.unitHours).toBe(48);
    const lines = drawn([{ hours, completeTo: 700 }]);
    expect(lines.at(-2)).toMatch(/^a_load {4}··L{15}N{30}$/);
    expect(lines.at(-1)).toBe('N new  L late  · untouched  (a letter: 2 d)');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(70);
    expect(
      drawn([
        { hours: hours.slice(1), completeTo: 0 },
        { hours: [700], completeTo: 2160 },
      ])[3],
    ).toContain('L');
  });

  it('fits whatever is far apart', () => {
    for (const hours of [
      [-460_000, 5],
      [-460_000, -200_000, 5, 300_000],
      Array.from({ length: 60 }, (_, index) => index * 1000),
    ])
      for (const room of [30, 50, 120])
        for (const line of drawn([{ hours, completeTo: 5 }], room).slice(0, -1))
          expect(line.length).toBeLessThanOrEqual(room + 10);
  });

  it('shows the last hours where nothing is to be done, and nothing before a first load', () => {
    expect(drawn([{ completeTo: 9 }])).toEqual([
      '          2023-09-14',
      '          02  04  06  08',
      'a_load    · · · · · · · ·',
      '· untouched',
    ]);
    expect(drawn([{}])).toEqual([]);
  });

  it('shows given hours, as a play does', () => {
    const grid = gridOfHours(
      [planOf({ completeTo: 0, hours: [1] })],
      Math.floor(msAt(0) / 3_600_000),
      Math.floor(msAt(3) / 3_600_000),
    );
    expect(gridLines(grid, { ...PLAIN, nameWidth: 0 })).toEqual(['2023-09-14', '00  02', '· N']);
  });
});
