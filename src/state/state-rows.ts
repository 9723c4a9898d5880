/** The rows that a session leaves in the state tables. Plan + outcome -> rows. Pure. */
import { tableName } from '../model/names.ts';
import type { Plan, PlanSource } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { SESSION } from './state-tables.ts';
import type { StateRow } from './write-state.ts';
import type { WatermarkJson } from './read-watermarks.ts';

/**
 * The watermarks that a published session sets: the newest source snapshot seen at init, and what stays owed.
 */
export function watermarksJson(plan: Plan): WatermarkJson[] {
  return plan.sources.flatMap((source) => {
    const position = source.head ?? source.watermark;
    if (position === null) return [];
    return [
      {
        table: source.table,
        ...position,
        owed_hours: source.owed_hours,
        newest_hour: source.newest_hour,
        total_records: source.total_records,
        ...(source.added_records === undefined ? {} : { added_records: source.added_records }),
        ...(source.event_time_id === undefined ? {} : { event_time_id: source.event_time_id }),
      },
    ];
  });
}

export function watermarkRows(
  plan: Plan,
  options: {
    readonly targetTableUuid: string;
    readonly completeToHour: string | undefined;
    readonly updatedAt: string;
  },
): StateRow[] {
  return watermarksJson(plan).map((watermark) => {
    const before = plan.sources.find((source) => source.table === watermark.table)?.watermark;
    return {
      process_name: plan.process_name,
      src_table: watermark.table,
      table_uuid: watermark.table_uuid,
      snapshot_id: watermark.snapshot_id,
      sequence_number: watermark.sequence_number,
      high_water_mark_ts: watermark.committed_at,
      previous_snapshot_id: before?.snapshot_id ?? null,
      previous_high_water_mark_ts: before?.committed_at ?? null,
      owed_hours: JSON.stringify(watermark.owed_hours),
      psyberg_session_id: plan.psyberg_session_id,
      updated_at: options.updatedAt,
      newest_hour: watermark.newest_hour ?? null,
      total_records: watermark.total_records ?? null,
      target_table_uuid: options.targetTableUuid,
      complete_to_hour: options.completeToHour ?? null,
    };
  });
}

export interface SessionOutcome {
  readonly status: string;
  readonly targetSnapshotId: string | null;
  readonly rowsRead: string | null;
  readonly rowsWritten: string | null;
  readonly createdAt: string;
  readonly error: string | null;
  /** The plan as JSON, so that the next step of an orchestrated session can run it in another process. */
  readonly plan: string | null;
}

export function sessionRows(plan: Plan, outcome: SessionOutcome): StateRow[] {
  return plan.sources.map((source) => {
    // A range loads the same hours of every source; a stateless load has only what each source brought.
    const event = hourSpan(plan.range === null ? source : plan.range);
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
    };
  });
}

/** The rows of a session that failed before it was planned: what it would have read is not known. */
export function failedSessionRows(
  spec: ProcessSpec,
  psybergSessionId: string,
  outcome: SessionOutcome,
): StateRow[] {
  const none = Object.fromEntries(SESSION.columns.map((column) => [column.name, null]));
  return spec.sources.map((source) => ({
    ...none,
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

/** The announcement that the target is complete up to `hour`, or none when it was announced before. */
export function signalRows(
  plan: Plan,
  options: { readonly completeToHour: string | undefined; readonly createdAt: string },
): StateRow[] {
  const { completeToHour } = options;
  if (completeToHour === undefined || completeToHour === plan.target.complete_to_hour) return [];
  return [
    signalRow({
      processName: plan.process_name,
      target: plan.target.table,
      psybergSessionId: plan.psyberg_session_id,
      completeToHour,
      createdAt: options.createdAt,
    }),
  ];
}

/** `completeToHour`: as an ISO text, included. */
export function signalRow(signal: {
  readonly processName: string;
  readonly target: string;
  readonly psybergSessionId: string;
  readonly completeToHour: string;
  readonly createdAt: string;
}): StateRow {
  return {
    process_name: signal.processName,
    signal_name: signal.target,
    vtts_utc_dateint: signal.completeToHour.slice(0, 10).replaceAll('-', ''),
    vtts_utc_hour: hourOfDay(signal.completeToHour),
    kind: 'complete',
    psyberg_session_id: signal.psybergSessionId,
    created_at: signal.createdAt,
  };
}
