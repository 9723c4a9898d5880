// Goal: a row of the watermark table is held against what its own session said, and nothing else is read: the
// cost does not grow with the history. Method: metadata by hand.
import { describe, expect, it } from 'vitest';
import { completeTableMetadata } from '../../src/iceberg/read-metadata.ts';
import type { Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { contradiction } from '../../src/state/refuse-contradiction.ts';
import { SUMMARY } from '../../src/state/summary-keys.ts';

const UUID = '11111111-2222-4333-8444-555555555555';
const watermarks = (snapshotId: number): string =>
  JSON.stringify([
    {
      table: 'raw.events',
      table_uuid: UUID,
      snapshot_id: String(snapshotId),
      sequence_number: '1',
      committed_at: '2024-03-01T00:00:00Z',
      owed_hours: [],
    },
  ]);

/** A target with a snapshot for each session: the text of its watermarks. */
function targetOf(...texts: readonly string[]): TableMetadata {
  const snapshots = texts.map(
    (text, index): Snapshot => ({
      'snapshot-id': BigInt(index + 1),
      ...(index === 0 ? {} : { 'parent-snapshot-id': BigInt(index) }),
      'sequence-number': BigInt(index + 1),
      'timestamp-ms': index,
      'manifest-list': `list-${index}.avro`,
      summary: {
        operation: 'append',
        [SUMMARY.processName]: 'load',
        [SUMMARY.sessionId]: `session-${index + 1}`,
        [SUMMARY.watermarks]: text,
      },
    }),
  );
  const head = BigInt(texts.length);
  return completeTableMetadata({
    'format-version': 2,
    'table-uuid': UUID,
    location: 'facts',
    'last-column-id': 0,
    schemas: [{ type: 'struct', 'schema-id': 0, fields: [] }],
    'current-snapshot-id': head,
    refs: { main: { 'snapshot-id': head, type: 'branch' } },
    snapshots,
  });
}

const row = (session: number, snapshotId: number) => ({
  table: 'raw.events',
  table_uuid: UUID,
  snapshot_id: String(snapshotId),
  psyberg_session_id: `session-${session}`,
});
const names = { processName: 'load', target: 'facts.target', highWaterMarkTable: 'psyberg.marks' };

describe('a row of the watermark table', () => {
  it('is compared with what its own session said; what others said is not parsed', () => {
    const target = targetOf('not JSON', watermarks(7));
    expect(contradiction([row(2, 7)], target, names)).toBeUndefined();
    expect(contradiction([row(2, 8)], target, names)?.code).toBe('watermark-contradiction');
    expect(() => contradiction([row(1, 7)], target, names)).toThrow(
      /watermarks in snapshot 1 are not readable/,
    );
  });

  it('may be that of an earlier session, whose snapshot is still there, and of none that nobody knows', () => {
    const target = targetOf(watermarks(5), watermarks(7));
    expect(contradiction([row(1, 5)], target, names)).toBeUndefined();
    expect(contradiction([row(1, 7)], target, names)?.code).toBe('watermark-contradiction');
    expect(contradiction([row(3, 7)], target, names)?.code).toBe('watermark-contradiction');
  });
});
