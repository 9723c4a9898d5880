/**
 * Finds who still needs which snapshots of a table. Metadata + watermarks + sessions -> ids with a name.
 * Pure.
 * A process that is behind reads every snapshot from its watermark to the head, so each of them stays, not
 * only that of the watermark. Without those in between, removed rows could not be told, and the next session
 * would have to refuse.
 */
import { ancestors, between, mainSnapshot } from '../iceberg/history.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import { progressOfAll } from '../state/process-progress.ts';
import { isReleased } from '../state/target-properties.ts';

/** A watermark on a source, and the process that holds it. */
export interface HeldWatermark {
  readonly processName: string;
  /** `namespace.name`, lower case. */
  readonly table: string;
  readonly tableUuid: string;
  readonly snapshotId: SnapshotId;
}

export interface NeedInput {
  readonly metadata: TableMetadata;
  readonly watermarks: readonly HeldWatermark[];
  /** When the oldest running session began, in ms; it reads snapshots that were pinned then. */
  readonly sessionsSinceMs: number | undefined;
}

export interface NeededSnapshots {
  readonly ids: ReadonlySet<SnapshotId>;
  /** Keyed by holder: `watermark of cancel_load`, `a running session`. */
  readonly holders: ReadonlyMap<string, ReadonlySet<SnapshotId>>;
  /**
   * Processes whose watermark this history no longer reaches: they compare live files, and compaction would
   * make these look new.
   */
  readonly detached: readonly string[];
  /** Sequence number up to which every process has read; undefined if nobody reads the table. */
  readonly readToSequenceNumber: bigint | undefined;
}

/** Finds the snapshots that must stay whatever their age. */
export function neededSnapshots({ metadata, watermarks, sessionsSinceMs }: NeedInput): NeededSnapshots {
  const holders = new Map<string, Set<SnapshotId>>();
  const detached: string[] = [];
  let readTo: bigint | undefined;
  const hold = (who: string, snapshots: Iterable<Snapshot>): void => {
    const ids = holders.get(who) ?? new Set();
    for (const snapshot of snapshots) ids.add(snapshot['snapshot-id']);
    if (ids.size > 0) holders.set(who, ids);
  };
  const chain = [...ancestors(metadata, mainSnapshot(metadata))];
  for (const watermark of watermarks) {
    if (watermark.tableUuid !== metadata['table-uuid']) continue;
    const since = snapshotsSince(metadata, watermark.snapshotId);
    if (since === undefined) detached.push(watermark.processName);
    else {
      hold(`watermark of ${watermark.processName}`, since.snapshots);
      if (readTo === undefined || since.readTo < readTo) readTo = since.readTo;
    }
  }
  // As a target, the table holds in its summaries the first copy of every process's watermark, which is
  // found by going back from the head.
  const progress = progressOfAll(metadata).filter(
    ({ processName, progress: { psybergSessionId } }) => !isReleased(metadata, processName, psybergSessionId),
  );
  for (const { processName, foundIn } of progress) {
    hold(
      `progress of ${processName}`,
      chain.slice(0, chain.findIndex((snapshot) => snapshot['snapshot-id'] === foundIn) + 1),
    );
  }
  if (sessionsSinceMs !== undefined) {
    const before = chain.findIndex((snapshot) => snapshot['timestamp-ms'] < sessionsSinceMs);
    hold('a running session', before < 0 ? chain : chain.slice(0, before + 1));
  }
  return {
    ids: new Set([...holders.values()].flatMap((ids) => [...ids])),
    holders,
    detached,
    readToSequenceNumber: readTo,
  };
}

interface Since {
  readonly snapshots: readonly Snapshot[];
  /** Sequence number of the newest snapshot of `main` that was read. */
  readonly readTo: bigint;
}

const numberOf = (snapshot: Snapshot | undefined): bigint => snapshot?.['sequence-number'] ?? 0n;

/**
 * The watermark's snapshot and all that came after it; on a table that was rolled back, both sides down to
 * where they meet. Undefined if that is not known.
 */
function snapshotsSince(metadata: TableMetadata, watermark: SnapshotId): Since | undefined {
  const { kind, added, undone, meeting } = between(metadata, mainSnapshot(metadata), watermark);
  if (kind === 'unknown') return undefined;
  return meeting === undefined
    ? { snapshots: added, readTo: numberOf(added[0]) - 1n }
    : { snapshots: [...undone, ...added, meeting], readTo: numberOf(meeting) };
}
