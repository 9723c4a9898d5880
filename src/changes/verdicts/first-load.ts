/** The rule for a source without a watermark: all its live files are new. */
import { operationOf } from '../../iceberg/history.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import type { ChangedFile, SnapshotChange } from '../../model/session.ts';
import { refuseUnreadable } from '../../tables/deletes/equality-keys.ts';
import { countsOf } from '../evidence.ts';
import { readLiveFiles } from '../files/read-files.ts';
import type { Source } from '../source.ts';

/** All live files of the head. Throws `equality-deletes-unreadable`. */
export async function firstLoad(
  source: Source,
  head: Snapshot,
): Promise<{ readonly change: SnapshotChange; readonly files: readonly ChangedFile[] }> {
  await refuseUnreadable(source, head, { isShown: false });
  const files = await readLiveFiles(source, head, await source.manifestsOf(head));
  const change = {
    snapshotId: head['snapshot-id'],
    operation: operationOf(head),
    committedAtMs: head['timestamp-ms'],
    counted: true,
    ...countsOf(files),
  };
  return { change, files };
}
