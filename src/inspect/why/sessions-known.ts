/**
 * Finds the sessions that made what a table holds. Table metadata + session table -> sessions, oldest first.
 * The summary of a snapshot is the truth; for expired snapshots the session table is used.
 */
import { ancestors, mainSnapshot } from '../../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { type HourRange, instantText, parseHour } from '../../model/hour.ts';
import { isInRanges } from '../../model/hour-ranges.ts';
import { parseHourPairs } from '../../model/hours-made.ts';
import type { SessionOfTarget } from '../../state/hours-made-by-sessions.ts';
import { SUMMARY } from '../../state/summary-keys.ts';
import type { WatermarkJson } from '../../state/watermark-json.ts';

export interface KnownSession {
  readonly processName: string;
  readonly psybergSessionId: string;
  readonly publishedSnapshotId: string | null;
  readonly publishedAt: string;
  /** The hours that it wrote; undefined if they were not recorded. */
  readonly hours: readonly HourRange[] | undefined;
  /** True if it replaced the rows of its hours. */
  readonly replaces: boolean;
  readonly fingerprint: string | undefined;
  /** The snapshots of its sources that it read. */
  readonly sources: readonly { readonly table: string; readonly snapshotId: string }[];
  readonly audits: KnownAudits;
}
type KnownAudits = readonly { readonly name: string; readonly severity: string }[];

export function knownSessions(
  metadata: TableMetadata,
  rows: readonly SessionOfTarget[],
): readonly KnownSession[] {
  const onMain = [...ancestors(metadata, mainSnapshot(metadata))];
  const ids = new Set(onMain.map((snapshot) => snapshot['snapshot-id']));
  const undone = new Set(
    (metadata.snapshots ?? []).map((snapshot) => snapshot['snapshot-id']).filter((id) => !ids.has(id)),
  );
  const recorded = Map.groupBy(rows, keyOf);
  const found = onMain.flatMap((snapshot) => ofSummary(snapshot, recorded));
  const known = new Set(found.map(({ processName, psybergSessionId: id }) => `${processName} ${id}`));
  const expired = [...recorded].flatMap(([key, each]) => {
    const [first] = each as [SessionOfTarget];
    const isUndone = first.target_snapshot_id !== null && undone.has(first.target_snapshot_id);
    return known.has(key) || isUndone || first.status !== 'published' ? [] : [ofRows(each)];
  });
  return [...expired, ...found].sort((left, right) =>
    left.psybergSessionId < right.psybergSessionId ? -1 : 1,
  );
}

const keyOf = (row: SessionOfTarget): string => `${row.process_name} ${row.psyberg_session_id}`;

function ofSummary(
  snapshot: Snapshot,
  recorded: ReadonlyMap<string, readonly SessionOfTarget[]>,
): KnownSession[] {
  const summary = snapshot.summary ?? {};
  const { [SUMMARY.processName]: processName, [SUMMARY.sessionId]: id } = summary;
  const watermarks = summary[SUMMARY.watermarks];
  if (processName === undefined || id === undefined || watermarks === undefined) return [];
  const rows = recorded.get(`${processName} ${id}`) ?? [];
  // An adoption has not made any row.
  if (rows[0]?.status === 'adopted') return [];
  const fallback = rows.length === 0 ? undefined : ofRows(rows);
  return [
    {
      processName,
      psybergSessionId: id,
      publishedSnapshotId: String(snapshot['snapshot-id']),
      publishedAt: instantText(snapshot['timestamp-ms']),
      hours: parseHourPairs(summary[SUMMARY.hoursWritten]) ?? fallback?.hours,
      replaces: summary['operation'] === 'overwrite',
      fingerprint: summary[SUMMARY.sqlFingerprint],
      sources: sourcesOf(watermarks),
      audits: fallback?.audits ?? [],
    },
  ];
}

function sourcesOf(watermarks: string): KnownSession['sources'] {
  try {
    return (JSON.parse(watermarks) as WatermarkJson[]).map(({ table, snapshot_id: snapshotId }) => ({
      table,
      snapshotId,
    }));
  } catch {
    return [];
  }
}

/**
 * For a session from before hours were recorded, the range of its events says which ones it may have
 * written.
 */
function ofRows(rows: readonly SessionOfTarget[]): KnownSession {
  const [first] = rows as [SessionOfTarget];
  const spans = rows.flatMap(({ first_hour: from, last_hour: to }) =>
    from === null || to === null ? [] : [{ firstHour: parseHour(from), lastHour: parseHour(to) }],
  );
  return {
    processName: first.process_name,
    psybergSessionId: first.psyberg_session_id,
    publishedSnapshotId: first.target_snapshot_id === null ? null : String(first.target_snapshot_id),
    publishedAt: first.created_at,
    hours: parseHourPairs(first.hours_written) ?? (spans.length === 0 ? undefined : spans),
    replaces: first.pattern !== 'stateless' || first.trigger === 'restate',
    fingerprint: first.sql_fingerprint ?? undefined,
    sources: rows.flatMap(({ src_table: table, source_snapshot_id: id }) =>
      id === null ? [] : [{ table, snapshotId: String(id) }],
    ),
    audits: auditsOf(first.audits),
  };
}

function auditsOf(text: string | null): KnownAudits {
  try {
    return JSON.parse(text ?? '[]') as KnownAudits;
  } catch {
    return [];
  }
}

/** True if the session may have written rows of the hour. */
const mayHaveWritten = ({ hours }: KnownSession, hour: number): boolean =>
  hours === undefined || isInRanges(hour, hours);

/**
 * The sessions that may have made a row, oldest first: all that wrote its hour since it was last replaced.
 * `owner`: the session whose name the file has. A file may hold rows that others made: rows that a session
 * carried over from a file of other hours, and rows of files that were compacted.
 */
export function makersOf(
  sessions: readonly KnownSession[],
  { hour, owner }: { readonly hour: number | undefined; readonly owner: KnownSession | undefined },
): readonly KnownSession[] {
  if (hour === undefined) return owner === undefined ? [] : [owner];
  let makers: KnownSession[] = [];
  for (const session of sessions)
    if (mayHaveWritten(session, hour)) makers = session.replaces ? [session] : [...makers, session];
  return owner !== undefined && makers.includes(owner) ? [owner] : makers;
}
