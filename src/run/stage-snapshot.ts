/**
 * Snapshots on the session's branch: the base without the replaced hours, and the rows that are staged on it.
 * Manifests -> one commit. Both are committed together: every commit waits for durable files (8 ms at 1,000
 * snapshots, 2026-11-22).
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSnapshotId, nextSequenceNumber } from '../iceberg/new-snapshot.ts';
import { timeFieldOf } from '../iceberg/partition-hours.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import { type ManifestRow, manifestsOf } from '../tables/read/manifest-list.ts';
import { metadataPath } from '../tables/write/new-files.ts';
import { rewriteManifests } from '../tables/write/manifest.ts';
import { writeClearedList } from '../tables/write/manifest-list.ts';
import { type ManifestOfSpec, readEachSpec } from '../tables/read/each-spec.ts';
import { findObsoleteDeletes } from '../tables/read/obsolete-deletes.ts';
import { describeStaging } from '../tables/write/snapshot-summary.ts';
import { PsybergError } from '../model/errors.ts';
import type { ClearHoursStep } from '../model/step.ts';
import { removeLocalFile } from '../files/local.ts';
import { bindStep } from './bind-step.ts';
import {
  type FileInHours,
  type FilesOfHours,
  type RunContext,
  type TakenOff,
  loadTarget,
} from './context.ts';
import { branchHead } from '../iceberg/references.ts';

/**
 * Tries of a staging commit: it loses only to other sessions that stage or publish on the same table in the
 * same few milliseconds.
 */
const ATTEMPTS = 20;

/** What a staged snapshot is made for. */
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
 * Commits what is to be on the branch: the cleared base while it is not there yet, and the snapshot whose
 * list `write` writes. Writes it again when another session took its sequence number. Returns the id of that
 * snapshot; without `write`, undefined.
 */
export async function commitStaged(
  context: RunContext,
  write?: (place: StagingPlace) => Promise<StagedList>,
): Promise<SnapshotId | undefined> {
  const { ports, spec, branch } = context;
  const clearing = context.clearedId === undefined ? context.cleared : undefined;
  if (clearing === undefined && write === undefined) return undefined;
  const ids = { cleared: newSnapshotId(), staged: newSnapshotId() };
  for (let attempt = 1; ; attempt += 1) {
    const { metadata } = await loadTarget(context);
    const head = branchHead(metadata, branch);
    const added: Snapshot[] = [];
    if (clearing !== undefined) {
      const place = placeAfter(metadata, head ?? context.base, added, ids.cleared);
      added.push(await stagedSnapshot(context, place, await clearedList(context, place, clearing)));
    }
    if (write !== undefined) {
      const place = placeAfter(metadata, head ?? context.base, added, ids.staged);
      added.push(await stagedSnapshot(context, place, await write(place)));
    }
    try {
      await ports.catalog.commitTable(spec.target.table, {
        requirements: [
          { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
          { type: 'assert-ref-snapshot-id', ref: branch, 'snapshot-id': head?.['snapshot-id'] ?? null },
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
      if (clearing !== undefined) context.clearedId = ids.cleared;
      if (write === undefined) return undefined;
      context.stagedIds.push(ids.staged);
      return ids.staged;
    } catch (error) {
      if (!(error instanceof PsybergError) || error.code !== 'commit-conflict' || attempt >= ATTEMPTS)
        throw error;
      context.lostRaces = true;
      for (const snapshot of added) removeLocalFile(snapshot['manifest-list']);
      await sleep(Math.random() * 10 * attempt);
    }
  }
}

/** The table as it is after `added`: sequence numbers and row ids go on from there. */
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

const stagedSnapshot = (context: RunContext, place: StagingPlace, list: StagedList): Promise<Snapshot> =>
  describeStaging(context.ports.engine, { ...place, ...list });

async function clearedList(
  context: RunContext,
  { metadata, parent, snapshotId, sequenceNumber }: StagingPlace,
  cleared: TakenOff,
): Promise<StagedList> {
  const { affected, rewritten } = cleared;
  const manifestList = await writeClearedList(context.ports.engine, {
    metadata,
    base: parent as Snapshot,
    affected,
    rewritten,
    snapshotId,
    sequenceNumber,
    owner: context.branch,
  });
  return { manifestList, operation: 'delete' };
}

/** The files with rows of the hours that a step `clear_hours` names, among those of `manifests`. */
export function filesInHours(
  context: RunContext,
  step: ClearHoursStep,
  metadata: TableMetadata,
  manifests: readonly ManifestOfSpec[],
): Promise<FileInHours[]> {
  return readEachSpec(metadata, manifests, (paths, spec) => {
    const field = timeFieldOf(spec, step.parameters.field_id);
    return context.ports.engine.query<FileInHours>(
      bindStep(step, {
        'base-manifests': paths,
        'partition-position': field.partition_position,
        'partition-transform': field.partition_transform,
      }),
    );
  });
}

/**
 * Writes manifests in which `files`, and deletes that applied to nothing else, are marked as removed.
 * `manifests`: the live ones of `base`.
 */
export async function takeOff(
  context: RunContext,
  options: {
    readonly metadata: TableMetadata;
    readonly base: Snapshot;
    readonly manifests: readonly ManifestRow[];
    readonly files: readonly FileInHours[];
  },
): Promise<TakenOff> {
  const { engine } = context.ports;
  const { metadata, base, manifests, files } = options;
  const [dataManifests, deleteManifests] = [0, 1].map((content) =>
    manifests.filter((manifest) => manifest.content === content),
  ) as [ManifestRow[], ManifestRow[]];
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
    destination: () => metadataPath(metadata, `${randomUUID()}-m0`, context.branch),
  });
  return { affected, rewritten };
}

/** `base` without `files`, for a snapshot that is composed on it: manifests and a list, no commit. */
export async function clearedOn(
  context: RunContext,
  options: {
    readonly metadata: TableMetadata;
    readonly base: Snapshot;
    readonly snapshotId: SnapshotId;
    readonly sequenceNumber: bigint;
  } & FilesOfHours,
): Promise<Snapshot> {
  const { files, takenOff, base, ...place } = options;
  if (files.length === 0) return base;
  const liveManifests = async (): Promise<ManifestRow[]> =>
    (await manifestsOf(context.ports.engine, base)).filter((manifest) => manifest.live_files > 0n);
  const cleared =
    takenOff ?? (await takeOff(context, { ...place, base, manifests: await liveManifests(), files }));
  const { manifestList } = await clearedList(context, { ...place, parent: base }, cleared);
  return { ...base, 'manifest-list': manifestList };
}
