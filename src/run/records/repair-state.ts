/**
 * The state tables as an index of what targets' histories say. A foreign catalog may commit one table after
 * another: a session that was killed between its target and the state tables has published all the same, and
 * the next session of its process writes down what that one could not. Target metadata + rows -> rows that
 * are missing.
 */

import type { CatalogClient } from '../../catalog/client/catalog-client.ts';
import { ancestors, mainSnapshot } from '../../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { instantText, parseHour } from '../../model/hour.ts';
import { type TableIdentifier, tableName } from '../../model/names.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec, ProjectSpec } from '../../model/process-spec.ts';
import { progressInSummary, SUMMARY, type WatermarkJson } from '../../state/read-watermarks.ts';
import { refuseContradiction } from '../../state/refuse-contradiction.ts';
import { SESSION, sessionRows } from '../../state/tables/session.ts';
import { SIGNAL, signalRow } from '../../state/tables/signal.ts';
import type { StateRow, StateTable } from '../../state/tables/state-table.ts';
import { commitStateChange, ensureStateTable } from '../../state/write-state.ts';
import { statement, tableFragment } from '../../statements/index.ts';
import type { RunPorts } from '../ports.ts';
import { repairWatermarkTable } from './repair-watermark.ts';

/** Sessions looked back at; what is older has been looked at by earlier sessions. */
const SESSIONS_MAX = 50;

export interface RepairInput {
  readonly spec: ProcessSpec;
  readonly project: ProjectSpec;
  readonly catalog: CatalogClient;
  /** Starts DuckDB: only when something may be missing. */
  readonly ports: () => Promise<RunPorts>;
}

/**
 * Repairs the rows of one process. Returns true when some were missing. The embedded catalog commits all
 * tables or none, and needs no repair.
 */
export async function repairStateTables({
  spec,
  project,
  catalog,
  ports: open,
}: RepairInput): Promise<boolean> {
  if (project.catalog.kind !== 'rest') return false;
  const target = (await catalog.loadTable(spec.target.table))?.metadata;
  const published = target === undefined ? [] : publishedBy(target, spec.processName);
  if (target === undefined || published[0] === undefined) return false;
  // The watermark table is written last: where it knows a session, the others do.
  const known = sessionsIn(
    (await catalog.loadTable(project.tables.highWaterMarkTable))?.metadata,
    spec.processName,
  );
  const firstKnown = published.findIndex((snapshot) => known.has(sessionOf(snapshot)));
  const behind = published.slice(0, Math.min(firstKnown < 0 ? published.length : firstKnown, SESSIONS_MAX));
  if (behind.length === 0) return false;
  const ports = await open();
  // Before anything is written: rows ahead of the target are not what an interrupted session leaves.
  await refuseContradiction({
    ...ports,
    highWaterMarkTable: project.tables.highWaterMarkTable,
    processName: spec.processName,
    target: spec.target.table,
  });
  const repaired = [
    await repairSessions(ports, spec, behind),
    await repairSignal(ports, spec, behind[0] as Snapshot),
    await repairWatermarks(ports, spec, target),
  ];
  if (repaired.includes(true))
    ports.onStep(
      `${spec.processName}: wrote down what session ${sessionOf(behind[0] as Snapshot)} had published`,
    );
  return repaired.includes(true);
}

const sessionOf = (snapshot: Snapshot): string => snapshot.summary?.[SUMMARY.sessionId] ?? '';

/** The snapshots of `main` that sessions of the process published, newest first. */
const publishedBy = (target: TableMetadata, processName: string): Snapshot[] =>
  [...ancestors(target, mainSnapshot(target))].filter(
    ({ summary }) =>
      summary?.[SUMMARY.processName] === processName && summary[SUMMARY.watermarks] !== undefined,
  );

function sessionsIn(table: TableMetadata | undefined, processName: string): Set<string> {
  const written = (table?.snapshots ?? []).filter(
    (snapshot) => snapshot.summary?.[SUMMARY.processName] === processName,
  );
  return new Set(written.map(sessionOf));
}

