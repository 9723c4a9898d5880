/** The table of watermarks. Plan or watermarks + outcome -> rows. Pure. */
import { given } from '../../model/given.ts';
import { hourText, instantText } from '../../model/hour.ts';
import { owedHoursJson } from '../../model/owed-hours.ts';
import type { Plan } from '../../model/plan.ts';
import type { Watermark } from '../../model/session.ts';
import type { WatermarkJson } from '../watermark-json.ts';
import { type RowOf, stateTable } from './state-table.ts';

/** A row is a process and source: how far the source was consumed. */
export const HIGH_WATER_MARK = stateTable({
  filesPerProcess: 1,
  keptStatement: 'state/kept_rows',
  columns: {
    process_name: 'string',
    src_table: 'string',
    table_uuid: 'string',
    snapshot_id: 'long',
    sequence_number: 'long',
    high_water_mark_ts: 'timestamptz',
    previous_snapshot_id: 'long',
    previous_high_water_mark_ts: 'timestamptz',
    owed_hours: 'string',
    psyberg_session_id: 'string',
    updated_at: 'timestamptz',
    newest_hour: 'string',
    total_records: 'long',
    target_table_uuid: 'string',
    complete_to_hour: 'string',
  },
});
export type WatermarkRow = RowOf<typeof HIGH_WATER_MARK>;

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
        owed_hours: owedHoursJson(source.owed_hours),
        newest_hour: source.newest_hour,
        total_records: source.total_records,
        ...given({
          added_records: source.added_records,
          event_time_id: source.event_time_id,
          window_key_id: source.window_key_id,
          schema_id: source.schema_id,
          on_change: source.on_change,
        }),
      },
    ];
  });
}

/** A watermark as the summary of a published snapshot has it. */
export const watermarkJson = (watermark: Watermark): WatermarkJson => ({
  table: watermark.table,
  table_uuid: watermark.tableUuid,
  snapshot_id: String(watermark.snapshotId),
  sequence_number: String(watermark.sequenceNumber),
  committed_at: instantText(watermark.committedAtMs),
  owed_hours: owedHoursJson(watermark.owedHours.map(hourText)),
  newest_hour: watermark.newestHour === undefined ? null : hourText(watermark.newestHour),
  total_records: watermark.totalRecords === undefined ? null : String(watermark.totalRecords),
  ...(watermark.onChange === undefined ? {} : { on_change: watermark.onChange }),
});

/** What the rows of a process share. */
export interface WatermarkOutcome {
  readonly targetTableUuid: string;
  /** ISO text. */
  readonly completeToHour: string | undefined;
  readonly updatedAt: string;
}

/** The rows of a session that was planned. */
export function watermarkRows(plan: Plan, outcome: WatermarkOutcome): WatermarkRow[] {
  const of = { processName: plan.process_name, psybergSessionId: plan.psyberg_session_id, plan, outcome };
  return watermarksJson(plan).map((watermark) => watermarkRow(watermark, of));
}

/**
 * The rows of watermarks that a target's summary holds. `plan`: of the session that set them, where it is
 * known.
 */
export function rowsOfWatermarks(
  watermarks: readonly Watermark[],
  of: {
    readonly processName: string;
    readonly psybergSessionId: string | null;
    readonly plan: Plan | undefined;
    readonly outcome: WatermarkOutcome;
  },
): WatermarkRow[] {
  return watermarks.map((watermark) => watermarkRow(watermarkJson(watermark), of));
}

function watermarkRow(
  watermark: WatermarkJson,
  { processName, psybergSessionId, plan, outcome }: Parameters<typeof rowsOfWatermarks>[1],
): WatermarkRow {
  const before = plan?.sources.find((source) => source.table === watermark.table)?.watermark;
  return {
    process_name: processName,
    src_table: watermark.table,
    table_uuid: watermark.table_uuid,
    snapshot_id: watermark.snapshot_id,
    sequence_number: watermark.sequence_number,
    high_water_mark_ts: watermark.committed_at,
    previous_snapshot_id: before?.snapshot_id ?? null,
    previous_high_water_mark_ts: before?.committed_at ?? null,
    owed_hours: JSON.stringify(watermark.owed_hours),
    psyberg_session_id: psybergSessionId,
    updated_at: outcome.updatedAt,
    newest_hour: watermark.newest_hour ?? null,
    total_records: watermark.total_records ?? null,
    target_table_uuid: outcome.targetTableUuid,
    complete_to_hour: outcome.completeToHour ?? null,
  };
}
