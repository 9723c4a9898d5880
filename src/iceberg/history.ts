/**
 * Reads a table's history as a chain of parents. Metadata -> snapshots. Pure. Only ids and parents count;
 * commit times never do.
 */
import type { Snapshot, SnapshotId, TableMetadata } from './table-metadata.ts';

/**
 * The snapshot with that id, or undefined if it was expired or never existed. Searched from the end: writers
 * append, and mostly new ones are asked for.
 */
export function snapshotById(metadata: TableMetadata, id: SnapshotId): Snapshot | undefined {
  return metadata.snapshots?.findLast((snapshot) => snapshot['snapshot-id'] === id);
}

/**
 * The current snapshot of `main`, or undefined while the table is empty. Some writers store -1 for "none"
 * (Java, format v1).
 */
export function mainSnapshot(metadata: TableMetadata): Snapshot | undefined {
  const id = metadata.refs?.['main']?.['snapshot-id'] ?? metadata['current-snapshot-id'];
  return id === undefined || id === null || id === -1n ? undefined : snapshotById(metadata, id);
}

/**
 * From `from` back to the oldest ancestor that is still known, newest first, `from` included. Writers append,
 * so a parent mostly stands just before its child. An index of all snapshots, which takes 5 ms for 10,000 of
 * them (2026-11-22), is made only if it does not.
 */
export function* ancestors(metadata: TableMetadata, from: Snapshot | undefined): Generator<Snapshot> {
  const snapshots = metadata.snapshots ?? [];
  const start = from === undefined ? -1 : snapshots.lastIndexOf(from);
  let index: HistoryIndex | undefined;
  for (let [snapshot, place] = [from, start]; snapshot !== undefined; snapshot = snapshots[place]) {
    yield snapshot;
    const parent: SnapshotId | undefined = snapshot['parent-snapshot-id'];
    if (parent === undefined) return;
    const isBefore = place > 0 && snapshots[place - 1]?.['snapshot-id'] === parent;
    if (!isBefore) index ??= historyIndex(snapshots, [place, start]);
    place = isBefore ? place - 1 : (index?.places.get(parent) ?? -1);
    if (index?.seen.has(place) === true) return;
    index?.seen.add(place);
  }
}

interface HistoryIndex {
  readonly places: ReadonlyMap<SnapshotId, number>;
  /**
   * A damaged metadata file may hold a circle of parents; without it a session would never open. There is no
   * circle as long as each parent stands just before its child.
   */
  readonly seen: Set<number>;
}

/** Places from `first` to `last`, inclusive, have been seen. */
function historyIndex(
  snapshots: readonly Snapshot[],
  [first, last]: readonly [number, number],
): HistoryIndex {
  const seen = new Set<number>();
  for (let place = first; place <= last; place += 1) seen.add(place);
  return { places: new Map(snapshots.map((each, place) => [each['snapshot-id'], place])), seen };
}

/** How a table's head relates to a snapshot that was read. */
export interface Gap {
  /**
   * `straight`: the snapshot is an ancestor of the head · `forked`: the table was rolled back, and both have
   * a common ancestor · `unknown`: what was between them is gone.
   */
  readonly kind: 'straight' | 'forked' | 'unknown';
  /**
   * Snapshots that the head has since the one that was read, or since their common ancestor, oldest first; if
   * `unknown`, all that are known.
   */
  readonly added: readonly Snapshot[];
  /** Snapshots that were read and are no longer in the head's history, oldest first. */
  readonly undone: readonly Snapshot[];
  /** Their common ancestor: the snapshot itself if `straight`. Undefined if it was expired. */
  readonly meeting: Snapshot | undefined;
}

/**
 * The snapshots between a head and the one that was read up to, by the chain of parents. If only the one that
 * was read was expired, and all that came after it are still there, this is `straight` too.
 */
export function between(metadata: TableMetadata, head: Snapshot | undefined, readTo: SnapshotId): Gap {
  const consumed = snapshotById(metadata, readTo);
  const added: Snapshot[] = [];
  for (const snapshot of ancestors(metadata, head)) {
    const isRead = snapshot['snapshot-id'] === readTo;
    if (!isRead) added.push(snapshot);
    if (isRead || snapshot['parent-snapshot-id'] === readTo)
      return { kind: 'straight', added: added.reverse(), undone: [], meeting: consumed };
  }
  const onHead = new Map(added.map((snapshot, index) => [snapshot['snapshot-id'], index]));
  const undone: Snapshot[] = [];
  for (const snapshot of ancestors(metadata, consumed)) {
    const index = onHead.get(snapshot['snapshot-id']);
    if (index !== undefined) {
      const since = added.slice(0, index).reverse();
      return { kind: 'forked', added: since, undone: undone.reverse(), meeting: snapshot };
    }
    undone.push(snapshot);
  }
  return { kind: 'unknown', added: added.reverse(), undone: [], meeting: undefined };
}

/** A snapshot's operation; a summary without one is read as `overwrite`, the most careful reading. */
export const operationOf = (snapshot: Snapshot): string => snapshot.summary?.['operation'] ?? 'overwrite';

/**
 * A count from a snapshot's summary; undefined if it has none, or a text that is no count: summaries are
 * optional, and their values any text (Iceberg specification, "Optional Snapshot Summary Fields").
 */
export function countInSummary(snapshot: Snapshot | undefined, key: string): bigint | undefined {
  const text = snapshot?.summary?.[key];
  return text === undefined || !/^\d+$/.test(text) ? undefined : BigInt(text);
}

/**
 * The metadata with an operation in every snapshot: DuckDB 1.5.5 reads no table without them, though they are
 * optional in version 1 and other readers do without. The same value if nothing is missing.
 */
export function withOperations(metadata: TableMetadata): TableMetadata {
  const lacksOperation = ({ summary }: Snapshot): boolean => typeof summary?.['operation'] !== 'string';
  if (metadata.snapshots?.some(lacksOperation) !== true) return metadata;
  return {
    ...metadata,
    snapshots: metadata.snapshots.map((snapshot) =>
      lacksOperation(snapshot)
        ? { ...snapshot, summary: { ...snapshot.summary, operation: operationOf(snapshot) } }
        : snapshot,
    ),
  };
}

/** The snapshot that this one was cherry-picked from, which Iceberg's writers name in the summary. */
export function pickedFrom({ summary }: Snapshot): SnapshotId | undefined {
  const source = summary?.['source-snapshot-id'];
  return source === undefined || !/^\d+$/.test(source) ? undefined : BigInt(source);
}
