/**
 * Finds which files of a snapshot hold rows of which hours. Read once for all sessions of a backlog, since
 * they read neighbouring hours of one snapshot. Snapshot + hours -> manifests, data files. A manifest list
 * never changes, and no other has its path.
 */
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import type { Hour, HourRange } from '../../model/hour.ts';
import { keepNewest } from '../../model/keep-newest.ts';
import type { StatementRow } from '../../statements/index.ts';
import type { StoredTime } from './files-of-hours.ts';
import type { ManifestRow } from './manifest-list.ts';

export interface FilesOfSnapshot {
  readonly manifests: readonly ManifestRow[];
  readonly files: readonly StatementRow<'tables/files_in_hours'>[];
}

interface Known extends FilesOfSnapshot {
  readonly range: HourRange;
}

const known = new Map<string, Known>();
/** Lists that were read last; each belongs to a source of a process that catches up. */
const LISTS_KEPT = 8;
/** Files of a snapshot, about 30 MB. If there are more, each session reads the manifests. */
export const FILES_KEPT = 100_000;

export interface FilesAsked extends HourRange {
  /** The event time that assigns files to hours. */
  readonly time: StoredTime;
  /** Hours that later sessions will read; none if nothing needs to be remembered. */
  readonly later: readonly Hour[];
  /** Reads the files of a range of hours. */
  readonly read: (range: HourRange) => Promise<FilesOfSnapshot>;
}

/** The files of a snapshot that may hold rows of the hours. */
export async function knownFiles(
  snapshot: Snapshot,
  { time, firstHour, lastHour, later, read }: FilesAsked,
): Promise<FilesOfSnapshot> {
  const key = JSON.stringify([snapshot['manifest-list'], time]);
  const found = known.get(key);
  const isKnown =
    found !== undefined && found.range.firstHour <= firstHour && found.range.lastHour >= lastHour;
  if (isKnown) return { manifests: found.manifests, files: found.files.filter(mayHold(firstHour, lastHour)) };
  if (later.length === 0) return read({ firstHour, lastHour });
  const range = later.reduce(
    (span, hour) => ({
      firstHour: Math.min(span.firstHour, Math.floor(hour / 24) * 24),
      lastHour: Math.max(span.lastHour, hour),
    }),
    { firstHour, lastHour },
  );
  const all = await read(range);
  keepNewest(known, [key, { ...all, range }], { max: LISTS_KEPT });
  return { manifests: all.manifests, files: all.files.filter(mayHold(firstHour, lastHour)) };
}

/** Like `tables/files_in_hours`: a file whose bounds cannot be right may hold any hour. */
const mayHold =
  (firstHour: Hour, lastHour: Hour) =>
  ({ first_hour: first, last_hour: last }: FilesOfSnapshot['files'][number]): boolean =>
    first === null || last === null || (first <= BigInt(lastHour) && last >= BigInt(firstHour));
