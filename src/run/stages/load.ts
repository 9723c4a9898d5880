/**
 * The second stage: takes the files of the replaced hours out of the base, writes their rows of other hours
 * again, and writes what the query returns. Opened -> Staged. Only the session's branch changes.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { firstInsertStep, restatesWhole } from '../../compile/index.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { assertNever } from '../../model/errors.ts';
import type { FileLayout } from '../../model/file-layout.ts';
import { hoursOfTexts } from '../../model/hour.ts';
import {
  type CarryOverStep,
  type ClearHoursStep,
  type ComputeHoursStep,
  type InsertStep,
  isHoursStep,
  type StepOf,
  stepsOf,
} from '../../model/step.ts';
import type { WriterCounts } from '../../model/writer-counts.ts';
import { isInAnyStore } from '../../objects/location.ts';
import { refuseUnreadableView } from '../../tables/deletes/equality-keys.ts';
import { manifestsOfHours } from '../../tables/read/files-of-hours.ts';
import { liveManifestsOf, type ManifestRow, ofData } from '../../tables/read/manifest-list.ts';
import { refuseDroppedColumns } from '../../tables/views/dropped-columns.ts';
import { composeFilesView } from '../../tables/views/files-view.ts';
import { writeStagedList } from '../../tables/write/manifest-list.ts';
import { checkCarried } from '../checks/target-read.ts';
import { stateWriter } from '../records/write-session-state.ts';
import {
  type FileInHours,
  type Opened,
  type RowsAhead,
  type Staged,
  type StateWriter,
  unstaged,
  workOf,
} from '../session.ts';
import { commitStaged } from '../staging/commit-staged.ts';
import { filesInHours, takeOff } from '../staging/take-off.ts';
import { loadTarget, targetLayout } from '../target.ts';
import { computeHours } from './compute-hours.ts';
import { duringStage, foldEach } from './fold-steps.ts';

/** Loads the session. Throws `rows-not-read`, `null-in-required-column`, and errors of the query. */
export const loadStage = (opened: Opened): Promise<Staged> =>
  duringStage(opened, 'load', async () => foldEach(await computeHours(unstaged(opened)), rowSteps, loadStep));

type RowStep = Exclude<StepOf<'load'>, ComputeHoursStep>;

/** The steps after the hours, taken from the plan that by then covers only the computed hours. */
const rowSteps = ({ plan }: Staged): RowStep[] =>
  stepsOf(plan, 'load').filter((step): step is RowStep => !isHoursStep(step));

async function loadStep(staged: Staged, step: RowStep): Promise<Staged> {
  switch (step.kind) {
    case 'clear-hours':
      return clearHours(staged, step);
    case 'carry-over':
      return carryOver(staged, step);
    case 'insert':
      return insertRows(staged, step);
    default:
      return assertNever(step);
  }
}

/**
 * Takes the files of the replaced hours out of the base, and with them delete files of other engines that
 * apply to nothing else. It is committed together with the first staged rows: a commit of its own would cost
 * one more, and show readers of the branch a half-done state.
 */
async function clearHours(staged: Staged, step: ClearHoursStep): Promise<Staged> {
  const { engine } = staged.ports;
  const base = staged.base as Snapshot;
  const { metadata } = await loadTarget(staged);
  const manifests = await liveManifestsOf(engine, base);
  const near = restatesWhole(staged.plan)
    ? ofData(manifests)
    : await manifestsOfHours(engine, {
        metadata,
        snapshot: base,
        manifests,
        fieldId: step.parameters.field_id,
        hours: hoursOfTexts(step.parameters),
      });
  const files = await filesInHours(staged, step, metadata, near);
  if (files.length === 0) return staged;
  const takenOff = await takeOff(staged, { metadata, base, manifests, files });
  const straddling = await showStraddling(staged, { metadata, base, manifests: ofData(manifests), files });
  return { ...staged, cleared: { files, ...takenOff, straddling } };
}

