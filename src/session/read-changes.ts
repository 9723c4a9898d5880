/**
 * What changed in a source between watermark and head. Snapshots -> files with hours, each snapshot judged: news or not.
 * A change whose rows or hours cannot be known is refused here, before anything is planned.
 */
import type { Engine } from '../engine/index.ts';
import { operationOf, snapshotById } from '../iceberg/history.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { ChangedFile, SnapshotChange, SourceState, Watermark } from '../model/session.ts';
import { findSnapshots } from './find-changes.ts';
import { filesBetween, liveFilesSince } from './live-files.ts';
import { netFiles } from './net-files.ts';
import { readNewManifests } from './new-manifests.ts';
import { type SourceTable, readAllManifests, readFiles } from './read-files.ts';
import { withoutRewrites } from './rewrites.ts';

export type Changes = Omit<SourceState, 'head' | 'newestHour' | 'vttsHour'>;

export interface ChangesInput {
  readonly processSpec: ProcessSpec;
  readonly engine: Engine;
}

/** What changed between watermark and head, as files with hours. */
export async function changesOf(input: ChangesInput, table: SourceTable, head: Snapshot, watermark: Watermark | undefined): Promise<Changes> {
  const { engine } = input;
  const found = findSnapshots(table.metadata, head, watermark);
  const base = { spec: table.spec, awaited: false, detectedBy: found.detectedBy, ...(watermark === undefined ? {} : { watermark }) };
  if (found.detectedBy === 'first-load') {
    const manifests = await readAllManifests(engine, table, head);
    const files = await readFiles(
      engine,
      table,
      head,
      manifests.filter((manifest) => manifest.content === 0),
      [0, 1],
    );
    return { ...base, files, changes: [changeOf(head, files, {})], listedBy: 'manifests', manifestLists: [head['manifest-list']] };
  }
  if (found.detectedBy === 'live-files') return { ...base, ...(await changesByFiles(input, table, head, watermark as Watermark)), listedBy: 'files' };
  const snapshots = [...found.undone, ...found.added];
  const isKnown = (snapshot: Snapshot): boolean => rewriteBySummary(snapshot) !== undefined;
  const chains = await Promise.all([found.undone, found.added].map((chain) => readNewManifests(engine, table, { chain, isKnown })));
  const manifests = chains.flatMap((chain) => chain.manifests);
  const undone = new Set(found.undone.map((snapshot) => snapshot['snapshot-id']));
  const bySnapshot = new Map<bigint, ChangedFile[]>();
  // Each chain for itself: a commit that was undone and picked again may have its manifest in both.
  for (const chain of chains) {
    const data = chain.manifests.filter((manifest) => manifest.content === 0);
    for (const file of await readFiles(engine, table, head, data, [1, 2])) {
      // An undone snapshot's additions are removals now, and the other way round.
      const turned = undone.has(file.snapshotId) ? { ...file, status: file.status === 'added' ? ('removed' as const) : ('added' as const) } : file;
      const known = bySnapshot.get(file.snapshotId);
      if (known === undefined) bySnapshot.set(file.snapshotId, [turned]);
      else known.push(turned);
    }
  }
  const deleting = new Set(manifests.filter((manifest) => manifest.content === 1).map((manifest) => BigInt(manifest.snapshot_id)));
  const seen = snapshots.map((snapshot) => {
    const id = snapshot['snapshot-id'];
    return changeOf(snapshot, bySnapshot.get(id) ?? [], { rowDeletes: deleting.has(id), undone: undone.has(id) });
  });
  const judged = await withoutRewrites(engine, table, { changes: seen, bySnapshot });
  const counted = new Set(judged.changes.filter((change) => change.counted).map((change) => change.snapshotId));
  // In the order in which they took effect: undoing begins with the newest.
  const inOrder = [...found.undone.toReversed(), ...found.added].flatMap((snapshot) =>
    counted.has(snapshot['snapshot-id']) ? (judged.bySnapshot.get(snapshot['snapshot-id']) ?? []) : [],
  );
  const net = netFiles(inOrder);
  // What an undone snapshot had removed was there, and loaded, before it: it comes back without being new.
  const files = input.processSpec.pattern === 'stateless' ? net.filter((file) => file.status === 'removed' || !undone.has(file.snapshotId)) : net;
  refuseWhatCannotBeKnown(input, table, { changes: judged.changes, files, deleting });
  const mixed = manifests.some((manifest) => manifest.mixed && counted.has(BigInt(manifest.snapshot_id)));
  return {
    ...base,
    changes: judged.changes,
    files,
    listedBy: mixed || found.undone.length > 0 || files.length < inOrder.length ? 'files' : 'manifests',
    manifestLists: chains.flatMap((chain) => chain.manifestLists),
  };
}

