/**
 * What changed in a source between watermark and head. Snapshots -> files with hours, each snapshot judged: news or not.
 * A change whose rows or hours cannot be known is refused here, before anything is planned.
 */
import type { Engine } from '../engine/index.ts';
import { operationOf } from '../iceberg/history.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { ChangedFile, SnapshotChange, SourceState, Watermark } from '../model/session.ts';
import { findSnapshots } from './find-changes.ts';
import { liveFilesSince } from './live-files.ts';
import { type SourceTable, readAddedManifests, readAllManifests, readFiles } from './read-files.ts';

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
  if (found.detectedBy === 'live-files')
    return { ...base, ...(await liveFilesSince(engine, table, head, watermark as Watermark)), listedBy: 'files', manifestLists: [head['manifest-list']] };
  if (found.detectedBy === 'first-load') {
    const manifests = await readAllManifests(engine, table, head);
    const files = await readFiles(
      engine,
      table,
      head,
      manifests.filter((manifest) => manifest.content === 0),
      [0, 1],
    );
    return { ...base, files, changes: [changeOf(head, files, { counted: true })], listedBy: 'manifests', manifestLists: [head['manifest-list']] };
  }
  const snapshots = [...found.undone, ...found.added];
  const manifests = await readAddedManifests(engine, table, snapshots);
  const read = await readFiles(
    engine,
    table,
    head,
    manifests.filter((manifest) => manifest.content === 0),
    [1, 2],
  );
  // An undone snapshot's additions are removals now, and the other way round.
  const undone = new Set(found.undone.map((snapshot) => snapshot['snapshot-id']));
  const files = read.map((file) => (undone.has(file.snapshotId) ? { ...file, status: file.status === 'added' ? ('removed' as const) : ('added' as const) } : file));
  const deleting = new Set(manifests.filter((manifest) => manifest.content === 1).map((manifest) => BigInt(manifest.snapshot_id)));
  const changes = snapshots.map((snapshot) => {
    const id = snapshot['snapshot-id'];
    return changeOf(
      snapshot,
      files.filter((file) => file.snapshotId === id),
      { counted: true, rowDeletes: deleting.has(id), undone: undone.has(id) },
    );
  });
  refuseWhatCannotBeKnown(input, table, changes, deleting);
  const counted = new Set(changes.filter((change) => change.counted).map((change) => change.snapshotId));
  const mixed = manifests.some((manifest) => manifest.mixed && counted.has(BigInt(manifest.snapshot_id)));
  return {
    ...base,
    changes,
    files: files.filter((file) => counted.has(file.snapshotId)),
    listedBy: mixed || found.undone.length > 0 ? 'files' : 'manifests',
    manifestLists: snapshots.map((snapshot) => snapshot['manifest-list']),
  };
}

function changeOf(snapshot: Snapshot, files: readonly ChangedFile[], flags: { counted: boolean; rowDeletes?: boolean; undone?: boolean }): SnapshotChange {
  const of = (status: ChangedFile['status']): readonly ChangedFile[] => files.filter((file) => file.status === status);
  const rows = (list: readonly ChangedFile[]): bigint => list.reduce((sum, file) => sum + file.rows, 0n);
  const operation = operationOf(snapshot);
  const addedRows = rows(of('added'));
  const removedRows = rows(of('removed'));
  // Iceberg specification, "Snapshots": `replace` changes files, not rows. A count that differs says otherwise, and is believed.
  const rewrite = operation === 'replace' && addedRows === removedRows && flags.rowDeletes !== true;
  const reason = rewrite ? 'files were rewritten, no row changed' : flags.undone === true ? 'rolled back' : flags.rowDeletes === true ? 'holds row-level deletes' : undefined;
  return {
    snapshotId: snapshot['snapshot-id'],
    operation,
    committedAtMs: snapshot['timestamp-ms'],
    counted: flags.counted && !rewrite,
    ...(reason === undefined ? {} : { reason }),
    addedFiles: of('added').length,
    removedFiles: of('removed').length,
    addedRows,
    removedRows,
  };
}

/** A stateless load can only append, and a deleted row does not say its hour: both stop here instead of publishing something wrong. */
function refuseWhatCannotBeKnown(input: ChangesInput, table: SourceTable, changes: readonly SnapshotChange[], deleting: ReadonlySet<bigint>): void {
  const name = tableName(table.spec.table);
  if (input.processSpec.pattern === 'stateless') {
    const change = changes.find((each) => each.counted && (each.removedFiles > 0 || deleting.has(each.snapshotId) || each.reason === 'rolled back'));
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
