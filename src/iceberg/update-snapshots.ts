/**
 * Applies updates of snapshots, references, statistics and the snapshot log, as in Apache Iceberg's
 * `TableMetadata.Builder`. Changes a draft.
 */
import { conflict } from '../model/errors.ts';
import { invalid, MAIN_BRANCH, type MetadataDraft, snapshotOf, snapshotsOf } from './metadata-draft.ts';
import type { Snapshot, SnapshotId, SnapshotReference } from './table-metadata.ts';

/**
 * Adds a snapshot. Its sequence number and first row id must be ahead of the table's: they were read from a
 * table that may have moved since.
 */
export function addSnapshot(draft: MetadataDraft, snapshot: Snapshot): void {
  if (draft.schemas.length === 0) throw invalid('Attempting to add a snapshot before a schema is added');
  if (draft.specs.length === 0)
    throw invalid('Attempting to add a snapshot before a partition spec is added');
  if (draft.sortOrders.length === 0)
    throw invalid('Attempting to add a snapshot before a sort order is added');
  const id = snapshot['snapshot-id'];
  if (snapshotOf(draft, id) !== undefined) throw invalid(`Snapshot already exists for id: ${id}`);
  const sequenceNumber = snapshot['sequence-number'] ?? 0n;
  if (sequenceNumber < 0n)
    throw invalid(`Cannot add snapshot ${id}: sequence-number is negative: ${sequenceNumber}`);
  if (draft.formatVersion > 1) {
    if (snapshot['sequence-number'] === undefined)
      throw invalid(`Cannot add snapshot ${id}: sequence-number is missing`);
    if (snapshot.summary?.['operation'] === undefined)
      throw invalid(`Cannot add snapshot ${id}: summary has no operation`);
    // As in Apache Iceberg, a snapshot without a parent may come late: it replaces the table, and shares no
    // file with the snapshots it overtakes.
    const replaces = snapshot['parent-snapshot-id'] === undefined || snapshot['parent-snapshot-id'] === null;
    if (sequenceNumber <= draft.lastSequenceNumber && !replaces) {
      throw behind(
        `Cannot add snapshot with sequence number ${sequenceNumber} older than last sequence number ${draft.lastSequenceNumber}`,
      );
    }
  }
  // Also in version 1: the commit may upgrade the table afterwards.
  if (sequenceNumber > draft.lastSequenceNumber) draft.lastSequenceNumber = sequenceNumber;
  if (draft.formatVersion >= 3) {
    const firstRowId = snapshot['first-row-id'];
    if (firstRowId === undefined || firstRowId === null)
      throw invalid('Cannot add a snapshot: first-row-id is null');
    if (firstRowId < draft.nextRowId) {
      throw behind(
        `Cannot add a snapshot, first-row-id is behind table next-row-id: ${firstRowId} < ${draft.nextRowId}`,
      );
    }
    const addedRows = snapshot['added-rows'];
    if (addedRows === undefined || addedRows === null || addedRows < 0n)
      throw invalid('Cannot add a snapshot: added-rows is missing or negative');
    // Above every id that was assigned, even if the snapshot left a gap (specification, "Table Metadata",
    // `next-row-id`).
    draft.nextRowId = firstRowId + addedRows;
  }
  draft.added.set(id, snapshot);
  draft.changed = true;
}

/**
 * Points a branch or tag at a snapshot. For `main` this also sets the table's current snapshot and writes to
 * the snapshot log.
 */
export function setRef(draft: MetadataDraft, name: string, ref: SnapshotReference): void {
  const existing = draft.refs.get(name);
  if (existing && sameRef(existing, ref)) return;
  const id = ref['snapshot-id'];
  const snapshot = snapshotOf(draft, id);
  if (snapshot === undefined) throw invalid(`Cannot set ${name} to unknown snapshot: ${id}`);
  if (name === MAIN_BRANCH && ref.type !== 'branch')
    throw invalid(`Cannot set ${MAIN_BRANCH} to a tag, it must be a branch`);
  if (
    ref.type === 'tag' &&
    (ref['min-snapshots-to-keep'] !== undefined || ref['max-snapshot-age-ms'] !== undefined)
  ) {
    throw invalid('Tags do not support setting minSnapshotsToKeep or maxSnapshotAgeMs');
  }
  for (const limit of ['min-snapshots-to-keep', 'max-snapshot-age-ms', 'max-ref-age-ms'] as const) {
    const value = ref[limit];
    if (value !== undefined && !(value > 0))
      throw invalid(`Cannot set ${name}: ${limit} must be greater than 0`);
  }
  if (name === MAIN_BRANCH) {
    draft.currentSnapshotId = id;
    draft.snapshotLog.push({ 'snapshot-id': id, 'timestamp-ms': timeOfChange(draft, snapshot) });
    draft.mainSnapshotIds.push(id);
  }
  draft.refs.set(name, ref);
  draft.changed = true;
}

