/** Collects what sessions took and moved. HistoryRow[], SessionStages[] -> runs. Pure. */
import { timeOfSessionId } from '../../model/hour.ts';
import type { HistoryRow } from '../status.ts';
import type { SessionStages } from './report-document.ts';

export interface SessionRun {
  readonly openedMs: number;
  /**
   * The sum of its stages. If these are not known, the time from opening to its record: a session's id names
   * the second in which it was opened, so that may be up to one second too long. Undefined if both come from
   * different clocks.
   */
  readonly seconds: number | undefined;
  readonly stages: SessionStages | undefined;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  /** Files of its sources that were new to it. */
  readonly newFiles: number;
  readonly newBytes: number;
  readonly filesWritten: number;
  readonly bytesWritten: number;
  readonly status: string;
}

/** A session that took longer had been stopped, and was recorded later. */
const SECONDS_MAX = 7 * 86_400;

/** Oldest first. `stages`: those of the same process. */
export function sessionRuns(
  sessions: readonly HistoryRow[],
  stages: readonly SessionStages[] = [],
): SessionRun[] {
  const known = new Map(stages.map((each) => [each.psyberg_session_id, each]));
  return sessions
    .map((row) => runOf(row, known.get(row.psyberg_session_id)))
    .filter(({ openedMs }) => Number.isFinite(openedMs))
    .toSorted((left, right) => left.openedMs - right.openedMs);
}

function runOf(row: HistoryRow, stages: SessionStages | undefined): SessionRun {
  const openedMs = Date.parse(timeOfSessionId(row.psyberg_session_id));
  const recorded = (Date.parse(row.created_at) - openedMs) / 1000;
  const isOneClock = recorded >= 0 && recorded < SECONDS_MAX;
  return {
    openedMs,
    seconds: stages === undefined ? (isOneClock ? recorded : undefined) : stagesSeconds(stages),
    stages,
    rowsRead: Number(row.rows_read ?? 0),
    rowsWritten: Number(row.rows_written ?? 0),
    newFiles: Number(row.new_files ?? 0),
    newBytes: Number(row.new_bytes ?? 0),
    filesWritten: Number(row.files_written ?? 0),
    bytesWritten: Number(row.bytes_written ?? 0),
    status: row.status,
  };
}

/** The stages in order. */
export const STAGES = ['init', 'load', 'audit', 'publish'] as const;

const stagesSeconds = (stages: SessionStages): number =>
  STAGES.reduce((sum, stage) => sum + stages[stage], 0);

/** The middle one; undefined if there are none. */
export function medianOf(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
