/**
 * Reads the signal table without DuckDB while it has few rows: `inspect/signals` and
 * `session/signalled_hour` in TypeScript. Rows -> announcements, or undefined if the SQL statement has to be
 * run instead.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { type Hour, hourText, parseHour } from '../model/hour.ts';
import { fewRows } from '../state/few-rows.ts';
import { SIGNAL } from '../state/tables/signal.ts';
import type { StatementRow } from '../statements/index.ts';
import { byBytes, isWritable, writtenInstant } from './few-sessions.ts';

/** An announcement as the statement returns it: `hours` is JSON text. */
export type RecordedSignal = StatementRow<'inspect/signals'>;

/** If one of them is missing, somebody has changed the table by hand. */
const SAID = [
  'signal_name',
  'process_name',
  'vtts_utc_dateint',
  'vtts_utc_hour',
  'kind',
  'psyberg_session_id',
  'created_at',
] as const;
const LISTED = [...SAID, 'hours'] as const;

interface ListedRow {
  readonly signal_name: string;
  readonly process_name: string;
  readonly vtts_utc_dateint: number;
  readonly vtts_utc_hour: number;
  readonly kind: string;
  readonly psyberg_session_id: string;
  readonly created_at: bigint;
  readonly hours: string | null;
}

export interface SignalsAsked {
  /** Only announcements of this table. */
  readonly signalName: string | undefined;
  readonly limit: number;
}

/** Lists the announcements, newest first. */
export async function fewSignals(
  metadata: TableMetadata,
  { signalName, limit }: SignalsAsked,
): Promise<RecordedSignal[] | undefined> {
  const rows = await announcedRows(metadata, signalName);
  return rows
    ?.toSorted(newestFirst)
    .slice(0, limit)
    .map((row) => ({
      signal_name: row.signal_name,
      process_name: row.process_name,
      hour: hourText(row.hour),
      kind: row.kind,
      psyberg_session_id: row.psyberg_session_id,
      created_at: writtenInstant(row.created_at),
      hours: row.hours,
    }));
}

/** Finds the last hour that was announced as complete; null if none was. */
export async function fewSignalledHour(
  metadata: TableMetadata,
  signalName: string,
): Promise<Hour | null | undefined> {
  const rows = await announcedRows(metadata, signalName);
  if (rows === undefined) return undefined;
  const hours = rows.filter(({ kind }) => kind === 'complete').map(({ hour }) => hour);
  return hours.reduce<Hour | null>((last, hour) => (last === null || hour > last ? hour : last), null);
}

interface AnnouncedRow extends ListedRow {
  readonly hour: Hour;
}

async function announcedRows(
  metadata: TableMetadata,
  signalName: string | undefined,
): Promise<AnnouncedRow[] | undefined> {
  const rows = await fewRows(metadata, SIGNAL, LISTED);
  if (rows?.every((row) => SAID.every((name) => row[name] !== null)) !== true) return undefined;
  const announced: AnnouncedRow[] = [];
  const names = [...(rows as readonly ListedRow[]).map((row) => row.signal_name), signalName ?? ''];
  // DuckDB puts letters beyond ASCII into lower case differently.
  if (!names.every((name) => ASCII.test(name))) return undefined;
  for (const row of rows as readonly ListedRow[]) {
    const hour = hourOf(row);
    if (hour === undefined || !isWritable(row.created_at)) return undefined;
    if (signalName === undefined || row.signal_name.toLowerCase() === signalName.toLowerCase())
      announced.push({ ...row, hour });
  }
  return announced;
}

const ASCII = /^[ -~]*$/;

/** Undefined if the numbers are no day or no hour of a day, which no session writes. */
function hourOf({ vtts_utc_dateint: day, vtts_utc_hour: hour }: ListedRow): Hour | undefined {
  const text = `${day}`;
  if (!/^[1-9]\d{7}$/.test(text) || hour < 0 || hour > 23) return undefined;
  const date = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
  const first = parseHour(`${date}T00:00:00Z`);
  // Date turns the 31st of a shorter month into a day of the next month.
  return hourText(first).startsWith(date) ? first + hour : undefined;
}

/** Within one session, the hours that it reopened come after its completeness. */
const newestFirst = (one: ListedRow, other: ListedRow): number => {
  if (one.created_at !== other.created_at) return one.created_at < other.created_at ? 1 : -1;
  return byBytes(other.psyberg_session_id, one.psyberg_session_id) || byBytes(one.kind, other.kind);
};
