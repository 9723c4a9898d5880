/**
 * What changed in a source between watermark and head. Snapshots -> files with hours, each snapshot judged:
 * news or not. A change whose rows or hours cannot be known is refused here, before anything is planned.
 */
import type { Engine } from '../engine/index.ts';
import { operationOf, snapshotById } from '../iceberg/history.ts';
import type { Snapshot, SnapshotId } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { ChangedFile, SnapshotChange, SourceState, Watermark } from '../model/session.ts';
import { rewriteBySummary } from '../state/no-news.ts';
import { SUMMARY } from '../state/read-watermarks.ts';
import { judgeGap } from './entangled.ts';
import { findSnapshots } from './find-changes.ts';
import { refuseUnreadable } from './equality-keys.ts';
import { filesBetween, judgeFilesBetween, liveFilesSince, rowsBefore } from './live-files.ts';
import { loadedBefore, pickedAgain, pickedFrom } from './loaded-before.ts';
import { netFiles } from './net-files.ts';
import { withoutCopies } from './without-copies.ts';
import { type NewManifests, readNewManifests } from './new-manifests.ts';
import { type Manifest, type SourceTable, readAllManifests, readFiles, readLiveFiles } from './read-files.ts';
import { withoutRewrites } from './rewrites.ts';
import { type RowDeletesSince, rowDeletesSince } from './row-deletes.ts';

export type Changes = Omit<SourceState, 'head' | 'newestHour' | 'laterHours' | 'vttsHour'>;

export interface ChangesInput {
  readonly processSpec: ProcessSpec;
  readonly engine: Engine;
  /** The snapshots of the source up to which the process has read, this watermark's and earlier ones. */
  readonly watermarksEver: () => Promise<ReadonlySet<SnapshotId>>;
}

