/**
 * Commits snapshots to the session's branch: the base without the replaced hours, and the staged rows.
 * Manifests -> one commit. Both are committed together, because every commit waits for durable files (8 ms
 * at 1,000 snapshots, 2026-11-22).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TableCommit } from '../../catalog/client/catalog-client.ts';
import { removeFile } from '../../files/remove.ts';
import { newSnapshotId, nextSequenceNumber } from '../../iceberg/new-snapshot.ts';
import { branchHead } from '../../iceberg/references.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import { describeStaging } from '../../tables/write/snapshot-summary.ts';
import type { Begun, Staged } from '../session.ts';
import { loadTarget } from '../target.ts';
import { clearedList, type StagedList, type StagingPlace } from './take-off.ts';

/**
 * How often a staging commit is tried: it only loses to other sessions that stage or publish on the same
 * table in the same few milliseconds.
 */
const ATTEMPTS = 20;

/**
 * Commits the cleared base, unless it is on the branch already, and the snapshot whose manifest list `write`
 * writes. Writes both again if another session took their sequence numbers.
 */
export async function commitStaged(
  staged: Staged,
  write?: (place: StagingPlace) => Promise<StagedList>,
): Promise<Staged> {
  const { ports, spec, branch, leftovers } = staged;
  const clearing = staged.clearedId === undefined ? staged.cleared : undefined;
  if (clearing === undefined && write === undefined) return staged;
  const ids = { cleared: newSnapshotId(), staged: newSnapshotId() };
  for (let attempt = 1; ; attempt += 1) {
    const { metadata } = await loadTarget(staged);
    const parent = branchHead(metadata, branch) ?? staged.base;
    const added: Snapshot[] = [];
    if (clearing !== undefined) {
      const place = placeAfter(metadata, parent, added, ids.cleared);
      added.push(await stagedSnapshot(staged, place, await clearedList(staged, place, clearing)));
    }
    if (write !== undefined) {
      const place = placeAfter(metadata, parent, added, ids.staged);
      added.push(await stagedSnapshot(staged, place, await write(place)));
    }
    try {
      await ports.catalog.commitTable(spec.target.table, branchCommit(metadata, branch, added));
      return {
        ...staged,
        clearedId: clearing === undefined ? staged.clearedId : ids.cleared,
        stagedIds: write === undefined ? staged.stagedIds : [...staged.stagedIds, ids.staged],
      };
    } catch (error) {
      if (!(error instanceof PsybergError) || error.code !== 'commit-conflict' || attempt >= ATTEMPTS)
        throw error;
      leftovers.lostRaces = true;
      for (const snapshot of added) removeFile(snapshot['manifest-list']);
      await sleep(Math.random() * 10 * attempt);
    }
  }
}

/** Puts the snapshots on the branch; requires that its head is still that of `metadata`. */
const branchCommit = (metadata: TableMetadata, branch: string, added: readonly Snapshot[]): TableCommit => ({
  requirements: [
    { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
    {
      type: 'assert-ref-snapshot-id',
      ref: branch,
      'snapshot-id': branchHead(metadata, branch)?.['snapshot-id'] ?? null,
    },
  ],
  updates: [
    ...added.map((snapshot) => ({ action: 'add-snapshot' as const, snapshot })),
    {
      action: 'set-snapshot-ref',
      'ref-name': branch,
      type: 'branch',
      'snapshot-id': (added.at(-1) as Snapshot)['snapshot-id'],
    },
  ],
});

/** The place for a snapshot after `added`, from where sequence numbers and row ids continue. */
function placeAfter(
  metadata: TableMetadata,
  parent: Snapshot | undefined,
  added: readonly Snapshot[],
  snapshotId: SnapshotId,
): StagingPlace {
  const [before] = added;
  const after =
    before === undefined
      ? metadata
      : {
          ...metadata,
          'last-sequence-number': before['sequence-number'] ?? 0n,
          ...(before['added-rows'] === undefined
            ? {}
            : { 'next-row-id': (metadata['next-row-id'] ?? 0n) + before['added-rows'] }),
        };
  return { metadata: after, parent: before ?? parent, snapshotId, sequenceNumber: nextSequenceNumber(after) };
}

const stagedSnapshot = (session: Begun, place: StagingPlace, list: StagedList): Promise<Snapshot> =>
  describeStaging(session.ports.engine, { ...place, ...list });
