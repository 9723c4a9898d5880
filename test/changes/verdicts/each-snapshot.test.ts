// Goal: each verdict on one snapshot says what its head says, and the first that applies decides. Method:
// evidence as short data; nothing is read.
import { describe, expect, it } from 'vitest';
import type { Evidence, SnapshotEvidence } from '../../../src/changes/evidence.ts';
import type { Reader } from '../../../src/changes/source.ts';
import { picked, replacedFiles } from '../../../src/changes/verdicts/append-added.ts';
import { counted } from '../../../src/changes/verdicts/counted.ts';
import { replace } from '../../../src/changes/verdicts/replace.ts';
import { missedRowDeletes } from '../../../src/changes/verdicts/row-deletes.ts';
import { judgeEach } from '../../../src/changes/verdicts/verdict.ts';
import type { Snapshot, TableMetadata } from '../../../src/iceberg/table-metadata.ts';
import type { ChangedFile, ChangesNeeded } from '../../../src/model/session.ts';
import { SUMMARY } from '../../../src/state/summary-keys.ts';

const file = (path: string, status: ChangedFile['status'] = 'added'): ChangedFile =>
  ({ path, status, rows: 10n, snapshotId: 2n }) as ChangedFile;

interface Seen {
  readonly operation?: string;
  readonly summary?: Readonly<Record<string, string>>;
  readonly added?: bigint;
  readonly removed?: bigint;
  readonly rowDeletes?: SnapshotEvidence['rowDeletes'];
  readonly undone?: boolean;
  readonly files?: readonly ChangedFile[];
}

const seen = ({ operation = 'append', added = 10n, removed = 0n, ...rest }: Seen): SnapshotEvidence => ({
  snapshot: {
    'snapshot-id': 2n,
    'parent-snapshot-id': 1n,
    'sequence-number': 2n,
    'timestamp-ms': 1000,
    'manifest-list': 'list',
    summary: { operation, ...rest.summary },
  } as unknown as Snapshot,
  files: rest.files ?? [file('a')],
  counts: { addedFiles: 1, removedFiles: 0, addedRows: added, removedRows: removed },
  undone: rest.undone ?? false,
  rowDeletes: rest.rowDeletes ?? 'none',
});

const evidence = (...snapshots: SnapshotEvidence[]): Evidence =>
  ({
    snapshots,
    gap: { added: snapshots.map((each) => each.snapshot), undone: [], detectedBy: 'snapshots' },
  }) as unknown as Evidence;

/** History: 1 <- 9 (an abandoned branch that was read), and whatever is judged. */
const reader = (needs: ChangesNeeded, ever: readonly bigint[] = []): Reader =>
  ({
    needs,
    processName: 'a_load',
    source: {
      metadata: {
        snapshots: [{ 'snapshot-id': 1n }, { 'snapshot-id': 9n, 'parent-snapshot-id': 1n }],
      } as unknown as TableMetadata,
    },
    watermarksEver: async () => new Set(ever),
  }) as unknown as Reader;

const verdictOf = async (verdict: typeof counted, what: Seen, by: Reader = reader('hours')) => {
  const one = seen(what);
  const judged = await verdict(by, one, evidence(one));
  return judged === undefined ? 'next' : [judged.change.counted, judged.change.reason];
};

describe('replace', () => {
  it.each<[string, Seen, unknown]>([
    [
      'as many rows came as went',
      { operation: 'replace', removed: 10n },
      [false, 'files were rewritten, no row changed'],
    ],
    ['fewer came: somebody dropped rows', { operation: 'replace', removed: 12n }, 'next'],
    [
      'rows were deleted by the same commit',
      { operation: 'replace', removed: 10n, rowDeletes: 'hit' },
      'next',
    ],
    [
      'our own maintenance takes deleted rows out of files',
      { operation: 'replace', removed: 12n, summary: { [SUMMARY.maintenance]: 'compact' } },
      [false, 'files were rewritten, no row changed'],
    ],
    ['an overwrite is no compaction by its name', { operation: 'overwrite', removed: 10n }, 'next'],
  ])('%s', async (_name, what, expected) => {
    expect(await verdictOf(replace, what)).toEqual(expected);
  });
});

describe('row-level deletes', () => {
  it.each<[string, Seen, unknown]>([
    [
      'took no row that was there',
      { rowDeletes: 'missed', files: [] },
      [false, 'deletes no row that was there'],
    ],
    ['took none, but files came with them', { rowDeletes: 'missed' }, 'next'],
    ['were undone by a rollback', { rowDeletes: 'missed', files: [], undone: true }, 'next'],
    ['took rows', { rowDeletes: 'hit', files: [] }, 'next'],
  ])('%s', async (_name, what, expected) => {
    expect(await verdictOf(missedRowDeletes, what)).toEqual(expected);
  });
});

describe('append-added', () => {
  it('takes no row of rewritten files, however many rows the rewrite dropped', async () => {
    const what = { operation: 'replace', removed: 12n };
    expect(await verdictOf(replacedFiles, what, reader('added-rows'))).toEqual([
      false,
      'files were rewritten: none of their rows is new',
    ]);
    expect(await verdictOf(replacedFiles, what, reader('new-rows'))).toBe('next');
  });
  it('takes no row of a snapshot that was picked from a history which it has read', async () => {
    const what = { summary: { 'source-snapshot-id': '9' } };
    expect(await verdictOf(picked, what, reader('added-rows', [9n]))).toEqual([
      false,
      'picked from a history that was read before: its rows were loaded',
    ]);
    expect(await verdictOf(picked, what, reader('added-rows', [1n]))).toBe('next');
    expect(await verdictOf(picked, what, reader('hours', [9n]))).toBe('next');
  });
});

describe('what nobody explains', () => {
  it('counts, and says what else there is to say', async () => {
    expect(await verdictOf(counted, {})).toEqual([true, undefined]);
    expect(await verdictOf(counted, { undone: true })).toEqual([true, 'rolled back']);
    expect(await verdictOf(counted, { rowDeletes: 'new' })).toEqual([
      true,
      'deletes single rows that came since the watermark',
    ]);
  });
  it('is asked last: the first verdict that applies decides', async () => {
    const snapshots = [seen({ operation: 'replace', removed: 10n }), seen({})];
    const { changes } = await judgeEach([replace, counted], reader('hours'), evidence(...snapshots));
    expect(changes.map((change) => change.counted)).toEqual([false, true]);
  });
});
