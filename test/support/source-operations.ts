/**
 * What can happen to a source between two sessions, as data. Shared by the short property test and the soak:
 * both draw histories from here, so what the soak finds can be shrunk by the test.
 */
import fc from 'fast-check';
import { type Batch, type EventType, FUTURE_HOUR, type SourceShape } from './source-shape.ts';

export type SourceOperation =
  | { readonly kind: 'land'; readonly batch: Batch }
  /** Whole files out, rows in. */
  | { readonly kind: 'overwrite'; readonly batch: Batch; readonly file: number }
  /** Whole files out. */
  | { readonly kind: 'delete-file'; readonly file: number }
  /** Position deletes in a table of version 2, deletion vectors in one of version 3. */
  | { readonly kind: 'delete-rows'; readonly rest: number }
  | { readonly kind: 'update-rows'; readonly rest: number }
  /** Equality deletes on the id, as streaming engines write them. */
  | { readonly kind: 'delete-equal'; readonly rest: number }
  /**
   * One file of position deletes for each partition: version 2 only, and only other engines write them so.
   */
  | { readonly kind: 'delete-positions'; readonly rest: number }
  /** Rows that no session saw: landed and deleted again. */
  | { readonly kind: 'land-and-delete'; readonly batch: Batch }
  | { readonly kind: 'compact' }
  /** A compaction that calls itself an overwrite. */
  | { readonly kind: 'compact-as-overwrite' }
  /** One file, or two neighbours, put together, as a compaction of few files does. */
  | { readonly kind: 'compact-some'; readonly file: number; readonly as: 'replace' | 'overwrite' }
  | { readonly kind: 'rollback'; readonly back: number }
  /** Back to the newest snapshot that a rollback took off `main`. */
  | { readonly kind: 'fast-forward' }
  /** The files of the newest append that a rollback took off `main`, committed once more. */
  | { readonly kind: 'cherry-pick' }
  /** Removes all snapshots that no ref needs, but for the newest `keep`. */
  | { readonly kind: 'expire'; readonly keep: number }
  | { readonly kind: 'add-column' }
  | { readonly kind: 'change-partitioning' }
  /** Several, one after the other, without a session between them. */
  | { readonly kind: 'in-one-gap'; readonly operations: readonly SourceOperation[] };

const hours = fc.oneof(
  { weight: 18, arbitrary: fc.integer({ min: 0, max: 6 }) },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant(FUTURE_HOUR) },
);
export const batches: fc.Arbitrary<Batch> = fc.array(
  fc.record({ hour: hours, count: fc.integer({ min: 1, max: 3 }) }),
  { minLength: 1, maxLength: 3 },
);
const file = fc.nat(20);
const rest = fc.nat(2);

export const landings: fc.Arbitrary<SourceOperation> = fc.record({
  kind: fc.constant('land' as const),
  batch: batches,
});
const compactions = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact-as-overwrite' as const) }) },
);
const partialCompactions = fc.record({
  kind: fc.constant('compact-some' as const),
  file,
  as: fc.constantFrom('replace' as const, 'overwrite' as const),
});
const rearrangement = fc.oneof(
  { weight: 3, arbitrary: compactions },
  { weight: 1, arbitrary: partialCompactions },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('expire' as const), keep: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('add-column' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change-partitioning' as const) }) },
);

/** Moves of `main`, back and forth between two sessions, or back for good. */
const movesOfMain: fc.Arbitrary<SourceOperation> = fc
  .tuple(
    fc.array(landings, { maxLength: 2 }),
    fc.integer({ min: 1, max: 2 }),
    fc.constantFrom('fast-forward' as const, 'cherry-pick' as const, 'rollback' as const),
  )
  .map(([landed, back, then]) => ({
    kind: 'in-one-gap',
    operations: [...landed, { kind: 'rollback', back }, ...(then === 'rollback' ? [] : [{ kind: then }])],
  }));

/** Operations that a stateless process takes without a decision of its own: no row that it loaded changes. */
export const appendingOperations: fc.Arbitrary<SourceOperation> = fc.oneof(
  { weight: 6, arbitrary: landings },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('land-and-delete' as const), batch: batches }) },
  { weight: 2, arbitrary: rearrangement },
);

const rowLevel = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete-rows' as const), rest }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('update-rows' as const), rest }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-equal' as const), rest }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-positions' as const), rest }) },
);

/**
 * Deletes of single rows and rewrites of the files that hold them (in either order, with others beside them):
 * the hardest that one gap between two sessions can hold.
 */
const deletesAmongRewrites: fc.Arbitrary<SourceOperation> = fc
  .tuple(
    rowLevel,
    fc.oneof(compactions, partialCompactions),
    fc.array(fc.oneof(rowLevel, compactions, partialCompactions, appendingOperations), { maxLength: 2 }),
  )
  .chain(([one, other, more]) => {
    const operations = [one, other, ...more];
    return fc.record({
      kind: fc.constant('in-one-gap' as const),
      operations: fc.shuffledSubarray<SourceOperation>(operations, { minLength: operations.length }),
    });
  });

export const anyOperations: fc.Arbitrary<SourceOperation> = fc.oneof(
  { weight: 6, arbitrary: appendingOperations },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('overwrite' as const), batch: batches, file }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-file' as const), file }) },
  { weight: 3, arbitrary: rowLevel },
  { weight: 5, arbitrary: deletesAmongRewrites },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('rollback' as const), back: fc.integer({ min: 1, max: 2 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<SourceOperation>({ kind: 'fast-forward' }, { kind: 'cherry-pick' }),
  },
  { weight: 2, arbitrary: movesOfMain },
);

/** Transforms of the event-time column exist for its type only. */
const PARTITIONINGS: Readonly<Record<EventType, readonly (string | undefined)[]>> = {
  timestamptz: [
    undefined,
    'hour(ts)',
    'day(ts)',
    'month(ts)',
    'region',
    'bucket(3, id)',
    'truncate(10, id)',
    'region, hour(ts)',
  ],
  timestamp: [undefined, 'hour(ts)', 'day(ts)', 'region'],
  date: [undefined, 'day(ts)', 'month(ts)', 'ts'],
  epoch_ms: [undefined, 'region', 'bucket(3, id)', 'truncate(3600000, ts)'],
};

export const shapes: fc.Arbitrary<SourceShape> = fc
  .constantFrom<EventType>('timestamptz', 'timestamptz', 'timestamp', 'epoch_ms', 'date')
  .chain((eventType) =>
    fc.record({
      formatVersion: fc.constantFrom('1' as const, '2' as const, '2' as const, '3' as const, '3' as const),
      eventType: fc.constant(eventType),
      partitionedBy: fc.constantFrom(...PARTITIONINGS[eventType]),
    }),
  );
