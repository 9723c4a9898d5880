// Goal: what is computed again of a process of days is whole days: where it may stop, what a restate takes, what
// follows, what it reopens. Method: sessions -> plans, and plans of a DAG, as data.
import { describe, expect, it } from 'vitest';
import { compilePlan, planOfComputed } from '../../src/compile/index.ts';
import { followed, planSession } from '../../src/plan/index.ts';
import { reopenedHours } from '../../src/state/tables/signal.ts';
import { hour, planOf, type SessionData, sessionOf, specOf } from '../support/session-data.ts';
import { hourAt, hourNumbers } from '../support/world.ts';

const days = ({ spec, ...data }: SessionData): SessionData => ({ ...data, spec: { grain: 'day', ...spec } });

/** A dimension complete to the end of the day before; both changed hours lie within their days. */
const LATE = days({
  pattern: 'dimension',
  completeTo: -1,
  spec: { sql: 'select * from s, previous where ts >= $range_start' },
  target: {
    layout: {
      ...{ location: '/w', dataFolder: '/w/data', specId: 0, partition: [], compression: 'snappy' },
      columns: [{ id: 2, name: 'ts', type: 'timestamptz' }],
    },
  },
  sources: { s: { added: [-150, -50], vtts: 5 } },
});

describe('a dimension of days', () => {
  const plan = planSession(sessionOf(LATE));

  it('has unchanged days, of which no hour changed', () => {
    expect(hourNumbers(plan.hours)).toEqual([-168, -144, -120, -96, -72, -48, -24]);
    expect(hourNumbers(plan.hours.filter(({ unchanged }) => unchanged === true))).toEqual([
      -144, -120, -96, -48, -24,
    ]);
  });

  it('compares a day whole, and goes on with the next day that changed', () => {
    const { steps } = compilePlan(plan, specOf(LATE));
    const stops = steps.filter((step) => step.kind === 'may-stop');
    expect(stops.map(({ hour: at, resume_at: next }) => [at, next])).toEqual([
      [hourAt(-168), hourAt(-72)],
      [hourAt(-144), hourAt(-72)],
      [hourAt(-120), hourAt(-72)],
      [hourAt(-72), null],
      [hourAt(-48), null],
    ]);
    expect(stops[0]?.parameters).toEqual({ range_start: hourAt(-168), range_end: hourAt(-144) });
    const resumed = steps.find(({ name }) => name === `compute_hour ${hourAt(-72)}`);
    expect(resumed?.sql).toContain('$computed_before');
    expect(resumed?.parameters).toMatchObject({ previous_start: hourAt(-96), range_start: hourAt(-72) });
  });

  it('replaces the days that were computed, and reopens those that came out otherwise', () => {
    const computed = [hourAt(-168), hourAt(-144), hourAt(-72)];
    const stopped = planOfComputed(compilePlan(plan, specOf(LATE)), specOf(LATE), { computed });
    expect(stopped.range).toEqual({ first_hour: hourAt(-168), last_hour: hourAt(-49) });
    expect(stopped.steps.find(({ kind }) => kind === 'clear-hours')?.parameters).toMatchObject({
      first_hours: [-168, -72].map((each) => String(hour(each))),
      last_hours: [-121, -49].map((each) => String(hour(each))),
    });
    expect(reopenedHours(stopped, [hour(-150), hour(-60)])).toEqual([
      [hourAt(-168), hourAt(-145)],
      [hourAt(-72), hourAt(-49)],
    ]);
  });
});

describe('a restate of days', () => {
  const restated = (pattern: SessionData['pattern'], ...asked: number[]) =>
    planSession({
      ...sessionOf(days({ pattern, completeTo: -1, sources: { s: { vtts: 5 } } })),
      restate: { hours: asked.map(hour), reason: undefined },
    });

  it.each([
    ['stateful', [-50], [-72], { first_hour: hourAt(-72), last_hour: hourAt(-49) }],
    ['stateful', [-50, 3], [-72], { first_hour: hourAt(-72), last_hour: hourAt(-49) }],
    ['dimension', [-50], [-72, -48, -24], { first_hour: hourAt(-72), last_hour: hourAt(-1) }],
    ['stateless', [3], [0], { first_hour: hourAt(0), last_hour: hourAt(23) }],
  ] as const)('%s of the hours %j takes the days %j', (pattern, asked, expected, range) => {
    const plan = restated(pattern, ...asked);
    expect(hourNumbers(plan.hours)).toEqual(expected);
    expect(plan.range).toEqual(range);
    expect(plan.hours[0]?.reason).toBe('restated');
  });

  it('may leave the days that only follow as they are', () => {
    const { hours } = restated('dimension', -50);
    expect(hours.map(({ unchanged = false, reason }) => [unchanged, reason])).toEqual([
      [false, 'restated'],
      [true, 'contiguous'],
      [true, 'contiguous'],
    ]);
  });
});

describe('days that are expected of those above', () => {
  const below = (pattern: SessionData['pattern'], more: Partial<SessionData> = {}) => {
    const above: SessionData = {
      pattern: 'stateless',
      sources: { s: { added: [-50, 3], vtts: 5 } },
    };
    const written = { ...specOf(above).target, table: { namespace: ['t'], name: 'written' } };
    const own = days({ pattern, completeTo: -1, sources: { w: { vtts: 5 } }, ...more });
    const named = <Data extends SessionData>(data: Data, processName: string): SessionData => ({
      ...data,
      spec: {
        ...data.spec,
        processName,
        ...(processName === 'above'
          ? { target: { ...written, partitionBy: [{ transform: 'hour', column: 'ts' }] } }
          : { sources: specOf(data).sources.map((each) => ({ ...each, table: written.table })) }),
      },
    });
    const [, plan] = followed(
      [named(above, 'above'), named(own, 'own')].map((data) => ({ spec: specOf(data), plan: planOf(data) })),
    );
    return plan;
  };

  it.each([
    ['stateful', { spec: { hours: 'touched' } }, [-72]],
    ['stateful', {}, [-72]],
    ['dimension', {}, [-72, -48, -24]],
    ['dimension', { spec: { catchup: { thresholdHours: 30 } } }, [-48, -24]],
  ] as const)('of a %s process (%j) are whole: %j', (pattern, more, expected) => {
    const plan = below(pattern, more);
    expect(plan).toMatchObject({ status: 'follows', grain: 'day' });
    expect(hourNumbers(plan?.expected_hours ?? [])).toEqual(expected);
  });
});
