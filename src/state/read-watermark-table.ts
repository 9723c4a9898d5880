/**
 * Reads the second copy of how far a process has come: its rows in `high_water_mark_table`. Table ->
 * watermarks.
 */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import type { Engine } from '../engine/index.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { parseHour } from '../model/hour.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import { lakeTable, type StatementRow, statement } from '../statements/index.ts';
import type { ProcessProgress } from './process-progress.ts';
import { lastSessionProperty, publishedProperty } from './target-properties.ts';
import { watermarkOf } from './watermark-json.ts';

/** A row of the watermark table. */
export type StoredWatermark = StatementRow<'state/watermarks_of_process'>;

/** The rows of a process in the watermark table, which has to exist; one a source. */
const storedWatermarks = (
  engine: Engine,
  options: { readonly highWaterMarkTable: TableIdentifier; readonly processName: string },
): Promise<StoredWatermark[]> =>
  engine.query(
    statement('state/watermarks_of_process', {
      high_water_mark_table: lakeTable(options.highWaterMarkTable),
    }),
    { process_name: options.processName },
  );

/** Progress as the watermark table tells it. */
export interface CopiedProgress extends Pick<ProcessProgress, 'watermarks' | 'completeToHour'> {
  /** The session that wrote the rows; a row of an early release may not name it. */
  readonly writtenBy: string | undefined;
}

/** Whose rows, and of which table. */
interface CopyAsked {
  readonly highWaterMarkTable: TableIdentifier;
  readonly processName: string;
  readonly target: TableMetadata;
  readonly targetName: string;
  /**
   * True while it is adopted: rows of another table are none of it, and give way to those of the adoption.
   */
  readonly isAdopted?: boolean;
}

/**
 * How far a process has come by the second copy, where the target's snapshots do not tell it: undefined if
 * nothing does. A catalog that commits tables one by one may have left the copy without the last published
 * session: going on from the session before would load that session's rows again. DuckDB is started only if
 * the table exists. Throws `target-replaced`.
 */
export async function copiedProgress(
  { catalog, engine }: { readonly catalog: Pick<CatalogClient, 'tableExists'>; engine(): Promise<Engine> },
  asked: CopyAsked,
): Promise<CopiedProgress | undefined> {
  if (!(await catalog.tableExists(asked.highWaterMarkTable))) return undefined;
  const copy = await progressInTable(await engine(), asked);
  return copy === undefined || isBehind(copy, asked) ? undefined : copy;
}

/** Whether it lacks the last published session. */
const isBehind = (
  { writtenBy = '' }: CopiedProgress,
  { processName, target: { properties = {}, 'table-uuid': uuid } }: CopyAsked,
): boolean =>
  properties[publishedProperty(processName)] === uuid &&
  writtenBy < (properties[lastSessionProperty(processName)] ?? '');

/**
 * The second copy as it stands there, whatever it lacks. Undefined when there is no row. Throws
 * `target-replaced` when the rows belong to another table of the same name: continuing from them would skip
 * data.
 */
export async function progressInTable(
  engine: Engine,
  options: CopyAsked,
): Promise<CopiedProgress | undefined> {
  const rows = await storedWatermarks(engine, options);
  if (rows.length === 0) return undefined;
  const strange = rows.find(
    (row) => row.target_table_uuid !== null && row.target_table_uuid !== options.target['table-uuid'],
  );
  if (strange !== undefined && options.isAdopted === true) return undefined;
  if (strange !== undefined)
    throw refusal(
      'target-replaced',
      `${tableName(options.highWaterMarkTable)} holds watermarks of ${options.processName} for another table named ${options.targetName} (uuid ${strange.target_table_uuid}); the one there now has uuid ${options.target['table-uuid']}`,
      {
        hint: `if tables were renamed or swapped, give them their names back; to go on from the one that is there now as it is, run "psyberg adopt ${options.processName}"; to load it from the beginning, drop it and run again`,
        context: {
          table: options.targetName,
          process_name: options.processName,
          expected: strange.target_table_uuid,
          found: options.target['table-uuid'],
        },
      },
    );
  const completeTo = rows.find((row) => row.complete_to_hour !== null)?.complete_to_hour;
  return {
    writtenBy: rows[0]?.psyberg_session_id ?? undefined,
    watermarks: rows.map((row) =>
      watermarkOf({ ...row, owed_hours: JSON.parse(row.owed ?? '[]') as string[] }),
    ),
    ...(completeTo == null ? {} : { completeToHour: parseHour(completeTo) }),
  };
}
