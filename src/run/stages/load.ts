/**
 * The second stage: takes the replaced hours off the base, carries other rows over, and writes what the query
 * returns. Opened -> Staged. Only the session's branch changes.
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

/** Throws `rows-not-read`, `null-in-required-column`, and what the query brings. */
export const loadStage = (opened: Opened): Promise<Staged> =>
  duringStage(opened, 'load', async () => foldEach(await computeHours(unstaged(opened)), rowSteps, loadStep));

type RowStep = Exclude<StepOf<'load'>, ComputeHoursStep>;

/** What follows the hours, of the plan as it is by then: of those that were computed. */
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
 * Takes the files of the replaced hours off the base. Delete files of other engines that applied to nothing
 * else go with them. The branch shows it with the first rows that are staged: in a commit of its own it would
 * cost one, and a reader of the branch would find it half done.
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

/** Shows the files that hold other rows than those of the replaced hours, with row-level deletes applied. */
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

/** Brings back the other rows of straddling files. Nothing straddles a target partitioned by hour. */
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
  // Whichever fails, the other one is not to meet a session that has ended.
  await Promise.allSettled([loading, beginning]);
  const [{ after: loaded, written }, state] = await Promise.all([loading, beginning]);
  const snapshotId = newest(staged, loaded);
  const after = { ...loaded, state };
  // No row came: the branch still has to show that the replaced hours are gone.
  return snapshotId === undefined
    ? commitStaged(after)
    : { ...after, written, insertIds: [...after.insertIds, snapshotId] };
}

/**
 * Begins what does not depend on the rows: counting what is read, and writing watermarks and signals. A step
 * of an orchestrator's is a process of its own, and leaves that to those that follow.
 */
async function beginBeside(staged: Staged): Promise<StateWriter> {
  const { plan, ports } = staged;
  // The load goes first: behind what is begun here it would wait for 14 ms (2026-11-30).
  await nextTurn();
  const { metadata } = await loadTarget(staged);
  // Rows of files lie in a table of one connection; and a file in a store would be fetched twice, once for
  // each of two statements that begin together.
  const reads = plan.sources.every(({ read }) => read.kind !== 'files') && !isInAnyStore(metadata.location);
  for (const step of plan.steps)
    if (reads && step.kind === 'count-sources') ports.workload.countAhead?.(step);
  const state = stateWriter(staged);
  state.beginProgress(metadata['table-uuid']);
  return state;
}

interface Rows {
  readonly after: Staged;
  /** What the writer counted; undefined where there was no row. */
  readonly written: WriterCounts | undefined;
}

/**
 * Writes the rows of a step, unless they are written, and puts them on the branch; where there is none the
 * session is as it was.
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

/** The snapshot that was staged between the two. */
const newest = (before: Staged, after: Staged): bigint | undefined =>
  after.stagedIds.length > before.stagedIds.length ? after.stagedIds.at(-1) : undefined;
