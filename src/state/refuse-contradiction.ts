/**
 * Compares the two copies of a watermark. Rows + target metadata -> nothing, or a refusal. The summary is the
 * truth, and rows that are behind it are corrected. Rows that say what no summary says mean that the target
 * lost snapshots: continuing from there would load rows twice that others may have seen already.
 */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import type { Engine } from '../engine/index.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { type PsybergError, refusal } from '../model/errors.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import type { Watermark } from '../model/session.ts';
import { statement } from '../statements/index.ts';
import { knownRows } from './known-rows.ts';
import { type ProcessProgress, progressEverSaid, progressInSummary } from './process-progress.ts';
import type { StoredWatermark } from './read-watermark-table.ts';
import { stateRelation } from './state-relation.ts';
import { HIGH_WATER_MARK } from './tables/high-water-mark.ts';
import type { StateRow } from './tables/state-table.ts';

export interface ContradictionInput {
  readonly engine: Engine;
  readonly catalog: CatalogClient;
  readonly highWaterMarkTable: TableIdentifier;
  readonly processName: string;
  readonly target: TableIdentifier;
}

/**
 * Throws `watermark-contradiction` when a row of the process cannot be true if the target's summaries are.
 */
export async function refuseContradiction({
  engine,
  catalog,
  highWaterMarkTable,
  processName,
  target,
}: ContradictionInput): Promise<void> {
  const table = (await catalog.loadTable(highWaterMarkTable))?.metadata;
  const main = table === undefined ? undefined : mainSnapshot(table);
  if (main === undefined) return;
  const rows =
    knownRows(main['manifest-list'], processName)?.map(rowAsWritten) ??
    (await writtenRows(engine, { table: highWaterMarkTable, metadata: table as TableMetadata }, processName));
  // The target after the rows: a session that publishes in between is then in both.
  const metadata = rows.length === 0 ? undefined : (await catalog.loadTable(target))?.metadata;
  if (metadata === undefined) return;
  const found = contradiction(rows, metadata, {
    processName,
    target: tableName(target),
    highWaterMarkTable: tableName(highWaterMarkTable),
  });
  if (found !== undefined) throw found;
}

async function writtenRows(
  engine: Engine,
  table: Parameters<typeof stateRelation>[1],
  processName: string,
): Promise<ComparedRow[]> {
  const rows = await stateRelation(engine, table, HIGH_WATER_MARK, processName);
  if (rows === undefined) return [];
  return engine.query(statement('state/watermarks_of_process', { high_water_mark_table: rows.relation }), {
    process_name: processName,
    ...rows.parameters,
  });
}

/** What is compared of a row. */
type ComparedRow = Pick<StoredWatermark, 'table' | 'table_uuid' | 'snapshot_id' | 'psyberg_session_id'>;

const rowAsWritten = (row: StateRow): ComparedRow => ({
  table: String(row['src_table']),
  table_uuid: String(row['table_uuid']),
  snapshot_id: String(row['snapshot_id']),
  psyberg_session_id: row['psyberg_session_id'] === null ? null : String(row['psyberg_session_id']),
});

interface Names {
  readonly processName: string;
  readonly target: string;
  readonly highWaterMarkTable: string;
}

/**
 * Undefined when the rows agree with the target, are behind it, or name a session that a rollback undid: its
 * snapshot is still there.
 */
export function contradiction(
  rows: readonly ComparedRow[],
  metadata: TableMetadata,
  names: Names,
): PsybergError | undefined {
  const progress = progressInSummary(metadata, names.processName);
  if (progress === undefined) return undefined;
  // Mostly all of them agree with the newest session, and then nobody asks what the other 1,000 said.
  const others = rows.filter(
    (row) => row.psyberg_session_id !== progress.psybergSessionId || !agrees(row, marksOf(row, [progress])),
  );
  if (others.length === 0) return undefined;
  const sessions = new Set(others.map((row) => row.psyberg_session_id));
  const said = progressEverSaid(metadata, names.processName, sessions);
  for (const row of others) {
    const session = row.psyberg_session_id;
    if (session === null) continue;
    const own = said.filter((each) => each.psybergSessionId === session);
    if (own.length === 0) {
      // A row that is behind: the snapshot of its session was expired.
      if (session <= (progress.psybergSessionId ?? '')) continue;
      return contradicting(row, names, {
        found: `the newest session that ${names.target} tells of is ${progress.psybergSessionId}`,
        hint: `${names.target} lost what that session published (an older copy of it was put in its place?): put the newer one back`,
      });
    }
    const marks = marksOf(row, own);
    if (agrees(row, marks)) continue;
    const [mark] = marks;
    return contradicting(row, names, {
      found: `${names.target} says of the same session ${mark === undefined ? 'nothing about this source' : `snapshot ${mark.snapshotId} (table uuid ${mark.tableUuid})`}`,
      hint: `find out who wrote the row`,
    });
  }
  return undefined;
}

/** What sessions said of the row's source. */
const marksOf = ({ table }: ComparedRow, said: readonly ProcessProgress[]): Watermark[] =>
  said.flatMap(({ watermarks }) =>
    watermarks.filter((mark) => mark.table.toLowerCase() === table.toLowerCase()),
  );

const agrees = (row: ComparedRow, marks: readonly Watermark[]): boolean =>
  marks.some((mark) => mark.tableUuid === row.table_uuid && String(mark.snapshotId) === row.snapshot_id);

const contradicting = (
  row: ComparedRow,
  { processName, target, highWaterMarkTable }: Names,
  { found, hint }: { readonly found: string; readonly hint: string },
): PsybergError =>
  refusal(
    'watermark-contradiction',
    `${highWaterMarkTable} says that session ${row.psyberg_session_id} of ${processName} consumed ${row.table} up to snapshot ${row.snapshot_id} (table uuid ${row.table_uuid}); ${found}`,
    {
      hint: `${hint}; if ${target} is right as it is, delete the rows of process_name '${processName}' from ${highWaterMarkTable} and run again: its summaries then decide`,
      context: {
        process_name: processName,
        table: row.table,
        snapshot_id: row.snapshot_id,
        table_uuid: row.table_uuid,
        psyberg_session_id: row.psyberg_session_id,
        target,
      },
    },
  );
