// What the printed reference pages say of names: exit codes, kinds of errors, columns of the state tables.
import type { EXIT } from '../../src/cli/exit-code.ts';
import type { ErrorKind } from '../../src/model/error-codes.ts';

export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done, or nothing to do',
  failed: 'unexpected failure, or something that psyberg needs is away',
  usage: 'wrong usage, configuration or SQL, or values that the SQL does not take',
  auditFailed: 'a blocking audit failed, a test, or a verification',
  conflict: 'a conflict that retries did not solve',
  refused: 'refused, because going on could lose or double data',
  owed: 'with `--require-complete`: done, but hours are still owed; with `signals --wait-for`: the time is up',
  interrupted: 'interrupted by Ctrl-C',
};

export const KIND_MEANINGS: Readonly<Record<ErrorKind, string>> = {
  usage: 'Something that was written is wrong: an option, the configuration, or SQL. Correct it.',
  audit: 'A blocking audit found bad rows. Look at them.',
  conflict: 'Others committed first. Run again.',
  refused: 'Going on could lose or double data. The hint says which ways there are.',
  unavailable: 'Something that psyberg needs is away or full, or does not have what was asked for.',
  interrupted: 'The command was stopped. Run it again.',
  unexpected: 'Nobody foresaw it. Run it again with `--verbose`, and report it.',
};

/** Variables of the environment, and what they do. */
export const ENVIRONMENT: readonly (readonly [names: string, meaning: string])[] = [
  [
    '`PSYBERG_MEMORY_LIMIT`',
    'Keeps DuckDB below so much memory, such as `2GB`; beyond it works in temporary files.',
  ],
  [
    '`PSYBERG_EXTENSION_DIRECTORY`',
    "The folder of DuckDB's extensions, see [installing](../guides/installing.md).",
  ],
  [
    '`PSYBERG_CATALOG_TOKEN`',
    'Stands for `--token` of `psyberg catalog serve` and `psyberg connect`, which other users of the machine can see.',
  ],
  ['`PSYBERG_RELOCATE_DATABASE`', 'Stands for `--database` of `psyberg relocate`.'],
  ['`PSYBERG_HISTORY`', 'The file in which the prompt of `psyberg sql` keeps what was typed; empty: none.'],
  ['`COLUMNS`', 'The width of text in a pipe or a file; a terminal says its own.'],
  [
    '`NO_COLOR`, `CI`, `TERM=dumb`',
    'No colours; progress in lines and not in one line that is written over (`CI`, `TERM=dumb`).',
  ],
  [
    '`SPARK_REMOTE`, `SPARK_CONNECT_AUTHENTICATE_TOKEN`',
    'Where Spark is, and its token, see [Spark](../guides/spark.md).',
  ],
  [
    '`AWS_…`',
    'Region, endpoint and keys of an object store, see [object stores](../guides/object-stores.md).',
  ],
  [
    '`OPENLINEAGE_…`, `OTEL_…`, `TRACEPARENT`',
    'Lineage and traces, see [watching runs](../guides/observing.md).',
  ],
  ['`NODE_EXTRA_CA_CERTS`', 'Certificates (PEM) to trust beside those of this machine.'],
];

export const TABLES = [
  {
    name: 'high_water_mark_table',
    of: 'HIGH_WATER_MARK',
    intro: 'A row is a process and source: how far the process has consumed the source.',
  },
  { name: 'psyberg_session_f', of: 'SESSION', intro: 'A row is a session and source: what was processed.' },
  {
    name: 'psyberg_signal',
    of: 'SIGNAL',
    intro: 'A row is an announcement: the target is complete up to that hour, or hours of it were reopened.',
  },
  {
    name: 'psyberg_audit_failure',
    of: 'AUDIT_FAILURE',
    intro:
      'A row is a row that an audit found wrong, also when nothing was published. The last 30 sessions or more of a process stay.',
  },
  {
    name: 'psyberg_file_f',
    of: 'FILE',
    intro:
      'A row is a [file](../concepts/files.md) that a session has read, committed with the rows of that file. It is there once a process reads files.',
  },
] as const;

