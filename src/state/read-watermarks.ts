/**
 * How far a process has come. Target metadata -> watermarks. The summary of the last published snapshot is the source of truth:
 * data and watermark are one commit there. `high_water_mark_table` is the second copy, for a target whose history was expired.
 */
import type { Engine } from '../engine/index.ts';
import { ancestors, mainSnapshot } from '../iceberg/history.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { type Hour, parseHour } from '../model/hour.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import type { Watermark } from '../model/session.ts';
import { renderStatement, tableFragment } from '../statements/index.ts';

/** Keys of a published snapshot's summary. */
export const SUMMARY = {
  processName: 'psyberg.process-name',
  sessionId: 'psyberg.session-id',
  watermarks: 'psyberg.high-water-marks',
  completeToHour: 'psyberg.complete-to-hour',
} as const;

/** What a target says of a process: the watermark of each source, and the last hour it has computed. */
export interface ProcessProgress {
  readonly watermarks: readonly Watermark[];
  readonly completeToHour?: Hour;
  /** The session that published it. */
  readonly psybergSessionId?: string;
}

/** A watermark as the summary holds it; hours as ISO texts, 64-bit numbers as text. */
export interface WatermarkJson {
  readonly table: string;
  readonly table_uuid: string;
  readonly snapshot_id: string;
  readonly sequence_number: string;
  readonly committed_at: string;
  readonly owed_hours: readonly string[];
  readonly newest_hour?: string | null;
  readonly total_records?: string | null;
}

/** The progress of the newest snapshot in `main`'s history that the process published; undefined when there is none. */
export function progressInSummary(metadata: TableMetadata, processName: string): ProcessProgress | undefined {
  for (const snapshot of ancestors(metadata, mainSnapshot(metadata))) {
    const summary = snapshot.summary ?? {};
    const text = summary[SUMMARY.watermarks];
    if (summary[SUMMARY.processName] !== processName || text === undefined) continue;
    const completeTo = summary[SUMMARY.completeToHour];
    return {
      watermarks: parseWatermarks(text, `snapshot ${snapshot['snapshot-id']}`),
      ...(completeTo === undefined ? {} : { completeToHour: parseHour(completeTo) }),
      ...(summary[SUMMARY.sessionId] === undefined ? {} : { psybergSessionId: summary[SUMMARY.sessionId] }),
    };
  }
  return undefined;
}

function parseWatermarks(text: string, where: string): Watermark[] {
  try {
    return (JSON.parse(text) as WatermarkJson[]).map(watermarkOf);
  } catch (error) {
    throw refusal('watermark-unreadable', `the watermarks in ${where} are not readable: ${(error as Error).message}`, {
      hint: 'roll the target back to the snapshot before it; the next run then continues from there',
      cause: error,
    });
  }
}

const watermarkOf = (json: WatermarkJson): Watermark => ({
  table: json.table,
  tableUuid: json.table_uuid,
  snapshotId: BigInt(json.snapshot_id),
  sequenceNumber: BigInt(json.sequence_number),
  committedAtMs: Date.parse(json.committed_at),
  owedHours: json.owed_hours.map(parseHour),
  ...(json.newest_hour == null ? {} : { newestHour: parseHour(json.newest_hour) }),
  ...(json.total_records == null ? {} : { totalRecords: BigInt(json.total_records) }),
});

/**
 * The second copy, read when the target has snapshots but none of the process: its history was expired. Undefined when there is no row.
 * Throws `target-replaced` when the rows belong to another table of the same name: continuing from them would skip data.
 */
export async function progressInTable(
  engine: Engine,
  options: { readonly highWaterMarkTable: TableIdentifier; readonly processName: string; readonly target: TableMetadata; readonly targetName: string },
): Promise<ProcessProgress | undefined> {
  const rows = await engine.query<WatermarkJson & { target_table_uuid: string | null; owed: string | null; complete_to_hour: string | null } & Record<string, unknown>>({
    sql: renderStatement('state/watermarks_of_process', { high_water_mark_table: tableFragment('lake', options.highWaterMarkTable) }),
    parameters: { process_name: options.processName },
  });
  if (rows.length === 0) return undefined;
  const strange = rows.find((row) => row.target_table_uuid !== null && row.target_table_uuid !== options.target['table-uuid']);
  if (strange !== undefined)
    throw refusal(
      'target-replaced',
      `${tableName(options.highWaterMarkTable)} holds watermarks of ${options.processName} for another table named ${options.targetName} (uuid ${strange.target_table_uuid}); the one there now has uuid ${options.target['table-uuid']}`,
      {
        hint: `delete the rows of process_name '${options.processName}' from ${tableName(options.highWaterMarkTable)} to load the new table from the beginning`,
      },
    );
  const completeTo = rows.find((row) => row.complete_to_hour !== null)?.complete_to_hour;
  return {
    watermarks: rows.map((row) => watermarkOf({ ...row, owed_hours: JSON.parse(row.owed ?? '[]') as string[] })),
    ...(completeTo == null ? {} : { completeToHour: parseHour(completeTo) }),
  };
}
