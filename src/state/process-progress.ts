/**
 * Reads how far a process has come from its target. Target metadata -> watermarks. The summary of the last
 * published snapshot is the source of truth, since data and watermark are one commit there.
 * `high_water_mark_table` is the second copy, for a target whose history was expired.
 */
import { ancestors, mainSnapshot } from '../iceberg/history.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import type { Grain } from '../model/grain.ts';
import { type Hour, parseHour } from '../model/hour.ts';
import { type HoursMade, parseHoursMade } from '../model/hours-made.ts';
import { PATTERN_NAMES, type Pattern } from '../model/process-spec.ts';
import type { Watermark } from '../model/session.ts';
import { SUMMARY } from './summary-keys.ts';
import {
  adoptedProperty,
  hasRetired,
  isRetired,
  lastSessionProperty,
  publishedProperty,
} from './target-properties.ts';
import { parseWatermarks, unreadableWatermarks } from './watermark-json.ts';

/**
 * True if the process has adopted the table. A property says so; of an adoption by an earlier release its
 * snapshot does, while it is there: it adds no file, and a session of rows names its SQL.
 */
export const wasAdopted = (metadata: TableMetadata, processName: string): boolean =>
  metadata.properties?.[adoptedProperty(processName)] === metadata['table-uuid'] ||
  (metadata.snapshots ?? []).some(
    ({ summary }) =>
      summary?.[SUMMARY.processName] === processName &&
      summary[SUMMARY.watermarks] !== undefined &&
      summary[SUMMARY.sqlFingerprint] === undefined &&
      (summary['added-data-files'] ?? '0') === '0' &&
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

/** What a target says of a process: the watermark of each source, and the last hour it has computed. */
export interface ProcessProgress {
  readonly watermarks: readonly Watermark[];
  /** How far it had read sources that it names no more. */
  readonly former?: readonly Watermark[];
  readonly completeToHour?: Hour;
  /** Up to which hour it was announced, where that is not `completeToHour`; null: to none. */
  readonly announcedToHour?: Hour | null;
  /** What the target was counted in by then; undefined where only the watermark table tells. */
  readonly grain?: Grain;
  /** Undefined in what snapshots of an earlier release, or only the watermark table, say. */
  readonly pattern?: Pattern;
  /** The session that published it. */
  readonly psybergSessionId?: string;
  /** By which SQL the hours were made; undefined where no session has noted it. */
  readonly hoursMade?: readonly HoursMade[];
}

/**
 * The progress of the newest snapshot in `main`'s history that the process published; undefined when there is
 * none, or when another name has taken it over since.
 */
export function progressInSummary(metadata: TableMetadata, processName: string): ProcessProgress | undefined {
  const found = summaryOf(metadata, processName);
  return found === undefined ? undefined : progressOf(found.summary, found.snapshot);
}

/** The summary that {@link progressInSummary} reads, as it stands there. */
export function summaryOf(
  metadata: TableMetadata,
  processName: string,
): { readonly summary: Said; readonly snapshot: Snapshot } | undefined {
  for (const snapshot of ancestors(metadata, mainSnapshot(metadata))) {
    for (const summary of progressSummaries(metadata, snapshot))
      if (summary[SUMMARY.processName] === processName) return { summary, snapshot };
    if (snapshot.summary?.[SUMMARY.adoptedFrom] === processName) return undefined;
  }
  return undefined;
}

/** What a process's newest snapshot in `main`'s history says, and which snapshot says it; newest first. */
export interface FoundProgress {
  readonly processName: string;
  readonly progress: ProcessProgress;
  readonly foundIn: SnapshotId;
  /** Names of tables of its watermarks: those with which another process has gone on since. */
  readonly settled: readonly string[];
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
 * more; but where such a process had not loaded all rows, its target lacks them, until another one has gone
 * on from there with every source.
 */
export const progressOfRetired = (metadata: TableMetadata): FoundProgress[] =>
  hasRetired(metadata)
    ? lastSaid(metadata, (_, snapshot) => summariesOf(snapshot)).filter(
        (found) => isRetired(metadata, found.summary) && hasLeft(unsettled(found)),
      )
    : [];

/** What a process has left that nobody has gone on with since: its progress without settled watermarks. */
export function unsettled({
  progress,
  settled,
}: Pick<FoundProgress, 'progress' | 'settled'>): ProcessProgress {
  const isLeft = ({ table }: Watermark): boolean => !settled.includes(table);
  const former = progress.former?.filter(isLeft);
  return {
    ...progress,
    watermarks: progress.watermarks.filter(isLeft),
    ...(former === undefined ? {} : { former }),
  };
}

/** Whether it tells of any source. */
export const hasLeft = ({ watermarks, former = [] }: ProcessProgress): boolean =>
  watermarks.length + former.length > 0;

/** What each process said last in `main`'s history. */
function lastSaid(
  metadata: TableMetadata,
  saidBy: (metadata: TableMetadata, snapshot: Snapshot) => readonly Said[],
): FoundProgress[] {
  const found = new Map<string, FoundProgress>();
  const ended = new Set<string>();
  const settled = new Map<string, readonly string[]>();
  for (const snapshot of ancestors(metadata, mainSnapshot(metadata))) {
    for (const summary of saidBy(metadata, snapshot)) {
      const processName = summary[SUMMARY.processName] as string;
      if (!found.has(processName) && !ended.has(processName))
        found.set(processName, {
          processName,
          progress: progressOf(summary, snapshot),
          foundIn: snapshot['snapshot-id'],
          settled: [
            ...(settled.get(processName) ?? []),
            // Of one that maintenance carried up, above the snapshots that said it.
            ...(summary === snapshot.summary ? [] : (settledIn(summary, snapshot)[processName] ?? [])),
          ],
          summary,
        });
    }
    // It holds for what was said before it; what a process says afterwards is new. Few snapshots say it, and
    // whatever is made for each of 1,000 of them is garbage of every session.
    if (snapshot.summary?.[SUMMARY.settled] !== undefined)
      for (const [name, tables] of Object.entries(settledIn(snapshot.summary, snapshot)))
        settled.set(name, [...(settled.get(name) ?? []), ...tables]);
    const from = snapshot.summary?.[SUMMARY.adoptedFrom];
    if (from !== undefined) ended.add(from);
  }
  return [...found.values()];
}

/** Process -> names of tables, as {@link SUMMARY.settled} has them. */
function settledIn(summary: Said | undefined, snapshot: Snapshot): Readonly<Record<string, string[]>> {
  const settled = summary?.[SUMMARY.settled];
  if (settled === undefined) return {};
  try {
    return JSON.parse(settled) as Record<string, string[]>;
  } catch (error) {
    throw unreadableWatermarks(snapshot, error);
  }
}

const CARRIED = [
  SUMMARY.processName,
  SUMMARY.sessionId,
  SUMMARY.watermarks,
  SUMMARY.formerWatermarks,
  SUMMARY.completeToHour,
  SUMMARY.announcedToHour,
  SUMMARY.hoursMade,
  SUMMARY.grain,
  SUMMARY.pattern,
] as const;

/** For the summary of a snapshot of maintenance: what the table's history says of each process. */
export function carriedProgress(metadata: TableMetadata): Record<string, string> {
  const carried = [...progressOfAll(metadata), ...progressOfRetired(metadata)].map(
    ({ processName, settled, summary }) => ({
      ...Object.fromEntries(
        CARRIED.flatMap((key) => (summary[key] === undefined ? [] : [[key, summary[key]]])),
      ),
      ...(settled.length === 0 ? {} : { [SUMMARY.settled]: JSON.stringify({ [processName]: settled }) }),
    }),
  );
  return carried.length === 0 ? {} : { [SUMMARY.carriedProgress]: JSON.stringify(carried) };
}

/** Entries of a summary that tell of a process. */
export type Said = Readonly<Record<string, string>>;

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

/** The processes of which any snapshot tells that the table still has, also by taking their progress over. */
export const namesSaid = ({ snapshots = [] }: TableMetadata): ReadonlySet<string> =>
  new Set(
    snapshots.flatMap((snapshot) => {
      const from = snapshot.summary?.[SUMMARY.adoptedFrom];
      const said = summariesOf(snapshot).map((summary) => summary[SUMMARY.processName] as string);
      return from === undefined ? said : [...said, from];
    }),
  );

function readSummaries(snapshot: Snapshot): readonly Said[] {
  const summary = snapshot.summary ?? {};
  if (summary[SUMMARY.processName] !== undefined && summary[SUMMARY.watermarks] !== undefined)
    return [summary];
  const carried = summary[SUMMARY.carriedProgress];
  if (carried === undefined) return [];
  try {
    return JSON.parse(carried) as Said[];
  } catch (error) {
    throw unreadableWatermarks(snapshot, error);
  }
}

function progressOf(summary: Readonly<Record<string, string>>, snapshot: Snapshot): ProcessProgress {
  const former = summary[SUMMARY.formerWatermarks];
  const completeTo = summary[SUMMARY.completeToHour];
  const announcedTo = summary[SUMMARY.announcedToHour];
  const pattern = summary[SUMMARY.pattern];
  const hoursMade = parseHoursMade(summary[SUMMARY.hoursMade]);
  return {
    watermarks: parseWatermarks(summary[SUMMARY.watermarks] as string, snapshot),
    ...(former === undefined ? {} : { former: parseWatermarks(former, snapshot) }),
    ...(completeTo === undefined ? {} : { completeToHour: parseHour(completeTo) }),
    ...(announcedTo === undefined
      ? {}
      : { announcedToHour: announcedTo === 'none' ? null : parseHour(announcedTo) }),
    grain: summary[SUMMARY.grain] === 'day' ? 'day' : 'hour',
    ...(isPattern(pattern) ? { pattern } : {}),
    ...(summary[SUMMARY.sessionId] === undefined ? {} : { psybergSessionId: summary[SUMMARY.sessionId] }),
    ...(hoursMade === undefined ? {} : { hoursMade }),
  };
}

export const isPattern = (text: string | undefined): text is Pattern =>
  PATTERN_NAMES.some((pattern) => pattern === text);

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
