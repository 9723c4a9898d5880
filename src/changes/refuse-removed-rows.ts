/**
 * Refuses changes that removed rows, for a process that appends: it cannot take rows back, and stops instead
 * of publishing something wrong.
 */
import { snapshotById } from '../iceberg/history.ts';
import { refusal } from '../model/errors.ts';
import { hourRangeText } from '../model/hour-range.ts';
import { spanOf, touchedHours } from '../model/hour-sets.ts';
import { tableName } from '../model/names.ts';
import type { ChangedFile, SnapshotChange } from '../model/session.ts';
import { SUMMARY } from '../state/summary-keys.ts';
import type { RowDeletesSince } from './row-deletes.ts';
import type { Reader } from './source.ts';

/** Throws `source-changed` where rows that the process may have loaded were removed or changed. */
export function refuseRemovedRows(
  { source, needs, processName }: Reader,
  found: {
    readonly changes: readonly SnapshotChange[];
    readonly files: readonly ChangedFile[];
    readonly deletes: RowDeletesSince;
  },
): void {
  if (needs !== 'new-rows') return;
  const removed = found.files.filter((file) => file.status === 'removed');
  const removing = new Set([...removed, ...found.deletes.files].map((file) => file.snapshotId));
  const change = found.changes.find((each) => each.counted && removing.has(each.snapshotId));
  if (change === undefined) return;
  const name = tableName(source.spec.table);
  const reason = change.reason === undefined ? '' : `: ${change.reason}`;
  throw refusal(
    'source-changed',
    `snapshot ${change.snapshotId} of ${name} (${change.operation}${reason}) changed or removed rows that ${processName} may have loaded already; a stateless process only appends`,
    {
      hint: `${takeUp(source, change.snapshotId, removed)}make the process stateful, or set on_source_change: append-added for this source to load added rows only`,
      context: {
        table: name,
        snapshot_id: String(change.snapshotId),
        operation: change.operation,
        removed_rows: String(change.removedRows),
      },
    },
  );
}

/** Rows that another process replaced can be taken up, hour by hour. */
function takeUp({ metadata }: Reader['source'], snapshotId: bigint, removed: readonly ChangedFile[]): string {
  const publisher = snapshotById(metadata, snapshotId)?.summary?.[SUMMARY.processName];
  const span = spanOf(touchedHours(removed));
  if (publisher === undefined) return '';
  const hours = span === undefined ? '--all' : `--hours ${hourRangeText(span)}`;
  return `take the replaced hours up: psyberg restate ${publisher} ${hours} --downstream; or `;
}
