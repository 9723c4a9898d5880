/**
 * Commits a `replace` snapshot to `main`. Replacement -> snapshot. It carries over what earlier snapshots
 * say about each process, so that sessions find their watermarks in it and the earlier ones may expire.
 */
import type { TableCommit } from '../catalog/client/catalog-client.ts';
import { snapshotById } from '../iceberg/history.ts';
import { moveMain } from '../iceberg/references.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { carriedProgress } from '../state/process-progress.ts';
import { SUMMARY } from '../state/summary-keys.ts';
import { composeReplacement, type Replacement } from '../tables/write/replace-snapshot.ts';
import type { MaintainContext } from './context.ts';

/**
 * Composes the snapshot and commits it. Throws `commit-conflict` if `main` is no longer the base,
 * `commit-state-unknown` and its like if the commit may have been made. `task`: what was done, `compact` or
 * `manifests`.
 */
export async function commitReplacement(
  { ports, table }: MaintainContext,
  { task, ...replacement }: Omit<Replacement, 'properties'> & { readonly task: string },
): Promise<Snapshot> {
  const { metadata, base } = replacement;
  const snapshot = await composeReplacement(ports.engine, {
    ...replacement,
    properties: { [SUMMARY.maintenance]: task, ...carriedProgress(metadata) },
  });
  const commit: TableCommit = {
    requirements: [
      { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
      { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': base['snapshot-id'] },
    ],
    updates: [{ action: 'add-snapshot', snapshot }, moveMain(metadata, snapshot['snapshot-id'])],
  };
  try {
    await ports.catalog.commitTable(table, commit);
  } catch (error) {
    // A lost answer does not mean a lost commit: files that it names must not be deleted.
    const now = await ports.catalog.loadTable(table);
    if (now === undefined || snapshotById(now.metadata, snapshot['snapshot-id']) === undefined) throw error;
  }
  return snapshot;
}
