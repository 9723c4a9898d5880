/** Changes of a source's schema, and of its rows, as data. */
import fc from 'fast-check';

export type Evolution =
  | { readonly kind: 'land'; readonly hours: readonly number[] }
  /** Two columns take each other's name. */
  | { readonly kind: 'swap'; readonly names: readonly [string, string] }
  /** A column is dropped, or renamed for good, and another takes its name. */
  | { readonly kind: 'again'; readonly name: string; readonly keeps: boolean }
  /** Renamed, and back with the next such change. */
  | { readonly kind: 'away'; readonly name: string }
  | { readonly kind: 'widen'; readonly name: string }
  | { readonly kind: 'reorder'; readonly by: number }
  | { readonly kind: 'add' }
  | { readonly kind: 'drop-added' }
  | { readonly kind: 'partition'; readonly by: string | undefined }
  | { readonly kind: 'delete'; readonly rest: number }
  | { readonly kind: 'rollback' };

const TOP = ['a', 'b', 'c', 'd'];
const MEMBERS = ['s.x', 's.y'];
const name = fc.constantFrom(...TOP, ...MEMBERS);
const kind = <Kind extends string>(of: Kind) => fc.constant(of);
export const landing: fc.Arbitrary<Evolution> = fc.record({
  kind: kind('land'),
  hours: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
});
export const evolutions: fc.Arbitrary<Evolution> = fc.oneof(
  { weight: 7, arbitrary: landing },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('swap'),
      names: fc.constantFrom<readonly [string, string]>(
        ['a', 'e'],
        ['b', 'f'],
        ['s.x', 's.z'],
        ['ts', 'other_ts'],
        ['b', 'f'],
        ['a', 'e'],
        ['s.x', 's.z'],
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: kind('again'), name, keeps: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('away'), name }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('widen'), name }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('reorder'), by: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('add') }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('drop-added') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind('partition'),
      by: fc.constantFrom(undefined, 'a', 'b', 'hour(ts)', 'bucket(3, id)', 'b, hour(ts)'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('delete'), rest: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('rollback') }) },
);
