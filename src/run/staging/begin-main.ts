/**
 * Commits the empty snapshot with which `main` begins. Target without `main` -> one commit. Some clients
 * (DuckDB) read the newest snapshot of a table without `main`: they would read rows that are staged on a
 * branch and not published.
 */

import { removeFile } from '../../files/remove.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import { newSnapshotId, nextSequenceNumber } from '../../iceberg/new-snapshot.ts';
import { moveMain } from '../../iceberg/references.ts';
import { PsybergError } from '../../model/errors.ts';
import type { BeginMainStep } from '../../model/step.ts';
import { SUMMARY } from '../../state/summary-keys.ts';
import { assignedRowIds, writeRowsOr } from '../../tables/write/compose-known.ts';
import { firstRowIdParameter, metadataPath } from '../../tables/write/new-files.ts';
import { describeSnapshot } from '../../tables/write/snapshot-summary.ts';
import { bindStep } from '../../workload/bind-step.ts';
import type { Opened } from '../session.ts';
import { loadTarget, targetMoved, targetView } from '../target.ts';

/**
 * Executes the step `begin_main`: commits the empty snapshot, and makes it the session's base. If a killed
 * try of this session, or another first session, has committed one already, that is the base. Throws
 * `target-moved` if somebody has filled the table meanwhile.
 */
export async function beginMain(opened: Opened, step: BeginMainStep): Promise<Opened> {
  if (opened.base !== undefined) return opened;
  const { ports, spec, plan, branch, view } = opened;
  const { engine, catalog } = ports;
  const { metadata } = await loadTarget(opened);
  if (mainSnapshot(metadata) !== undefined) throw targetMoved(plan, mainSnapshot(metadata)?.['snapshot-id']);
  const snapshotId = newSnapshotId();
  const manifestList = metadataPath(metadata, `snap-${snapshotId}`, branch);
  const writes = bindStep(step, {
    'snapshot-list': manifestList,
    'next-row-id': firstRowIdParameter(metadata).first_row_id ?? 0n,
  });
  await writeRowsOr(engine, [], { rowIds: assignedRowIds(metadata), writes });
  const snapshot = await describeSnapshot(engine, {
    metadata,
    parent: undefined,
    snapshotId,
    sequenceNumber: nextSequenceNumber(metadata),
    manifestList,
    operation: 'append',
    properties: { [SUMMARY.initialBranch]: branch },
  });
  try {
    await catalog.commitTable(spec.target.table, {
      requirements: [
        { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
        { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null },
      ],
      updates: [{ action: 'add-snapshot', snapshot }, moveMain(metadata, snapshotId)],
    });
  } catch (error) {
    // Keep the file unless the commit certainly failed: after a lost answer it may have been made.
    if (!(error instanceof PsybergError) || error.code !== 'commit-conflict') throw error;
    removeFile(manifestList);
    throw targetMoved(plan, mainSnapshot((await loadTarget(opened)).metadata)?.['snapshot-id']);
  }
  const begun = { ...opened, base: snapshot };
  view.show([targetView(begun)]);
  return begun;
}
