// Goal: what only a branch has is found as its definition says, however the chains lie. Method: random trees.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stagingSnapshots } from '../../src/iceberg/references.ts';
import type { SnapshotId, TableMetadata } from '../../src/iceberg/table-metadata.ts';

interface Tree {
  /** Of each snapshot the place of its parent, or of none where it is not before it. */
  readonly parents: readonly number[];
  readonly main: number;
  readonly branch: number;
  readonly base: number | undefined;
}

const trees: fc.Arbitrary<Tree> = fc.record({
  parents: fc.array(fc.oneof(fc.constant(-1), fc.nat(11), fc.nat(11)), { minLength: 1, maxLength: 12 }),
  main: fc.nat(12),
  branch: fc.nat(12),
  base: fc.option(fc.nat(12), { nil: undefined }),
});

const id = (place: number): SnapshotId => BigInt(100 + place);

const chainOf = ({ parents }: Tree, from: number): number[] => {
  const chain: number[] = [];
  for (let at = from; at >= 0 && at < parents.length; ) {
    chain.push(at);
    const parent = parents[at] as number;
    at = parent < at ? parent : -1;
  }
  return chain;
};

it('from its head as far as the base, or as far as main has it too', () => {
  fc.assert(
    fc.property(trees, (tree) => {
      const ref = (place: number) => ({ 'snapshot-id': id(place), type: 'branch' });
      const metadata = {
        snapshots: tree.parents.map((parent, place) => ({
          'snapshot-id': id(place),
          ...(parent >= 0 && parent < place ? { 'parent-snapshot-id': id(parent) } : {}),
        })),
        refs: { main: ref(tree.main), staged: ref(tree.branch) },
      } as unknown as TableMetadata;
      const main = new Set(chainOf(tree, tree.main));
      const chain = chainOf(tree, tree.branch);
      const end = chain.findIndex((place) => place === tree.base || main.has(place));
      const expected = end < 0 ? chain : chain.slice(0, end);
      const base = tree.base === undefined ? undefined : id(tree.base);
      const found = stagingSnapshots(metadata, 'staged', base).map((snapshot) => snapshot['snapshot-id']);
      expect(found).toEqual(expected.map(id));
    }),
    { numRuns: 2000 },
  );
});