/** What changed between watermark and head, as files with hours. */
export async function changesOf(
  input: ChangesInput,
  table: SourceTable,
  head: Snapshot,
  watermark: Watermark | undefined,
): Promise<Changes> {
  const { engine } = input;
  const found = findSnapshots(table.metadata, head, watermark);
  const base = {
    spec: table.spec,
    awaited: false,
    detectedBy: found.detectedBy,
    ...(watermark === undefined ? {} : { watermark }),
  };
  if (found.detectedBy === 'first-load') {
    await refuseUnreadable(engine, table, head);
    const files = await readLiveFiles(engine, table, head, await readAllManifests(engine, table, head));
    return {
      ...base,
      files,
      changes: [changeOf(head, files, {})],
      listedBy: 'manifests',
      manifestLists: [head['manifest-list']],
    };
  }
  if (found.detectedBy === 'live-files')
    return {
      ...base,
      ...(await changesByFiles(input, table, { head, watermark: watermark as Watermark })),
      listedBy: 'files',
    };
  const snapshots = [...found.undone, ...found.added];
  const isKnown = (snapshot: Snapshot): boolean => rewriteBySummary(snapshot) !== undefined;
  const windowOf = (passedOver: (snapshot: Snapshot) => boolean): Promise<Window> =>
    readWindow(engine, table, { head, watermark, found, isKnown: passedOver });
  const seenFirst = await windowOf(isKnown);
  const entangled = seenFirst.deletes.entangled && !takesAdded(input, table);
  // Entangled files are compared as they were and as they are, whoever moved their rows meanwhile.
  const { chains, manifests, bySnapshot, deletes } =
    entangled && snapshots.some(isKnown) ? await windowOf(() => false) : seenFirst;
  const undone = new Set(found.undone.map((snapshot) => snapshot['snapshot-id']));
  const deleting = new Set(
    manifests.filter((manifest) => manifest.content === 1).map((manifest) => BigInt(manifest.snapshot_id)),
  );
  const hit = new Set(deletes.files.map((file) => file.snapshotId));
  const ofNewRows = new Set(deletes.ofNewRows.map((file) => file.snapshotId));
  const seen = snapshots.map((snapshot) => {
    const id = snapshot['snapshot-id'];
    return changeOf(snapshot, bySnapshot.get(id) ?? [], {
      rowDeletes: !deleting.has(id) ? 'none' : hit.has(id) ? 'hit' : ofNewRows.has(id) ? 'new' : 'missed',
      undone: undone.has(id),
      entangled,
    });
  });
  const picked =
    takesAdded(input, table) && found.added.some((snapshot) => pickedFrom(snapshot) !== undefined);
  const again = picked
    ? pickedAgain(table.metadata, found.added, await input.watermarksEver())
    : new Set<SnapshotId>();
  const changes = takesAdded(input, table)
    ? seen.map(withoutReplace).map((change) => withoutPicked(change, again))
    : seen;
  // In the order in which they took effect: undoing begins with the newest.
  const order = [...found.undone.toReversed(), ...found.added].map((snapshot) => snapshot['snapshot-id']);
  const manifestLists = chains.flatMap((chain) => chain.manifestLists);
  const consumed = watermark === undefined ? undefined : snapshotById(table.metadata, watermark.snapshotId);
  const newRowsOnly = input.processSpec.pattern === 'stateless';
  const compared =
    entangled && consumed !== undefined && !(newRowsOnly && hit.size > 0)
      ? await judgeGap(engine, table, {
          changes,
          bySnapshot,
          consumed,
          head,
          order,
          undone,
          deletes,
          manifestLists,
          newRowsOnly,
        })
      : undefined;
  const judged =
    compared ??
    (entangled
      ? { changes, bySnapshot }
      : await withoutRewrites(engine, table, { changes, bySnapshot, undone }));
  const counted = new Set(
    judged.changes.filter((change) => change.counted).map((change) => change.snapshotId),
  );
  const inOrder = order.flatMap((id) => (counted.has(id) ? (judged.bySnapshot.get(id) ?? []) : []));
  const net = netFiles(inOrder);
  // What an undone snapshot had removed comes back; where it was loaded before, without being new.
  const returned = newRowsOnly
    ? net.filter((file) => file.status === 'added' && undone.has(file.snapshotId))
    : [];
  const loaded =
    returned.length === 0
      ? new Set<string>()
      : await loadedBefore(engine, table, { returned, watermarks: await input.watermarksEver() });
  if (returned.some((file) => !loaded.has(file.path)))
    return {
      ...base,
      detectedBy: 'live-files',
      ...(await changesByFiles(input, table, { head, watermark: watermark as Watermark, loaded })),
      listedBy: 'files',
    };
  const fresh = net.filter((file) => !returned.includes(file));
  const files = takesAdded(input, table)
    ? await withoutCopies(engine, table, { files: fresh, inOrder, consumed, head })
    : fresh;
  refuseForStateless(input, table, { changes: judged.changes, files, hit });
  const mixed = manifests.some((manifest) => manifest.mixed && counted.has(BigInt(manifest.snapshot_id)));
  return {
    ...base,
    changes: judged.changes,
    files: [...files, ...rowDeletesFor(input, deletes)],
    ...deletesOfNewRows(deletes),
    listedBy:
      mixed ||
      compared !== undefined ||
      found.undone.length > 0 ||
      files.length < inOrder.length ||
      deletes.ofNewRows.length > 0
        ? 'files'
        : 'manifests',
    manifestLists,
  };
}

/** What the snapshots between watermark and head hold, as far as they were read. */
interface Window {
  readonly chains: readonly NewManifests[];
  readonly manifests: readonly Manifest[];
  readonly bySnapshot: ReadonlyMap<bigint, readonly ChangedFile[]>;
  readonly deletes: RowDeletesSince;
}

