/**
 * Reads the session table without DuckDB while it has few rows: `inspect/session_history` and
 * `inspect/last_sessions` in TypeScript. Rows -> sessions, or undefined if the SQL statement has to be run
 * instead.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { hourText, microsecondText } from '../model/hour.ts';
import type { HistoryRow, ProcessStatus } from '../report/status.ts';
import { fewRows } from '../state/few-rows.ts';
import { SESSION } from '../state/tables/session.ts';

/** A session as the statement returns it: `error` is JSON text, and unknown values are null. */
export type RecordedSession = { readonly [Key in keyof HistoryRow]: string | null } & Readonly<
  Record<'pattern' | 'target_snapshot_id', string | null>
>;

/** If one of them is missing, somebody has changed the table by hand. */
const KEYS = ['process_name', 'psyberg_session_id', 'status', 'created_at'] as const;
const LISTED = [
  ...KEYS,
  'pattern',
  'target_table',
  'target_snapshot_id',
  'src_table',
  'from_event_date',
  'from_event_hour',
  'to_event_date',
  'to_event_hour',
  'rows_read',
  'rows_written',
  'error',
  'trigger',
  'reason',
  'new_files',
  'new_bytes',
  'files_written',
  'bytes_written',
] as const;

interface KeyedRow {
  readonly process_name: string;
  readonly psyberg_session_id: string;
  readonly status: string;
  readonly created_at: bigint;
}

/** All rows of a session have the same values, except for those about the source. */
interface ListedRow extends KeyedRow {
  readonly pattern: string | null;
  readonly target_table: string | null;
  readonly target_snapshot_id: bigint | null;
  readonly src_table: string | null;
  readonly from_event_date: number | null;
  readonly from_event_hour: number | null;
  readonly to_event_date: number | null;
  readonly to_event_hour: number | null;
  readonly rows_read: bigint | null;
  readonly rows_written: bigint | null;
  readonly error: string | null;
  readonly trigger: string | null;
  readonly reason: string | null;
  readonly new_files: bigint | null;
  readonly new_bytes: bigint | null;
  readonly files_written: bigint | null;
  readonly bytes_written: bigint | null;
}

/** Keyed by process. */
export type LastSessions = Map<string, NonNullable<ProcessStatus['last_session']>>;

/** Finds how the newest session of each process ended. */
export async function fewLastSessions(metadata: TableMetadata): Promise<LastSessions | undefined> {
  const rows = keyed(await fewRows(metadata, SESSION, KEYS)) as readonly KeyedRow[] | undefined;
  if (rows === undefined) return undefined;
  const last = new Map<string, KeyedRow>();
  for (const row of rows)
    if (row.created_at > (last.get(row.process_name)?.created_at ?? -1n)) last.set(row.process_name, row);
  return new Map(
    [...last.values()].map(({ process_name, psyberg_session_id, status, created_at }) => [
      process_name,
      { psyberg_session_id, status, created_at: writtenInstant(created_at) },
    ]),
  );
}

export interface NewestSessions {
  readonly sessions: RecordedSession[];
  /** How many sessions there are, whatever the limit. */
  readonly total: number;
}

/** Lists the newest sessions of one process or of all, newest first. */
export async function fewNewestSessions(
  metadata: TableMetadata,
  { processName, limit }: { readonly processName: string | undefined; readonly limit: number },
): Promise<NewestSessions | undefined> {
  const rows = keyed(await fewRows(metadata, SESSION, LISTED)) as readonly ListedRow[] | undefined;
  if (rows === undefined) return undefined;
  const asked = rows.filter((row) => processName === undefined || row.process_name === processName);
  const sessions = Map.groupBy(asked, (row) => JSON.stringify([row.process_name, row.psyberg_session_id]));
  const newest = [...sessions.values()].sort(([one], [other]) => newestFirst(one, other)).slice(0, limit);
  return { sessions: newest.map(recorded), total: sessions.size };
}

