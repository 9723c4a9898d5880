/**
 * Finds the snapshots of all watermarks that a process has had on a source. Target and session table ->
 * snapshot ids.
 */
import { mainSnapshot } from '../iceberg/history.ts';
import type { SnapshotId } from '../iceberg/table-metadata.ts';
import { tableName } from '../model/names.ts';
import type { SourceSpec } from '../model/process-spec.ts';
import { progressEverSaid } from '../state/process-progress.ts';
import { namesEver } from '../state/target-publishers.ts';
import { lakeTable, statement } from '../statements/index.ts';
import type { OpenSessionInput } from './session-input.ts';

/**
 * The snapshots that sessions of the process named as read, as far as its target or the session table still
 * know them.
 */
export async function watermarksEver(
  input: OpenSessionInput,
  { table }: SourceSpec,
): Promise<ReadonlySet<SnapshotId>> {
  const { spec, project, catalog } = input;
  const { sessionTable } = project.tables;
  const target = (await catalog.loadTable(spec.target.table))?.metadata;
  // What it loaded under an earlier name counts as well.
  const names = target === undefined ? [spec.processName] : namesEver(target, spec.processName);
  const said = target === undefined ? [] : names.flatMap((name) => progressEverSaid(target, name));
  const own = said.flatMap(({ watermarks }) =>
    watermarks
      .filter((each) => each.table.toLowerCase() === tableName(table).toLowerCase())
      .map((each) => each.snapshotId),
  );
  const recorded = (await catalog.loadTable(sessionTable))?.metadata;
  const rows =
    recorded === undefined || mainSnapshot(recorded) === undefined
      ? []
      : await (await input.engine()).query(
          statement('state/snapshots_read', {
            session_table: lakeTable(sessionTable),
          }),
          { process_names: names, src_table: tableName(table) },
        );
  return new Set([...own, ...rows.map((row) => row.snapshot_id)]);
}
