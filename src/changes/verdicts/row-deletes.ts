/**
 * The rule for row-level deletes (positions, equality, deletion vectors). The hours of deleted rows that
 * were there at the watermark have changed; `../row-deletes.ts` finds those hours. A snapshot that deleted
 * no row at all does not count.
 */
import { noNews, ROW_DELETES, type SnapshotVerdict } from './verdict.ts';

/** Applies to a snapshot with nothing but row-level deletes that hit no row. */
export const missedRowDeletes: SnapshotVerdict = (_reader, seen) =>
  seen.rowDeletes === 'missed' && !seen.undone && seen.files.length === 0
    ? noNews(seen, ROW_DELETES.missed as string)
    : undefined;
