/**
 * The tables of the engine's own state, as Iceberg schemas. Columns may be added at the end, never renamed:
 * others read them.
 */

import type { StatementName } from '../statements/index.ts';

type KeptStatement = Extract<StatementName, `state/kept_${string}`>;

export interface StateColumn {
  readonly name: string;
  readonly type: string;
}

export interface StateTable {
  readonly rowsStatement: Exclude<Extract<StatementName, `state/${string}_rows`>, KeptStatement>;
  readonly columns: readonly StateColumn[];
  /** Live files of one process after which they are folded into one: 1 keeps a single file. Not measured. */
  readonly filesPerProcess: number;
  /** What is kept of files that give way. */
  readonly keptStatement: KeptStatement;
}

const columns = (text: string): StateColumn[] =>
  text
    .trim()
    .split(/\s*\n\s*/)
    .map((line) => {
      const [name, type] = line.split(' ') as [string, string];
      return { name, type };
    });

/** A row is a process and source: how far the source was consumed. */
export const HIGH_WATER_MARK: StateTable = {
  rowsStatement: 'state/high_water_mark_rows',
  filesPerProcess: 1,
  keptStatement: 'state/kept_rows',
  columns: columns(`
    process_name string
    src_table string
    table_uuid string
    snapshot_id long
    sequence_number long
    high_water_mark_ts timestamptz
    previous_snapshot_id long
    previous_high_water_mark_ts timestamptz
    owed_hours string
    psyberg_session_id string
    updated_at timestamptz
    newest_hour string
    total_records long
    target_table_uuid string
    complete_to_hour string`),
};

/** A row is a session and source: what was processed, for the load step, for analysis and for debugging. */
export const SESSION: StateTable = {
  rowsStatement: 'state/session_rows',
  filesPerProcess: 16,
  keptStatement: 'state/kept_sessions',
  columns: columns(`
    process_name string
    psyberg_session_id string
    etl_pattern_id int
    pattern string
    status string
    src_table string
    processing_uris string
    from_event_date date
    from_event_hour int
    to_event_date date
    to_event_hour int
    from_processing_date date
    from_processing_hour int
    to_processing_date date
    to_processing_hour int
    source_snapshot_id long
    target_table string
    target_snapshot_id long
    rows_read long
    rows_written long
    created_at timestamptz
    error string
    plan string`),
};

/** A row is an announcement: the target is complete up to that hour. */
export const SIGNAL: StateTable = {
  rowsStatement: 'state/signal_rows',
  filesPerProcess: 16,
  keptStatement: 'state/kept_rows',
  columns: columns(`
    process_name string
    signal_name string
    vtts_utc_dateint int
    vtts_utc_hour int
    kind string
    psyberg_session_id string
    created_at timestamptz`),
};

/** A row is a row that an audit found wrong, as JSON text. Of each process the newest sessions stay. */
export const AUDIT_FAILURE: StateTable = {
  rowsStatement: 'state/audit_failure_rows',
  filesPerProcess: 16,
  keptStatement: 'state/kept_failures',
  columns: columns(`
    process_name string
    psyberg_session_id string
    audit_name string
    severity string
    target_table string
    failing_rows long
    failing_row string
    created_at timestamptz`),
};
