/**
 * The third stage: composes the one snapshot to publish from the base and the branch. Staged -> Composed.
 * Nothing is committed.
 */
import { randomUUID } from 'node:crypto';
import { removeFile } from '../../files/remove.ts';
import { newSnapshotId, nextSequenceNumber } from '../../iceberg/new-snapshot.ts';
import { branchHead } from '../../iceberg/references.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import { composeStepOf } from '../../model/step.ts';
import { formerSummary } from '../../state/former-sources.ts';
import { restateProperties } from '../../state/restated.ts';
import { SUMMARY } from '../../state/summary-keys.ts';
import { reopenedHours } from '../../state/tables/signal.ts';
import { listStatement } from '../../statements/index.ts';
import {
  asStep,
  assignedRowIds,
  composedRows,
  insertedRows,
  shownRowIds,
  writeRowsOr,
} from '../../tables/write/compose-known.ts';
import { mergeManifests } from '../../tables/write/merge-manifests.ts';
import { firstRowIdParameter, metadataPath, rowLineageOf } from '../../tables/write/new-files.ts';
import { describeSnapshot } from '../../tables/write/snapshot-summary.ts';
import { bindStep } from '../../workload/bind-step.ts';
import { hoursSummary } from '../records/hours-written.ts';
import { progressSummary } from '../records/progress-summary.ts';
import { stateWriter } from '../records/write-session-state.ts';
import type { Audited, Composed, ComposedSnapshot, FilesOfHours, Staged } from '../session.ts';
import { clearedOn } from '../staging/take-off.ts';
import { loadTarget } from '../target.ts';
import { readableTarget } from '../views/show-target.ts';
import { viewsFolder } from '../views/views-folder.ts';
import { duringStage, duringStep } from './fold-steps.ts';

/** Composes on the session's own base. */
export const composeStage = (staged: Staged): Promise<Composed> =>
  duringStage(staged, 'compose', () =>
    duringStep(staged, composeStepOf(staged.plan), () => composeOnBase(staged)),
  );

async function composeOnBase(staged: Staged): Promise<Composed> {
  const state = staged.state ?? stateWriter(staged);
  // An adoption loads nothing, so its state was not begun yet. A stepwise session is published by another
  // process, which writes the state itself.
  if (staged.state === undefined && !staged.stepwise)
    state.beginProgress((await loadTarget(staged)).metadata['table-uuid']);
  const composed = await composeSnapshot(staged, { base: staged.base });
  return { ...staged, composed, state };
}

export interface ComposeOptions {
  /** The snapshot that the branch's changes are applied to. */
  readonly base: Snapshot | undefined;
  /**
   * The id of an earlier attempt, to be kept when `main` moved: the state tables already name it, and an
   * attempt whose answer was lost can then be recognized by it.
   */
  readonly snapshotId?: SnapshotId;
  /** For an overwrite on another base than its branch began at: the files of its hours in that base. */
  readonly takeOff?: FilesOfHours;
}

/** Composes the snapshot to publish, and again after a lost race. */
export async function composeSnapshot(staged: Staged, options: ComposeOptions): Promise<ComposedSnapshot> {
  const { ports, plan, branch } = staged;
  const { base, snapshotId = newSnapshotId() } = options;
  const { metadata } = await loadTarget(staged);
  const place = { metadata, snapshotId, sequenceNumber: nextSequenceNumber(metadata) };
  // The branch already leaves the replaced hours out of its own base; on another base that is done again.
  const rebased =
    base === undefined || options.takeOff === undefined
      ? undefined
      : await clearedOn(staged, { ...place, base, ...options.takeOff });
  const manifestList = metadataPath(metadata, `snap-${snapshotId}`, branch);
  await writeManifestList(staged, { ...place, base, rebased, manifestList });
  // It was only needed to write the list above.
  if (rebased !== undefined && rebased !== base) removeFile(rebased['manifest-list']);
  const reopened = staged.adoption === undefined ? reopenedHours(plan, staged.computed.differing) : [];
  const snapshot = await describeSnapshot(ports.engine, {
    ...place,
    parent: base,
    manifestList,
    operation: plan.target.operation,
    properties: {
      ...progressSummary(plan),
      ...formerSummary(plan, metadata, staged.adoption?.from),
      ...(reopened.length === 0 ? {} : { [SUMMARY.reopenedHours]: JSON.stringify(reopened) }),
      ...adoptionSummary(staged),
      ...restateProperties(plan),
    },
  });
  const made = hoursSummary(staged, { metadata, addedRecords: snapshot.summary?.['added-records'] });
  const summary = { ...snapshot.summary, ...made } as Record<string, string>;
  return { snapshot: { ...snapshot, summary }, baseSnapshotId: base?.['snapshot-id'], metadata };
}