/** By column, or by table and column where two tables differ. */
export const COLUMNS: Readonly<Record<string, string>> = {
  process_name: 'The process.',
  src_table: 'The source.',
  table_uuid: "The source's Iceberg table uuid.",
  snapshot_id: 'Snapshot of the source up to which it was consumed.',
  sequence_number: "That snapshot's sequence number.",
  high_water_mark_ts: "That snapshot's commit time.",
  previous_snapshot_id: 'The same of the session before.',
  previous_high_water_mark_ts: 'The same of the session before.',
  owed_hours:
    'Changed hours that are still to be loaded (JSON); of more than 1,000 those in a row are written as `FROM..TO`, both included.',
  psyberg_session_id: 'The session: a UTC time to the second.',
  updated_at: 'When the row was written.',
  newest_hour: 'The newest hour in which the source had rows.',
  total_records: 'Rows of the source at that snapshot.',
  target_table_uuid: "The target's Iceberg table uuid.",
  complete_to_hour: 'Up to which hour the target has been loaded.',
  etl_pattern_id: '1 stateless, 2 stateful or dimension.',
  pattern: 'The pattern.',
  status: 'What became of the session; also of one that failed or was refused.',
  processing_uris: 'Partitions of the source that were processed (JSON array).',
  from_event_date: 'Day of the first hour of event times that was loaded.',
  from_event_hour: 'Its hour.',
  to_event_date: 'Day of the last such hour.',
  to_event_hour: 'Its hour.',
  from_processing_date: 'Day of the first commit that brought the changes.',
  from_processing_hour: 'Its hour.',
  to_processing_date: 'Day of the last such commit.',
  to_processing_hour: 'Its hour.',
  source_snapshot_id: 'The head of the source that the session read.',
  target_table: 'The target.',
  target_snapshot_id: 'The snapshot that was published.',
  rows_read: 'Rows that the session read.',
  rows_written: 'Rows that it wrote.',
  trigger: 'Why it ran: `changes` of its sources, or a `restate` ([repairing](../guides/repairing.md)).',
  reason: 'What somebody said of the restate.',
  created_at: 'When the row was written.',
  error: 'The error of a session that failed, as JSON.',
  plan: 'The plan of a stepwise session (JSON); of the newest thirty.',
  sql_fingerprint: 'Fingerprint of the SQL by which it ran; null of sessions of earlier releases.',
  hours_written: 'Hours of the target that it wrote (JSON, an array of `[first, last]`).',
  sql: 'The text of the SQL, with the macros and variables that it uses; of the first session that ran it.',
  audits: 'Names and severities of its audits (JSON).',
  new_files: 'Data files of the source that were new to the session.',
  new_bytes: 'Their bytes.',
  files_written: 'Data files that the session added to the target; null of one that did not publish.',
  bytes_written: 'Their bytes.',
  signal_name: 'The target.',
  vtts_utc_dateint:
    'The day of the hour up to which it is complete, or of the first that was reopened, as yyyymmdd.',
  vtts_utc_hour: 'The hour.',
  kind: '`complete`: up to that hour; `reopened`: hours that were announced before have other rows now.',
  hours: 'Of `reopened` the hours (JSON: `[[first, last], …]`, both included); null for `complete`.',
  audit_name: 'The audit.',
  severity: '`block` or `warn`.',
  failing_rows: 'How many rows the audit found.',
  failing_row: 'One of them (JSON).',
  src_files: 'The glob of the source; several are joined by commas.',
  path: 'The file, as the glob writes it.',
  bytes: 'Its size.',
  modified_at: 'When it was last changed.',
  etag: 'Null: DuckDB does not tell it.',
  rows: 'Its rows.',
  session_number:
    'Which session of the process that read files it was, counted from 1; those above the watermark were undone by a rollback of the target.',
  columns: 'The columns by which it was read, and their DuckDB types (JSON).',
};
