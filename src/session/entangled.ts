/**
 * Row-level deletes and rewrites of files between one watermark and one head. Snapshots of a gap -> changes
 * that count, and their files. A deleted row may have gone to a rewritten file or come from one, so no
 * snapshot can be judged by itself: the files that went are compared, as the watermark saw them, with those
 * that came, as the head shows them. What happened in between does not matter.
 */
import type { Engine } from '../engine/index.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import type { ChangedFile, SnapshotChange } from '../model/session.ts';
import {
  type DifferingHours,
  compareLiveRows,
  comparedHours,
  inDifferingHours,
  remembering,
} from './compare-rows.ts';
import { netFiles } from './net-files.ts';
import type { SourceTable } from './read-files.ts';
import type { JudgedChanges } from './rewrites.ts';
import type { RowDeletesSince } from './row-deletes.ts';

export interface Gap extends JudgedChanges {
  /** The watermark's snapshot. */
  readonly consumed: Snapshot;
  readonly head: Snapshot;
  /** In the order in which they took effect: those undone (the newest first), then those that came. */
  readonly order: readonly bigint[];
  readonly undone: ReadonlySet<bigint>;
  readonly deletes: RowDeletesSince;
  readonly manifestLists: readonly string[];
  /**
   * Whether new rows are wanted in files of their own, also in such as came and went: what a process that
   * appends loads.
   */
  readonly newRowsOnly: boolean;
}

/**
 * The changes and files that count; undefined where a file that went must count with all its hours, since
 * nothing is there to compare it with.
 */
export async function judgeGap(
  engine: Engine,
  table: SourceTable,
  gap: Gap,
): Promise<JudgedChanges | undefined> {
  const inOrder = gap.order.flatMap((id) => gap.bySnapshot.get(id) ?? []);
  const net = netFiles(inOrder);
  // A snapshot that took no file away moved no row from one file to another: what it added is news.
  const removing = new Set(
    inOrder.filter((file) => file.status === 'removed').map((file) => file.snapshotId),
  );
  const isNews = ({ status, snapshotId }: ChangedFile): boolean =>
    status === 'added' && !removing.has(snapshotId) && !gap.undone.has(snapshotId);
  const [gone, come] = [
    net.filter((file) => file.status === 'removed'),
    net.filter((file) => file.status === 'added' && !isNews(file)),
  ];
  if (gone.length === 0 || come.length === 0) return undefined;
  const passed = gap.newRowsOnly ? cameAndWent(inOrder).filter(isNews) : [];
  const compare = (): Promise<DifferingHours[]> =>
    compareLiveRows(engine, table, {
      before: { snapshot: gap.consumed, files: pathsOf(gone) },
      after: { snapshot: gap.head, files: pathsOf(come) },
      passed: {
        files: pathsOf(passed),
        manifestLists: gap.manifestLists,
        snapshotIds: gap.order.filter((id) => !gap.undone.has(id)),
        deleteKeys: gap.deletes.ofNewRows.map((file) => file.key),
      },
    });
  const differing = await remembering(
    table,
    { before: gap.consumed, after: gap.head, what: `gap ${passed.length}` },
    compare,
  );
  if (differing === undefined) return undefined;
  // A process that appends is to meet every file that went, and stop: what came holds rows that it has.
  const replaced =
    differing.length === 0
      ? []
      : gap.newRowsOnly
        ? [...gone, ...come]
        : inDifferingHours([...gone, ...come], differing, table.lastAllowedHour);
  const bySnapshot = Map.groupBy(
    [...net.filter(isNews), ...(differing.length === 0 ? passed : []), ...replaced],
    (file) => file.snapshotId,
  );
  return {
    changes: gap.changes.map((change) =>
      judged(change, { gap, removing, files: bySnapshot.get(change.snapshotId) ?? [], differing }),
    ),
    bySnapshot,
  };
}

const pathsOf = (files: readonly ChangedFile[]): string[] => files.map((file) => file.path);

/** The files that were added and then removed, each once. */
function cameAndWent(inOrder: readonly ChangedFile[]): ChangedFile[] {
  const byPath = Map.groupBy(inOrder, (file) => file.path);
  return [...byPath.values()].flatMap((entries) =>
    entries[0]?.status === 'added' && entries.at(-1)?.status === 'removed' ? entries.slice(0, 1) : [],
  );
}

interface JudgedWith {
  readonly gap: Gap;
  readonly removing: ReadonlySet<bigint>;
  /** Those of the change that count. */
  readonly files: readonly ChangedFile[];
  readonly differing: readonly DifferingHours[];
}

function judged(change: SnapshotChange, { gap, removing, files, differing }: JudgedWith): SnapshotChange {
  const { snapshotId, reason } = change;
  const deletesRows = [...gap.deletes.files, ...gap.deletes.ofNewRows].some(
    (file) => file.snapshotId === snapshotId,
  );
  if (!removing.has(snapshotId))
    return change.counted || files.length > 0
      ? change
      : {
          ...change,
          reason:
            'deletes no row of a file that is still there; the files that were replaced since were compared',
        };
  const counted = files.length > 0 || deletesRows;
  const told =
    files.length > 0 || differing.length === 0
      ? comparedHours(differing)
      : 'files were rewritten; the rows that changed are in others (the rows were compared)';
  return { ...change, counted, reason: reason === undefined ? told : `${reason}; ${told}` };
}
