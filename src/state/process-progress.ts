/**
 * Reads how far a process has come from its target. Target metadata -> watermarks. The summary of the last
 * published snapshot is the source of truth, since data and watermark are one commit there.
 * `high_water_mark_table` is the second copy, for a target whose history was expired.
 */
import { ancestors, mainSnapshot } from '../iceberg/history.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import type { Grain } from '../model/grain.ts';
import { type Hour, parseHour } from '../model/hour.ts';
import { type HoursMade, parseHoursMade } from '../model/hours-made.ts';
import { parseOwedHours } from '../model/owed-hours.ts';
import type { OnLookupChange } from '../model/process-spec.ts';
import type { Watermark } from '../model/session.ts';

/** Keys of a published snapshot's summary. */
export const SUMMARY = {
  processName: 'psyberg.process-name',
  sessionId: 'psyberg.session-id',
  watermarks: 'psyberg.high-water-marks',
  completeToHour: 'psyberg.complete-to-hour',
  /**
   * Up to which hour the target was announced by then, where that is an earlier one: the newest hours were
   * loaded first. `none` where it was not.
   */
  announcedToHour: 'psyberg.announced-to-hour',
  /** The fingerprint of the SQL by which the session made its rows (`src/project/process-fingerprint.ts`). */
  sqlFingerprint: 'psyberg.sql-fingerprint',
  /** The hours that the session wrote. JSON, an array of `[first, last]`, both included. */
  hoursWritten: 'psyberg.hours-written',
  /** By which SQL the hours of the target were made up to then, by sessions of the process. JSON. */
  hoursMade: 'psyberg.hours-made',
  /**
   * JSON: the hours announced before that the session wrote, as `[first, last]`; absent where there are
   * none.
   */
  reopenedHours: 'psyberg.reopened-hours',
  /** `day`, where the process counts its target in days. */
  grain: 'psyberg.grain',
  /**
   * On a snapshot of maintenance: what the snapshots below it say of each process, so that they may expire.
   * JSON, an array of the keys above.
   */
  carriedProgress: 'psyberg.carried-progress',
  /**
   * On a snapshot of maintenance: `compact` or `manifests`. It changed files and no row, also where it took
   * deleted rows out of files.
   */
  maintenance: 'psyberg.maintenance',
  /** On the empty snapshot with which `main` of a target begins: the branch of the session that made it. */
  initialBranch: 'psyberg.initial-branch',
  /**
   * On the snapshot of an adoption: the process whose progress it took over. From there on that name has
   * none: under it, rows that the new name loaded since would be loaded again.
   */
  adoptedFrom: 'psyberg.adopted-from',
  /**
   * How long the stages of the session took up to its commit, in seconds. JSON, `{"init", "load", "audit",
   * "publish"}`; absent of a session that went step by step.
   */
  stageSeconds: 'psyberg.stage-seconds',
  /** On the snapshot of a restate, or of a session below one: `restate`. */
  trigger: 'psyberg.trigger',
  /** Of the same: why somebody asked for it. */
  reason: 'psyberg.reason',
  /** On the snapshot of a restate: JSON, `{"hours": [[first, last], …], "process_sha256"}`. */
  restated: 'psyberg.restated',
} as const;

/**
 * A property of a target: its uuid, once the process has published to it. It outlives every snapshot, and is
 * of no other table that got its properties as a copy.
 */
export const publishedProperty = (processName: string): string => `psyberg.published.${processName}`;
/**
 * A property of a target: the last session of the process that published to it. Rows of the watermark table
 * that were written by an earlier one are behind.
 */
export const lastSessionProperty = (processName: string): string => `psyberg.last-session.${processName}`;

/**
 * A property of a target: the last session of a process up to which its watermarks keep nothing from expiring
 * any more, since somebody said that the process is gone.
 */
export const releasedProperty = (processName: string): string => `psyberg.released.${processName}`;

/**
 * A property of a target: the last session of a process that was retired. What its snapshots say of sessions
 * up to that one is over; a later session of that name begins anew.
 */
