/**
 * A stateless load reads exactly the new files and appends their rows. It must not read whole partitions: a
 * second batch in a partition already loaded would bring the first one again.
 */

import type { FilesToRead } from '../../model/files-source.ts';
import { microsecondText } from '../../model/hour.ts';
import { futureHours, touchedHours, union } from '../../model/hour-sets.ts';
import { isLookup, withoutLookups } from '../../model/lookups.ts';
import type { PlanRead } from '../../model/plan.ts';
import type { Session, SourceState } from '../../model/session.ts';
import { awaitedLookups, awaitsStart, beginsSomewhere } from './begin.ts';
import type { Decision, PatternKind } from './pattern-kind.ts';

export const stateless: PatternKind = {
  etlPatternId: 1,
  operation: 'append',
  loadsHours: false,
  readsPrevious: false,
  changesNeeded: ({ onSourceChange }) => (onSourceChange === 'append-added' ? 'added-rows' : 'new-rows'),
  decide,
};

/**
 * The rule of Netflix's Psyberg (part 2 of its articles of 2023, "Stateless"): partitions added after the
 * watermark become processing URIs, and the load appends.
 */
function decide(session: Session): Decision {
  // A session without rows may publish the place where the process starts. Otherwise the next one would start
  // elsewhere, and lose what lies between.
  const begins = beginsSomewhere(session);
  const isAwaited = awaitsStart(session) || awaitedLookups(session).length > 0;
  const hasNews =
    !isAwaited &&
    (begins || session.sources.some((source) => source.files.some((file) => file.status === 'added')));
  const moved = withoutLookups(session.sources).some((source) => source.changes.length > 0);
  const awaited = isAwaited || session.sources.some((source) => source.awaited);
  return {
    status: hasNews ? 'work' : awaited ? 'waiting' : 'nothing-new',
    sources: session.sources.map((source) => ({ source, read: readOf(source, hasNews || moved), owed: [] })),
    // Appended rows count wherever they land, so an hour in the future is loaded like any other.
    hours: union(session.sources.flatMap(({ files }) => [touchedHours(files), futureHours(files)])),
    range: undefined,
    heldBackBy: null,
  };
}

function readOf(source: SourceState, hasNews: boolean): PlanRead {
  if (source.toRead !== undefined && hasNews) return readOfFolder(source, source.toRead);
  if (source.head === undefined || !hasNews) return { kind: 'nothing' };
  if (source.detectedBy === 'first-load' || isLookup(source))
    return { kind: 'snapshot', snapshot_id: String(source.head.snapshotId) };
  const added = source.files.filter((file) => file.status === 'added');
  return {
    kind: 'changes',
    snapshot_ids: source.changes
      .filter((change) => change.counted)
      .map((change) => String(change.snapshotId)),
    manifest_lists: source.manifestLists,
    files: source.listedBy === 'files' ? added.map((file) => file.path) : null,
    ...(source.deleteFiles === undefined ? {} : { delete_files: source.deleteFiles }),
  };
}

export function readOfFolder(source: SourceState, toRead: FilesToRead): PlanRead {
  const rows = new Map(source.files.map((file) => [file.path, file.rows]));
  return {
    kind: 'files',
    relation: toRead.relation,
    files: toRead.files.map((file) => ({
      path: file.path,
      bytes: String(file.bytes),
      modified_at: microsecondText(file.modifiedAtUs),
      etag: file.etag,
      rows: String(rows.get(file.path) ?? 0n),
    })),
    shape: toRead.shape,
    columns: toRead.columns,
    session: String(toRead.session),
    undone: toRead.undone,
    with_filename: toRead.withFilename,
  };
}
