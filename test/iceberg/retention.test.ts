// Goal: what expires is what Apache Iceberg's ExpireSnapshots would expire. Method: histories as data, one
// rule a test.
import { describe, expect, it } from 'vitest';
import { expiredBy, mayDeleteFiles } from '../../src/iceberg/retention.ts';
import type { SnapshotReference, TableMetadata } from '../../src/iceberg/table-metadata.ts';

const DAY = 86_400_000;
const NOW = 100 * DAY;

/** Snapshots 1..n, each the parent of the next, `ages[i]` days old; others hang off where `parents` says. */
function history(
  ages: readonly number[],
  options: {
    readonly refs?: Record<string, SnapshotReference>;
    readonly parents?: Record<number, bigint>;
    readonly properties?: Record<string, string>;
  } = {},
): TableMetadata {
  const snapshots = ages.map((age, index) => ({
    'snapshot-id': BigInt(index + 1),
    ...(options.parents?.[index + 1] === undefined
      ? index === 0
        ? {}
        : { 'parent-snapshot-id': BigInt(index) }
      : { 'parent-snapshot-id': options.parents[index + 1] as bigint }),
    'timestamp-ms': NOW - age * DAY,
    'manifest-list': `snap-${index + 1}.avro`,
  }));
  return {
    snapshots,
    refs: options.refs ?? { main: { 'snapshot-id': BigInt(ages.length), type: 'branch' } },
    properties: options.properties ?? {},
  } as unknown as TableMetadata;
}
const expired = (
  metadata: TableMetadata,
  limits: Partial<Parameters<typeof expiredBy>[1]> = {},
  needed: bigint[] = [],
) => {
  const { snapshots, refs } = expiredBy(metadata, { nowMs: NOW, ...limits }, new Set(needed));
  return { snapshots: snapshots.map((snapshot) => Number(snapshot['snapshot-id'])), refs };
};

describe('what expires', () => {
  it('is older than five days, and never the newest snapshot', () => {
    expect(expired(history([20, 10, 6, 4, 1]))).toEqual({ snapshots: [1, 2, 3], refs: [] });
    expect(expired(history([30, 20]))).toEqual({ snapshots: [1], refs: [] });
    expect(expired(history([3, 2, 1]), { olderThanMs: 0, retainLast: 2 })).toEqual({
      snapshots: [1],
      refs: [],
    });
  });
  it("follows the table's properties, and a limit of the call before them", () => {
    const properties = {
      'history.expire.max-snapshot-age-ms': String(DAY),
      'history.expire.min-snapshots-to-keep': '3',
    };
    expect(expired(history([9, 8, 7, 6, 5], { properties })).snapshots).toEqual([1, 2]);
    expect(
      expired(history([9, 8, 7, 6, 5], { properties }), { olderThanMs: 8.5 * DAY, retainLast: 1 }).snapshots,
    ).toEqual([1]);
  });
  it('stops at the first old snapshot of a branch, also where an older one claims to be younger', () => {
    expect(expired(history([2, 9, 3, 1])).snapshots).toEqual([1, 2]);
  });
  it("keeps a tag's snapshot alone, and a branch by its own limits", () => {
    const refs: Record<string, SnapshotReference> = {
      main: { 'snapshot-id': 4n, type: 'branch' },
      release: { 'snapshot-id': 2n, type: 'tag' },
      staging: { 'snapshot-id': 6n, type: 'branch', 'min-snapshots-to-keep': 2 },
    };
    expect(expired(history([90, 80, 70, 1, 60, 50], { refs, parents: { 5: 1n } })).snapshots).toEqual([1, 3]);
    expect(
      expired(
        history([90, 80, 70, 1, 60, 50], {
          refs: { ...refs, staging: { 'snapshot-id': 6n, type: 'branch', 'max-snapshot-age-ms': 70 * DAY } },
          parents: { 5: 1n },
        }),
      ).snapshots,
    ).toEqual([1, 3]);
  });
  it('takes old references away, but never main nor those that are kept on purpose', () => {
    const refs: Record<string, SnapshotReference> = {
      main: { 'snapshot-id': 2n, type: 'branch', 'max-ref-age-ms': 1 },
      old: { 'snapshot-id': 1n, type: 'tag', 'max-ref-age-ms': DAY },
      gone: { 'snapshot-id': 77n, type: 'tag' },
    };
    expect(expired(history([90, 80], { refs }))).toEqual({ snapshots: [1], refs: ['old', 'gone'] });
    expect(expired(history([90, 80], { refs }), { keepsRef: (name) => name === 'old' })).toEqual({
      snapshots: [],
      refs: ['gone'],
    });
    expect(
      expired(
        history([90, 80], {
          refs: { main: refs['main'] as SnapshotReference, old: { 'snapshot-id': 1n, type: 'tag' } },
          properties: { 'history.expire.max-ref-age-ms': String(DAY) },
        }),
      ).refs,
    ).toEqual(['old']);
  });
  it('takes snapshots that no branch reaches by age alone', () => {
    const staged = history([90, 80, 3, 70], {
      refs: { main: { 'snapshot-id': 2n, type: 'branch' } },
      parents: { 4: 2n },
    });
    expect(expired(staged).snapshots).toEqual([1, 4]);
  });
  it('never takes what somebody needs', () => {
    expect(expired(history([90, 80, 70, 60]), { olderThanMs: 0 }, [2n]).snapshots).toEqual([1, 3]);
  });
});

it('a table whose owner forbids it loses no files', () => {
  expect(mayDeleteFiles(history([1], { properties: { 'gc.enabled': 'FALSE' } }))).toBe(false);
  expect(mayDeleteFiles(history([1]))).toBe(true);
});
