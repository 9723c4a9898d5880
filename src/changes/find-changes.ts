/**
 * Finds what changed in a source between watermark and head. Reader + head -> the changed files with their
 * hours, and for each snapshot whether it counts, and why. A change whose rows or hours cannot be known is
 * refused here, before anything is planned.
 *
 * The rules are in `verdicts/`, one file each. Some judge the whole gap: `first-load`, `entangled`, and, if
 * the history does not tell, `files-between` or `live-files`. Otherwise each snapshot is judged by itself,
 * by the first of {@link VERDICTS} that applies.
 */
import { snapshotById } from '../iceberg/history.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import type { ChangedFile, SnapshotChange, SourceState, Watermark } from '../model/session.ts';
import { rewriteBySummary } from '../state/no-news.ts';
import { type Ends, type Evidence, gatherEvidence, idsOf } from './evidence.ts';
import { type DetectedGap, gapBetween } from './gap.ts';
import { filesInOrder, netFiles } from './net-files.ts';
import { refuseRemovedRows } from './refuse-removed-rows.ts';
import type { RowDeletesSince } from './row-deletes.ts';
import type { Reader } from './source.ts';
import { picked, replacedFiles, withoutCopies } from './verdicts/append-added.ts';
import { withoutBroughtAgain } from './verdicts/brought-again.ts';
import { counted } from './verdicts/counted.ts';
import { entangled } from './verdicts/entangled.ts';
import { compareFiles } from './verdicts/files-between.ts';
import { firstLoad } from './verdicts/first-load.ts';
import { liveFilesSince } from './verdicts/live-files.ts';
import { replace } from './verdicts/replace.ts';
import { returnedFiles } from './verdicts/rewound.ts';
import { rewrite } from './verdicts/rewrite.ts';
import { missedRowDeletes } from './verdicts/row-deletes.ts';
import { type JudgedGap, judgeEach } from './verdicts/verdict.ts';

/** The changed files of a source, and how they were found. */
export type Changes = Pick<
  SourceState,
  'detectedBy' | 'changes' | 'files' | 'deleteFiles' | 'listedBy' | 'manifestLists'
>;

/** The rules for one snapshot: the first that applies decides. */
const VERDICTS = [picked, replace, missedRowDeletes, replacedFiles, rewrite, counted];

/** Finds what changed since the watermark; without a watermark everything is new. */
export async function findChanges(
  reader: Reader,
  head: Snapshot,
  watermark: Watermark | undefined,
): Promise<Changes> {
  const { source } = reader;
  if (watermark === undefined) {
    const { change, files } = await firstLoad(source, head);
    const manifestLists = [head['manifest-list']];
    return { detectedBy: 'first-load', changes: [change], files, listedBy: 'manifests', manifestLists };
  }
  const consumed = snapshotById(source.metadata, watermark.snapshotId);
  const ends = { head, watermark, consumed };
  const gap = gapBetween(source.metadata, head, watermark);
  if (gap.detectedBy === 'live-files') return changesByFiles(reader, ends);
  const evidence = await evidenceOf(reader, gap, ends);
  const judged = isEntangled(reader, evidence)
    ? await entangled(reader, evidence)
    : await judgeEach(VERDICTS, reader, evidence);
  return changesOf(reader, evidence, judged);
}

/** Not for a process that only takes added rows: it does not care what happened to others. */
const isEntangled = ({ needs }: Reader, { deletes }: Evidence): boolean =>
  deletes.entangled && needs !== 'added-rows';

async function evidenceOf(reader: Reader, gap: DetectedGap, ends: Ends): Promise<Evidence> {
  const saysEnough = (snapshot: Snapshot): boolean => rewriteBySummary(snapshot) !== undefined;
  const evidence = await gatherEvidence(reader.source, gap, ends, saysEnough);
  const passedOver = [...gap.undone, ...gap.added].some(saysEnough);
  // In an entangled gap files are compared at both ends, so no snapshot's own summary may stand for its
  // files.
  return isEntangled(reader, evidence) && passedOver
    ? gatherEvidence(reader.source, gap, ends, () => false)
    : evidence;
}

