/**
 * Gathers what the snapshots between watermark and head did to the source's files, from the manifests that
 * they added. DetectedGap -> Evidence, on which the verdicts are based. Cost follows the change, not the
 * table.
 */
import { operationOf } from '../iceberg/history.ts';
import type { Snapshot, SnapshotId } from '../iceberg/table-metadata.ts';
import type { ChangedFile, SnapshotChange, Watermark } from '../model/session.ts';
import { rewriteBySummary } from '../state/no-news.ts';
import { type ManifestRow, ofData, ofDeletes } from '../tables/read/manifest-list.ts';
import { type NewManifests, readNewManifests } from './files/new-manifests.ts';
import { readFiles } from './files/read-files.ts';
import type { DetectedGap } from './gap.ts';
import { type RowDeletesSince, rowDeletesSince } from './row-deletes.ts';
import type { Source } from './source.ts';

/** How many files and rows came and went. */
export type Counts = Pick<SnapshotChange, 'addedFiles' | 'removedFiles' | 'addedRows' | 'removedRows'>;

/** What one snapshot did. */
export interface SnapshotEvidence {
  readonly snapshot: Snapshot;
  /** The files that it added and removed; of an undone snapshot the other way round. */
  readonly files: readonly ChangedFile[];
  readonly counts: Counts;
  /** True when the source was rolled back to before it. */
  readonly undone: boolean;
  /**
   * Which rows its delete files deleted: `hit`, rows that were there at the watermark; `new`, only rows that
   * came since; `missed`, none; `none`, it has no delete files.
   */
  readonly rowDeletes: 'none' | 'hit' | 'new' | 'missed';
}

/** What all snapshots between watermark and head did. */
export interface Evidence {
  readonly gap: DetectedGap;
  readonly head: Snapshot;
  readonly watermark: Watermark;
  /** The watermark's snapshot; undefined when it was expired. */
  readonly consumed: Snapshot | undefined;
  /** First the undone snapshots, then the added ones, each oldest first. */
  readonly snapshots: readonly SnapshotEvidence[];
  readonly manifests: readonly ManifestRow[];
  /** The manifest lists that these were read from. */
  readonly manifestLists: readonly string[];
  readonly deletes: RowDeletesSince;
}

/** The two ends of a gap. */
export type Ends = Pick<Evidence, 'head' | 'watermark' | 'consumed'>;

/**
 * Reads what the snapshots of the gap did. `passOver`: true for a snapshot whose summary says enough, so
 * that its manifests are not read.
 */
export async function gatherEvidence(
  source: Source,
  gap: DetectedGap,
  ends: Ends,
  passOver: (snapshot: Snapshot) => boolean,
): Promise<Evidence> {
  const snapshots = [...gap.undone, ...gap.added];
  const chains = await Promise.all(
    [gap.undone, gap.added].map((chain) => readNewManifests(source, { chain, isKnown: passOver })),
  );
  const manifests = chains.flatMap((chain) => chain.manifests);
  const undone = idsOf(gap.undone);
  const filesOf = await filesBySnapshot(source, { head: ends.head, chains, undone });
  const deletes = await deletesOf(source, { ...ends, snapshots, manifests, filesOf });
  const rowDeletes = rowDeletesBySnapshot(manifests, deletes);
  return {
    gap,
    ...ends,
    snapshots: snapshots.map((snapshot) => {
      const files = filesOf.get(snapshot['snapshot-id']) ?? [];
      return {
        snapshot,
        files,
        counts: rewriteBySummary(snapshot) ?? countsOf(files),
        undone: undone.has(snapshot['snapshot-id']),
        rowDeletes: rowDeletes(snapshot['snapshot-id']),
      };
    }),
    manifests,
    manifestLists: chains.flatMap((chain) => chain.manifestLists),
    deletes,
  };
}

export const idsOf = (snapshots: readonly Snapshot[]): ReadonlySet<SnapshotId> =>
  new Set(snapshots.map((snapshot) => snapshot['snapshot-id']));

