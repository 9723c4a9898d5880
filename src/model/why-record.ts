/**
 * Who made rows of a table, and from what: what `psyberg why --json` prints. Plain JSON, 64-bit numbers and
 * times as text.
 */
export interface WhyRecord {
  readonly table: string;
  readonly rows: readonly WhyRow[];
  /** True where more rows are there than were asked for. */
  readonly has_more: boolean;
  /** Only of an hour without rows: the source that holds it back, or null where none does. */
  readonly held_back_by?: string | null;
  /** Only of an hour without rows: why it has none, in words. */
  readonly because?: string;
  readonly hint?: string | null;
  /** What has to be known beside the rows, a sentence each. */
  readonly notes: readonly string[];
}

export interface WhyRow {
  readonly row: Readonly<Record<string, unknown>>;
  /** Start of the hour of its event time; null where it has none. */
  readonly hour: string | null;
  /** Its data file; null where DuckDB does not say it. */
  readonly file: string | null;
  /** Null where nobody has noted that it wrote this row. */
  readonly process_name: string | null;
  readonly psyberg_session_id: string | null;
  readonly published_snapshot_id: string | null;
  readonly published_at: string | null;
  /**
   * All sessions that may have made it, newest first: several where rows were appended to its hour by more
   * than one, and its file holds rows of others too, since files were put together.
   */
  readonly sessions: readonly string[];
  readonly sources: readonly WhySource[];
  readonly audits: readonly { readonly name: string; readonly severity: string }[];
  readonly sql_fingerprint: string | null;
  /** The SQL as it ran; null where it was not kept. */
  readonly sql: string | null;
}

export interface WhySource {
  readonly table: string;
  /** The snapshot that the session read. */
  readonly snapshot_id: string;
  /** The hours of it on which the row's hour depends; null of a lookup, and of a row without an hour. */
  readonly first_hour: string | null;
  readonly last_hour: string | null;
  /** Data files of the snapshot that may hold rows of these hours, and that the session read. */
  readonly files: readonly string[];
  /** Why files are not listed; null where they are. */
  readonly files_unknown: string | null;
}