/** The rows, if each one names its session and the time of it; otherwise undefined. */
function keyed<Row extends Readonly<Record<(typeof KEYS)[number], unknown>>>(
  rows: readonly Row[] | undefined,
): readonly Row[] | undefined {
  const isKeyed = (row: Row): boolean =>
    KEYS.every((key) => row[key] !== null) && isWritable(row.created_at as bigint);
  return rows?.every(isKeyed) === true ? rows : undefined;
}

/** In microseconds: from that year on, DuckDB and this code write years differently. */
const YEAR_10000 = 253_402_300_800_000_000n;
/** Whether a time in microseconds is written here in the same way as by a statement. */
export const isWritable = (microseconds: bigint): boolean => microseconds >= 0n && microseconds < YEAR_10000;

const newestFirst = (one: KeyedRow | undefined, other: KeyedRow | undefined): number => {
  if (one === undefined || other === undefined) return 0;
  if (one.created_at !== other.created_at) return one.created_at < other.created_at ? 1 : -1;
  return (
    byBytes(other.psyberg_session_id, one.psyberg_session_id) || byBytes(other.process_name, one.process_name)
  );
};

/** Compares texts as DuckDB does. */
export const byBytes = (one: string, other: string): number =>
  Buffer.compare(Buffer.from(one), Buffer.from(other));

/** Makes a session from its rows, of which there must be at least one. */
function recorded(rows: readonly ListedRow[]): RecordedSession {
  const { process_name, psyberg_session_id, status, created_at } = rows[0] as ListedRow;
  const any = <Name extends keyof ListedRow>(name: Name): ListedRow[Name] | null =>
    rows.find((row) => row[name] !== null)?.[name] ?? null;
  const most = (name: NumberName): string | null => textOf(numbers(name).reduce(larger, undefined));
  const sum = (name: NumberName): string | null =>
    textOf(numbers(name).reduce<bigint | undefined>((all, each) => (all ?? 0n) + each, undefined));
  const numbers = (name: NumberName): bigint[] =>
    rows.flatMap((row) => (row[name] === null ? [] : [row[name]]));
  const hours = (day: 'from_event_date' | 'to_event_date', hour: 'from_event_hour' | 'to_event_hour') =>
    rows
      .flatMap((row) =>
        row[day] === null || row[hour] === null ? [] : [hourText(row[day] * 24 + row[hour])],
      )
      .sort();
  const sources = rows.flatMap(({ src_table: table }) => (table === null ? [] : [table])).sort(byBytes);
  return {
    process_name,
    psyberg_session_id,
    pattern: any('pattern'),
    status,
    target_table: any('target_table'),
    target_snapshot_id: textOf(any('target_snapshot_id')),
    src_tables: sources.length === 0 ? null : sources.join(', '),
    first_hour: hours('from_event_date', 'from_event_hour')[0] ?? null,
    last_hour: hours('to_event_date', 'to_event_hour').at(-1) ?? null,
    rows_read: most('rows_read'),
    rows_written: most('rows_written'),
    created_at: writtenInstant(created_at),
    error: any('error'),
    // Sessions of earlier releases do not record this.
    trigger: any('trigger') ?? 'changes',
    reason: any('reason'),
    new_files: sum('new_files'),
    new_bytes: sum('new_bytes'),
    files_written: most('files_written'),
    bytes_written: most('bytes_written'),
  };
}

type NumberName =
  | 'rows_read'
  | 'rows_written'
  | 'new_files'
  | 'new_bytes'
  | 'files_written'
  | 'bytes_written';

const larger = (one: bigint | undefined, other: bigint): bigint =>
  one === undefined || other > one ? other : one;
const textOf = (value: bigint | null | undefined): string | null => (value == null ? null : String(value));

/** Writes an instant with as many digits of a second as it needs. */
export const writtenInstant = (microseconds: bigint): string =>
  microsecondText(microseconds).replace(/\.?0+Z$/, 'Z');
