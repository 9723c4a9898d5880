/**
 * What `psyberg report` knows: the one value from which its JSON and its page are rendered. Plain JSON, made
 * by `src/inspect/report`. Hours are the texts of their starts (UTC), ranges include both ends, 64-bit
 * numbers are texts; other counts are numbers.
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
  /** Sessions and landings before it are left out; null: none are. */
  readonly since: string | null;
  /** In dependency order. */
  readonly processes: readonly ReportedProcess[];
  /** Tables that no process makes come first. */
  readonly sources: readonly ReportedSource[];
  /** The objects of `history --json`, newest first. */
  readonly sessions: readonly HistoryRow[];
  /** Sessions that are older than those, and were left out: by `since`, or since there are very many. */
  readonly older_sessions: number;
  readonly tables: readonly ReportedTable[];
  /** What could not be read; all else is there. */
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
  /** As from the project's folder. */
  readonly file: string;
  readonly sql: string;
  readonly target: string;
  /** What the target's hours are counted by; null: it has none. */
  readonly event_time: string | null;
  readonly sources: readonly ReportedEdge[];
  readonly audits: readonly { readonly name: string; readonly kind: string; readonly severity: string }[];
  /** The object of `status --json`; null where it could not be read. */
  readonly status: ProcessStatus | null;
  /** Hours of any source that wait. */
  readonly owed_hours: readonly string[];
  /** Where hours are owed: the source that is complete to the earliest hour that is known; else null. */
  readonly held_back_by: { readonly source: string; readonly complete_to_hour: string | null } | null;
  /** What audits found in the newest session in which one found something. */
  readonly failing_audits: readonly FailingAudit[];
  /** Of the target; none while it does not exist. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly required: boolean }[];
  /** The newest published ones, oldest first. */
  readonly writes: readonly SessionWrites[];
  /** Null where nothing can be said of it: no event times, or no sessions. */
  readonly savings: Savings | null;
  /**
   * How long the stages of sessions took, up to their commit, oldest first: of those whose snapshot the
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
  /** True when no later session of the process has published. */
  readonly is_current: boolean;
  readonly sample: readonly string[];
}

/** Hours that a session wrote, and what they are to it. */
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
  /** Of its hours those that had been announced as complete before: first and last of each stretch. */
  readonly reopened: readonly (readonly [first: string, last: string])[];
  /**
   * What its hours are known from: the session's `record`; or, of sessions of earlier releases, whose record
   * names no hours, `partitions` of the source that were processed, `files` of the target that the session
   * added and that still live, or `range`: the first and the last hour alone.
   */
  readonly known_from: 'record' | 'partitions' | 'files' | 'range';
  /** What each source brought. */
  readonly causes: readonly {
    readonly source: string;
    /** Partitions of the source, the first of them as text. */
    readonly partitions: number;
    readonly first_partitions: readonly string[];
    /** Its new files; null of sessions of earlier releases. */
    readonly files: number | null;
  }[];
}

/** What the sessions read, and what such with a fixed lookback would have read in their place. */
export interface Savings {
  /** The published sessions whose hours are shown, but the first of them: it begins. */
  readonly sessions: number;
  readonly rows_read: number;
  /** As those of the lookbacks are counted: rows that are still there, each with its share of its file. */
  readonly bytes_read: number;
  /**
   * From each session's newest hour so many hours back. `rows_read`, `bytes_read`: rows of those hours that
   * were there when the session ran and still are. `missed_rows`: rows that came since the session before, of
   * earlier hours; they lie in `missed_hours` hours, one session counted after the other.
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
  /** The process that makes it; null: none of the project. */
  readonly made_by: string | null;
  readonly read_by: readonly string[];
  /**
   * When rows landed: `commits` of the snapshots that added their files, or `partitions`: what the table is
   * partitioned by says it.
   */
  readonly landed_by: 'commits' | 'partitions';
  /** The columns or partition fields that say it. */
  readonly landed_fields: readonly string[];
  /**
   * Most rows were committed long after their hours: the table was filled from history, and what follows says
   * nothing about how late rows come.
   */
  readonly filled_from_history: boolean;
  readonly rows: RowsOfSource;
  /** Hours from event to landing; null without a row whose landing is known. */
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

/** What the numbers of a source rest on: its live rows. */
export interface RowsOfSource {
  readonly total: number;
  /** In files whose metadata name one event hour. */
  readonly in_one_hour: number;
  /** In files of several hours whose column of event times was read. */
  readonly counted: number;
  /** In files of several hours that were not read: spread evenly over the hours of their bounds. */
  readonly spread: number;
  /** Without an event hour: NULL, or files without bounds. */
  readonly without_hour: number;
  /** Whose landing is not known: their files were put together since, or their snapshot is expired. */
  readonly without_landing: number;
}

/** Rows that a session which always goes back so many hours would never have read. */
export interface MissedRows {
  readonly lookback_hours: number;
  readonly rows: number;
  /** The same where rows that were spread lie as favourably, and as unfavourably, as bounds allow. */
  readonly at_least: number;
  readonly at_most: number;
}

export interface LandedRows {
  readonly event_hour: string;
  readonly landed_hour: string;
  readonly rows: number;
}

/** A row of `tables --json`, less its newest hour. */
export interface ReportedTable extends Omit<TableRow, 'newest_hour'> {
  readonly format_version: number | null;
  readonly snapshots: number | null;
  readonly last_commit_at: string | null;
  /** Live data files, as the newest snapshot's summary says; null where it does not. */
  readonly files: string | null;
  readonly partitioned_by: readonly string[];
  /** What `psyberg maintain --dry-run` says of it, but for orphans; null where it was not asked. */
  readonly maintenance: ReportedMaintenance | null;
}

export type ReportedMaintenance = Pick<
  MaintainRecord,
  'status' | 'compacted' | 'manifests' | 'expired' | 'freed' | 'notes' | 'error'
>;
