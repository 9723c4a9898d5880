// Goal: a backlog's sessions ask a snapshot for its files once, and each gets those that may hold rows of its hours,
// as if it had asked alone. Method: a reader that counts, over files with and without bounds.
import { expect, it } from 'vitest';
import type { Snapshot } from '../../src/iceberg/table-metadata.ts';
import type { HourRange } from '../../src/model/hour.ts';
import { knownFiles } from '../../src/tables/read/known-files.ts';

const FILES: readonly (readonly [string, bigint | null, bigint | null])[] = [
  ['a', 0n, 23n],
  ['b', 24n, 24n],
  ['c', 40n, 60n],
  ['of any hour', null, null],
];
const time = { fieldId: 2, type: 'timestamptz', unit: 'us' };
const snapshotOf = (list: string): Snapshot =>
  ({ 'snapshot-id': 1n, 'timestamp-ms': 0, 'manifest-list': list }) as Snapshot;

it('reads once for all sessions of a backlog, and anew what lies beyond', async () => {
  const reads: HourRange[] = [];
  const ask = async (list: string, [firstHour, lastHour]: [number, number], later: number[]) => {
    const { files } = await knownFiles(snapshotOf(list), {
      time,
      firstHour,
      lastHour,
      later,
      async read(range) {
        reads.push(range);
        const files = FILES.filter(
          ([, first, last]) =>
            first === null || last === null || (first <= range.lastHour && last >= range.firstHour),
        ).map(([path, first_hour, last_hour]) => ({ path, first_hour, last_hour }));
        return { manifests: [], files: files as never };
      },
    });
    return files.map(({ path }) => path);
  };
  expect(await ask('one', [0, 23], [24, 47])).toEqual(['a', 'of any hour']);
  expect(await ask('one', [24, 47], [])).toEqual(['b', 'c', 'of any hour']);
  expect(await ask('one', [25, 39], [])).toEqual(['of any hour']);
  expect(reads).toEqual([{ firstHour: 0, lastHour: 47 }]);
  // Further on, and of another snapshot; without a backlog nothing is remembered.
  expect(await ask('one', [48, 71], [])).toEqual(['c', 'of any hour']);
  expect(await ask('two', [24, 24], [])).toEqual(['b', 'of any hour']);
  expect(await ask('two', [24, 24], [])).toEqual(['b', 'of any hour']);
  expect(reads.slice(1)).toEqual([
    { firstHour: 48, lastHour: 71 },
    { firstHour: 24, lastHour: 24 },
    { firstHour: 24, lastHour: 24 },
  ]);
});
