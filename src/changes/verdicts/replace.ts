/**
 * `replace` with as many rows as before: a compaction, which changes files and no row (Iceberg specification,
 * "Snapshots"): no news. A count that differs says otherwise, and is believed. Our own maintenance says so in
 * its summary, also where it takes deleted rows out of files.
 */
import { operationOf } from '../../iceberg/history.ts';
import { isMaintenance } from '../../state/no-news.ts';
import { noNews, type SnapshotVerdict } from './verdict.ts';

/**
 * Not to be asked where row-level deletes and rewrites are entangled: a rewrite may have taken deleted rows
 * along.
 */
export const replace: SnapshotVerdict = (_reader, seen) => {
  const { snapshot, counts, rowDeletes } = seen;
  const rewrites =
    operationOf(snapshot) === 'replace' &&
    (isMaintenance(snapshot) || (counts.addedRows === counts.removedRows && rowDeletes !== 'hit'));
  return rewrites ? noNews(seen, 'files were rewritten, no row changed') : undefined;
};
