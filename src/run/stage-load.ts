/** The load: clears the hours on the branch, carries other rows over, inserts, and composes the one snapshot to publish. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { togetherOrSingly } from '../engine/index.ts';
import { SUMMARY } from '../state/read-watermarks.ts';
import { newSnapshotId, nextSequenceNumber } from '../iceberg/new-snapshot.ts';
import type { Snapshot, SnapshotId } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import type { Step } from '../model/plan.ts';
import { manifestListStatement } from '../statements/index.ts';
import { watermarksJson } from '../state/state-rows.ts';
import { bindStep } from './bind-step.ts';
import { composeFilesView, listTotals, type ManifestRow, manifestsOf, metadataPath, rewriteManifests, writeClearedList } from '../manifests/compose.ts';
import { mergeManifests } from './merge-manifests.ts';
import { writeFiles } from './write-files.ts';
import { type ComposedSnapshot, type RunContext, branchHead, loadTarget, showTables, stagingSnapshots } from './context.ts';

interface FileInHours extends Record<string, unknown> {
  readonly manifest_path: string;
  readonly path: string;
  readonly placement: 'inside' | 'straddles';
}

/** Takes the files of the replaced hours off the branch, as one snapshot; executes the step `clear_hours`. */
export async function clearHours(context: RunContext, step: Step): Promise<void> {
  const { ports, spec, plan, branch } = context;
  const base = context.base as Snapshot;
  const { metadata } = await loadTarget(context);
  const manifests = (await manifestsOf(ports.engine, base)).filter((manifest) => manifest.live_files > 0n);
  if (manifests.some((manifest) => manifest.content === 1))
    throw refusal('target-row-deletes', `the target ${plan.target.table} holds row-level deletes that another engine wrote; replacing its files would bring those rows back`, {
      hint: 'compact the target (rewrite its data files) and run again',
      context: { table: plan.target.table },
    });
  if (manifests.length === 0) return;
  const found = await togetherOrSingly(
    manifests.map((manifest) => manifest.manifest_path),
    (paths) => ports.engine.query<FileInHours>(bindStep(step, { "the base's data manifests": paths })),
  );
  if (found.length === 0) return;
  const affected = new Set(found.map((file) => file.manifest_path));
  const affectedManifests: ManifestRow[] = manifests.filter((manifest) => affected.has(manifest.manifest_path));
  const rewritten = await rewriteManifests(ports.engine, {
    metadata,
    manifestList: base['manifest-list'],
    manifests: affectedManifests,
    removedFiles: found.map((file) => file.path),
    keptFiles: [],
    destination: () => metadataPath(metadata, `${randomUUID()}-m0`),
  });
  const snapshotId = newSnapshotId();
  const sequenceNumber = nextSequenceNumber(metadata);
  const list = await writeClearedList(ports.engine, { metadata, base, affected: [...affected], rewritten, snapshotId, sequenceNumber });
  await ports.catalog.commitTable(spec.target.table, {
    requirements: [{ type: 'assert-ref-snapshot-id', ref: branch, 'snapshot-id': base['snapshot-id'] }],
    updates: [
      {
        action: 'add-snapshot',
        snapshot: {
          'snapshot-id': snapshotId,
          'parent-snapshot-id': base['snapshot-id'],
          'sequence-number': sequenceNumber,
          'timestamp-ms': Math.max(Date.now(), base['timestamp-ms']),
          'manifest-list': list,
          'schema-id': metadata['current-schema-id'],
          summary: { operation: 'delete', 'deleted-data-files': String(found.length) },
        },
      },
      { action: 'set-snapshot-ref', 'ref-name': branch, type: 'branch', 'snapshot-id': snapshotId },
    ],
  });
  const straddling = found.filter((file) => file.placement === 'straddles').map((file) => file.path);
  if (straddling.length === 0) return;
  const snapshot = await composeFilesView(ports.engine, { metadata, from: base, manifests: affectedManifests, files: straddling, directory: context.directory });
  showTables(context, [{ identifier: { namespace: ['straddling'], name: spec.target.table.name }, table: spec.target.table, show: { kind: 'files', snapshot } }]);
}

/** Brings back the other rows of straddling files; executes the step `carry_over`. Nothing straddles a target partitioned by hour. */
export async function carryOver(context: RunContext, step: Step): Promise<void> {
  if (!context.viewTables.has(`straddling.${context.spec.target.table.name}`)) return;
  await context.ports.engine.execute(bindStep(step, {}));
}

/**
 * Computes a dimension hour by hour into a temporary table; executes the steps `begin_hours`, `compute_hour …` and `end_hours`. One
 * transaction holds them together: without it DuckDB loads every source's metadata again for each hour. Measured on 2026-11-22 for 32
 * to 78 hours on a busy machine: staging each hour on the branch 185 ms an hour, this 14 ms.
 */
export async function computeHours(context: RunContext, step: Step): Promise<void> {
  const { engine } = context.ports;
  try {
    if (step.name === 'begin_hours') await engine.execute({ sql: 'begin', parameters: {} });
    await engine.execute(step.name === 'end_hours' ? { sql: 'commit', parameters: {} } : bindStep(step, {}));
  } catch (error) {
    // Cleaning up needs statements, and a failed transaction takes none.
    await engine.rollback();
    throw error;
  }
}

