/**
 * Brings `high_water_mark_table` in line with the target's summary, which is the truth. Target metadata +
 * rows -> rows, when they differ.
 */
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { hourText, instantText } from '../../model/hour.ts';
import { tableName } from '../../model/names.ts';
import type { Plan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { Watermark } from '../../model/session.ts';
import { type ProcessProgress, progressInTable } from '../../state/read-watermarks.ts';
import { refuseContradiction } from '../../state/refuse-contradiction.ts';
import { HIGH_WATER_MARK } from '../../state/state-tables.ts';
import { commitStateChange, ensureStateTable, type StateRow } from '../../state/write-state.ts';
import type { RunPorts } from '../ports.ts';

interface Repaired {
  readonly spec: ProcessSpec;
  readonly target: TableMetadata;
  readonly progress: ProcessProgress;
  /** Of the session that the summary names, when it is known. */
  readonly plan: Plan | undefined;
}

/** True when rows were missing or behind and are right now. */
export async function repairWatermarkTable(
  ports: RunPorts,
  { spec, target, progress, plan }: Repaired,
): Promise<boolean> {
  const { highWaterMarkTable } = ports.project.tables;
  await refuseContradiction({
    ...ports,
    highWaterMarkTable,
    processName: spec.processName,
    target: spec.target.table,
  });
  const metadata = await ensureStateTable(ports.catalog, highWaterMarkTable, HIGH_WATER_MARK);
  const found =
    metadata['current-snapshot-id'] === undefined
      ? undefined
      : await progressInTable(ports.engine, {
          highWaterMarkTable,
          processName: spec.processName,
          target,
          targetName: tableName(spec.target.table),
        });
  if (found !== undefined && sameWatermarks(found.watermarks, progress.watermarks)) return false;
  const rows = progress.watermarks.map((watermark) => rowOf(watermark, { spec, target, progress, plan }));
  await commitStateChange(ports, metadata, {
    table: highWaterMarkTable,
    definition: HIGH_WATER_MARK,
    processName: spec.processName,
    psybergSessionId: progress.psybergSessionId ?? '',
    rows,
    replacesSession: false,
  });
  return true;
}

const keyOf = (watermark: Watermark): string =>
  [watermark.table.toLowerCase(), watermark.tableUuid, watermark.snapshotId, watermark.owedHours.join()].join(
    '|',
  );

function sameWatermarks(left: readonly Watermark[], right: readonly Watermark[]): boolean {
  const known = new Set(left.map(keyOf));
  return left.length === right.length && right.every((watermark) => known.has(keyOf(watermark)));
}

function rowOf(watermark: Watermark, { spec, target, progress, plan }: Repaired): StateRow {
  const before = plan?.sources.find((source) => source.table === watermark.table)?.watermark;
  return {
    process_name: spec.processName,
    src_table: watermark.table,
    table_uuid: watermark.tableUuid,
    snapshot_id: String(watermark.snapshotId),
    sequence_number: String(watermark.sequenceNumber),
    high_water_mark_ts: instantText(watermark.committedAtMs),
    previous_snapshot_id: before?.snapshot_id ?? null,
    previous_high_water_mark_ts: before?.committed_at ?? null,
    owed_hours: JSON.stringify(watermark.owedHours.map(hourText)),
    psyberg_session_id: progress.psybergSessionId ?? null,
    updated_at: new Date().toISOString(),
    newest_hour: watermark.newestHour === undefined ? null : hourText(watermark.newestHour),
    total_records: watermark.totalRecords === undefined ? null : String(watermark.totalRecords),
    target_table_uuid: target['table-uuid'],
    complete_to_hour: progress.completeToHour === undefined ? null : hourText(progress.completeToHour),
  };
}
