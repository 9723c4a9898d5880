/**
 * Plans a stateless load. Session -> Plan. Pure. The load reads exactly the new files (a second batch in a
 * partition already loaded must not bring the first one again) and appends.
 */
import { hourText } from '../model/hour.ts';
import type { Plan, PlanRead } from '../model/plan.ts';
import type { Session, SourceState } from '../model/session.ts';
import { awaitsStart, beginsSomewhere, describeSource, planHead } from './describe-source.ts';
import { type CauseOptions, describeHours } from './causes.ts';
import { futureHours, touchedHours, union } from './hour-sets.ts';

/**
 * Psyberg post 2, "Stateless": the partitions added after the watermark become processing URIs; the load
 * appends.
 */
export function planStateless(session: Session, options: CauseOptions): Plan {
  // A start that no session has published yet is recorded by one without rows: the next would otherwise begin
  // elsewhere, and lose what lies between.
  const begins = beginsSomewhere(session);
  const hasNews =
    !awaitsStart(session) &&
    (begins || session.sources.some((source) => source.files.some((file) => file.status === 'added')));
  const moved = session.sources.some((source) => source.changes.length > 0);
  const awaited = awaitsStart(session) || session.sources.some((source) => source.awaited);
  // Appended rows count wherever they land, so an hour in the future is loaded like any other.
  const hours = union(
    session.sources.flatMap((source) => [touchedHours(source.files), futureHours(source.files)]),
  );
  return Object.freeze({
    ...planHead(session, hasNews ? 'work' : awaited ? 'waiting' : 'nothing-new'),
    sources: session.sources.map((source) =>
      describeSource(source, { read: readOf(source, hasNews || moved), owed: [], ...options }),
    ),
    range: null,
    hours: describeHours(session, hours, options),
    owed_hours: [].map(hourText),
    held_back_by: null,
  });
}

function readOf(source: SourceState, hasNews: boolean): PlanRead {
  if (source.head === undefined || !hasNews) return { kind: 'nothing' };
  if (source.detectedBy === 'first-load')
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
