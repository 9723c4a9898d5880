// Goal: the chain of parents decides what is new. Method: small histories as data.
import { describe, expect, it } from 'vitest';
import { gapBetween } from '../../src/changes/gap.ts';
import type { Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { instantOf } from '../../src/model/hour.ts';
import type { Watermark } from '../../src/model/session.ts';

/** `3<2` is snapshot 3 with parent 2; `1` has none. */
function table(...snapshots: string[]): TableMetadata {
  return {
    snapshots: snapshots.map((text) => {
      const [id, parent] = text.split('<');
      return {
        'snapshot-id': BigInt(id as string),
        ...(parent === undefined ? {} : { 'parent-snapshot-id': BigInt(parent) }),
        'sequence-number': BigInt(id as string),
        'timestamp-ms': 1000 - Number(id),
        'manifest-list': '',
      };
    }),
  } as unknown as TableMetadata;
}
const at = (metadata: TableMetadata, id: number): Snapshot =>
  metadata.snapshots?.find((snapshot) => snapshot['snapshot-id'] === BigInt(id)) as Snapshot;
const watermark = (id: number): Watermark => ({
  table: 'raw.t',
  tableUuid: '',
  snapshotId: BigInt(id),
  sequenceNumber: BigInt(id),
  committedAtMs: 0,
  owedHours: [],
});
const ids = (snapshots: readonly Snapshot[]): number[] =>
  snapshots.map((snapshot) => Number(snapshot['snapshot-id']));

describe('gapBetween', () => {
  const CASES = [
    [
      'all snapshots behind the watermark, oldest first, whatever their clocks say',
      table('1', '2<1', '3<2', '4<3'),
      4,
      2,
      'snapshots',
      [3, 4],
      [],
    ],
    ['nothing when the head is the watermark', table('1', '2<1'), 2, 2, 'snapshots', [], []],
    [
      'the watermark itself may be expired when its child is there',
      table('3<2', '4<3'),
      4,
      2,
      'snapshots',
      [3, 4],
      [],
    ],
    ['a rollback: what was undone, and nothing new', table('1', '2<1', '3<2'), 1, 3, 'rewound', [], [2, 3]],
    ['a rollback, then new commits', table('1', '2<1', '3<1', '4<3'), 4, 2, 'rewound', [3, 4], [2]],
    ['a gap in the history', table('5<4', '6<5'), 6, 2, 'live-files', [5, 6], []],
    ['a rollback whose undone snapshot was expired', table('1', '3<1'), 3, 2, 'live-files', [1, 3], []],
    ['a circle of parents does not hang', table('2<3', '3<2'), 3, 9, 'live-files', [2, 3], []],
  ] as const;
  it.each(CASES)('%s', (_name, metadata, head, mark, detectedBy, added, undone) => {
    const found = gapBetween(metadata, at(metadata, head), watermark(mark));
    expect({ detectedBy: found.detectedBy, added: ids(found.added), undone: ids(found.undone) }).toEqual({
      detectedBy,
      added,
      undone,
    });
  });
});

describe('a valid-to text', () => {
  it.each([
    ['2023-09-14', '2023-09-14T00:00:00.000Z'],
    ['2023-09-14 05:00:00', '2023-09-14T05:00:00.000Z'],
    ['2023-09-14T05:00:00', '2023-09-14T05:00:00.000Z'],
    ['2023-09-14T05:00:00Z', '2023-09-14T05:00:00.000Z'],
    ['2023-09-14 05:00:00+02', '2023-09-14T03:00:00.000Z'],
    ['2023-09-14T05:00:00.5-07:00', '2023-09-14T12:00:00.500Z'],
  ])('%s is %s', (text, expected) => {
    expect(new Date(instantOf(text)).toISOString()).toBe(expected);
  });
  it('that is none is not a number', () => {
    for (const text of ['', 'soon', '2023-14-14', '1694667600000']) expect(instantOf(text), text).toBeNaN();
  });
});
