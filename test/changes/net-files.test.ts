// Goal: files that came and went, or went and came back, are no change. Method: the naive answer (who was
// there before, who is there after) for every short sequence.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { netFiles } from '../../src/changes/net-files.ts';
import type { ChangedFile } from '../../src/model/session.ts';

const file = (path: string, status: ChangedFile['status'], snapshotId: bigint): ChangedFile => ({
  path,
  snapshotId,
  status,
  rows: 1n,
  bytes: 1n,
  partition: {},
  nullEventTimes: 0n,
});

describe('netFiles', () => {
  it('gives what the last state has and the first had not, and the other way round', () => {
    const events = fc.array(fc.record({ path: fc.constantFrom('a', 'b', 'c') }), { maxLength: 12 });
    fc.assert(
      fc.property(events, fc.subarray(['a', 'b', 'c']), (changes, present) => {
        const before = new Set(present);
        const after = new Set(present);
        const files = changes.map(({ path }, index) => {
          const status = after.has(path) ? 'removed' : 'added';
          if (!after.delete(path)) after.add(path);
          return file(path, status, BigInt(index));
        });
        const net = netFiles(files);
        const named = (status: ChangedFile['status']) =>
          net.flatMap((each) => (each.status === status ? [each.path] : [])).sort();
        expect(named('added')).toEqual([...after].filter((path) => !before.has(path)).sort());
        expect(named('removed')).toEqual([...before].filter((path) => !after.has(path)).sort());
      }),
    );
  });

  it('names the snapshot that did it last', () => {
    expect(netFiles([file('a', 'added', 1n), file('a', 'removed', 2n), file('a', 'added', 3n)])).toEqual([
      file('a', 'added', 3n),
    ]);
  });
});