export const retiredProperty = (processName: string): string => `psyberg.retired.${processName}`;

/** True of what a session said whose process was retired since. */
export function isRetired(
  { properties = {} }: Pick<TableMetadata, 'properties'>,
  summary: Readonly<Record<string, string>> | undefined,
): boolean {
  const last = properties[retiredProperty(summary?.[SUMMARY.processName] ?? '')];
  return last !== undefined && (summary?.[SUMMARY.sessionId] ?? '') <= last;
}

/** True while a snapshot tells that the process has adopted the table: a session of rows names its SQL. */
export const wasAdopted = (metadata: TableMetadata, processName: string): boolean =>
  (metadata.snapshots ?? []).some(
    ({ summary }) =>
      summary?.[SUMMARY.processName] === processName &&
      summary[SUMMARY.watermarks] !== undefined &&
      summary[SUMMARY.sqlFingerprint] === undefined &&
      !isRetired(metadata, summary),
  );

/** The last session of the process that published to the table; undefined when none did. */
export function lastSessionOf(metadata: TableMetadata, processName: string): string | undefined {
  const { properties = {} } = metadata;
  return (
    progressInSummary(metadata, processName)?.psybergSessionId ??
    (properties[publishedProperty(processName)] === metadata['table-uuid']
      ? properties[lastSessionProperty(processName)]
      : undefined)
  );
}

/** True when what the process said in that session holds nothing back. */
export const isReleased = (
  { properties = {} }: TableMetadata,
  processName: string,
  psybergSessionId: string | null | undefined,
): boolean => {
  const released = properties[releasedProperty(processName)];
  return released !== undefined && (psybergSessionId ?? '') <= released;
};

/** What a target says of a process: the watermark of each source, and the last hour it has computed. */
export interface ProcessProgress {
  readonly watermarks: readonly Watermark[];
  readonly completeToHour?: Hour;
  /** Up to which hour it was announced, where that is not `completeToHour`; null: to none. */
  readonly announcedToHour?: Hour | null;
  /** What the target was counted in by then; undefined where only the watermark table tells. */
  readonly grain?: Grain;
  /** The session that published it. */
  readonly psybergSessionId?: string;
  /** By which SQL the hours were made; undefined where no session has noted it. */
  readonly hoursMade?: readonly HoursMade[];
}

/** A watermark as the summary holds it; hours as ISO texts, 64-bit numbers as text. */
export interface WatermarkJson {
  readonly table: string;
  readonly table_uuid: string;
  readonly snapshot_id: string;
  readonly sequence_number: string;
  readonly committed_at: string;
  /** As {@link owedHoursJson} writes them. */
  readonly owed_hours: readonly string[];
  readonly newest_hour?: string | null;
  readonly total_records?: string | null;
  readonly added_records?: string | null;
  readonly event_time_id?: number | null;
  readonly window_key_id?: number | null;
  readonly schema_id?: number | null;
  /** Of a lookup: with `restate` every hour of the target is of this state of it. */
  readonly on_change?: OnLookupChange | null;
}

/**
 * The progress of the newest snapshot in `main`'s history that the process published; undefined when there is
 * none, or when another name has taken it over since.
 */
export function progressInSummary(metadata: TableMetadata, processName: string): ProcessProgress | undefined {
  for (const snapshot of ancestors(metadata, mainSnapshot(metadata))) {
    for (const summary of progressSummaries(metadata, snapshot))
      if (summary[SUMMARY.processName] === processName) return progressOf(summary, snapshot);
    if (snapshot.summary?.[SUMMARY.adoptedFrom] === processName) return undefined;
  }
  return undefined;
}

/** What a process's newest snapshot in `main`'s history says, and which snapshot says it; newest first. */
export interface FoundProgress {
  readonly processName: string;
  readonly progress: ProcessProgress;
  readonly foundIn: SnapshotId;
  /** The keys of the summary as they stand there. */
  readonly summary: Readonly<Record<string, string>>;
}

/**
 * What sessions of the process said in any snapshot that the target still has, also in such as a rollback
 * took off `main`. `sessions`: of these alone, so that what others said is not parsed.
 */
