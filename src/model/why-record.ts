/**
 * Defines who made rows of a table, and from what: the output of `psyberg why --json`. Plain JSON, 64-bit
 * numbers and times as text.
 */
export interface WhyRecord {
  readonly table: string;
  readonly rows: readonly WhyRow[];
  /** True if there are more rows than were asked for. */
  readonly has_more: boolean;
  /** Only for an hour without rows: the source that holds it back, or null if none does. */
  readonly held_back_by?: string | null;
  /** Only for an hour without rows: why it has none, in words. */
  readonly because?: string;
  readonly hint?: string | null;
  /** What must be known besides the rows, one sentence each. */
  readonly notes: readonly string[];
}

export interface WhyRow {
  readonly row: Readonly<Record<string, unknown>>;
  /** Start of the hour of its event time; null if it has none. */
  readonly hour: string | null;
  /** Its data file; null if DuckDB does not tell. */
  readonly file: string | null;
  /** Null if no process has recorded that it wrote this row. */
  readonly process_name: string | null;
  readonly psyberg_session_id: string | null;
  readonly published_snapshot_id: string | null;
  readonly published_at: string | null;
  /**
   * All sessions that may have made it, newest first: several if more than one appended rows to its hour, and
   * its file also contains rows of others because files were merged.
   */
  readonly sessions: readonly string[];
  readonly sources: readonly WhySource[];
  readonly audits: readonly { readonly name: string; readonly severity: string }[];
  readonly sql_fingerprint: string | null;
  /** The SQL that ran; null if it was not kept. */
  readonly sql: string | null;
}

export interface WhySource {
  readonly table: string;
  /** The snapshot that the session read. */
  readonly snapshot_id: string;
  /**
   * The hours of the snapshot on which the row's hour depends; null for a lookup, and for a row without an
   * hour.
   */
  readonly first_hour: string | null;
  readonly last_hour: string | null;
  /** Data files of the snapshot that may contain rows of these hours, and that the session read. */
  readonly files: readonly string[];
  /** Why files are not listed; null if they are. */
  readonly files_unknown: string | null;
}