/** Writes the session's rows to the branch; executes the step `insert`. */
export async function insertRows(context: RunContext, step: Step): Promise<void> {
  if (context.plan.target.layout !== null) {
    const staged = await writeFiles(context, step);
    if (staged !== undefined) context.insertIds.push(staged);
    return;
  }
  const before = await headId(context);
  await context.ports.engine.execute(bindStep(step, {}));
  const after = await headId(context);
  // An insert of no rows commits nothing.
  if (after !== undefined && after !== before) context.insertIds.push(after);
}

const headId = async (context: RunContext): Promise<SnapshotId | undefined> => branchHead((await loadTarget(context)).metadata, context.branch)?.['snapshot-id'];

/** Composes the snapshot to publish on `main` as it is now; executes the step `compose_snapshot`, and again after a lost race. */
export async function composeSnapshot(context: RunContext, step: Step, base: Snapshot | undefined): Promise<ComposedSnapshot> {
  const { ports, plan, branch } = context;
  const { metadata } = await loadTarget(context);
  const head = branchHead(metadata, branch);
  const staging = stagingSnapshots(metadata, branch, context.base?.['snapshot-id']);
  const snapshotId = newSnapshotId();
  const sequenceNumber = nextSequenceNumber(metadata);
  const list = metadataPath(metadata, `snap-${snapshotId}`);
  // An overwrite's branch already says what is left of the base; an append is added to whatever `main` holds by now.
  const carried = plan.target.operation === 'overwrite' ? (head ?? base) : (base ?? head);
  const stagingIds = staging.map((snapshot) => snapshot['snapshot-id']);
  if (carried === undefined) await ports.engine.execute({ sql: manifestListStatement('compose/write_empty_list'), parameters: { destination: list } });
  else {
    const carriedList = (await mergeManifests(ports.engine, { metadata, carried, stagingIds, snapshotId, sequenceNumber })) ?? carried['manifest-list'];
    await ports.engine.execute(
      bindStep(step, {
        'manifest lists of the base and of the branch': [...new Set([carriedList, ...(head === undefined ? [] : [head['manifest-list']])])],
        'the one whose other manifests are carried over': carriedList,
        'snapshots on the branch': stagingIds.map(String),
        [`id of the new ${plan.target.operation} snapshot`]: String(snapshotId),
        'its sequence number': String(sequenceNumber),
        'its manifest list': list,
      }),
    );
  }
  const totals = await listTotals(ports.engine, list, snapshotId);
  const summary: Record<string, string> = {
    operation: plan.target.operation,
    'added-data-files': String(totals.added_files),
    'added-records': String(totals.added_rows),
    'deleted-data-files': String(totals.removed_files),
    'deleted-records': String(totals.removed_rows),
    'total-data-files': String(totals.total_files),
    'total-records': String(totals.total_rows),
    'total-delete-files': '0',
    'total-position-deletes': '0',
    'total-equality-deletes': '0',
    [SUMMARY.processName]: plan.process_name,
    [SUMMARY.sessionId]: plan.psyberg_session_id,
    [SUMMARY.watermarks]: JSON.stringify(watermarksJson(plan)),
  };
  const completeTo = completeToHour(context);
  if (completeTo !== undefined) summary[SUMMARY.completeToHour] = completeTo;
  const snapshot: Snapshot = {
    'snapshot-id': snapshotId,
    ...(base === undefined ? {} : { 'parent-snapshot-id': base['snapshot-id'] }),
    'sequence-number': sequenceNumber,
    // Readers that travel by time expect a child not to be older than its parent, even when this machine's clock is behind.
    'timestamp-ms': Math.max(Date.now(), base?.['timestamp-ms'] ?? 0),
    'manifest-list': list,
    'schema-id': metadata['current-schema-id'],
    summary,
  };
  return { snapshot, baseSnapshotId: base?.['snapshot-id'], metadata };
}

/** The hour up to which the target is complete once this session is published: announced to the processes downstream. */
export function completeToHour({ plan }: Pick<RunContext, 'plan'>): string | undefined {
  const vtts = plan.sources.map((source) => source.vtts_hour);
  const [least] = vtts.some((hour) => hour === null) ? [] : (vtts as string[]).toSorted();
  const reached = plan.range === null ? least : plan.range.last_hour;
  const before = plan.target.complete_to_hour ?? undefined;
  if (reached === undefined) return before;
  return before === undefined || reached > before ? reached : before;
}

/** Shows what audits look at: the staged rows, and the whole table as it will be published. */
export async function showStaged(context: RunContext): Promise<void> {
  const { ports, spec } = context;
  const { snapshot, metadata } = context.composed as ComposedSnapshot;
  const head = branchHead(metadata, context.branch);
  const staged = join(context.directory, `staged-${randomUUID()}.avro`);
  if (head === undefined || context.insertIds.length === 0)
    await ports.engine.execute({ sql: manifestListStatement('compose/write_empty_list'), parameters: { destination: staged } });
  else
    await ports.engine.execute({
      sql: manifestListStatement('compose/write_staged_list'),
      parameters: { manifest_list: head['manifest-list'], insert_snapshot_ids: context.insertIds.map(String), destination: staged },
    });
  const { table } = spec.target;
  showTables(context, [
    { identifier: { namespace: ['staged'], name: table.name }, table, show: { kind: 'files', snapshot: { ...(head ?? snapshot), 'manifest-list': staged } } },
    { identifier: { namespace: ['whole'], name: table.name }, table, show: { kind: 'files', snapshot } },
  ]);
}
