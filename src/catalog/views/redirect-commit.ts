/**
 * Turns a commit that was prepared on a branch shown as `main` into a commit on the branch. Change -> change.
 * Pure. Everything relies on one rule: nothing that leaves here can move `main`.
 */

import { MAIN_BRANCH } from '../../iceberg/metadata-draft.ts';
import { type BranchLimits, branchLimits, refHeadId } from '../../iceberg/references.ts';
import type { SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { TableRequirement, TableUpdate } from '../../iceberg/table-update.ts';
import { conflict } from '../../model/errors.ts';
import { forbidden, formatIdentifier } from '../errors.ts';
import type { CommitTableRequest } from '../service/catalog.ts';

export interface RedirectedBranch {
  readonly branch: string;
  readonly base?: SnapshotId | undefined;
  /** The table as it is, with its real `main`. */
  readonly metadata: TableMetadata;
}

/**
 * Replaces `main` by the branch in requirements and updates.
 * @throws PsybergError `commit-conflict` when the branch moved; `forbidden` for a change of the whole table.
 */
export function redirectCommit(change: CommitTableRequest, target: RedirectedBranch): CommitTableRequest {
  const { branch, metadata } = target;
  const head = refHeadId(metadata, branch);
  if (metadata.refs?.[branch]?.type === 'tag' && head !== undefined)
    throw notThroughView(change, `a commit to the tag ${branch}`);
  const own = ownSnapshots(change, target, head);
  return {
    ...change,
    requirements: [
      ...change.requirements.map((requirement) => redirectRequirement(requirement, target, head)),
      // Requires the table that was looked at, in case another one takes its name before the commit arrives.
      { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
      branchUnmoved(branch, head),
    ],
    updates: change.updates.map((update) =>
      redirectUpdate(update, change, { branch, own, limits: branchLimits(metadata, branch) }),
    ),
  };
}

/**
 * Snapshots that readers of `main` do not have: those that the commit adds, and the branch's head if it is
 * neither the base nor on `main`.
 */
function ownSnapshots(
  change: CommitTableRequest,
  { base, metadata }: RedirectedBranch,
  head: SnapshotId | undefined,
): ReadonlySet<SnapshotId> {
  const added = change.updates.flatMap((update) =>
    update.action === 'add-snapshot' ? [update.snapshot['snapshot-id']] : [],
  );
  const known = new Set(metadata['snapshot-log']?.map((entry) => entry['snapshot-id']));
  return new Set([
    ...added,
    ...(head === undefined || head === base || head === metadata['current-snapshot-id'] || known.has(head)
      ? []
      : [head]),
  ]);
}

/**
 * Even for a client that requires nothing: what it saw as `main` must still be the branch when its commit
 * arrives.
 */
const branchUnmoved = (branch: string, head: SnapshotId | undefined): TableRequirement => ({
  type: 'assert-ref-snapshot-id',
  ref: branch,
  'snapshot-id': head ?? null,
});

function redirectRequirement(
  requirement: TableRequirement,
  target: RedirectedBranch,
  head: SnapshotId | undefined,
): TableRequirement {
  if (requirement.type !== 'assert-ref-snapshot-id') return requirement;
  const expected = requirement['snapshot-id'];
  if (requirement.ref !== MAIN_BRANCH) return requirement;
  const shown = head ?? target.base ?? null;
  if (expected !== shown) {
    throw conflict(
      'commit-conflict',
      `Requirement failed: branch ${target.branch} has changed: expected id ${expected} != ${shown}`,
      {
        hint: 'load the table again and repeat the change on what it is now',
      },
    );
  }
  return branchUnmoved(target.branch, head);
}

interface RedirectedUpdate {
  readonly branch: string;
  /** Snapshots that may get statistics. */
  readonly own: ReadonlySet<SnapshotId>;
  readonly limits: BranchLimits;
}

function redirectUpdate(
  update: TableUpdate,
  change: CommitTableRequest,
  { branch, own, limits }: RedirectedUpdate,
): TableUpdate {
  switch (update.action) {
    case 'add-snapshot':
    case 'add-schema':
      return update;
    case 'set-statistics':
    case 'set-partition-statistics': {
      const { 'snapshot-id': id } =
        update.action === 'set-statistics' ? update.statistics : update['partition-statistics'];
      if (own.has(id)) return update;
      throw notThroughView(change, `${update.action} of snapshot ${id}`);
    }
    case 'set-snapshot-ref':
      // A tag that replaced the branch could not be written to any more. A writer that moves `main` gives no
      // limits, so the branch keeps its own.
      if (update['ref-name'] === MAIN_BRANCH && update.type === 'branch')
        return { ...limits, ...update, 'ref-name': branch };
      throw notThroughView(change, `${update.action} ${update['ref-name']} as a ${update.type}`);
    case 'remove-snapshot-ref':
      if (update['ref-name'] === MAIN_BRANCH) return { ...update, 'ref-name': branch };
      throw notThroughView(change, `${update.action} ${update['ref-name']}`);
    default:
      // Everything else would also change the table for the readers of `main`.
      throw notThroughView(change, update.action);
  }
}

const notThroughView = (change: CommitTableRequest, what: string): Error =>
  forbidden(
    `Cannot apply ${what} to ${formatIdentifier(change.identifier)} through a branch view`,
    'change the table itself, under the warehouse name',
  );