/** Shows the files that also hold rows of other hours, with row-level deletes applied. */
async function showStraddling(
  staged: Staged,
  {
    metadata,
    base,
    manifests,
    files,
  }: {
    readonly metadata: TableMetadata;
    readonly base: Snapshot;
    readonly manifests: readonly ManifestRow[];
    readonly files: readonly FileInHours[];
  },
): Promise<Snapshot | undefined> {
  const { ports, plan, spec, directory, view } = staged;
  const straddling = files.filter((file) => file.placement === 'straddles');
  if (straddling.length === 0) return undefined;
  const holding = new Set(straddling.map((file) => file.manifest_path));
  const snapshot = await composeFilesView(ports.engine, {
    metadata,
    from: base,
    manifests: manifests.filter((manifest) => holding.has(manifest.manifest_path)),
    files: straddling.map((file) => file.path),
    directory,
    withDeletes: true,
  });
  const { table } = spec.target;
  await refuseDroppedColumns(ports.engine, { metadata, snapshot, table: plan.target.table });
  await refuseUnreadableView(ports.engine, { metadata, snapshot, table });
  view.show([
    { identifier: { namespace: ['straddling'], name: table.name }, table, show: { kind: 'files', snapshot } },
  ]);
  return snapshot;
}

/**
 * Writes the rows of other hours in straddling files again. No file straddles if the target is partitioned by
 * hour.
 */
async function carryOver(staged: Staged, step: CarryOverStep): Promise<Staged> {
  if (staged.cleared?.straddling === undefined) return staged;
  const { after, written } = await stageRows(staged, step, await targetLayout(staged));
  await checkCarried(after, step, newest(staged, after));
  return { ...after, carriedRows: written?.rows ?? 0n };
}

/** Writes the session's rows to the branch. */
async function insertRows(staged: Staged, step: InsertStep): Promise<Staged> {
  const { plan, spec, ports } = staged;
  const layout = await targetLayout(staged);
  const insert = plan.target.exists ? step : firstInsertStep(plan, spec, layout, ports.workload.dialect);
  const loading = stageRows(staged, insert, layout, staged.ahead);
  const beginning = staged.stepwise ? undefined : beginBeside(staged);
  // If one fails the other must still end first, or it would work on a session that is already undone.
  await Promise.allSettled([loading, beginning]);
  const [{ after: loaded, written }, state] = await Promise.all([loading, beginning]);
  const snapshotId = newest(staged, loaded);
  const after = { ...loaded, state };
  // The query returned no row, but the branch must still show that the replaced hours are gone.
  return snapshotId === undefined
    ? commitStaged(after)
    : { ...after, written, insertIds: [...after.insertIds, snapshotId] };
}

/**
 * Begins, during the load, what does not depend on its rows: counting what is read, and writing watermarks
 * and signals. Not when steps run as separate commands: the process of this one ends before they are needed.
 */
async function beginBeside(staged: Staged): Promise<StateWriter> {
  const { plan, ports } = staged;
  // Lets the load's statement go first: queued behind this work it would wait 14 ms (2026-11-30).
  await nextTurn();
  const { metadata } = await loadTarget(staged);
  // Not for rows of a folder, which are in a temporary table of one connection. And not in an object store,
  // where two statements that begin together would both fetch the same files.
  const reads = plan.sources.every(({ read }) => read.kind !== 'files') && !isInAnyStore(metadata.location);
  for (const step of plan.steps)
    if (reads && step.kind === 'count-sources') ports.workload.countAhead?.(step);
  const state = stateWriter(staged);
  state.beginProgress(metadata['table-uuid']);
  return state;
}

interface Rows {
  readonly after: Staged;
  /** What the writer counted; undefined if there was no row. */
  readonly written: WriterCounts | undefined;
}

/**
 * Writes the rows of a step, unless they were written ahead, and commits them to the branch. Without any row
 * the session stays as it was.
 */
async function stageRows(
  staged: Staged,
  step: InsertStep | CarryOverStep,
  layout: FileLayout,
  ahead?: RowsAhead,
): Promise<Rows> {
  const { ports, branch } = staged;
  const { metadata } = await loadTarget(staged);
  const to = { metadata, layout, owner: branch };
  const { rows } = ahead ?? { rows: await ports.workload.stage(workOf(staged), step, to) };
  if (rows === undefined) return { after: staged, written: undefined };
  const { manifest, written } = rows;
  const after = await commitStaged(staged, async (place) => ({
    manifestList: await writeStagedList(ports.engine, { ...place, manifest, owner: branch }),
    operation: 'append',
  }));
  return { after, written };
}

/** The snapshot that was staged between the two states, if any. */
const newest = (before: Staged, after: Staged): bigint | undefined =>
  after.stagedIds.length > before.stagedIds.length ? after.stagedIds.at(-1) : undefined;
