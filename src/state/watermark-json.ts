/** Reads watermarks from the summary of a snapshot. JSON -> Watermark. Pure. */
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { given } from '../model/given.ts';
import { parseHour } from '../model/hour.ts';
import { parseOwedHours } from '../model/owed-hours.ts';
import type { OnLookupChange } from '../model/process-spec.ts';
import type { Watermark } from '../model/session.ts';

/** A watermark as the summary holds it; hours as ISO texts, 64-bit numbers as text. */
export interface WatermarkJson {
  readonly table: string;
  readonly table_uuid: string;
  readonly snapshot_id: string;
  readonly sequence_number: string;
  readonly committed_at: string;
  /** As {@link owedHoursJson} writes them. */
  readonly owed_hours: readonly string[];
  readonly newest_hour?: string | null;
  readonly total_records?: string | null;
  readonly added_records?: string | null;
  readonly event_time_id?: number | null;
  readonly window_key_id?: number | null;
  readonly schema_id?: number | null;
  /** Of a lookup: with `restate` every hour of the target is of this state of it. */
  readonly on_change?: OnLookupChange | null;
}

/** The watermarks of a summary. Throws `watermark-unreadable`. */
export function parseWatermarks(text: string, snapshot: Snapshot): Watermark[] {
  try {
    return (JSON.parse(text) as WatermarkJson[]).map(watermarkOf);
  } catch (error) {
    throw unreadableWatermarks(snapshot, error);
  }
}

/** What to do about a summary that cannot be parsed. */
export const unreadableWatermarks = (snapshot: Snapshot, error: unknown): Error =>
  refusal(
    'watermark-unreadable',
    `the watermarks in snapshot ${snapshot['snapshot-id']} are not readable: ${(error as Error).message}`,
    {
      hint: 'roll the target back to the snapshot before it; the next run then continues from there',
      cause: error,
    },
  );

/** A watermark as a value. */
export const watermarkOf = (json: WatermarkJson): Watermark => ({
  table: json.table,
  tableUuid: json.table_uuid,
  snapshotId: BigInt(json.snapshot_id),
  sequenceNumber: BigInt(json.sequence_number),
  committedAtMs: Date.parse(json.committed_at),
  owedHours: parseOwedHours(json.owed_hours),
  ...given({
    newestHour: json.newest_hour == null ? undefined : parseHour(json.newest_hour),
    totalRecords: countOf(json.total_records),
    addedRecords: countOf(json.added_records),
    eventTimeId: json.event_time_id ?? undefined,
    windowKeyId: json.window_key_id ?? undefined,
    schemaId: json.schema_id ?? undefined,
    onChange: json.on_change ?? undefined,
  }),
});

const countOf = (text: string | null | undefined): bigint | undefined =>
  text == null ? undefined : BigInt(text);
