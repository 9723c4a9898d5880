/**
 * Declares what `psyberg report` knows: the one value from which its JSON and its page are rendered. Plain
 * JSON, made by `src/inspect/report`. Hours are the texts of their starts (UTC), ranges include both ends,
 * 64-bit numbers are texts; other counts are numbers.
 */
import type { ErrorJson } from '../../model/errors.ts';
import type { MaintainRecord } from '../../model/maintain-record.ts';
import type { Pattern } from '../../model/process-spec.ts';
import type { StageSeconds } from '../../model/run-record.ts';
import type { HistoryRow, ProcessStatus } from '../status.ts';
import type { TableRow } from '../tables.ts';

export interface WarehouseReport {
  readonly report_version: 1;
  readonly project: string;
  readonly made_at: string;
  /** Sessions and landings before this time are left out; null: none are. */
  readonly since: string | null;
  /** In dependency order. */
  readonly processes: readonly ReportedProcess[];
  /** Tables that no process writes come first. */
  readonly sources: readonly ReportedSource[];
  /** The objects of `history --json`, newest first. */
  readonly sessions: readonly HistoryRow[];
  /** Number of older sessions that were left out, by `since` or because there are very many. */
  readonly older_sessions: number;
  readonly tables: readonly ReportedTable[];
  /** What could not be read; everything else is there. */
  readonly problems: readonly UnreadPart[];
}

export interface UnreadPart {
  /** A table, a process, or a part of the report. */
  readonly subject: string;
  readonly error: ErrorJson;
}

export interface ReportedProcess {
  readonly process_name: string;
  readonly pattern: Pattern;
  /** Path relative to the project's folder. */
  readonly file: string;
  readonly sql: string;
  readonly target: string;
  /** The column by which the target's hours are counted; null: it has none. */
  readonly event_time: string | null;
  readonly sources: readonly ReportedEdge[];
  readonly audits: readonly { readonly name: string; readonly kind: string; readonly severity: string }[];
  /** The object of `status --json`; null if it could not be read. */
  readonly status: ProcessStatus | null;
  /** Hours that wait, of all sources. */
  readonly owed_hours: readonly string[];
  /** If hours are owed: the source that is complete up to the earliest known hour; else null. */
  readonly held_back_by: { readonly source: string; readonly complete_to_hour: string | null } | null;
  /** What audits found, in the newest session in which any found something. */
  readonly failing_audits: readonly FailingAudit[];
  /** The target's columns; none while it does not exist. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly required: boolean }[];
  /** The newest published ones, oldest first. */
  readonly writes: readonly SessionWrites[];
  /** Null if nothing can be said about it: no event times, or no sessions. */
  readonly savings: Savings | null;
  /**
   * How long the stages of sessions took, up to their commit, oldest first. Only sessions whose snapshot the
   * target still has, and that ran as a whole.
   */
  readonly stages: readonly SessionStages[];
}

export interface SessionStages extends StageSeconds {
  readonly psyberg_session_id: string;
}

export interface ReportedEdge {
  readonly table: string;
  readonly event_time: string | null;
  readonly kind: 'events' | 'lookup' | 'files';
}

export interface FailingAudit {
  readonly audit_name: string;
  readonly severity: string;
  readonly failing_rows: string | null;
  readonly psyberg_session_id: string;
  /** True if no later session of the process has published. */
  readonly is_current: boolean;
  readonly sample: readonly string[];
}

/** Hours that a session wrote, and whether they had been written before. */
export interface WrittenHours {
  readonly first_hour: string;
  readonly last_hour: string;
  /**
   * `written`: no session in the report wrote them before · `rewritten`: one did, and its rows were replaced
   * · `restated`: the same, since somebody asked for it · `added`: one did, and rows were added · `within`:
   * the session wrote some of these hours; which ones is not known.
   */
  readonly change: 'written' | 'rewritten' | 'restated' | 'added' | 'within';
}

