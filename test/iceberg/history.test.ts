// Goal: changes, status and maintenance go one way between a head and what was read. Method: small histories as data.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ancestors, between, countInSummary, withOperations } from '../../src/iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { neededSnapshots } from '../../src/maintain/needed-snapshots.ts';
import { propertySeed } from '../support/property-seed.ts';

/** `3<2` is snapshot 3 with parent 2; the last one is the head. */
function table(...snapshots: string[]): TableMetadata {
  const ids = snapshots.map((text) => text.split('<').map(BigInt) as [bigint, bigint?]);
  return {
    'table-uuid': 'u',
    'current-snapshot-id': ids.at(-1)?.[0],
    snapshots: ids.map(([id, parent]) => ({
      'snapshot-id': id,
      ...(parent === undefined ? {} : { 'parent-snapshot-id': parent }),
      'sequence-number': id,
      'timestamp-ms': 0,
      'manifest-list': '',
    })),
  } as unknown as TableMetadata;
}

describe('the ancestors of a snapshot', () => {
  it('are those along the parents, each once, in whatever order the table has them, also in a circle', () => {
    const parents = fc.array(fc.option(fc.nat(9), { nil: undefined }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(parents, fc.nat(8), (parentOf, first) => {
        const metadata = table(
          ...parentOf.map((parent, id) => (parent === undefined ? `${id}` : `${id}<${parent}`)),
        );
        const expected: number[] = [];
        for (
          let id: number | undefined = first % parentOf.length;
          id !== undefined && id < parentOf.length && !expected.includes(id);
          id = parentOf[id]
        )
          expected.push(id);
        const from = metadata.snapshots?.[first % parentOf.length];
        expect([...ancestors(metadata, from)].map((each) => Number(each['snapshot-id']))).toEqual(expected);
      }),
      { numRuns: 500, ...propertySeed() },
    );
  });
});

const CASES = [
  ['straight', table('1', '2<1', '3<2'), 2n, { added: [3n], undone: [], meeting: 2n }, [2n, 3n], 2n],
  ['straight', table('1', '2<1'), 2n, { added: [], undone: [], meeting: 2n }, [2n], 2n],
  // Its own snapshot was expired, its child was not.
  ['straight', table('3<2', '4<3'), 2n, { added: [3n, 4n], undone: [], meeting: undefined }, [3n, 4n], 2n],
  [
    'forked',
    table('1', '2<1', '3<1', '4<3'),
    2n,
    { added: [3n, 4n], undone: [2n], meeting: 1n },
    [1n, 2n, 3n, 4n],
    1n,
  ],
  ['forked', table('2<1', '3<2', '1'), 3n, { added: [], undone: [2n, 3n], meeting: 1n }, [1n, 2n, 3n], 1n],
  ['unknown', table('5<4', '6<5'), 2n, { added: [5n, 6n], undone: [], meeting: undefined }, [], undefined],
  ['unknown', table('1', '2', '3<2'), 1n, { added: [2n, 3n], undone: [], meeting: undefined }, [], undefined],
] as const;

describe('between a head and what was read', () => {
  it.each(CASES)(
    '%s: the snapshots, and which of them maintenance keeps',
    (kind, metadata, read, gap, kept, readTo) => {
      const head = metadata.snapshots?.at(-1);
      const found = between(metadata, head, read);
      expect({
        kind: found.kind,
        added: found.added.map((snapshot) => snapshot['snapshot-id']),
        undone: found.undone.map((snapshot) => snapshot['snapshot-id']),
        meeting: found.meeting?.['snapshot-id'],
      }).toEqual({ kind, ...gap });
      const watermark = { processName: 'a', table: 'raw.t', tableUuid: 'u', snapshotId: read };
      const needed = neededSnapshots({ metadata, watermarks: [watermark], sessionsSinceMs: undefined });
      expect([...needed.ids].sort()).toEqual(kept);
      expect(needed.readToSequenceNumber).toBe(readTo);
      expect(needed.detached).toEqual(kind === 'unknown' ? ['a'] : []);
    },
  );

  it('an empty table has nothing between', () => {
    expect(between(table(), undefined, 1n)).toEqual({
      kind: 'unknown',
      added: [],
      undone: [],
      meeting: undefined,
    });
  });
});

describe('what a snapshot says of itself', () => {
  it('gets an operation for readers that want one, and its own summary otherwise', () => {
    const snapshots = [
      { summary: { operation: 'append', a: '1' } },
      { summary: { a: '2' } },
      {},
    ] as unknown as Snapshot[];
    const metadata = { snapshots } as unknown as TableMetadata;
    expect(withOperations(metadata).snapshots).toEqual([
      { summary: { operation: 'append', a: '1' } },
      { summary: { operation: 'overwrite', a: '2' } },
      { summary: { operation: 'overwrite' } },
    ]);
    const whole = { snapshots: snapshots.slice(0, 1) } as unknown as TableMetadata;
    expect(withOperations(whole)).toBe(whole);
  });

  it.each([
    ['9223372036854775808', 9223372036854775808n],
    ['0', 0n],
    ['1.0E3', undefined],
    ['-1', undefined],
    ['', undefined],
    ['many', undefined],
    [undefined, undefined],
  ])('says how many only where it says a number: %s', (text, count) => {
    const snapshot = { summary: text === undefined ? {} : { 'total-records': text } } as unknown as Snapshot;
    expect(countInSummary(snapshot, 'total-records')).toBe(count);
  });
});
