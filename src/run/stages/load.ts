/**
 * The second stage: takes the replaced hours off the base, carries other rows over, and writes what the query
 * returns. Opened -> Staged. Only the session's branch changes.
 */
import { firstInsertStep } from '../../compile/index.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { composeFilesView } from '../../tables/views/files-view.ts';
import { type ManifestRow, manifestsOf } from '../../tables/read/manifest-list.ts';
import { refuseDroppedColumns } from '../../tables/views/dropped-columns.ts';
import { manifestsOutside } from '../../tables/read/prune-manifests.ts';
import { assertNever } from '../../model/errors.ts';
import type {
  CarryOverStep,
  ClearHoursStep,
  ComputeHoursStep,
  InsertStep,
  StepOf,
} from '../../model/step.ts';
import { bindStep } from '../bind-step.ts';
import { checkCarried, checkPreviousRead } from '../checks/target-read.ts';
import { type FileInHours, type Opened, type Staged, unstaged } from '../session.ts';
import { commitStaged } from '../staging/commit-staged.ts';
import { filesInHours, takeOff } from '../staging/take-off.ts';
import { writeFiles } from '../staging/write-files.ts';
import { loadTarget, targetLayout } from '../target.ts';
import { foldSteps } from './fold-steps.ts';

/** Throws `rows-not-read`, `null-in-required-column`, and what the query brings. */
export const loadStage = (opened: Opened): Promise<Staged> => foldSteps(unstaged(opened), 'load', loadStep);

async function loadStep(staged: Staged, step: StepOf<'load'>): Promise<Staged> {
  switch (step.kind) {
    case 'clear-hours':
      return clearHours(staged, step);
    case 'carry-over':
      return carryOver(staged, step);
    case 'begin-hours':
    case 'compute-hour':
    case 'end-hours':
      return computeHours(staged, step);
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
  const manifests = (await manifestsOf(engine, base)).filter((manifest) => manifest.live_files > 0n);
  const dataManifests = manifests.filter((manifest) => manifest.content === 0);
  const outside = await manifestsOutside(engine, {
    metadata,
    snapshot: base,
    manifests: dataManifests,
    fieldId: step.parameters.field_id,
    hours: step.parameters,
  });
  const near = dataManifests.filter((manifest) => !outside.has(manifest.manifest_path));
  const files = await filesInHours(staged, step, metadata, near);
  if (files.length === 0) return staged;
  const takenOff = await takeOff(staged, { metadata, base, manifests, files });
  const straddling = await showStraddling(staged, { metadata, base, manifests: dataManifests, files });
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
  await refuseDroppedColumns(ports.engine, { metadata, snapshot, table: plan.target.table });
  const { table } = spec.target;
  view.show([
    { identifier: { namespace: ['straddling'], name: table.name }, table, show: { kind: 'files', snapshot } },
  ]);
  return snapshot;
}

/** Brings back the other rows of straddling files. Nothing straddles a target partitioned by hour. */
async function carryOver(staged: Staged, step: CarryOverStep): Promise<Staged> {
  if (staged.cleared?.straddling === undefined) return staged;
  const after = await writeFiles(staged, step, await targetLayout(staged));
  await checkCarried(after, step, newest(staged, after));
  return after;
}

/**
 * Computes a dimension hour by hour into a temporary table. One transaction holds the hours together: without
 * it DuckDB loads every source's metadata again for each. Measured on 2026-11-22 for 32 to 78 hours on a busy
 * machine: staging each hour on the branch 185 ms an hour, this 14 ms.
 */
async function computeHours(staged: Staged, step: ComputeHoursStep): Promise<Staged> {
  const { engine } = staged.ports;
  try {
    if (step.kind === 'begin-hours') {
      await checkPreviousRead(staged);
      await engine.execute({ sql: 'begin', parameters: {} });
    }
    await engine.execute(step.kind === 'end-hours' ? { sql: 'commit', parameters: {} } : bindStep(step, {}));
    return staged;
  } catch (error) {
    // Cleaning up needs statements, and a failed transaction takes none.
    await engine.rollback();
    throw error;
  }
}

/** Writes the session's rows to the branch. */
async function insertRows(staged: Staged, step: InsertStep): Promise<Staged> {
  const { plan, spec } = staged;
  const layout = await targetLayout(staged);
  const insert = plan.target.exists ? step : firstInsertStep(plan, spec, layout);
  const after = await writeFiles(staged, insert, layout);
  const snapshotId = newest(staged, after);
  // No row came: the branch still has to show that the replaced hours are gone.
  return snapshotId === undefined
    ? commitStaged(after)
    : { ...after, insertIds: [...after.insertIds, snapshotId] };
}

/** The snapshot that was staged between the two. */
const newest = (before: Staged, after: Staged): bigint | undefined =>
  after.stagedIds.length > before.stagedIds.length ? after.stagedIds.at(-1) : undefined;
