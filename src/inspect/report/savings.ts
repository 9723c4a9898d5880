/**
 * Compares what sessions read with what a fixed lookback would have read instead. Counts -> Savings. Pure.
 */
import type { Hour, HourRange } from '../../model/hour.ts';
import type { Savings } from '../../report/page/report-document.ts';
import { hoursOfGroup, type LandedGroup, REPORTED_LOOKBACKS } from './late-rows.ts';

/** A published session, and what it read. */
export interface ReadingSession {
  /** The newest hour that it, or a session before it, loaded. */
  readonly newest: Hour;
  readonly rowsRead: number;
  /** What it read of each source, in their order. */
  readonly reads: readonly SourceRead[];
}

export interface SourceRead {
  /** The place of the snapshot that it read; undefined if not known. */
  readonly head: number | undefined;
  /** The hours that it read; undefined if it read what was new, whatever its hour. */
  readonly hours: readonly HourRange[] | undefined;
}

/**
 * `sessions`: those of one process, oldest first. The first one reads all there is, and is not compared.
 * Null if there is no second one, or if the rows of a source are not counted by hour.
 */
export function savingsOf(
  sessions: readonly ReadingSession[],
  sources: readonly (readonly LandedGroup[] | undefined)[],
): Savings | null {
  const [first, ...compared] = sessions;
  const counted = sources.filter((source) => source !== undefined);
  if (first === undefined || compared.length === 0) return null;
  if (counted.length === 0 || counted.length < sources.length) return null;
  const tables = counted.map(contentOfHours);
  const reads = tables.flatMap((table, index) => readsOf(table, first, compared, index));
  return {
    sessions: compared.length,
    rows_read: compared.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
    bytes_read: Math.round(reads.reduce((sum, read) => sum + ownBytes(read), 0)),
    lookbacks: REPORTED_LOOKBACKS.map((hours) => lookbackOf(hours, reads)),
  };
}

/** What a session read of one of its sources. */
interface Read extends SourceRead {
  readonly table: ContentOfHours;
  readonly newest: Hour;
  /** The place up to which the sessions before it had read. */
  readonly before: number | undefined;
}

function readsOf(
  table: ContentOfHours,
  first: ReadingSession,
  compared: readonly ReadingSession[],
  index: number,
): Read[] {
  let before = first.reads[index]?.head;
  return compared.map(({ newest, reads }) => {
    const { head, hours } = reads[index] ?? { head: undefined, hours: undefined };
    const read = { table, newest, head, hours, before };
    before = head ?? before;
    return read;
  });
}

function ownBytes({ table, head, hours, before }: Read): number {
  if (head === undefined) return 0;
  if (hours === undefined) return before === undefined ? 0 : newContent(table, { before, head }).bytes;
  return hours.reduce((sum, range) => sum + contentIn(table, range, head).bytes, 0);
}

function lookbackOf(lookbackHours: number, reads: readonly Read[]): Savings['lookbacks'][number] {
  let [rows, bytes, missedRows, missedHours] = [0, 0, 0, 0];
  for (const { table, newest, head, before } of reads) {
    if (head === undefined) continue;
    const read = contentIn(table, { firstHour: newest - lookbackHours, lastHour: newest }, head);
    rows += read.rows;
    bytes += read.bytes;
    if (before === undefined) continue;
    const missed = newContent(table, { before, head, lastHour: newest - lookbackHours - 1 });
    missedRows += missed.rows;
    missedHours += missed.hours;
  }
  return {
    lookback_hours: lookbackHours,
    rows_read: Math.round(rows),
    bytes_read: Math.round(bytes),
    missed_rows: Math.round(missedRows),
    missed_hours: missedHours,
  };
}

interface Content {
  readonly rows: number;
  readonly bytes: number;
}

/**
 * The content of each hour, by the place of the snapshot that added it; expired ones come before all others.
 */
type ContentOfHours = ReadonlyMap<Hour, readonly (Content & { readonly place: number })[]>;

function contentOfHours(groups: readonly LandedGroup[]): ContentOfHours {
  const byHour = new Map<Hour, (Content & { readonly place: number })[]>();
  for (const group of groups)
    for (const [hour, rows] of hoursOfGroup(group)) {
      const entries = byHour.get(hour) ?? [];
      const bytes = group.rows === 0 ? 0 : ((group.bytes ?? 0) * rows) / group.rows;
      entries.push({ place: group.place ?? -1, rows, bytes });
      byHour.set(hour, entries);
    }
  return byHour;
}

/** Sums the content that snapshots up to `head` added. */
function contentIn(table: ContentOfHours, { firstHour, lastHour }: HourRange, head: number): Content {
  let [rows, bytes] = [0, 0];
  for (let hour = firstHour; hour <= lastHour; hour += 1)
    for (const each of table.get(hour) ?? []) {
      if (each.place > head) continue;
      rows += each.rows;
      bytes += each.bytes;
    }
  return { rows, bytes };
}

/**
 * Sums what snapshots after `before` up to `head` added, in hours up to `lastHour`; `hours`: in how many it
 * lies.
 */
function newContent(
  table: ContentOfHours,
  {
    before,
    head,
    lastHour = Number.POSITIVE_INFINITY,
  }: { readonly before: number; readonly head: number; readonly lastHour?: Hour },
): Content & { readonly hours: number } {
  let [rows, bytes, hours] = [0, 0, 0];
  for (const [hour, entries] of table) {
    if (hour > lastHour) continue;
    const added = entries.filter(({ place }) => place > before && place <= head);
    if (added.length > 0) hours += 1;
    for (const each of added) {
      rows += each.rows;
      bytes += each.bytes;
    }
  }
  return { rows, bytes, hours };
}
