/**
 * Finds which hours of a target each session wrote, and whether they had been written before. Session rows,
 * snapshots, live files -> SessionWrites. Pure.
 */
import {
  type Hour,
  type HourRange,
  hoursOf,
  hourText,
  parseHour,
  timeOfSessionId,
} from '../../model/hour.ts';
import { parseHourPairs } from '../../model/hours-made.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { SessionWrites, WrittenHours } from '../../report/page/report-document.ts';
import type { HistoryRow, SignalRow } from '../../report/status.ts';
import type { StatementRow } from '../../statements/index.ts';

export type SessionSource = StatementRow<'inspect/session_sources'>;

export interface WritesInput {
  readonly spec: ProcessSpec;
  /** The rows of the process's published sessions, oldest first. */
  readonly rows: readonly SessionSource[];
  /** The sessions of the process, by id. */
  readonly history: ReadonlyMap<string, HistoryRow>;
  /** By session: the hours it reopened. */
  readonly reopened: ReadonlyMap<string, NonNullable<SignalRow['hours']>>;
  /** Hours of the live files of the target, by the snapshot that added them. */
  readonly liveHours: ReadonlyMap<bigint, ReadonlySet<Hour>>;
  /** By the name of a source: the partition field that holds the hour of its event time. */
  readonly hourFields: ReadonlyMap<string, string>;
}

/** A range of more hours than this is shown as a whole, whatever is in it. */
const HOURS_MAX = 24 * 366 * 3;
const PARTITIONS_SHOWN = 3;

/** Oldest first. */
export function sessionWrites(input: WritesInput): SessionWrites[] {
  const bySession = Map.groupBy(input.rows, ({ psyberg_session_id: id }) => id);
  const seen = new Set<Hour>();
  return [...bySession].map(([id, rows]) => {
    const { hours, from } = hoursOfSession(input, rows);
    const session = input.history.get(id);
    const trigger = session?.trigger ?? 'changes';
    return {
      psyberg_session_id: id,
      opened_at: timeOfSessionId(id),
      rows_written: session?.rows_written ?? null,
      trigger,
      reason: session?.reason ?? null,
      hours: changesOf(againOf(input.spec, trigger), hours, { from, seen }),
      reopened: input.reopened.get(id) ?? [],
      known_from: from,
      causes: rows.map(causeOf),
    };
  });
}

function causeOf({
  src_table: source,
  partitions,
  processing_uris: uris,
  new_files: files,
}: SessionSource): SessionWrites['causes'][number] {
  return {
    source,
    partitions: Number(partitions),
    files: files === null ? null : Number(files),
    first_partitions: partitionsOf(uris).slice(0, PARTITIONS_SHOWN).map(partitionText),
  };
}

type Uri = Readonly<Record<string, unknown>>;

/** An earlier release, or somebody else, may have written another text. */
function partitionsOf(uris: string | null): Uri[] {
  try {
    const parsed: unknown = JSON.parse(uris ?? '[]');
    return Array.isArray(parsed) ? parsed.filter((each) => typeof each === 'object' && each !== null) : [];
  } catch {
    return [];
  }
}

/** `landing_date=2023-09-14, landing_hour=6`. */
const partitionText = (uri: Uri): string =>
  Object.entries(uri)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ');

interface KnownHours {
  readonly hours: readonly Hour[];
  readonly from: SessionWrites['known_from'];
}

/** Takes the hours from whatever tells them most exactly. */
function hoursOfSession(input: WritesInput, rows: readonly SessionSource[]): KnownHours {
  const { spec } = input;
  const range = rangeOf(rows);
  const snapshotId = rows.find((row) => row.target_snapshot_id !== null)?.target_snapshot_id ?? -1n;
  const written = parseHourPairs(rows[0]?.hours_written);
  if (written !== undefined && written.length > 0)
    return { hours: written.flatMap((each) => (isTooLong(each) ? [] : hoursOf(each))), from: 'record' };
  const isWhole = spec.pattern !== 'stateless' && spec.hours === 'contiguous';
  if (isWhole) return { hours: range, from: 'record' };
  if (spec.pattern === 'stateless') {
    const live = [...(input.liveHours.get(snapshotId) ?? [])];
    if (live.length > 0) return { hours: live, from: 'files' };
  } else {
    const hours = hoursOfPartitions(input, rows, new Set(range));
    if (hours !== undefined) return { hours, from: 'partitions' };
  }
  return { hours: range, from: range.length <= 1 ? 'record' : 'range' };
}

const isTooLong = ({ firstHour, lastHour }: HourRange): boolean => lastHour - firstHour >= HOURS_MAX;

function rangeOf(rows: readonly SessionSource[]): Hour[] {
  const first = rows.flatMap((row) => (row.first_hour === null ? [] : [parseHour(row.first_hour)]));
  const last = rows.flatMap((row) => (row.last_hour === null ? [] : [parseHour(row.last_hour)]));
  if (first.length === 0 || last.length === 0) return [];
  const range = { firstHour: Math.min(...first), lastHour: Math.max(...last) };
  return isTooLong(range) ? [] : hoursOf(range);
}

/**
 * Of the touched hours, takes those whose partitions were processed, if each source without a window is
 * partitioned by the hour of its event time.
 */
function hoursOfPartitions(
  { spec, hourFields }: WritesInput,
  rows: readonly SessionSource[],
  range: ReadonlySet<Hour>,
): Hour[] | undefined {
  if (spec.sources.some(({ window, lookup }) => window !== undefined || lookup !== undefined))
    return undefined;
  const hours = new Set<Hour>();
  for (const { src_table: table, processing_uris: uris } of rows) {
    const field = hourFields.get(table);
    if (field === undefined || uris === null) return undefined;
    for (const uri of partitionsOf(uris)) {
      const hour = parseHour(String(uri[field]));
      if (!Number.isInteger(hour)) return undefined;
      if (range.has(hour)) hours.add(hour);
    }
  }
  return [...hours];
}

/** What it means to write an hour that was written before. */
const againOf = ({ pattern }: ProcessSpec, trigger: HistoryRow['trigger']): WrittenHours['change'] =>
  trigger === 'restate' ? 'restated' : pattern === 'stateless' ? 'added' : 'rewritten';

/** Describes the hours that a session wrote, and adds them to those that were seen. */
function changesOf(
  again: WrittenHours['change'],
  hours: readonly Hour[],
  { from, seen }: { readonly from: SessionWrites['known_from']; readonly seen: Set<Hour> },
): WrittenHours[] {
  const ranges: { first: Hour; last: Hour; change: WrittenHours['change'] }[] = [];
  for (const hour of [...hours].sort((left, right) => left - right)) {
    const change = from === 'range' ? 'within' : seen.has(hour) ? again : 'written';
    const open = ranges.at(-1);
    if (open !== undefined && open.last === hour - 1 && open.change === change) open.last = hour;
    else ranges.push({ first: hour, last: hour, change });
  }
  // A range does not tell which of its hours were written, so nothing follows for later sessions.
  if (from !== 'range') for (const hour of hours) seen.add(hour);
  return ranges.map(({ first, last, change }) => ({
    first_hour: hourText(first),
    last_hour: hourText(last),
    change,
  }));
}
