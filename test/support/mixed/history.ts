/** Random histories of a chain of all patterns: what may happen, and to what project. Pure. */
import fc from 'fast-check';
import {
  anyOperations,
  appendingOperations,
  landings,
  type SourceOperation,
  shapes,
} from '../source-operations.ts';

export const NAMES = ['copy', 'again', 'sums', 'state', 'days'] as const;
export type Name = (typeof NAMES)[number];

export type Step =
  | { readonly kind: 'change'; readonly side: 'a' | 'b'; readonly operation: SourceOperation }
  | { readonly kind: 'complete'; readonly hour: number | null }
  | { readonly kind: 'clock'; readonly hours: number }
  | {
      readonly kind: 'session';
      readonly only: Name | undefined;
      readonly jobs: number;
      readonly untilComplete: boolean;
    }
  | { readonly kind: 'failed-session'; readonly jobs: number }
  | {
      readonly kind: 'restate';
      readonly name: Name;
      readonly hours: readonly [number, number] | undefined;
      readonly downstream: boolean;
      readonly atomic: boolean;
    }
  | {
      readonly kind: 'correct';
      readonly factor: number;
      readonly downstream: boolean;
      readonly atomic: boolean;
      readonly changed: boolean;
      readonly runFirst: boolean;
    }
  | { readonly kind: 'roll-target'; readonly name: Name; readonly back: number }
  | { readonly kind: 'compact-target'; readonly name: Name }
  | { readonly kind: 'expire-target'; readonly name: Name }
  | { readonly kind: 'maintain' };

const change = (operation: fc.Arbitrary<SourceOperation>): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constant('change' as const),
    side: fc.constantFrom('a' as const, 'b' as const),
    operation,
  });
const name = fc.constantFrom<Name>(...NAMES);
const jobs = fc.constantFrom(1, 1, 2);
const stepsWith = (ofA: fc.Arbitrary<SourceOperation>): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: change(ofA).map((each) => ({ ...each, side: 'a' as const })) as fc.Arbitrary<Step>,
    },
    {
      weight: 4,
      arbitrary: change(anyOperations).map((each) => ({ ...each, side: 'b' as const })) as fc.Arbitrary<Step>,
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('complete' as const),
        hour: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 8, null),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('clock' as const), hours: fc.integer({ min: 1, max: 30 }) }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('session' as const),
        only: fc.option(name, { nil: undefined, freq: 2 }),
        jobs,
        untilComplete: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('failed-session' as const), jobs }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('restate' as const),
        name,
        hours: fc.option(
          fc.tuple(fc.nat(6), fc.nat(6)).map(([x, y]) => [Math.min(x, y), Math.max(x, y)] as const),
          { nil: undefined },
        ),
        downstream: fc.boolean(),
        atomic: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('correct' as const),
        factor: fc.integer({ min: 1, max: 3 }),
        downstream: fc.boolean(),
        atomic: fc.boolean(),
        changed: fc.boolean(),
        runFirst: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('roll-target' as const),
        name,
        back: fc.integer({ min: 1, max: 2 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact-target' as const), name }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire-target' as const), name }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'maintain' as const }) },
  );

const catchups = fc.constantFrom(
  undefined,
  undefined,
  { hours_per_session: 2 },
  { hours_per_session: 3, order: 'newest' },
  { threshold_hours: 3 },
  { hours_per_session: 2, threshold_hours: 4 },
);
export const history = fc
  .record({
    a: shapes.filter(({ eventType }) => eventType !== 'date'),
    b: shapes.filter(({ eventType }) => eventType !== 'date'),
    hoursApart: fc.constantFrom(1, 1, 1, 5),
    firstHour: fc.constantFrom(0, 0, -470_739, -1_000_000, 20),
    appending: fc.boolean(),
    /** The stateful process reads the copy or the table itself. */
    overCopy: fc.boolean(),
    bySql: fc.boolean(),
    protect: fc.constantFrom(true, true, false),
    hours: fc.constantFrom('contiguous', 'touched'),
    catchup: catchups,
    stateCatchup: fc.constantFrom(undefined, undefined, { hours_per_session: 2 }),
    targetVersion: fc.constantFrom('2', '3'),
    partitioned: fc.constantFrom('hour', 'day', undefined),
    filter: fc.boolean(),
    steps: fc.nat(1),
  })
  .chain((each) =>
    fc.record({
      ...(Object.fromEntries(Object.entries(each).map(([key, value]) => [key, fc.constant(value)])) as {
        [K in keyof typeof each]: fc.Arbitrary<(typeof each)[K]>;
      }),
      steps: fc
        .tuple(
          fc.array(change(landings), { minLength: 2, maxLength: 3 }),
          fc.array(stepsWith(each.appending ? appendingOperations : anyOperations), {
            minLength: 8,
            maxLength: 20,
          }),
        )
        .map(([first, then]) => [...first, ...then]),
    }),
  );
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;