/**
 * Reads each chain by itself: a commit that was undone and then cherry-picked may have its manifest in both.
 */
async function filesBySnapshot(
  source: Source,
  read: {
    readonly head: Snapshot;
    readonly chains: readonly NewManifests[];
    readonly undone: ReadonlySet<SnapshotId>;
  },
): Promise<ReadonlyMap<SnapshotId, readonly ChangedFile[]>> {
  const files: ChangedFile[] = [];
  for (const { manifests } of read.chains)
    for (const file of await readFiles(source, read.head, ofData(manifests), [1, 2]))
      files.push(read.undone.has(file.snapshotId) ? turned(file) : file);
  return Map.groupBy(files, (file) => file.snapshotId);
}

/** Undoing a snapshot turns its additions into removals, and the other way round. */
const turned = (file: ChangedFile): ChangedFile => ({
  ...file,
  status: file.status === 'added' ? 'removed' : 'added',
});

/** Operations that may move rows from one file to another. */
const REWRITING: ReadonlySet<string> = new Set(['replace', 'overwrite']);

function deletesOf(
  source: Source,
  read: Ends & {
    readonly snapshots: readonly Snapshot[];
    readonly manifests: readonly ManifestRow[];
    readonly filesOf: ReadonlyMap<SnapshotId, readonly ChangedFile[]>;
  },
): Promise<RowDeletesSince> {
  const { head, consumed, snapshots, manifests, filesOf } = read;
  const added = [...filesOf.values()].flat().filter((file) => file.status === 'added');
  const appending = idsOf(snapshots.filter((snapshot) => operationOf(snapshot) === 'append'));
  return rowDeletesSince(source, {
    head,
    consumed,
    sinceSequenceNumber: numberBefore(snapshots, consumed),
    manifests,
    added,
    appended: new Set(added.filter((file) => appending.has(file.snapshotId)).map((file) => file.path)),
    rewrites: snapshots.some((snapshot) => REWRITING.has(operationOf(snapshot))),
  });
}

/**
 * The greatest sequence number that files from before `snapshots` can have. Undefined if sequence numbers do
 * not tell: format version 1 has none, and DuckDB used to give several snapshots the same one.
 */
function numberBefore(snapshots: readonly Snapshot[], consumed: Snapshot | undefined): bigint | undefined {
  const numbers = snapshots.map((snapshot) => snapshot['sequence-number'] ?? 0n);
  const all =
    consumed === undefined || snapshots.includes(consumed)
      ? numbers
      : [...numbers, consumed['sequence-number'] ?? 0n];
  if (numbers.includes(0n) || new Set(all).size < all.length) return undefined;
  return numbers.reduce((least, number) => (number < least ? number : least)) - 1n;
}

function rowDeletesBySnapshot(
  manifests: readonly ManifestRow[],
  deletes: RowDeletesSince,
): (id: SnapshotId) => SnapshotEvidence['rowDeletes'] {
  const deleting = new Set(ofDeletes(manifests).map((manifest) => manifest.added_snapshot_id));
  const hit = new Set(deletes.files.map((file) => file.snapshotId));
  const ofNewRows = new Set(deletes.ofNewRows.map((file) => file.snapshotId));
  return (id) => (!deleting.has(id) ? 'none' : hit.has(id) ? 'hit' : ofNewRows.has(id) ? 'new' : 'missed');
}

/** Files and rows that came and went, counted. */
export function countsOf(files: readonly ChangedFile[]): Counts {
  const of = (status: ChangedFile['status']): readonly ChangedFile[] =>
    files.filter((file) => file.status === status);
  const rows = (list: readonly ChangedFile[]): bigint => list.reduce((sum, file) => sum + file.rows, 0n);
  return {
    addedFiles: of('added').length,
    removedFiles: of('removed').length,
    addedRows: rows(of('added')),
    removedRows: rows(of('removed')),
  };
}
