/**
 * Collects the watermarks of every process of the warehouse, from both places that keep them. Catalog ->
 * HeldWatermark[]. Reads only.
 */
import { mainSnapshot } from '../iceberg/history.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { progressOfAll } from '../state/process-progress.ts';
import { isReleased } from '../state/target-properties.ts';
import { lakeTable, statement } from '../statements/index.ts';
import type { MaintainPorts } from './context.ts';
import type { HeldWatermark } from './needed-snapshots.ts';

/** Reads the summaries of all tables and `high_water_mark_table`: if they differ, both hold snapshots. */
export async function heldWatermarks(
  ports: Pick<MaintainPorts, 'catalog' | 'engine' | 'project'>,
  tables: readonly TableMetadata[],
): Promise<HeldWatermark[]> {
  const held = tables.flatMap((metadata) =>
    progressOfAll(metadata).flatMap(({ processName, progress }) =>
      isReleased(metadata, processName, progress.psybergSessionId)
        ? []
        : progress.watermarks.map((watermark) => ({
            processName,
            table: watermark.table.toLowerCase(),
            tableUuid: watermark.tableUuid,
            snapshotId: watermark.snapshotId,
          })),
    ),
  );
  const { highWaterMarkTable } = ports.project.tables;
  const loaded = await ports.catalog.loadTable(highWaterMarkTable);
  if (loaded === undefined || mainSnapshot(loaded.metadata) === undefined) return held;
  const rows = await ports.engine.query(
    statement('maintain/watermarks', {
      high_water_mark_table: lakeTable(highWaterMarkTable),
    }),
  );
  // Rows of a process whose target was dropped hold nothing: its next session starts from the beginning.
  const targets = new Set(tables.map((metadata) => metadata['table-uuid']));
  const alive = rows.filter(
    (row) =>
      (row.target_table_uuid === null || targets.has(row.target_table_uuid)) &&
      !tables.some((metadata) => isReleased(metadata, row.process_name, row.psyberg_session_id)),
  );
  return [
    ...held,
    ...alive.map((row) => ({
      processName: row.process_name,
      table: row.src_table.toLowerCase(),
      tableUuid: row.table_uuid,
      snapshotId: BigInt(row.snapshot_id),
    })),
  ];
}
