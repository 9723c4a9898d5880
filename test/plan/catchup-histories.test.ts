// Goal: with limits on how a process catches up, every hour that is not owed is what a recompute gives, after
// each session; nothing is lost, and sessions end what they may load.
// Method: generated histories of sources, completeness, failed sessions and rollbacks of the target against a
// target of texts: an hour's text is made of what its sources hold, and of a dimension of the hour before.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import type { CatchupSpec, Pattern } from '../../src/model/process-spec.ts';
import { planSession } from '../../src/plan/index.ts';
import { propertySeed } from '../support/property-seed.ts';
import { type SourceData, sessionOf } from '../support/session-data.ts';
import { hourNumbers } from '../support/world.ts';

const NAMES = ['a', 'b'] as const;
const LAST = 20;

type Event =
  | { readonly kind: 'land'; readonly source: number; readonly hours: readonly number[] }
  | { readonly kind: 'complete'; readonly source: number; readonly hour: number }
  | { readonly kind: 'session'; readonly fails: boolean }
  | { readonly kind: 'rollback' };

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('land' as const),
      source: fc.nat(1),
      hours: fc.uniqueArray(fc.nat(LAST), { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('complete' as const), source: fc.nat(1), hour: fc.nat(LAST) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('session' as const), fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'rollback' as const }) },
);

interface History {
  readonly count: number;
  readonly events: readonly Event[];
  readonly catchup: CatchupSpec;
  readonly isTouched: boolean;
  readonly ofDays: boolean;
}

const limits = (orders: readonly ('oldest' | 'newest')[]): fc.Arbitrary<CatchupSpec> =>
  fc
    .record({
      hoursPerSession: fc.option(fc.integer({ min: 1, max: 7 })),
      thresholdHours: fc.option(fc.integer({ min: 1, max: 8 })),
      order: fc.constantFrom(...orders),
    })
    .map(({ hoursPerSession, thresholdHours, order }) => ({
      order,
      ...(hoursPerSession === null ? {} : { hoursPerSession }),
      // Not beside `newest`: a header with both is refused.
      ...(thresholdHours === null || order === 'newest' ? {} : { thresholdHours }),
    }));

const histories = (orders: readonly ('oldest' | 'newest')[]): fc.Arbitrary<History> =>
  fc.record({
    count: fc.integer({ min: 1, max: 2 }),
    events: fc.array(event, { minLength: 5, maxLength: 40 }),
    catchup: limits(orders),
    isTouched: fc.boolean(),
    ofDays: fc.boolean(),
  });

/** What a published session leaves. */
interface Published {
  readonly target: ReadonlyMap<number, string>;
  readonly completeTo: number | undefined;
  readonly owed: readonly (readonly number[])[];
  /** What the sources held at the watermarks. */
  readonly seen: readonly ReadonlyMap<number, number>[];
}

class Play {
  /** Versions of a source's hours. */
  readonly held: Map<number, number>[];
  readonly complete: (number | undefined)[];
  readonly published: Published[];
  readonly pattern: Pattern;
  readonly history: History;

  constructor(pattern: Pattern, history: History) {
    this.pattern = pattern;
    this.history = history;
    this.held = Array.from({ length: history.count }, () => new Map());
    this.complete = this.held.map(() => undefined);
    this.published = [
      {
        target: new Map(),
        completeTo: undefined,
        owed: this.held.map(() => []),
        seen: this.held.map(() => new Map()),
      },
    ];
  }

  get now(): Published {
    return this.published.at(-1) as Published;
  }

  plan(): Plan {
    const { catchup, isTouched, ofDays } = this.history;
    const { owed, seen, completeTo } = this.now;
    const sources = this.held.map((held, index): [string, SourceData] => {
      const complete = this.complete[index];
      return [
        NAMES[index] as string,
        {
          added: [...held].filter(([hour, of]) => seen[index]?.get(hour) !== of).map(([hour]) => hour),
          owed: owed[index] ?? [],
          ...(complete === undefined ? {} : { vtts: complete }),
        },
      ];
    });
    const isDates = ofDays && this.pattern === 'stateful';
    return planSession(
      sessionOf({
        pattern: this.pattern,
        sources: Object.fromEntries(sources),
        spec: { hours: isTouched ? 'touched' : 'contiguous', catchup },
        ...(completeTo === undefined ? {} : { completeTo }),
        ...(isDates ? { target: { eventTime: { fieldId: 2, type: 'date', unit: 'day' } } } : {}),
      }),
    );
  }

  content(hour: number): string {
    return this.held.map((held) => held.get(hour) ?? '').join('/');
  }

