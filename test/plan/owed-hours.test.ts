// Goal: an hour that changed is loaded exactly once after its last change, never lost and never above the
// least complete hour, however sources lag and sessions fail.
// Method: generated histories of several sources against a small model of what is unpaid; the planner is
// pure, so hundreds of histories take a second.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { planSession } from '../../src/plan/index.ts';
import { propertySeed } from '../support/property-seed.ts';
import { type SourceData, sessionOf } from '../support/session-data.ts';
import { hourNumbers } from '../support/world.ts';

const NAMES = ['a', 'b', 'c'] as const;
const LAST = 12;

interface Source {
  /** Changed since the watermark. */
  readonly changed: Set<number>;
  owed: number[];
  complete: number | undefined;
}

const event = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('land' as const), source: fc.nat(2), hour: fc.nat(LAST) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('complete' as const), source: fc.nat(2), hour: fc.nat(LAST) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('session' as const), fails: fc.boolean() }) },
);

function planOf(
  pattern: 'stateful' | 'dimension',
  sources: readonly Source[],
  state: { readonly completeTo: number | undefined; readonly threshold: number | undefined },
): Plan {
  const data = Object.fromEntries(
    sources.map((source, index): [string, SourceData] => [
      NAMES[index] as string,
      {
        added: [...source.changed],
        owed: source.owed,
        ...(source.complete === undefined ? {} : { vtts: source.complete }),
      },
    ]),
  );
  return planSession(
    sessionOf({
      pattern,
      sources: data,
      spec: {
        hours: 'touched',
        catchup: state.threshold === undefined ? {} : { thresholdHours: state.threshold },
      },
      ...(state.completeTo === undefined ? {} : { completeTo: state.completeTo }),
    }),
  );
}

const history = fc.record({
  count: fc.integer({ min: 1, max: 3 }),
  events: fc.array(event, { minLength: 5, maxLength: 40 }),
  threshold: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
});

/** Plays a history. `onLoad` sees what each published session loaded, and what was unpaid before it. */
function play(
  pattern: 'stateful' | 'dimension',
  { count, events, threshold }: typeof history extends fc.Arbitrary<infer T> ? T : never,
): void {
  const sources: Source[] = Array.from({ length: count }, () => ({
    changed: new Set(),
    owed: [],
    complete: undefined,
  }));
  const state = {
    completeTo: undefined as number | undefined,
    threshold: pattern === 'dimension' ? threshold : undefined,
  };
  const session = (fails: boolean): Plan['status'] => {
    const unpaid = sources.map((source) => new Set([...source.changed, ...source.owed]));
    const plan = planOf(pattern, sources, state);
    const loaded = hourNumbers(plan.hours);
    const complete = sources.map((source) => source.complete);
    const limit = complete.some((hour) => hour === undefined)
      ? undefined
      : Math.min(...(complete as number[]));
    expect(loaded.every((hour) => limit !== undefined && hour <= limit)).toBe(true);
    // Nothing is loaded that is not unpaid (a dimension goes on from its first hour).
    if (pattern === 'stateful')
      expect(loaded.filter((hour) => !unpaid.some((hours) => hours.has(hour)))).toEqual([]);
    for (const [index, source] of plan.sources.entries()) {
      const owed = hourNumbers(source.owed_hours);
      // Paid or owed: each hour one of the two.
      expect(
        [...(unpaid[index] as Set<number>)].filter((hour) => loaded.includes(hour) === owed.includes(hour)),
      ).toEqual([]);
      expect(owed.filter((hour) => !unpaid[index]?.has(hour))).toEqual([]);
    }
    const above = hourNumbers(plan.owed_hours).filter((hour) => limit === undefined || hour > limit);
    if (above.length === 0) expect(plan.held_back_by).toBeNull();
    else
      expect(complete[NAMES.indexOf((plan.held_back_by as string).slice('raw.'.length) as 'a')]).toBe(
        limit === undefined ? undefined : limit,
      );
    if (plan.status !== 'work' || fails) return plan.status;
    for (const [index, source] of sources.entries()) {
      source.owed = hourNumbers(plan.sources[index]?.owed_hours ?? []);
      source.changed.clear();
    }
    state.completeTo = Math.max(state.completeTo ?? -1, ...loaded);
    return plan.status;
  };
  for (const each of events) {
    if (each.kind === 'session') {
      session(each.fails);
      continue;
    }
    const source = sources[each.source % count] as Source;
    if (each.kind === 'land') source.changed.add(each.hour);
    else source.complete = Math.max(source.complete ?? -1, each.hour);
  }
  // All debts are paid once every source is complete; a dimension owes what lies below its threshold.
  for (const source of sources) source.complete = LAST;
  session(false);
  const left = sources.flatMap((source) => source.owed);
  const floor = state.threshold === undefined ? Number.NEGATIVE_INFINITY : LAST - state.threshold + 1;
  expect(left.filter((hour) => hour >= floor)).toEqual([]);
  if (left.length === 0) expect(session(false)).toBe('nothing-new');
}

describe('hours that are owed', () => {
  it('of a stateful process are paid exactly once, also across failed and waiting sessions', () => {
    fc.assert(
      fc.property(history, (each) => play('stateful', each)),
      { numRuns: 300, ...propertySeed() },
    );
  });

  it('of a dimension are paid, or lie below its threshold and stay listed', () => {
    fc.assert(
      fc.property(history, (each) => play('dimension', each)),
      { numRuns: 300, ...propertySeed() },
    );
  });
});
