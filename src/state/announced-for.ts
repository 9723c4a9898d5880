/**
 * Tells how much of an announcement still holds for a table. Metadata + hour -> hour. Pure. Announcements
 * outlive what they were made of: since then the table may have been rolled back, or dropped and made anew.
 */
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import type { Hour } from '../model/hour.ts';
import { progressOfAll } from './process-progress.ts';
import { isUntouched, publishersOf } from './target-publishers.ts';

/**
 * At most the hour up to which the history of `head` says that the table is complete; undefined while no
 * process has published to the table. Where that history was expired the announcement is all there is.
 */
export function announcedFor(
  metadata: TableMetadata,
  head: Snapshot,
  announced: Hour | undefined,
): Hour | undefined {
  const asOfHead: TableMetadata = {
    ...metadata,
    'current-snapshot-id': head['snapshot-id'],
    refs: { ...metadata.refs, main: { type: 'branch', 'snapshot-id': head['snapshot-id'] } },
  };
  if (announced === undefined || isUntouched(asOfHead)) return undefined;
  const said = progressOfAll(asOfHead).map(({ progress }) => progress.completeToHour);
  if (said.length === 0) return publishersOf(metadata).length === 0 ? undefined : announced;
  const hours = said.filter((hour) => hour !== undefined);
  return hours.length === 0 ? undefined : Math.min(announced, Math.max(...hours));
}
