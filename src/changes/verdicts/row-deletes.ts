/**
 * Row-level deletes (positions, equality, deletion vectors): hours in which rows that were there at the
 * watermark went changed; `../row-deletes.ts` finds them. Rows that came and went between two sessions are
 * absent, and a snapshot that took nobody's rows is no news.
 */
import { noNews, ROW_DELETES, type SnapshotVerdict } from './verdict.ts';

/** Applies to a snapshot of row-level deletes alone that took no row which was there. */
export const missedRowDeletes: SnapshotVerdict = (_reader, seen) =>
  seen.rowDeletes === 'missed' && !seen.undone && seen.files.length === 0
    ? noNews(seen, ROW_DELETES.missed as string)
    : undefined;