  /** The target's hours by a recompute. */
  recompute(hour: number): string {
    if (this.pattern !== 'dimension') return this.content(hour);
    return Array.from({ length: hour + 1 }, (_, each) => this.content(each)).join(' ');
  }

  /** Publishes the plan. */
  load(plan: Plan): void {
    const before = this.now;
    const target = new Map(before.target);
    const hours = hourNumbers(plan.hours);
    for (const hour of hours) {
      const previous = target.get(hour - 1) ?? this.recompute(-1 + Math.min(...hours, hour));
      target.set(
        hour,
        this.pattern === 'dimension'
          ? hour === 0
            ? this.content(0)
            : `${previous} ${this.content(hour)}`
          : this.content(hour),
      );
    }
    this.published.push({
      target,
      completeTo: Math.max(before.completeTo ?? -1, ...hours),
      owed: plan.sources.map(({ owed_hours }) => hourNumbers(owed_hours)),
      seen: this.held.map((held) => new Map(held)),
    });
  }

  /** A session; its plan. */
  session(fails = false): Plan {
    const plan = this.plan();
    const { catchup, ofDays } = this.history;
    const loaded = hourNumbers(plan.hours);
    const atMost = catchup.hoursPerSession ?? Number.POSITIVE_INFINITY;
    // Dates are loaded by whole days.
    const room = ofDays && this.pattern === 'stateful' ? 24 : atMost;
    expect(loaded.length).toBeLessThanOrEqual(room);
    const limit = this.complete.some((hour) => hour === undefined)
      ? -1
      : Math.min(...(this.complete as number[]));
    expect(loaded.every((hour) => hour <= limit)).toBe(true);
    if (plan.status !== 'work') expect(plan.catchup?.later_hours ?? 0).toBe(0);
    if (plan.status !== 'work' || fails) return plan;
    this.load(plan);
    this.judge(plan);
    return plan;
  }

  /** Every hour that is not owed is right; below a threshold a dimension goes on from what it has. */
  judge(plan: Plan): void {
    const { target, completeTo = -1 } = this.now;
    const owed = new Set(hourNumbers(plan.owed_hours));
    const beyond = hourNumbers(plan.catchup?.beyond_hours ?? []);
    const end = this.pattern === 'dimension' ? Math.min(completeTo + 1, ...beyond) : completeTo + 1;
    for (let hour = 0; hour < end; hour += 1) {
      if (owed.has(hour)) continue;
      const found = target.get(hour);
      // An hour that no row lies in need not be loaded.
      if (found === undefined) expect(this.recompute(hour).replace(/[ /]/g, '')).toBe('');
      else expect({ hour, text: found }).toEqual({ hour, text: this.recompute(hour) });
    }
  }
}

function play(pattern: Pattern, history: History): void {
  const world = new Play(pattern, history);
  let version = 0;
  for (const each of history.events) {
    if (each.kind === 'session') world.session(each.fails);
    else if (each.kind === 'rollback') {
      if (world.published.length > 1) world.published.pop();
    } else if (each.kind === 'complete') {
      const source = each.source % history.count;
      world.complete[source] = Math.max(world.complete[source] ?? -1, each.hour);
    } else
      for (const hour of each.hours) {
        version += 1;
        world.held[each.source % history.count]?.set(hour, version);
      }
  }
  world.complete.fill(LAST);
  let sessions = 0;
  let plan = world.session();
  while (plan.status === 'work') {
    sessions += 1;
    expect(sessions).toBeLessThanOrEqual(LAST + 3);
    plan = world.session();
  }
  const left = hourNumbers(plan.owed_hours);
  const { thresholdHours } = history.catchup;
  // Without a threshold nothing is left; with one only what lies before it.
  expect(left.filter((hour) => hour > LAST - (thresholdHours ?? Number.POSITIVE_INFINITY))).toEqual([]);
  if (thresholdHours === undefined) expect(left).toEqual([]);
  expect(hourNumbers(plan.catchup?.beyond_hours ?? [])).toEqual(left);
  // What no session loads is written down all the same: a restate computes it from what was seen.
  if (world.now.completeTo !== undefined) expect(world.now.seen).toEqual(world.held);
  world.judge(plan);
}

describe('histories of a process that limits how it catches up', () => {
  it('stateful: what is not owed is right after each session, and everything in the end', () => {
    fc.assert(
      fc.property(histories(['oldest', 'newest']), (each) => play('stateful', each)),
      { numRuns: 400, ...propertySeed() },
    );
  });

  it('dimension: what is not owed is right after each session, and everything in the end', () => {
    fc.assert(
      fc.property(histories(['oldest']), (each) => play('dimension', each)),
      { numRuns: 400, ...propertySeed() },
    );
  });
});