/** After an expiry, or on a table that was replaced: the files of the watermark's snapshot beside those of the head, or (when that one is gone, too) the live files by number. */
async function changesByFiles(input: ChangesInput, table: SourceTable, head: Snapshot, watermark: Watermark): Promise<Pick<Changes, 'files' | 'changes' | 'manifestLists'>> {
  const consumed = snapshotById(table.metadata, watermark.snapshotId);
  if (consumed === undefined) return { ...(await liveFilesSince(input.engine, table, head, watermark)), manifestLists: [head['manifest-list']] };
  const between = await filesBetween(input.engine, table, { consumed, head });
  const removes = between.files.some((file) => file.status === 'removed');
  const change = {
    ...changeOf(head, between.files, { rowDeletes: between.rowDeletes }),
    operation: removes ? 'overwrite' : 'append',
    counted: between.files.length > 0 || between.rowDeletes,
  };
  const judged = await withoutRewrites(input.engine, table, {
    changes: [change.reason === undefined ? { ...change, reason: 'found by comparing the files of the watermark and of the head' } : change],
    bySnapshot: new Map([[head['snapshot-id'], between.files]]),
    before: consumed,
  });
  const files = judged.changes.some((each) => each.counted) ? (judged.bySnapshot.get(head['snapshot-id']) ?? []) : [];
  refuseWhatCannotBeKnown(input, table, { changes: judged.changes, files, deleting: new Set(between.rowDeletes ? [head['snapshot-id']] : []) });
  return { files, changes: judged.changes, manifestLists: [head['manifest-list']] };
}

/** What a compaction's summary says of itself, when it says that as many rows came as went; undefined when its manifests have to be read. */
function rewriteBySummary(snapshot: Snapshot): Pick<SnapshotChange, 'addedFiles' | 'removedFiles' | 'addedRows' | 'removedRows'> | undefined {
  const { summary = {} } = snapshot;
  const [added, removed] = [summary['added-records'], summary['deleted-records']];
  if (operationOf(snapshot) !== 'replace' || added === undefined || added !== removed) return undefined;
  if (DELETE_COUNTS.some((key) => (summary[key] ?? '0') !== '0')) return undefined;
  return {
    addedFiles: Number(summary['added-data-files'] ?? 0),
    removedFiles: Number(summary['deleted-data-files'] ?? 0),
    addedRows: BigInt(added),
    removedRows: BigInt(removed),
  };
}

/** With row-level deletes in play, equal counts of rows do not mean equal rows. */
const DELETE_COUNTS = ['added-delete-files', 'removed-delete-files', 'added-position-deletes', 'removed-position-deletes', 'added-equality-deletes', 'removed-equality-deletes'];

function changeOf(snapshot: Snapshot, files: readonly ChangedFile[], flags: { rowDeletes?: boolean; undone?: boolean }): SnapshotChange {
  const of = (status: ChangedFile['status']): readonly ChangedFile[] => files.filter((file) => file.status === status);
  const rows = (list: readonly ChangedFile[]): bigint => list.reduce((sum, file) => sum + file.rows, 0n);
  const operation = operationOf(snapshot);
  const said = rewriteBySummary(snapshot);
  const counts = said ?? { addedFiles: of('added').length, removedFiles: of('removed').length, addedRows: rows(of('added')), removedRows: rows(of('removed')) };
  // Iceberg specification, "Snapshots": `replace` changes files, not rows. A count that differs says otherwise, and is believed.
  const rewrite = operation === 'replace' && counts.addedRows === counts.removedRows && flags.rowDeletes !== true;
  const reason = rewrite ? 'files were rewritten, no row changed' : flags.undone === true ? 'rolled back' : flags.rowDeletes === true ? 'holds row-level deletes' : undefined;
  return {
    snapshotId: snapshot['snapshot-id'],
    operation,
    committedAtMs: snapshot['timestamp-ms'],
    counted: !rewrite,
    ...(reason === undefined ? {} : { reason }),
    ...counts,
  };
}

/** A stateless load can only append, and a deleted row does not say its hour: both stop here instead of publishing something wrong. */
function refuseWhatCannotBeKnown(
  input: ChangesInput,
  table: SourceTable,
  { changes, files, deleting }: { readonly changes: readonly SnapshotChange[]; readonly files: readonly ChangedFile[]; readonly deleting: ReadonlySet<bigint> },
): void {
  const name = tableName(table.spec.table);
  if (input.processSpec.pattern === 'stateless') {
    const removing = new Set(files.filter((file) => file.status === 'removed').map((file) => file.snapshotId));
    const change = changes.find((each) => each.counted && (removing.has(each.snapshotId) || deleting.has(each.snapshotId)));
    if (change === undefined || table.spec.onSourceChange === 'append-added') return;
    throw refusal(
      'source-changed',
      `snapshot ${change.snapshotId} of ${name} (${change.operation}) changed or removed rows that ${input.processSpec.processName} may have loaded already; a stateless process only appends`,
      {
        hint: 'make the process stateful, or set on_source_change: append-added for this source to load added rows only',
        context: { table: name, snapshot_id: String(change.snapshotId), operation: change.operation, removed_rows: String(change.removedRows) },
      },
    );
  }
  const change = changes.find((each) => deleting.has(each.snapshotId));
  if (change !== undefined)
    throw refusal('row-level-deletes', `snapshot ${change.snapshotId} of ${name} deletes single rows; the hours it touches cannot be told from metadata`, {
      hint: `rewrite the source's files (compaction applies the deletes), then rebuild ${tableName(input.processSpec.target.table)}`,
      context: { table: name, snapshot_id: String(change.snapshotId) },
    });
}