/** The files of the changes that count, without those that came and went, or went and came back. */
async function changesOf(reader: Reader, evidence: Evidence, judged: JudgedGap): Promise<Changes> {
  const { gap, deletes, manifestLists } = evidence;
  const inOrder = filesInOrder(evidence, wholeWhereShared(reader, evidence, judged));
  const net = netFiles(inOrder);
  const { returned, unloaded, loaded } = await returnedFiles(reader, net, idsOf(gap.undone));
  if (unloaded) return changesByFiles(reader, evidence, loaded);
  const fresh = net.filter((file) => !returned.includes(file));
  const { changes, files } =
    reader.needs === 'added-rows'
      ? {
          ...judged,
          files: await withoutCopies(reader.source, { ...evidence, files: fresh, inOrder }),
        }
      : await withoutBroughtAgain(reader, evidence, { ...judged, files: fresh });
  refuseRemovedRows(reader, { changes, files, deletes });
  const oneByOne =
    judged.across ||
    gap.undone.length > 0 ||
    files.length < inOrder.length ||
    deletes.ofNewRows.length > 0 ||
    holdsOthers(evidence, judged);
  return {
    detectedBy: gap.detectedBy,
    changes,
    files: [...files, ...rowDeletesFor(reader, deletes)],
    ...deletesOfNewRows(deletes),
    listedBy: oneByOne ? 'files' : 'manifests',
    manifestLists,
  };
}

const idsOfCounted = (changes: readonly SnapshotChange[]): ReadonlySet<bigint> =>
  new Set(changes.filter((change) => change.counted).map((change) => change.snapshotId));

function countedFiles({ changes, bySnapshot }: JudgedGap): ReadonlyMap<bigint, readonly ChangedFile[]> {
  const ids = idsOfCounted(changes);
  return new Map([...bySnapshot].filter(([id]) => ids.has(id)));
}

/**
 * A rewrite whose rows were compared counts only in the hours in which they differ. But if one of its files
 * also came or went in another change that counts, netting both events by path would lose hours, because the
 * two do not stand for the same ones. Such a rewrite counts with all its hours.
 */
function wholeWhereShared(
  { needs }: Reader,
  { snapshots }: Evidence,
  judged: JudgedGap,
): ReadonlyMap<bigint, readonly ChangedFile[]> {
  const counted = countedFiles(judged);
  if (judged.across || needs !== 'hours') return counted;
  const events = Map.groupBy([...counted.values()].flat(), (file) => file.path);
  const whole = snapshots.flatMap(({ snapshot: { 'snapshot-id': id }, files }) => {
    const own = counted.get(id) ?? files;
    const isShared = own.some(({ path }) => (events.get(path) ?? []).length > 1);
    return own !== files && isShared ? [[id, files] as const] : [];
  });
  return new Map([...counted, ...whole]);
}

/** Whether a manifest of a counted snapshot also lists files of other snapshots. */
function holdsOthers({ manifests }: Evidence, { changes }: JudgedGap): boolean {
  const ids = idsOfCounted(changes);
  return manifests.some((manifest) => manifest.mixed && ids.has(manifest.added_snapshot_id));
}

/**
 * The changes if history does not tell: compares the files of the watermark's snapshot with those of the
 * head, or, if that snapshot is gone too, takes the live files by sequence number. `loaded`: see {@link
 * compareFiles}.
 */
async function changesByFiles(reader: Reader, ends: Ends, loaded?: ReadonlySet<string>): Promise<Changes> {
  const { head, watermark, consumed } = ends;
  const found = {
    detectedBy: 'live-files',
    listedBy: 'files',
    manifestLists: [head['manifest-list']],
  } as const;
  if (consumed === undefined) return { ...found, ...(await liveFilesSince(reader.source, head, watermark)) };
  const { change, files, deletes } = await compareFiles(reader, { ...ends, consumed }, loaded);
  refuseRemovedRows(reader, { changes: [change], files, deletes });
  return {
    ...found,
    changes: [change],
    files: [...files, ...rowDeletesFor(reader, deletes)],
    ...deletesOfNewRows(deletes),
  };
}

/** Only a process that computes hours again has a use for deleted rows. */
const rowDeletesFor = ({ needs }: Reader, deletes: RowDeletesSince): readonly ChangedFile[] =>
  needs === 'hours' ? deletes.files : [];

const deletesOfNewRows = ({ ofNewRows }: RowDeletesSince): Pick<Changes, 'deleteFiles'> =>
  ofNewRows.length === 0 ? {} : { deleteFiles: ofNewRows.map((file) => file.key) };
