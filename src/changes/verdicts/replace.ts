/**
 * The rule for `replace` with as many rows as before: a compaction, which changes files but no row (Iceberg
 * specification, "Snapshots"), so it does not count. If the row counts differ it does. Psyberg's own
 * maintenance is recognized by its summary, even when it takes deleted rows out of files.
 */
import { operationOf } from '../../iceberg/history.ts';
import { isMaintenance } from '../../state/no-news.ts';
import { noNews, type SnapshotVerdict } from './verdict.ts';

/**
 * Not valid in an entangled gap (`entangled.ts`), where a rewrite may have dropped deleted rows.
 */
export const replace: SnapshotVerdict = (_reader, seen) => {
  const { snapshot, counts, rowDeletes } = seen;
  const rewrites =
    operationOf(snapshot) === 'replace' &&
    (isMaintenance(snapshot) || (counts.addedRows === counts.removedRows && rowDeletes !== 'hit'));
  return rewrites ? noNews(seen, 'files were rewritten, no row changed') : undefined;
};
