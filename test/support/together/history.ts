/**
 * Random histories of one process that has everything at once: a window, a lookup whose changes are restated,
 * catching up, hours or days; with restates, retired and adopted targets, and orchestrated sessions. Pure.
 */
import fc from 'fast-check';
import { anyOperations, landings, type SourceOperation, shapes } from '../source-operations.ts';

export const SIDES = ['a', 'b', 'l'] as const;
export type Side = (typeof SIDES)[number];

export type Step =
  | { readonly kind: 'change'; readonly side: Side; readonly operation: SourceOperation }
  | { readonly kind: 'complete'; readonly hour: number }
  | { readonly kind: 'clock'; readonly hours: number }
  | { readonly kind: 'session'; readonly untilComplete: boolean }
  /** As an orchestrator runs it: so many steps, then the session is dropped unless it is over. */
  | { readonly kind: 'stepwise'; readonly steps: number; readonly reopens: boolean }
  | { readonly kind: 'restate'; readonly hours: readonly [number, number] | undefined }
  | {
      readonly kind: 'adopt';
      readonly how: 'retired' | 'renamed';
      readonly between: readonly { readonly side: Side; readonly operation: SourceOperation }[];
    }
  | { readonly kind: 'roll-target'; readonly back: number }
  | { readonly kind: 'compact-target' }
  | { readonly kind: 'replace-lookup' }
  | { readonly kind: 'maintain' };

const side = fc.constantFrom<Side>('a', 'a', 'b', 'b', 'l');
const change = fc.record({ side, operation: anyOperations });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: change.map((each) => ({ kind: 'change' as const, ...each })) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('complete' as const),
      hour: fc.constantFrom(1, 2, 3, 4, 5, 6, 8),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('clock' as const), hours: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('session' as const), untilComplete: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('stepwise' as const),
      steps: fc.integer({ min: 1, max: 5 }),
      reopens: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('restate' as const),
      hours: fc.option(
        fc.tuple(fc.nat(6), fc.nat(6)).map(([x, y]) => [Math.min(x, y), Math.max(x, y)] as const),
        { nil: undefined },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('adopt' as const),
      how: fc.constantFrom('retired' as const, 'retired' as const, 'renamed' as const),
      between: fc.array(change, { maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('roll-target' as const),
      back: fc.integer({ min: 1, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'compact-target' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'replace-lookup' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'maintain' as const }) },
);

/** With a row by which several hours are complete, and rows of hours before. */
const landed = (each: Side): fc.Arbitrary<Step> =>
  fc.tuple(landings, fc.constantFrom(3, 5, 6)).map(([operation, hour]) => ({
    kind: 'change' as const,
    side: each,
    operation: {
      ...operation,
      batch: [...('batch' in operation ? operation.batch : []), { hour: 1, count: 1 }, { hour, count: 2 }],
    } as SourceOperation,
  }));

const timed = shapes.filter(({ eventType }) => eventType !== 'date');
export const history = fc.record({
  a: timed,
  b: timed,
  l: shapes,
  pattern: fc.constantFrom('stateful' as const, 'dimension' as const),
  grain: fc.constantFrom('hour' as const, 'hour' as const, 'day' as const),
  before: fc.integer({ min: 0, max: 2 }),
  after: fc.constantFrom(0, 0, 0, 1),
  windowKey: fc.boolean(),
  lookupKey: fc.boolean(),
  bySql: fc.boolean(),
  protect: fc.constantFrom(true, true, false),
  hours: fc.constantFrom('contiguous', 'touched'),
  catchup: fc.constantFrom(
    undefined,
    { hours_per_session: 2 },
    { hours_per_session: 3, order: 'newest' },
    { threshold_hours: 3 },
    { hours_per_session: 2, threshold_hours: 4 },
  ),
  targetVersion: fc.constantFrom('2', '3'),
  partitioned: fc.constantFrom('hour', 'day', undefined),
  steps: fc
    .tuple(landed('a'), landed('b'), landed('l'), fc.array(step, { minLength: 10, maxLength: 24 }))
    .map(([a, b, l, then]): Step[] => [
      ...[a, b, l],
      { kind: 'complete', hour: 3 },
      { kind: 'session', untilComplete: false },
      ...then,
    ]),
});

export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;