export interface SessionWrites {
  readonly psyberg_session_id: string;
  readonly opened_at: string;
  readonly rows_written: string | null;
  /** As in `history --json`. */
  readonly trigger: HistoryRow['trigger'];
  readonly reason: string | null;
  readonly hours: readonly WrittenHours[];
  /** The hours that had been announced as complete before: first and last of each stretch. */
  readonly reopened: readonly (readonly [first: string, last: string])[];
  /**
   * How its hours are known: from the session's `record`; or, for sessions of earlier releases, whose record
   * names no hours, from `partitions` of the source that were processed, from `files` of the target that the
   * session added and that still live, or only as a `range` from the first to the last hour.
   */
  readonly known_from: 'record' | 'partitions' | 'files' | 'range';
  /** What each source brought. */
  readonly causes: readonly {
    readonly source: string;
    /** Number of the source's partitions, and the first of them as text. */
    readonly partitions: number;
    readonly first_partitions: readonly string[];
    /** Number of its new files; null for sessions of earlier releases. */
    readonly files: number | null;
  }[];
}

/** Compares what sessions read with what sessions with a fixed lookback would have read. */
export interface Savings {
  /** The published sessions whose hours are shown, except for the first one, which reads everything. */
  readonly sessions: number;
  readonly rows_read: number;
  /** Counted as for the lookbacks: rows that still exist, each with its share of its file. */
  readonly bytes_read: number;
  /**
   * For so many hours back from each session's newest hour. `rows_read`, `bytes_read`: rows of those hours
   * that existed when the session ran and still do. `missed_rows`: rows of earlier hours that came since the
   * session before; they lie in `missed_hours` hours, added up over the sessions.
   */
  readonly lookbacks: readonly {
    readonly lookback_hours: number;
    readonly rows_read: number;
    readonly bytes_read: number;
    readonly missed_rows: number;
    readonly missed_hours: number;
  }[];
}

/** How late the rows of a table came. */
export interface ReportedSource {
  readonly table: string;
  readonly event_time: string;
  /** The process that writes the table; null: none of the project. */
  readonly made_by: string | null;
  readonly read_by: readonly string[];
  /**
   * When rows landed: by `commits` of the snapshots that added their files, or by `partitions`, if the
   * table's partitioning tells it.
   */
  readonly landed_by: 'commits' | 'partitions';
  /** The columns or partition fields that tell it. */
  readonly landed_fields: readonly string[];
  /**
   * True if most rows were committed long after their hours: the table was filled from history, and the
   * numbers below do not tell how late rows come.
   */
  readonly filled_from_history: boolean;
  readonly rows: RowsOfSource;
  /** Hours from event to landing; null if no row's landing is known. */
  readonly delay_hours: {
    readonly p50: number;
    readonly p90: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  } | null;
  readonly late_rows: number;
  readonly lookbacks: readonly MissedRows[];
  /** Rows by event hour and hour of landing, ascending. */
  readonly cells: readonly LandedRows[];
}

/** The live rows on which the numbers of a source are based. */
export interface RowsOfSource {
  readonly total: number;
  /** Rows in files whose metadata name a single event hour. */
  readonly in_one_hour: number;
  /** Rows in files of several hours whose event-time column was read. */
  readonly counted: number;
  /** Rows in files of several hours that were not read: spread evenly over the hours of their bounds. */
  readonly spread: number;
  /** Rows without an event hour: NULL, or in files without bounds. */
  readonly without_hour: number;
  /** Rows whose landing is not known: their files were compacted since, or their snapshot is expired. */
  readonly without_landing: number;
}

/** Rows that sessions which always go back so many hours would never have read. */
export interface MissedRows {
  readonly lookback_hours: number;
  readonly rows: number;
  /** The same if spread rows lie as favourably, or as unfavourably, as their bounds allow. */
  readonly at_least: number;
  readonly at_most: number;
}

export interface LandedRows {
  readonly event_hour: string;
  readonly landed_hour: string;
  readonly rows: number;
}

/** A row of `tables --json` without its newest hour. */
export interface ReportedTable extends Omit<TableRow, 'newest_hour'> {
  readonly format_version: number | null;
  readonly snapshots: number | null;
  readonly last_commit_at: string | null;
  /** Number of live data files, from the newest snapshot's summary; null if it does not tell. */
  readonly files: string | null;
  readonly partitioned_by: readonly string[];
  /** What `psyberg maintain --dry-run` says about it, without orphans; null if that was not asked for. */
  readonly maintenance: ReportedMaintenance | null;
}

export type ReportedMaintenance = Pick<
  MaintainRecord,
  'status' | 'compacted' | 'manifests' | 'expired' | 'freed' | 'notes' | 'error'
>;