export function progressEverSaid(
  metadata: TableMetadata,
  processName: string,
  sessions?: ReadonlySet<string | null>,
): ProcessProgress[] {
  const found: ProcessProgress[] = [];
  for (const snapshot of metadata.snapshots ?? [])
    for (const summary of progressSummaries(metadata, snapshot))
      if (
        summary[SUMMARY.processName] === processName &&
        (sessions === undefined || sessions.has(summary[SUMMARY.sessionId] ?? null))
      )
        found.push(progressOf(summary, snapshot));
  return found;
}

/** The progress of every process that published to the table, less that which others took over. */
export const progressOfAll = (metadata: TableMetadata): FoundProgress[] =>
  lastSaid(metadata, progressSummaries);

/**
 * How far processes came that were retired since, and have not begun anew under their name. They go on no
 * more; but where such a process had not loaded all rows, its target lacks them.
 */
export const progressOfRetired = (metadata: TableMetadata): FoundProgress[] =>
  hasRetired(metadata)
    ? lastSaid(metadata, (_, snapshot) => summariesOf(snapshot)).filter(({ summary }) =>
        isRetired(metadata, summary),
      )
    : [];

/** What each process said last in `main`'s history. */
function lastSaid(
  metadata: TableMetadata,
  saidBy: (metadata: TableMetadata, snapshot: Snapshot) => readonly Said[],
): FoundProgress[] {
  const found = new Map<string, FoundProgress>();
  const ended = new Set<string>();
  for (const snapshot of ancestors(metadata, mainSnapshot(metadata))) {
    for (const summary of saidBy(metadata, snapshot)) {
      const processName = summary[SUMMARY.processName] as string;
      if (!found.has(processName) && !ended.has(processName))
        found.set(processName, {
          processName,
          progress: progressOf(summary, snapshot),
          foundIn: snapshot['snapshot-id'],
          summary,
        });
    }
    const from = snapshot.summary?.[SUMMARY.adoptedFrom];
    if (from !== undefined) ended.add(from);
  }
  return [...found.values()];
}

const CARRIED = [
  SUMMARY.processName,
  SUMMARY.sessionId,
  SUMMARY.watermarks,
  SUMMARY.completeToHour,
  SUMMARY.announcedToHour,
  SUMMARY.hoursMade,
  SUMMARY.grain,
] as const;

/** For the summary of a snapshot of maintenance: what the table's history says of each process. */
export function carriedProgress(metadata: TableMetadata): Record<string, string> {
  const carried = [...progressOfAll(metadata), ...progressOfRetired(metadata)].map(({ summary }) =>
    Object.fromEntries(CARRIED.flatMap((key) => (summary[key] === undefined ? [] : [[key, summary[key]]]))),
  );
  return carried.length === 0 ? {} : { [SUMMARY.carriedProgress]: JSON.stringify(carried) };
}

type Said = Readonly<Record<string, string>>;

/**
 * What a snapshot says of processes: of the one that published it, or of those whose snapshots maintenance
 * carried over; less what is over since its process was retired.
 */
function progressSummaries(metadata: TableMetadata, snapshot: Snapshot): readonly Said[] {
  const said = summariesOf(snapshot);
  return said.length > 0 && hasRetired(metadata)
    ? said.filter((summary) => !isRetired(metadata, summary))
    : said;
}

/** Snapshots do not change, and a session goes through all of a target's several times. */
const summaries = new WeakMap<Snapshot, readonly Said[]>();

function summariesOf(snapshot: Snapshot): readonly Said[] {
  const known = summaries.get(snapshot);
  if (known !== undefined) return known;
  const said = readSummaries(snapshot);
  summaries.set(snapshot, said);
  return said;
}

function readSummaries(snapshot: Snapshot): readonly Said[] {
  const summary = snapshot.summary ?? {};
  if (summary[SUMMARY.processName] !== undefined && summary[SUMMARY.watermarks] !== undefined)
    return [summary];
  const carried = summary[SUMMARY.carriedProgress];
  if (carried === undefined) return [];
  try {
    return JSON.parse(carried) as Said[];
  } catch (error) {
    throw unreadable(snapshot, error);
  }
}

