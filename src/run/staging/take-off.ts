/**
 * Takes the files of replaced hours out of a snapshot. Base + hours -> manifests without them. They are
 * written early, and become a snapshot with the first commit on the branch.
 */
import { randomUUID } from 'node:crypto';
import { restatesWhole } from '../../compile/index.ts';
import { timeFieldOf } from '../../iceberg/partition-hours.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { ClearHoursStep } from '../../model/step.ts';
import { hoursOfManifests, statement } from '../../statements/index.ts';
import { type ManifestOfSpec, readEachSpec } from '../../tables/read/each-spec.ts';
import { listedFiles, queryHours } from '../../tables/read/known-entries.ts';
import { liveManifestsOf, type ManifestRow, ofData, ofDeletes } from '../../tables/read/manifest-list.ts';
import { findObsoleteDeletes } from '../../tables/read/obsolete-deletes.ts';
import { rewriteManifests } from '../../tables/write/manifest.ts';
import { writeClearedList } from '../../tables/write/manifest-list.ts';
import { metadataPath } from '../../tables/write/new-files.ts';
import { bindStep } from '../../workload/bind-step.ts';
import type { Begun, FileInHours, FilesOfHours, TakenOff } from '../session.ts';

/** Where a staged snapshot goes: on which table and parent, with which numbers. */
export interface StagingPlace {
  readonly metadata: TableMetadata;
  readonly parent: Snapshot | undefined;
  readonly snapshotId: SnapshotId;
  readonly sequenceNumber: bigint;
}
/** The manifest list that was written for it. */
export interface StagedList {
  readonly manifestList: string;
  readonly operation: 'append' | 'delete';
}

/**
 * The files with rows of the hours that a step `clear_hours` names, among those of `manifests`; where all is
 * computed again every file is.
 */
export async function filesInHours(
  session: Begun,
  step: ClearHoursStep,
  metadata: TableMetadata,
  manifests: readonly ManifestOfSpec[],
): Promise<FileInHours[]> {
  const { engine } = session.ports;
  if (restatesWhole(session.plan)) {
    const listed = await readEachSpec(metadata, manifests, (paths) => listedFiles(engine, paths));
    return listed.map((file) => ({ ...file, placement: 'inside' }));
  }
  return readEachSpec(metadata, manifests, (paths, spec) => {
    const field = timeFieldOf(spec, step.parameters.field_id);
    const bound = bindStep(step, {
      'base-manifests': paths,
      'partition-position': field.partition_position,
      'partition-transform': field.partition_transform,
    });
    // If another release saved the plan its statement may differ from ours: then run it.
    return bound.sql === statement('tables/files_in_hours', hoursOfManifests()).sql
      ? queryHours(engine, 'tables/files_in_hours', bound.parameters as never)
      : engine.query<FileInHours>(bound);
  });
}

/**
 * Writes manifests in which `files`, and deletes that applied to nothing else, are marked as removed.
 * `manifests`: the live ones of `base`.
 */
export async function takeOff(
  session: Begun,
  options: {
    readonly metadata: TableMetadata;
    readonly base: Snapshot;
    readonly manifests: readonly ManifestRow[];
    readonly files: readonly FileInHours[];
  },
): Promise<TakenOff> {
  const { engine } = session.ports;
  const { metadata, base, manifests, files } = options;
  const [dataManifests, deleteManifests] = [ofData(manifests), ofDeletes(manifests)];
  const removed = files.map((file) => file.path);
  const obsolete =
    deleteManifests.length === 0
      ? []
      : await findObsoleteDeletes(engine, { metadata, base, dataManifests, deleteManifests, removed });
  const holding = new Set([...files, ...obsolete].map((file) => file.manifest_path));
  const affected = manifests.filter((manifest) => holding.has(manifest.manifest_path));
  const rewritten = await rewriteManifests(engine, {
    metadata,
    manifestList: base['manifest-list'],
    manifests: affected,
    removedFiles: [...removed, ...obsolete.map((file) => file.file_key)],
    keptFiles: [],
    destination: () => metadataPath(metadata, `${randomUUID()}-m0`, session.branch),
  });
  return { affected, rewritten };
}

/** Writes `base` without `files`, as the base of a snapshot to compose: manifests and a list, no commit. */
export async function clearedOn(
  session: Begun,
  options: {
    readonly metadata: TableMetadata;
    readonly base: Snapshot;
    readonly snapshotId: SnapshotId;
    readonly sequenceNumber: bigint;
  } & FilesOfHours,
): Promise<Snapshot> {
  const { files, takenOff, base, ...place } = options;
  if (files.length === 0) return base;
  const live = (): Promise<ManifestRow[]> => liveManifestsOf(session.ports.engine, base);
  const cleared = takenOff ?? (await takeOff(session, { ...place, base, manifests: await live(), files }));
  const { manifestList } = await clearedList(session, { ...place, parent: base }, cleared);
  return { ...base, 'manifest-list': manifestList };
}

/** Writes the manifest list of a base without what was taken out of it. */
export async function clearedList(
  session: Begun,
  { metadata, parent, snapshotId, sequenceNumber }: StagingPlace,
  cleared: TakenOff,
): Promise<StagedList> {
  const { affected, rewritten } = cleared;
  const manifestList = await writeClearedList(session.ports.engine, {
    metadata,
    base: parent as Snapshot,
    affected,
    rewritten,
    snapshotId,
    sequenceNumber,
    owner: session.branch,
  });
  return { manifestList, operation: 'delete' };
}