interface WindowInput {
  readonly head: Snapshot;
  readonly watermark: Watermark | undefined;
  readonly found: Pick<ReturnType<typeof findSnapshots>, 'undone' | 'added'>;
  /** Snapshots whose manifests need not be read. */
  readonly isKnown: (snapshot: Snapshot) => boolean;
}

async function readWindow(
  engine: Engine,
  table: SourceTable,
  { head, watermark, found, isKnown }: WindowInput,
): Promise<Window> {
  const snapshots = [...found.undone, ...found.added];
  const chains = await Promise.all(
    [found.undone, found.added].map((chain) => readNewManifests(engine, table, { chain, isKnown })),
  );
  const manifests = chains.flatMap((chain) => chain.manifests);
  const undone = new Set(found.undone.map((snapshot) => snapshot['snapshot-id']));
  const bySnapshot = new Map<bigint, ChangedFile[]>();
  // Each chain for itself: a commit that was undone and picked again may have its manifest in both.
  for (const chain of chains) {
    const data = chain.manifests.filter((manifest) => manifest.content === 0);
    for (const file of await readFiles(engine, table, head, data, [1, 2])) {
      // An undone snapshot's additions are removals now, and the other way round.
      const turned = undone.has(file.snapshotId)
        ? { ...file, status: file.status === 'added' ? ('removed' as const) : ('added' as const) }
        : file;
      const known = bySnapshot.get(file.snapshotId);
      if (known === undefined) bySnapshot.set(file.snapshotId, [turned]);
      else known.push(turned);
    }
  }
  const appending = new Set(
    snapshots
      .filter((snapshot) => operationOf(snapshot) === 'append')
      .map((snapshot) => snapshot['snapshot-id']),
  );
  const added = [...bySnapshot.values()].flat().filter((file) => file.status === 'added');
  const consumed = watermark === undefined ? undefined : snapshotById(table.metadata, watermark.snapshotId);
  const deletes = await rowDeletesSince(engine, table, {
    head,
    consumed,
    sinceSequenceNumber: numberBefore(snapshots, consumed),
    manifests,
    added,
    appended: new Set(added.filter((file) => appending.has(file.snapshotId)).map((file) => file.path)),
    rewrites: snapshots.some((snapshot) => REWRITING.has(operationOf(snapshot))),
  });
  return { chains, manifests, bySnapshot, deletes };
}

/** Operations that may put rows from one file into another. */
const REWRITING: ReadonlySet<string> = new Set(['replace', 'overwrite']);

const takesAdded = (input: ChangesInput, table: SourceTable): boolean =>
  input.processSpec.pattern === 'stateless' && table.spec.onSourceChange === 'append-added';

/**
 * To a process that takes added rows whatever else happened, a compaction that also dropped rows (deleted
 * ones, say) would bring all others again.
 */
const withoutReplace = (change: SnapshotChange): SnapshotChange =>
  change.operation === 'replace' && change.counted
    ? { ...change, counted: false, reason: 'files were rewritten: none of their rows is new' }
    : change;

const withoutPicked = (change: SnapshotChange, again: ReadonlySet<SnapshotId>): SnapshotChange =>
  again.has(change.snapshotId)
    ? {
        ...change,
        counted: false,
        reason: 'picked from a history that was read before: its rows were loaded',
      }
    : change;

/**
 * The greatest sequence number of files that were there before `snapshots`. Undefined where numbers do not
 * tell: version 1 has none, and DuckDB gave its snapshots the same one again and again.
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

/** A stateless process that goes on has no use for rows that are gone. */
const rowDeletesFor = (input: ChangesInput, deletes: RowDeletesSince): readonly ChangedFile[] =>
  input.processSpec.pattern === 'stateless' ? [] : deletes.files;

const deletesOfNewRows = ({ ofNewRows }: RowDeletesSince): Pick<Changes, 'deleteFiles'> =>
  ofNewRows.length === 0 ? {} : { deleteFiles: ofNewRows.map((file) => file.key) };

