/**
 * Brings `high_water_mark_table` in line with the target's summary, which is the truth. Target metadata +
 * rows -> rows, when they differ.
 */

import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { hourText } from '../../model/hour.ts';
import { tableName } from '../../model/names.ts';
import type { Plan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { Watermark } from '../../model/session.ts';
import type { ProcessProgress } from '../../state/process-progress.ts';
import { progressInTable } from '../../state/read-watermark-table.ts';
import { refuseContradiction } from '../../state/refuse-contradiction.ts';
import { HIGH_WATER_MARK, rowsOfWatermarks } from '../../state/tables/high-water-mark.ts';
import { commitStateChange, ensureStateTable } from '../../state/write-state.ts';
import type { RunPorts } from '../ports.ts';

interface Repaired {
  readonly spec: ProcessSpec;
  readonly target: TableMetadata;
  readonly progress: ProcessProgress;
  /** The plan of the session that the summary names, if it is known. */
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
  const rows = rowsOfWatermarks(progress.watermarks, {
    processName: spec.processName,
    psybergSessionId: progress.psybergSessionId ?? null,
    plan,
    outcome: {
      targetTableUuid: target['table-uuid'],
      completeToHour: progress.completeToHour === undefined ? undefined : hourText(progress.completeToHour),
      updatedAt: new Date().toISOString(),
    },
  });
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
