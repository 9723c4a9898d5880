/** The table of sessions. Plan + outcome -> rows. Pure. */

import { patternOf } from '../../kinds/patterns/index.ts';
import { tableName } from '../../model/names.ts';
import type { Plan, PlanSource } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { RestateRequest } from '../../model/restate.ts';
import { SUMMARY } from '../summary-keys.ts';
import { type RowOf, stateTable } from './state-table.ts';

/** A row is a session and source: what was processed, for the load step, for analysis and for debugging. */
export const SESSION = stateTable({
  filesPerProcess: 16,
  keptStatement: 'state/kept_sessions',
  columns: {
    process_name: 'string',
    psyberg_session_id: 'string',
    etl_pattern_id: 'int',
    pattern: 'string',
    status: 'string',
    src_table: 'string',
    processing_uris: 'string',
    from_event_date: 'date',
    from_event_hour: 'int',
    to_event_date: 'date',
    to_event_hour: 'int',
    from_processing_date: 'date',
    from_processing_hour: 'int',
    to_processing_date: 'date',
    to_processing_hour: 'int',
    source_snapshot_id: 'long',
    target_table: 'string',
    target_snapshot_id: 'long',
    rows_read: 'long',
    rows_written: 'long',
    created_at: 'timestamptz',
    error: 'string',
    plan: 'string',
  },
  added: {
    trigger: 'string',
    reason: 'string',
    sql_fingerprint: 'string',
    hours_written: 'string',
    sql: 'string',
    audits: 'string',
    new_files: 'long',
    new_bytes: 'long',
    files_written: 'long',
    bytes_written: 'long',
  },
});
export type SessionTableRow = RowOf<typeof SESSION>;

const NO_VALUES = Object.fromEntries(SESSION.columns.map(({ name }) => [name, null])) as SessionTableRow;

export interface SessionOutcome {
  readonly status: string;
  readonly targetSnapshotId: string | null;
  readonly rowsRead: string | null;
  readonly rowsWritten: string | null;
  readonly createdAt: string;
  readonly error: string | null;
  /** The plan as JSON, so that the next step of an orchestrated session can run it in another process. */
  readonly plan: string | null;
  /** What is said of a session that published; null of others. */
  readonly published?: PublishedFacts | null;
}

/** What later readers ask of a session that published, also when its snapshot has expired. */
export interface PublishedFacts {
  /** The hours that it wrote, as its summary has them. */
  readonly hoursWritten: string | null;
  /** Its audits. */
  readonly audits: readonly { readonly name: string; readonly severity: string }[];
  /** The data files that it added, and their bytes, as its summary counts them; null where it does not. */
  readonly filesWritten: string | null;
  readonly bytesWritten: string | null;
}

/** What a session that published is told by, from its summary. */
export const publishedFacts = (
  summary: Readonly<Record<string, string>> = {},
  { audits }: Pick<ProcessSpec, 'audits'>,
): PublishedFacts => ({
  hoursWritten: summary[SUMMARY.hoursWritten] ?? null,
  audits,
  filesWritten: summary['added-data-files'] ?? null,
  bytesWritten: summary['added-files-size'] ?? null,
});

export function sessionRows(plan: Plan, outcome: SessionOutcome): SessionTableRow[] {
  return plan.sources.map((source) => {
    // A range loads the same hours of every source of events; a stateless load has what each source brought.
    const event = hourSpan(plan.range === null || source.lookup === true ? source : plan.range);
    const processing = processingSpan(source);
    return {
      process_name: plan.process_name,
      psyberg_session_id: plan.psyberg_session_id,
      etl_pattern_id: String(plan.etl_pattern_id),
      pattern: plan.pattern,
      status: outcome.status,
      src_table: source.table,
      processing_uris: JSON.stringify(source.processing_uris),
      from_event_date: event.from?.slice(0, 10) ?? null,
      from_event_hour: hourOfDay(event.from),
      to_event_date: event.to?.slice(0, 10) ?? null,
      to_event_hour: hourOfDay(event.to),
      from_processing_date: processing.from?.slice(0, 10) ?? null,
      from_processing_hour: hourOfDay(processing.from),
      to_processing_date: processing.to?.slice(0, 10) ?? null,
      to_processing_hour: hourOfDay(processing.to),
      source_snapshot_id: source.head?.snapshot_id ?? null,
      target_table: plan.target.table,
      target_snapshot_id: outcome.targetSnapshotId,
      rows_read: outcome.rowsRead,
      rows_written: outcome.rowsWritten,
      created_at: outcome.createdAt,
      error: outcome.error,
      plan: outcome.plan,
      trigger: plan.trigger ?? 'changes',
      reason: plan.reason ?? null,
      sql_fingerprint: plan.sql?.fingerprint ?? null,
      hours_written: outcome.published?.hoursWritten ?? null,
      sql: outcome.published == null ? null : (plan.sql?.text ?? null),
      audits:
        outcome.published == null
          ? null
          : JSON.stringify(outcome.published.audits.map(({ name, severity }) => ({ name, severity }))),
      new_files: String(source.files),
      new_bytes: source.bytes,
      files_written: outcome.published?.filesWritten ?? null,
      bytes_written: outcome.published?.bytesWritten ?? null,
    };
  });
}

/** The rows of a session that failed before it was planned: what it would have read is not known. */
export function failedSessionRows(
  spec: ProcessSpec,
  psybergSessionId: string,
  outcome: SessionOutcome,
  restate: Pick<RestateRequest, 'reason'> | undefined,
): SessionTableRow[] {
  return spec.sources.map((source) => ({
    ...NO_VALUES,
    process_name: spec.processName,
    psyberg_session_id: psybergSessionId,
    etl_pattern_id: String(patternOf(spec).etlPatternId),
    pattern: spec.pattern,
    status: outcome.status,
    src_table: tableName(source.table),
    processing_uris: '[]',
    target_table: tableName(spec.target.table),
    created_at: outcome.createdAt,
    error: outcome.error,
    trigger: restate === undefined ? 'changes' : 'restate',
    reason: restate?.reason ?? null,
  }));
}

const hourOfDay = (text: string | undefined): string | null =>
  text === undefined ? null : String(Number(text.slice(11, 13)));
const hourSpan = (range: {
  first_hour: string | null;
  last_hour: string | null;
}): { from?: string; to?: string } =>
  range.first_hour === null || range.last_hour === null
    ? {}
    : { from: range.first_hour, to: range.last_hour };

/** Processing time is when the counted changes were committed. */
function processingSpan(source: PlanSource): { from?: string; to?: string } {
  const times = source.changes
    .filter((change) => change.counted)
    .map((change) => change.committed_at)
    .sort();
  const [from] = times;
  const to = times.at(-1);
  return from === undefined || to === undefined ? {} : { from, to };
}
