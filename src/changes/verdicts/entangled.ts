/**
 * The rule for a gap with both row-level deletes (of rows that were not appended since the watermark) and
 * rewrites of files, maintenance included. A deleted row may have moved to a rewritten file or come from
 * one, so no snapshot can be judged by itself. Instead the removed files, as of the watermark, are compared
 * with the added files, as of the head; what happened in between does not matter.
 */
import type { Snapshot, SnapshotId } from '../../iceberg/table-metadata.ts';
import type { ChangedFile, SnapshotChange } from '../../model/session.ts';
import { type Evidence, idsOf } from '../evidence.ts';
import { filesInOrder, netFiles } from '../net-files.ts';
import type { RowDeletesSince } from '../row-deletes.ts';
import {
  type Comparison,
  comparedHours,
  compareLiveRows,
  type DifferingHours,
  inDifferingHours,
  remembering,
} from '../rows/compare-rows.ts';
import type { Reader } from '../source.ts';
import { counted } from './counted.ts';
import { missedRowDeletes } from './row-deletes.ts';
import { type JudgedGap, judgeEach } from './verdict.ts';

/**
 * The rules for single snapshots here: none for rewrites or row-level deletes, which are compared all
 * together.
 */
const BY_THEMSELVES = [missedRowDeletes, counted];

/**
 * The changes and files that count. If there is nothing to compare, or the watermark's snapshot was expired,
 * every file counts with all its hours.
 */
export async function entangled(reader: Reader, evidence: Evidence): Promise<JudgedGap> {
  const { consumed } = evidence;
  const alone = await judgeEach(BY_THEMSELVES, reader, evidence);
  // A process that appends is refused anyway, since rows that it may have loaded were deleted.
  const stops = reader.needs !== 'hours' && evidence.deletes.files.length > 0;
  if (consumed === undefined || stops) return alone;
  return (await compareEnds(reader, { ...evidence, consumed }, alone)) ?? alone;
}

/**
 * Splits the files that only one of the two ends has: those to compare, and those of appends, which are new
 * in any case.
 */
function filesToCompare(inOrder: readonly ChangedFile[], { gap }: Evidence) {
  const net = netFiles(inOrder);
  const undone = idsOf(gap.undone);
  // A snapshot that removed no file moved no row from one file to another: what it added is new.
  const removing = new Set(
    inOrder.filter((file) => file.status === 'removed').map((file) => file.snapshotId),
  );
  const isNews = ({ status, snapshotId }: ChangedFile): boolean =>
    status === 'added' && !removing.has(snapshotId) && !undone.has(snapshotId);
  return {
    removing,
    isNews,
    news: net.filter(isNews),
    gone: net.filter((file) => file.status === 'removed'),
    come: net.filter((file) => file.status === 'added' && !isNews(file)),
  };
}

async function compareEnds(
  { source, needs }: Reader,
  evidence: Evidence & { readonly consumed: Snapshot },
  alone: JudgedGap,
): Promise<JudgedGap | undefined> {
  const inOrder = filesInOrder(evidence, alone.bySnapshot);
  const { removing, isNews, news, gone, come } = filesToCompare(inOrder, evidence);
  if (gone.length === 0 || come.length === 0) return undefined;
  const appends = needs !== 'hours';
  // A process that appends may find new rows in files that came and went since: they were copied on.
  const passed = appends ? cameAndWent(inOrder).filter(isNews) : [];
  const differing = await remembering(
    source,
    { before: evidence.consumed, after: evidence.head, what: `gap ${passed.length}` },
    () => compareLiveRows(source, comparisonOf(evidence, { gone, come, passed })),
  );
  if (differing === undefined) return undefined;
  // A process that appends must see every removed file, and be refused: the added files hold rows that it
  // has.
  const compared = [...gone, ...come];
  const replaced = appends ? compared : inDifferingHours(compared, differing, source.lastAllowedHour);
  const bySnapshot = Map.groupBy(
    [...news, ...(differing.length === 0 ? passed : replaced)],
    (file) => file.snapshotId,
  );
  const judged = (change: SnapshotChange): SnapshotChange =>
    judgedAgain(change, {
      deletes: evidence.deletes,
      removing,
      files: bySnapshot.get(change.snapshotId) ?? [],
      differing,
    });
  return { changes: alone.changes.map(judged), bySnapshot, across: true };
}

interface FilesOfEnds {
  readonly gone: readonly ChangedFile[];
  readonly come: readonly ChangedFile[];
  readonly passed: readonly ChangedFile[];
}

const comparisonOf = (
  { consumed, head, gap, deletes, manifestLists }: Evidence & { readonly consumed: Snapshot },
  { gone, come, passed }: FilesOfEnds,
): Comparison => ({
  before: { snapshot: consumed, files: pathsOf(gone) },
  after: { snapshot: head, files: pathsOf(come) },
  passed: {
    files: pathsOf(passed),
    manifestLists,
    snapshotIds: [...idsOf(gap.added)],
    deleteKeys: deletes.ofNewRows.map((file) => file.key),
  },
});

const pathsOf = (files: readonly ChangedFile[]): string[] => files.map((file) => file.path);

/** The files that were first added and then removed, each once. */
function cameAndWent(inOrder: readonly ChangedFile[]): ChangedFile[] {
  const byPath = Map.groupBy(inOrder, (file) => file.path);
  return [...byPath.values()].flatMap((entries) =>
    entries[0]?.status === 'added' && entries.at(-1)?.status === 'removed' ? entries.slice(0, 1) : [],
  );
}

interface Compared {
  readonly deletes: RowDeletesSince;
  /** Snapshots that removed files. */
  readonly removing: ReadonlySet<SnapshotId>;
  /** The files of this change that count. */
  readonly files: readonly ChangedFile[];
  readonly differing: readonly DifferingHours[];
}

/** Corrects a change that was judged by itself by what the comparison of the two ends found. */
function judgedAgain(
  change: SnapshotChange,
  { deletes, removing, files, differing }: Compared,
): SnapshotChange {
  const { snapshotId, reason } = change;
  const deletesRows = [...deletes.files, ...deletes.ofNewRows].some((file) => file.snapshotId === snapshotId);
  if (!removing.has(snapshotId))
    return change.counted || files.length > 0 ? change : { ...change, reason: NO_ROW_LEFT };
  const found =
    files.length > 0 || differing.length === 0
      ? comparedHours(differing)
      : 'files were rewritten; the rows that changed are in others (the rows were compared)';
  return {
    ...change,
    counted: files.length > 0 || deletesRows,
    reason: reason === undefined ? found : `${reason}; ${found}`,
  };
}

const NO_ROW_LEFT =
  'deletes no row of a file that is still there; the files that were replaced since were compared';
