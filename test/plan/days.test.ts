// Goal: each rule of planning in days, as data. Method: sessions -> plans. Hours count from midnight of the tests' day.
import { describe, expect, it } from 'vitest';
import { compilePlan } from '../../src/compile/index.ts';
import { completeToHour } from '../../src/model/complete-to-hour.ts';
import { planHours, planSession } from '../../src/plan/index.ts';
import { hour, type SessionData, sessionOf } from '../support/session-data.ts';
import { hourAt, hourNumbers } from '../support/world.ts';

const days = ({ spec, ...data }: SessionData): SessionData => ({ ...data, spec: { grain: 'day', ...spec } });
const MONTH = 31 * 24;

interface Case {
  readonly name: string;
  readonly session: SessionData;
  readonly status: 'work' | 'nothing-new' | 'waiting';
  /** First hours of days. */
  readonly days: readonly number[];
  readonly owed?: readonly number[];
  /** Of the sources, as the watermarks keep them: the hours that changed. */
  readonly owedHours?: readonly number[];
  readonly completeTo?: number;
}

const CASES: readonly Case[] = [
  {
    name: 'stateful: a changed hour is its day, up to the last day that is whole',
    session: { pattern: 'stateful', sources: { s: { added: [-43, 3], vtts: 4 } } },
    status: 'work',
    days: [-48],
    owed: [0],
    owedHours: [3],
    completeTo: -25,
  },
  {
    name: 'stateful: a day is complete with its hour 23, not before',
    session: { pattern: 'stateful', sources: { s: { added: [-3], vtts: -2 } } },
    status: 'waiting',
    days: [],
    owed: [-24],
    owedHours: [-3],
    completeTo: -25,
  },
  {
    name: 'stateful: the days between two that changed are loaded as well',
    session: { pattern: 'stateful', sources: { s: { added: [-70, -20], vtts: 0 } } },
    status: 'work',
    days: [-72, -48, -24],
    completeTo: -1,
  },
  {
    name: 'stateful, touched: only the days that changed',
    session: {
      pattern: 'stateful',
      spec: { hours: 'touched' },
      sources: { s: { added: [-70, -20], vtts: 0 } },
    },
    status: 'work',
    days: [-72, -24],
    completeTo: -1,
  },
  {
    name: 'stateful: what was owed is paid by its day',
    session: { pattern: 'stateful', completeTo: -25, sources: { s: { owed: [-20, -3], vtts: 1 } } },
    status: 'work',
    days: [-24],
    completeTo: -1,
  },
  {
    name: 'stateful: a day is complete when each source is',
    session: {
      pattern: 'stateful',
      sources: { s: { added: [-30, -3], vtts: 4 }, o: { vtts: -5 } },
    },
    status: 'work',
    days: [-48],
    owed: [-24],
    owedHours: [-3],
    completeTo: -25,
  },
  {
    name: 'stateful: a changed hour of a window changes the days that it reaches',
    session: {
      pattern: 'stateful',
      completeTo: -1,
      spec: { sources: [window('s', 30)] },
      sources: { s: { added: [-68], vtts: 5, state: { newestHour: hour(5) } } },
    },
    status: 'work',
    days: [-72, -48],
    completeTo: -1,
  },
  {
    name: 'dimension: from the day of the first change on, and no further than whole days',
    session: { pattern: 'dimension', completeTo: -25, sources: { s: { added: [-50], vtts: 4 } } },
    status: 'work',
    days: [-72, -48, -24],
    completeTo: -1,
  },
  {
    name: 'dimension: completeness alone brings the next day',
    session: { pattern: 'dimension', completeTo: -25, sources: { s: { vtts: 0 } } },
    status: 'work',
    days: [-24],
    completeTo: -1,
  },
  {
    name: 'dimension: half a day of completeness brings nothing',
    session: { pattern: 'dimension', completeTo: -1, sources: { s: { vtts: 12 } } },
    status: 'nothing-new',
    days: [],
    completeTo: -1,
  },
  {
    name: 'dimension: its threshold is rounded up to days, older ones stay owed',
    session: {
      pattern: 'dimension',
      completeTo: -1,
      spec: { catchup: { thresholdHours: 30 } },
      sources: { s: { added: [-70, -60, -30], vtts: 3 } },
    },
    status: 'work',
    days: [-48, -24],
    owed: [-72],
    owedHours: [-70, -60],
    completeTo: -1,
  },
  {
    name: 'stateless: the days of its rows, and signals of whole days',
    session: { pattern: 'stateless', sources: { s: { added: [-30, 3], vtts: 3 } } },
    status: 'work',
    days: [-48, 0],
    completeTo: -1,
  },
];

function window(alias: string, beforeHours: number) {
  const [source] = sessionOf({ pattern: 'stateful', sources: { [alias]: {} } }).spec.sources;
  return { ...(source as NonNullable<typeof source>), window: { beforeHours, afterHours: 0 } };
}