/**
 * After an expiry, on a table that was replaced, or when files came back: the files of the watermark's
 * snapshot beside those of the head, or (when that one is gone, too) the live files by number. `loaded`:
 * paths of files that came back and are no news.
 */
async function changesByFiles(
  input: ChangesInput,
  table: SourceTable,
  {
    head,
    watermark,
    loaded,
  }: { readonly head: Snapshot; readonly watermark: Watermark; readonly loaded?: ReadonlySet<string> },
): Promise<Pick<Changes, 'files' | 'changes' | 'manifestLists' | 'deleteFiles'>> {
  const consumed = snapshotById(table.metadata, watermark.snapshotId);
  if (consumed === undefined)
    return {
      ...(await liveFilesSince(input.engine, table, head, watermark)),
      manifestLists: [head['manifest-list']],
    };
  const compared = await filesBetween(input.engine, table, { consumed, head });
  const between =
    loaded === undefined
      ? compared
      : { ...compared, files: compared.files.filter((file) => !loaded.has(file.path)) };
  const removes = between.files.some((file) => file.status === 'removed');
  const deletes = await rowDeletesSince(input.engine, table, {
    head,
    consumed,
    sinceSequenceNumber: watermark.sequenceNumber,
    manifests: between.deletes.come,
    dropped: between.deletes.gone,
    added: between.files.filter((file) => file.status === 'added'),
  });
  // The one change that stands for all of them is the head's.
  const deleted = deletes.files.map((file) => ({ ...file, snapshotId: head['snapshot-id'] }));
  const rowDeletes =
    between.deletes.come.length + between.deletes.gone.length === 0
      ? 'none'
      : deleted.length > 0
        ? 'hit'
        : 'missed';
  const change = {
    ...changeOf(head, between.files, { rowDeletes }),
    operation: removes ? 'overwrite' : 'append',
  };
  const { files, reason } = await judgeFilesBetween(input.engine, table, {
    consumed,
    head,
    files: between.files,
    newRowsOnly: input.processSpec.pattern === 'stateless',
  });
  const changes = [
    {
      ...change,
      counted: files.length + deleted.length > 0,
      reason: [
        change.reason ?? 'found by comparing the files of the watermark and of the head',
        ...(reason === undefined ? [] : [reason]),
      ].join('; '),
    },
  ];
  refuseForStateless(input, table, { changes, files, hit: new Set(deleted.map((file) => file.snapshotId)) });
  if (
    takesAdded(input, table) &&
    (files.some((file) => file.status === 'removed') ||
      (loaded === undefined && (await holdsOlder(input.engine, table, { head, watermark, files }))))
  )
    throw refusal(
      'history-expired',
      `snapshots of ${tableName(table.spec.table)} between the watermark (${watermark.snapshotId}) and its head (${head['snapshot-id']}) were expired or rolled back, and files were replaced since by such as hold other rows, or came back: which of their rows are new cannot be told`,
      {
        hint: `rebuild the target from the source, and keep snapshots of the source longer than the time between two runs`,
        context: { table: tableName(table.spec.table), watermark: String(watermark.snapshotId) },
      },
    );
  return {
    files: [...files, ...rowDeletesFor(input, { ...deletes, files: deleted })],
    changes,
    ...deletesOfNewRows(deletes),
    manifestLists: [head['manifest-list']],
  };
}

/**
 * Whether some file that came is of a commit before the watermark: it was taken away before that, and came
 * back.
 */
async function holdsOlder(
  engine: Engine,
  table: SourceTable,
  {
    head,
    watermark,
    files,
  }: { readonly head: Snapshot; readonly watermark: Watermark; readonly files: readonly ChangedFile[] },
): Promise<boolean> {
  const came = files.filter((file) => file.status === 'added');
  if (came.length === 0 || table.metadata['format-version'] === 1) return false;
  const { newerFiles } = await rowsBefore(engine, table, { head, sequenceNumber: watermark.sequenceNumber });
  return came.some((file) => !newerFiles.has(file.path));
}

