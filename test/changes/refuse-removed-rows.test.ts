// Goal: a process that appends stops where rows that it has were removed. Method: changes as short data.
import { expect, it } from 'vitest';
import { refuseRemovedRows } from '../../src/changes/refuse-removed-rows.ts';
import type { RowDeletesSince } from '../../src/changes/row-deletes.ts';
import type { Reader } from '../../src/changes/source.ts';
import type { ChangedFile, ChangesNeeded, SnapshotChange } from '../../src/model/session.ts';

const reader = (needs: ChangesNeeded): Reader =>
  ({
    needs,
    processName: 'a_load',
    source: {
      spec: { table: { namespace: ['raw'], name: 't' } },
      metadata: { snapshots: [{ 'snapshot-id': 7n, summary: { 'psyberg.process-name': 'b_load' } }] },
    },
  }) as unknown as Reader;
const change = (snapshotId: bigint, counted = true): SnapshotChange =>
  ({ snapshotId, counted, operation: 'overwrite', removedRows: 3n }) as SnapshotChange;
const file = (snapshotId: bigint, status: ChangedFile['status']): ChangedFile =>
  ({ path: `${snapshotId}`, snapshotId, status }) as ChangedFile;
const deletes = (...files: ChangedFile[]): RowDeletesSince => ({ files, ofNewRows: [], entangled: false });

it.each<[string, ChangesNeeded, Parameters<typeof refuseRemovedRows>[1], boolean]>([
  [
    'files that only came',
    'new-rows',
    { changes: [change(2n)], files: [file(2n, 'added')], deletes: deletes() },
    false,
  ],
  [
    'a file that went',
    'new-rows',
    { changes: [change(2n)], files: [file(2n, 'removed')], deletes: deletes() },
    true,
  ],
  [
    'rows that were deleted',
    'new-rows',
    { changes: [change(2n)], files: [], deletes: deletes(file(2n, 'deletes')) },
    true,
  ],
  [
    'a change that does not count',
    'new-rows',
    { changes: [change(2n, false)], files: [file(2n, 'removed')], deletes: deletes() },
    false,
  ],
  [
    'a process of hours',
    'hours',
    { changes: [change(2n)], files: [file(2n, 'removed')], deletes: deletes() },
    false,
  ],
  [
    'one that was told to go on',
    'added-rows',
    { changes: [change(2n)], files: [file(2n, 'removed')], deletes: deletes() },
    false,
  ],
])('%s', (_name, needs, found, refused) => {
  const work = () => refuseRemovedRows(reader(needs), found);
  if (refused)
    expect(work).toThrow(/snapshot 2 of raw.t \(overwrite\) changed or removed rows that a_load may have/);
  else expect(work).not.toThrow();
});

it('names the command that takes up what another process replaced', () => {
  const gone = { ...file(7n, 'removed'), firstHour: 470_597, lastHour: 470_598 };
  const found = { changes: [change(7n)], files: [gone], deletes: deletes() };
  expect(() => refuseRemovedRows(reader('new-rows'), found)).toThrow(
    expect.objectContaining({
      hint: expect.stringContaining(
        'psyberg restate b_load --hours 2023-09-08T05..2023-09-08T06 --downstream',
      ),
    }),
  );
});
