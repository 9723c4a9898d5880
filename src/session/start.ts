/**
 * Finds where a process without a watermark begins to read a source. Metadata + StartSpec -> Snapshot. Pure.
 */
import { ancestors, snapshotById } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { usageError } from '../model/errors.ts';
import { instantText } from '../model/hour.ts';
import type { StartSpec } from '../model/start.ts';

/**
 * The snapshot after which the source is read; undefined: from the beginning. Throws `start-unknown` if that
 * snapshot or time is not in the table's history, or was expired.
 */
export function startSnapshot(
  metadata: TableMetadata,
  head: Snapshot,
  { start, table }: { readonly start: StartSpec; readonly table: string },
): Snapshot | undefined {
  switch (start.kind) {
    case 'beginning':
      return undefined;
    case 'now':
      return head;
    case 'snapshot': {
      const found = snapshotById(metadata, start.snapshotId);
      const isAncestor = found !== undefined && [...ancestors(metadata, head)].includes(found);
      if (!isAncestor)
        throw usageError(
          'start-unknown',
          `the source ${table} is to begin after snapshot ${start.snapshotId}, which is ${found === undefined ? 'not in its history (any more)' : 'not on main'}`,
          {
            hint: `choose one of main's snapshots (the oldest is ${oldest(metadata, head)['snapshot-id']}), or now`,
            context: { table, snapshot_id: String(start.snapshotId) },
          },
        );
      return found;
    }
    case 'timestamp': {
      // Follows parents, not the snapshot log: after a rollback the log still names snapshots that are no
      // longer on main.
      for (const snapshot of ancestors(metadata, head))
        if (snapshot['timestamp-ms'] <= start.atMs) return snapshot;
      const first = oldest(metadata, head);
      if (first['parent-snapshot-id'] === undefined) return undefined;
      throw usageError(
        'start-unknown',
        `the source ${table} is to begin at ${instantText(start.atMs)}, and its snapshots of that time were expired`,
        {
          hint: `choose ${instantText(first['timestamp-ms'])} or later, or beginning`,
          context: { table, at: instantText(start.atMs) },
        },
      );
    }
  }
}

const oldest = (metadata: TableMetadata, head: Snapshot): Snapshot =>
  [...ancestors(metadata, head)].at(-1) as Snapshot;