const retiring = new WeakMap<object, boolean>();

/** Whether a process of the table was ever retired. */
function hasRetired({ properties }: TableMetadata): boolean {
  if (properties === undefined) return false;
  const known = retiring.get(properties);
  if (known !== undefined) return known;
  const prefix = retiredProperty('');
  const found = Object.keys(properties).some((name) => name.startsWith(prefix));
  retiring.set(properties, found);
  return found;
}

function progressOf(summary: Readonly<Record<string, string>>, snapshot: Snapshot): ProcessProgress {
  const completeTo = summary[SUMMARY.completeToHour];
  const announcedTo = summary[SUMMARY.announcedToHour];
  const hoursMade = parseHoursMade(summary[SUMMARY.hoursMade]);
  return {
    watermarks: parseWatermarks(summary[SUMMARY.watermarks] as string, snapshot),
    ...(completeTo === undefined ? {} : { completeToHour: parseHour(completeTo) }),
    ...(announcedTo === undefined
      ? {}
      : { announcedToHour: announcedTo === 'none' ? null : parseHour(announcedTo) }),
    grain: summary[SUMMARY.grain] === 'day' ? 'day' : 'hour',
    ...(summary[SUMMARY.sessionId] === undefined ? {} : { psybergSessionId: summary[SUMMARY.sessionId] }),
    ...(hoursMade === undefined ? {} : { hoursMade }),
  };
}

/**
 * By name; else by the table's uuid: a table that was renamed is the same table, and loading it from the
 * beginning would double its rows.
 */
export function watermarkFor(
  progress: ProcessProgress | undefined,
  table: { readonly name: string; readonly tableUuid: string | undefined },
): Watermark | undefined {
  const byName = progress?.watermarks.find((each) => each.table.toLowerCase() === table.name.toLowerCase());
  return byName ?? progress?.watermarks.find((each) => each.tableUuid === table.tableUuid);
}

/** Every watermark on a table: a process may read it twice, by different columns. */
export const watermarksOn = (progress: ProcessProgress | undefined, tableUuid: string): Watermark[] =>
  progress?.watermarks.filter((each) => each.tableUuid === tableUuid) ?? [];

/** The watermarks of a summary. Throws `watermark-unreadable`. */
export function parseWatermarks(text: string, snapshot: Snapshot): Watermark[] {
  try {
    return (JSON.parse(text) as WatermarkJson[]).map(watermarkOf);
  } catch (error) {
    throw unreadable(snapshot, error);
  }
}

const unreadable = (snapshot: Snapshot, error: unknown): Error =>
  refusal(
    'watermark-unreadable',
    `the watermarks in snapshot ${snapshot['snapshot-id']} are not readable: ${(error as Error).message}`,
    {
      hint: 'roll the target back to the snapshot before it; the next run then continues from there',
      cause: error,
    },
  );

/** As JSON has it -> as a value. */
export const watermarkOf = (json: WatermarkJson): Watermark => ({
  table: json.table,
  tableUuid: json.table_uuid,
  snapshotId: BigInt(json.snapshot_id),
  sequenceNumber: BigInt(json.sequence_number),
  committedAtMs: Date.parse(json.committed_at),
  owedHours: parseOwedHours(json.owed_hours),
  ...(json.newest_hour == null ? {} : { newestHour: parseHour(json.newest_hour) }),
  ...(json.total_records == null ? {} : { totalRecords: BigInt(json.total_records) }),
  ...(json.added_records == null ? {} : { addedRecords: BigInt(json.added_records) }),
  ...(json.event_time_id == null ? {} : { eventTimeId: json.event_time_id }),
  ...(json.window_key_id == null ? {} : { windowKeyId: json.window_key_id }),
  ...(json.schema_id == null ? {} : { schemaId: json.schema_id }),
  ...(json.on_change == null ? {} : { onChange: json.on_change }),
});
