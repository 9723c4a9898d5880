/**
 * The rule for rows that one snapshot removed and another brought again, for a process that appends:
 * PyIceberg overwrites by two snapshots, of which the first is no rewrite by itself. If the files that came
 * hold exactly the rows of those that went, but for files of nothing but new rows, these alone are new. Rows
 * are compared only where the process would be refused otherwise.
 */
import type { ChangedFile, SnapshotChange } from '../../model/session.ts';
import type { Evidence } from '../evidence.ts';
import type { Reader } from '../source.ts';
import { judgeReplacedFiles } from './files-between.ts';
import type { JudgedGap } from './verdict.ts';

export interface Netted {
  readonly changes: readonly SnapshotChange[];
  /** What differs at the head. */
  readonly files: readonly ChangedFile[];
}

/** As given where rows went for good, or where it cannot be told. */
export async function withoutBroughtAgain(
  { source, needs }: Reader,
  { gap, consumed, head, deletes }: Evidence,
  { changes, across, files }: Netted & Pick<JudgedGap, 'across'>,
): Promise<Netted> {
  const rowsOf = (status: ChangedFile['status']): bigint =>
    files.reduce((sum, file) => (file.status === status ? sum + file.rows : sum), 0n);
  const removed = rowsOf('removed');
  // What one snapshot did by itself was judged before.
  const isOfOne = new Set(files.map(({ snapshotId }) => snapshotId)).size <= 1;
  if (needs !== 'new-rows' || across || isOfOne || gap.undone.length > 0 || consumed === undefined)
    return { changes, files };
  if (removed === 0n || rowsOf('added') < removed || deletes.files.length > 0) return { changes, files };
  const judged = await judgeReplacedFiles(source, { consumed, head, files, newRowsOnly: true });
  if (judged.files.some((file) => file.status === 'removed')) return { changes, files };
  const counting = new Set(judged.files.map((file) => file.snapshotId));
  return {
    files: judged.files,
    changes: changes.map((change) =>
      !change.counted || counting.has(change.snapshotId)
        ? change
        : { ...change, counted: false, reason: judged.reason ?? change.reason ?? '' },
    ),
  };
}