async function repairSessions(
  ports: RunPorts,
  spec: ProcessSpec,
  behind: readonly Snapshot[],
): Promise<boolean> {
  const { sessionTable } = ports.project.tables;
  const metadata = (await ports.catalog.loadTable(sessionTable))?.metadata;
  const readable = metadata !== undefined && mainSnapshot(metadata) !== undefined;
  const session_table = tableFragment('lake', sessionTable);
  const recorded = readable
    ? await ports.engine.query(statement('state/published_sessions', { session_table }), {
        process_name: spec.processName,
        session_ids: behind.map(sessionOf),
      })
    : [];
  const known = new Set(recorded.map((row) => row.psyberg_session_id));
  const missing = behind.filter((snapshot) => !known.has(sessionOf(snapshot))).reverse();
  for (const snapshot of missing) {
    // A session that went step by step has recorded its plan.
    const [stored] = readable
      ? await ports.engine.query(statement('state/session_of_process', { session_table }), {
          process_name: spec.processName,
          psyberg_session_id: sessionOf(snapshot),
        })
      : [];
    const rows =
      stored?.plan == null
        ? rowsOfSummary(spec, snapshot)
        : sessionRows(JSON.parse(stored.plan) as CompiledPlan, {
            status: 'published',
            targetSnapshotId: String(snapshot['snapshot-id']),
            rowsRead: stored.rows_read === null ? null : String(stored.rows_read),
            rowsWritten: stored.rows_written === null ? null : String(stored.rows_written),
            createdAt: instantText(snapshot['timestamp-ms']),
            error: null,
            plan: stored.plan,
          });
    await write(ports, spec, {
      table: sessionTable,
      definition: SESSION,
      psybergSessionId: sessionOf(snapshot),
      rows,
      replacesSession: stored !== undefined,
    });
  }
  return missing.length > 0;
}

/** A session's rows as far as its summary tells them: its hours and its processing URIs are not in it. */
function rowsOfSummary(spec: ProcessSpec, snapshot: Snapshot): StateRow[] {
  const summary = snapshot.summary ?? {};
  const watermarks = JSON.parse(summary[SUMMARY.watermarks] ?? '[]') as WatermarkJson[];
  const none = Object.fromEntries(SESSION.columns.map((column) => [column.name, null]));
  return watermarks.map((watermark) => ({
    ...none,
    process_name: spec.processName,
    psyberg_session_id: sessionOf(snapshot),
    etl_pattern_id: String(patternOf(spec).etlPatternId),
    pattern: spec.pattern,
    status: 'published',
    src_table: watermark.table,
    processing_uris: '[]',
    source_snapshot_id: watermark.snapshot_id,
    target_table: tableName(spec.target.table),
    target_snapshot_id: String(snapshot['snapshot-id']),
    rows_written: summary['added-records'] ?? null,
    created_at: instantText(snapshot['timestamp-ms']),
  }));
}

async function repairSignal(ports: RunPorts, spec: ProcessSpec, newest: Snapshot): Promise<boolean> {
  const { signalTable } = ports.project.tables;
  const completeTo = newest.summary?.[SUMMARY.completeToHour];
  if (completeTo === undefined) return false;
  const metadata = (await ports.catalog.loadTable(signalTable))?.metadata;
  const [announced] =
    metadata === undefined || mainSnapshot(metadata) === undefined
      ? []
      : await ports.engine.query(
          statement('session/signalled_hour', {
            signal_table: tableFragment('lake', signalTable),
          }),
          { signal_name: tableName(spec.target.table) },
        );
  if (announced?.hour != null && announced.hour >= parseHour(completeTo)) return false;
  const row = signalRow({
    processName: spec.processName,
    target: tableName(spec.target.table),
    psybergSessionId: sessionOf(newest),
    completeToHour: completeTo,
    createdAt: instantText(newest['timestamp-ms']),
  });
  await write(ports, spec, {
    table: signalTable,
    definition: SIGNAL,
    psybergSessionId: sessionOf(newest),
    rows: [row],
    replacesSession: false,
  });
  return true;
}

async function repairWatermarks(ports: RunPorts, spec: ProcessSpec, target: TableMetadata): Promise<boolean> {
  const progress = progressInSummary(target, spec.processName);
  return progress === undefined
    ? false
    : repairWatermarkTable(ports, { spec, target, progress, plan: undefined });
}

interface Rows {
  readonly table: TableIdentifier;
  readonly definition: StateTable;
  readonly psybergSessionId: string;
  readonly rows: readonly StateRow[];
  readonly replacesSession: boolean;
}

/** A lost race is the other's repair or session: the next session looks again. */
async function write(
  ports: RunPorts,
  spec: ProcessSpec,
  { table, definition, ...rows }: Rows,
): Promise<void> {
  const metadata = await ensureStateTable(ports.catalog, table, definition);
  await commitStateChange(ports, metadata, {
    table,
    definition,
    processName: spec.processName,
    ...rows,
  });
}