interface ChangeFlags {
  /**
   * Whose rows its delete files took: such as were there at the watermark (`hit`), such as came since
   * (`new`), or nobody's.
   */
  readonly rowDeletes?: 'none' | 'hit' | 'new' | 'missed';
  readonly undone?: boolean;
  /**
   * Row-level deletes and rewrites since the watermark: a rewrite may have taken deleted rows along, and is
   * news until the rows were compared.
   */
  readonly entangled?: boolean;
}

function changeOf(snapshot: Snapshot, files: readonly ChangedFile[], flags: ChangeFlags): SnapshotChange {
  const of = (status: ChangedFile['status']): readonly ChangedFile[] =>
    files.filter((file) => file.status === status);
  const rows = (list: readonly ChangedFile[]): bigint => list.reduce((sum, file) => sum + file.rows, 0n);
  const operation = operationOf(snapshot);
  const said = rewriteBySummary(snapshot);
  const counts = said ?? {
    addedFiles: of('added').length,
    removedFiles: of('removed').length,
    addedRows: rows(of('added')),
    removedRows: rows(of('removed')),
  };
  // Iceberg specification, "Snapshots": `replace` changes files, not rows. A count that differs says
  // otherwise, and is believed.
  const rewrite =
    operation === 'replace' &&
    flags.entangled !== true &&
    (snapshot.summary?.[SUMMARY.maintenance] !== undefined ||
      (counts.addedRows === counts.removedRows && flags.rowDeletes !== 'hit'));
  const idle = flags.rowDeletes === 'missed' && flags.undone !== true && files.length === 0;
  const reason = rewrite
    ? 'files were rewritten, no row changed'
    : flags.undone === true
      ? 'rolled back'
      : ROW_DELETES[flags.rowDeletes ?? 'none'];
  return {
    snapshotId: snapshot['snapshot-id'],
    operation,
    committedAtMs: snapshot['timestamp-ms'],
    counted: !rewrite && !idle,
    ...(reason === undefined ? {} : { reason }),
    ...counts,
  };
}

const ROW_DELETES: Readonly<Record<NonNullable<ChangeFlags['rowDeletes']>, string | undefined>> = {
  none: undefined,
  hit: 'deletes single rows; their hours were found by comparing the files that they were in',
  new: 'deletes single rows that came since the watermark',
  missed: 'deletes no row that was there',
};

/**
 * A stateless load can only append: it stops here instead of publishing something wrong. `hit`: snapshots
 * that deleted single rows which it may have loaded.
 */
function refuseForStateless(
  input: ChangesInput,
  table: SourceTable,
  {
    changes,
    files,
    hit,
  }: {
    readonly changes: readonly SnapshotChange[];
    readonly files: readonly ChangedFile[];
    readonly hit: ReadonlySet<bigint>;
  },
): void {
  if (input.processSpec.pattern !== 'stateless') return;
  const name = tableName(table.spec.table);
  const removing = new Set(files.filter((file) => file.status === 'removed').map((file) => file.snapshotId));
  const change = changes.find(
    (each) => each.counted && (removing.has(each.snapshotId) || hit.has(each.snapshotId)),
  );
  if (change === undefined || table.spec.onSourceChange === 'append-added') return;
  throw refusal(
    'source-changed',
    `snapshot ${change.snapshotId} of ${name} (${change.operation}${change.reason === undefined ? '' : `: ${change.reason}`}) changed or removed rows that ${input.processSpec.processName} may have loaded already; a stateless process only appends`,
    {
      hint: 'make the process stateful, or set on_source_change: append-added for this source to load added rows only',
      context: {
        table: name,
        snapshot_id: String(change.snapshotId),
        operation: change.operation,
        removed_rows: String(change.removedRows),
      },
    },
  );
}