describe('a plan in days', () => {
  it.each(CASES)('$name', ({ session, status, days: expected, owed = [], owedHours = [], completeTo }) => {
    const plan = planSession(sessionOf(days(session)));
    expect(plan.status).toBe(status);
    expect(plan.grain).toBe('day');
    expect(hourNumbers(plan.hours)).toEqual(expected);
    expect(hourNumbers(plan.owed_hours)).toEqual(owed);
    expect(hourNumbers(plan.sources.flatMap((source) => source.owed_hours))).toEqual(owedHours);
    expect(completeToHour(plan)).toBe(completeTo === undefined ? undefined : hourAt(completeTo));
    if (plan.range !== null)
      expect(plan.range).toEqual({
        first_hour: hourAt(expected[0] as number),
        last_hour: hourAt((expected.at(-1) as number) + 23),
      });
  });

  it('names what made any hour of a day necessary, once a file', () => {
    const session = days({
      pattern: 'stateful',
      sources: { s: { added: [[-40, -30], -20], owed: [-10], vtts: 0 } },
    });
    const { hours } = planSession(sessionOf(session));
    expect(hours.map(({ cause_count: count, owed_by, reason }) => [count, owed_by.length, reason])).toEqual([
      [1, 0, 'changed'],
      [1, 1, 'changed'],
    ]);
  });

  it('names the changed hour through whose window a day changes, and none for its own day', () => {
    const session = days({
      pattern: 'stateful',
      completeTo: -1,
      spec: { sources: [window('s', 30)] },
      sources: { s: { added: [-68], vtts: 5, state: { newestHour: hour(5) } } },
    });
    const { hours } = planSession(sessionOf(session));
    expect(hours.map(({ causes }) => causes[0]?.changed_hour)).toEqual([undefined, hourAt(-68)]);
  });

  it('refuses a dimension of 300,000 days, and not one of as many hours', () => {
    const since = (count: number) =>
      days({ pattern: 'dimension', sources: { s: { added: [-24 * count], vtts: 0 } } });
    expect(() => planSession(sessionOf(since(300_001)))).toThrow(/300001 days one after the other/);
    expect(planSession(sessionOf(since(13_000))).hours).toHaveLength(13_000);
  });

  it('looks at whole days', () => {
    const session = sessionOf(days({ pattern: 'stateful', sources: { s: {} } }));
    const plan = planHours(session, { firstHour: hour(-20), lastHour: hour(3) });
    expect(hourNumbers(plan.hours)).toEqual([-24, 0]);
    expect(plan.range).toEqual({ first_hour: hourAt(-24), last_hour: hourAt(23) });
  });
});

describe('the steps of a plan in days', () => {
  const stepsOf = (session: SessionData) => {
    const opened = sessionOf(days(session));
    return compilePlan(planSession(opened), opened.spec);
  };
  const parametersOf = (plan: ReturnType<typeof stepsOf>, name: string) =>
    plan.steps.find((step) => step.name.startsWith(name))?.parameters;

  it('run the SQL of a dimension once a day, with the day before as previous', () => {
    const plan = stepsOf({
      pattern: 'dimension',
      completeTo: -25,
      spec: { sql: 'select $first_hour, $last_hour from s, previous' },
      sources: { s: { added: [-50], vtts: 4 } },
    });
    expect(plan.query?.runs).toBe(3);
    expect(plan.steps.filter(({ name }) => name.startsWith('compute_hour'))).toHaveLength(3);
    expect(parametersOf(plan, `compute_hour ${hourAt(-48)}`)).toMatchObject({
      first_hour: hourAt(-48),
      last_hour: hourAt(-25),
      range_start: hourAt(-48),
      range_end: hourAt(-24),
      previous_start: hourAt(-72),
    });
  });

  it('take every hour of the days off the target, and show them of the sources', () => {
    const plan = stepsOf({
      pattern: 'stateful',
      spec: { hours: 'touched' },
      sources: { s: { added: [-70, -20], vtts: 0 } },
    });
    expect(parametersOf(plan, 'clear_hours')).toMatchObject({
      first_hours: [-72, -24].map((each) => String(hour(each))),
      last_hours: [-49, -1].map((each) => String(hour(each))),
    });
    expect(parametersOf(plan, 'insert')?.['hours']).toHaveLength(48);
  });

  it('leave out rows of the days that a window reaches, however few its hours are', () => {
    const plan = stepsOf({
      pattern: 'stateful',
      completeTo: -1,
      spec: { sources: [window('s', 2)] },
      sources: { s: { added: [-40], vtts: 5, state: { newestHour: hour(5) } } },
    });
    expect(plan.steps.find(({ name }) => name === 'insert')?.sql).toContain('to_hours(24)');
  });

  it('of a month are as many as its days', () => {
    const plan = stepsOf({ pattern: 'dimension', sources: { s: { added: [-MONTH], vtts: 0 } } });
    expect(plan.query?.runs).toBe(31);
  });
});