/**
 * When `main` moved. A rollback to an older snapshot happens now, not when that snapshot was made. Writers'
 * clocks may be wrong: Apache Iceberg's reader refuses a log that runs backwards, and an entry in the future
 * hides the snapshot from DuckDB, which asks the log what is current "now".
 */
function timeOfChange(draft: MetadataDraft, snapshot: Snapshot): number {
  const made = draft.added.has(snapshot['snapshot-id'])
    ? Math.min(snapshot['timestamp-ms'], draft.nowMs)
    : draft.nowMs;
  return Math.max(made, draft.snapshotLog.at(-1)?.['timestamp-ms'] ?? 0);
}

/** Removes a branch or tag; without `main` the table has no current snapshot. */
export function removeRef(draft: MetadataDraft, name: string): void {
  if (!draft.refs.delete(name)) return;
  if (name === MAIN_BRANCH) draft.currentSnapshotId = undefined;
  draft.changed = true;
}

const idsOf = (draft: MetadataDraft): ReadonlySet<SnapshotId> =>
  new Set(snapshotsOf(draft).map((snapshot) => snapshot['snapshot-id']));

/** Removes snapshots, their statistics, and the references that would dangle. */
export function removeSnapshots(draft: MetadataDraft, snapshotIds: readonly SnapshotId[]): void {
  const known = idsOf(draft);
  const removed = new Set(snapshotIds.filter((id) => known.has(id)));
  if (removed.size === 0) return;
  draft.snapshots = draft.snapshots.filter((snapshot) => !removed.has(snapshot['snapshot-id']));
  for (const id of removed) draft.added.delete(id);
  draft.statistics = draft.statistics.filter((file) => !removed.has(file['snapshot-id']));
  draft.partitionStatistics = draft.partitionStatistics.filter((file) => !removed.has(file['snapshot-id']));
  for (const [name, ref] of [...draft.refs]) if (removed.has(ref['snapshot-id'])) removeRef(draft, name);
  draft.removedSnapshots = true;
  draft.changed = true;
}

/**
 * Corrects the snapshot log at the end of a commit. Snapshots that were current only inside this commit were
 * never current for a reader, so they are removed. A removed snapshot leaves a gap that would make the one
 * before it look current for too long, so everything before a gap goes.
 */
export function correctSnapshotLog(draft: MetadataDraft): void {
  const intermediate = new Set(
    draft.mainSnapshotIds.filter((id) => draft.added.has(id) && id !== draft.currentSnapshotId),
  );
  if (intermediate.size === 0 && !draft.removedSnapshots) return;
  const known = idsOf(draft);
  let log: MetadataDraft['snapshotLog'] = [];
  for (const entry of draft.snapshotLog) {
    const id = entry['snapshot-id'];
    if (known.has(id)) {
      if (!intermediate.has(id)) log.push(entry);
    } else if (draft.removedSnapshots) {
      log = [];
    }
  }
  if (draft.currentSnapshotId !== undefined && log.at(-1)?.['snapshot-id'] !== draft.currentSnapshotId) {
    throw invalid('Cannot set invalid snapshot log: latest entry is not the current snapshot');
  }
  draft.snapshotLog = log;
}

const REF_FIELDS = [
  'snapshot-id',
  'type',
  'min-snapshots-to-keep',
  'max-snapshot-age-ms',
  'max-ref-age-ms',
] as const;
const sameRef = (one: SnapshotReference, other: SnapshotReference): boolean =>
  REF_FIELDS.every((field) => one[field] === other[field]);

/** The request holds numbers that another commit has overtaken: the client must prepare it again (409). */
const behind = (message: string): Error =>
  conflict('commit-conflict', `Validation failed, please retry: ${message}`, {
    hint: 'load the table again and repeat the change on what it is now',
  });