/** What the snapshot of an adoption says of the processes before it. */
const adoptionSummary = ({ adoption }: Staged): Record<string, string> => ({
  ...(adoption?.from === undefined ? {} : { [SUMMARY.adoptedFrom]: adoption.from }),
  ...(adoption === undefined || Object.keys(adoption.settled).length === 0
    ? {}
    : { [SUMMARY.settled]: JSON.stringify(adoption.settled) }),
});

interface NewList {
  readonly metadata: TableMetadata;
  readonly base: Snapshot | undefined;
  /** The new base without the replaced hours; undefined if the branch's own base is used. */
  readonly rebased: Snapshot | undefined;
  readonly snapshotId: SnapshotId;
  readonly sequenceNumber: bigint;
  readonly manifestList: string;
}

/** Writes the manifest list: what the base holds, and what was added on the branch. */
async function writeManifestList(staged: Staged, list: NewList): Promise<void> {
  const { ports, plan, branch } = staged;
  const { metadata, base, rebased, snapshotId, sequenceNumber, manifestList } = list;
  const head = branchHead(metadata, branch);
  const carried = rebased ?? (plan.target.operation === 'append' ? (base ?? head) : (head ?? base));
  if (carried === undefined) {
    const writes = asStep(listStatement('tables/write_empty_list', rowLineageOf(metadata)), {
      destination: manifestList,
      ...firstRowIdParameter(metadata),
    });
    await writeRowsOr(ports.engine, [], { rowIds: assignedRowIds(metadata), writes });
    return;
  }
  const stagingIds = [
    ...(rebased !== undefined || staged.clearedId === undefined ? [] : [staged.clearedId]),
    ...staged.stagedIds,
    snapshotId,
  ];
  const place = { metadata, snapshotId, sequenceNumber, owner: branch };
  const merged = await mergeManifests(ports.engine, { ...place, carried, stagingIds });
  const carriedList = merged ?? carried['manifest-list'];
  const stagedList = head === undefined ? carriedList : head['manifest-list'];
  const writes = bindStep(composeStepOf(plan), {
    'base-list': carriedList,
    'branch-list': stagedList,
    'branch-snapshots': stagingIds,
    'snapshot-id': snapshotId,
    'sequence-number': sequenceNumber,
    'next-row-id': metadata['next-row-id'] ?? 0n,
    'snapshot-list': manifestList,
  });
  // If another release saved the plan its statement may differ from ours: then run it, do not imitate it.
  const rows =
    writes.sql === listStatement('tables/write_manifest_list', rowLineageOf(metadata)).sql
      ? composedRows({ carried: carriedList, staged: stagedList, stagingIds, snapshotId, sequenceNumber })
      : undefined;
  await writeRowsOr(ports.engine, rows, { rowIds: assignedRowIds(metadata), writes });
  if (merged !== undefined) removeFile(merged);
}

/**
 * Shows what audits read: the staged rows, and the whole table as it will be published. Not needed if the
 * writer's counts already answer all audits.
 */
export async function showStaged(session: Audited): Promise<Audited> {
  if (session.stagedIsShown) return session;
  const { ports, spec, branch, insertIds, composed } = session;
  const { snapshot, metadata } = composed;
  const head = branchHead(metadata, branch);
  const staged = `${await viewsFolder(session)}/staged-${randomUUID()}.avro`;
  const rowIds = shownRowIds(metadata);
  const [writes, rows] =
    head === undefined || insertIds.length === 0
      ? [asStep(listStatement('tables/write_empty_list', rowIds), { destination: staged }), []]
      : [
          asStep(listStatement('tables/write_inserts_list', rowIds), {
            manifest_list: head['manifest-list'],
            insert_snapshot_ids: insertIds,
            destination: staged,
          }),
          insertedRows(head['manifest-list'], insertIds),
        ];
  await writeRowsOr(ports.engine, rows, { rowIds, writes });
  const { table } = spec.target;
  const ofSession = await readableTarget(session, metadata, {
    ...(head ?? snapshot),
    'manifest-list': staged,
  });
  // Only audits written in SQL by the user can read the whole table.
  const whole = spec.audits.some((audit) => audit.sql !== undefined)
    ? await readableTarget(session, metadata, snapshot)
    : { snapshot };
  session.view.show([
    {
      identifier: { namespace: ['staged'], name: table.name },
      table,
      show: { kind: 'files', ...ofSession },
    },
    { identifier: { namespace: ['whole'], name: table.name }, table, show: { kind: 'files', ...whole } },
  ]);
  return { ...session, stagedIsShown: true };
}
