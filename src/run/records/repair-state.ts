/**
 * Writes rows that are missing in the state tables, which are only an index of the targets' histories.
 * Target metadata + rows -> missing rows. With a foreign catalog that commits table by table, a session that
 * is killed between its target and the state tables has published all the same, and the next session of its
 * process repairs the index.
 */
import type { CatalogClient } from '../../catalog/client/catalog-client.ts';
import { ancestors, mainSnapshot } from '../../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { hourText, instantText, parseHour } from '../../model/hour.ts';
import { type TableIdentifier, tableName } from '../../model/names.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec, ProjectSpec } from '../../model/process-spec.ts';
import { progressInSummary } from '../../state/process-progress.ts';
import { refuseContradiction } from '../../state/refuse-contradiction.ts';
import { sessionsWritten } from '../../state/sessions-written.ts';
import { SUMMARY } from '../../state/summary-keys.ts';
import { publishedFacts, SESSION, sessionRows } from '../../state/tables/session.ts';
import { announcements, lacksEarlierHours, type ReopenedHours, SIGNAL } from '../../state/tables/signal.ts';
import type { StateRow, StateTable } from '../../state/tables/state-table.ts';
import { isRetired } from '../../state/target-properties.ts';
import { parseWatermarks, type WatermarkJson } from '../../state/watermark-json.ts';
import { commitStateChange, ensureStateTable } from '../../state/write-state.ts';
import { lakeTable, statement } from '../../statements/index.ts';
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
  const known = sessionsWritten(
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
    await repairSignals(ports, spec, behind),
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
      summary?.[SUMMARY.processName] === processName &&
      summary[SUMMARY.watermarks] !== undefined &&
      !isRetired(target, summary),
  );

async function repairSessions(
  ports: RunPorts,
  spec: ProcessSpec,
  behind: readonly Snapshot[],
): Promise<boolean> {
  const { sessionTable } = ports.project.tables;
  const metadata = (await ports.catalog.loadTable(sessionTable))?.metadata;
  const readable = metadata !== undefined && mainSnapshot(metadata) !== undefined;
  const session_table = lakeTable(sessionTable);
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
            published: publishedFacts(snapshot.summary, spec),
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

/**
 * A session's rows as far as its summary tells them: its processing URIs and the text of its SQL are not in
 * it.
 */
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
    sql_fingerprint: summary[SUMMARY.sqlFingerprint] ?? null,
    hours_written: summary[SUMMARY.hoursWritten] ?? null,
    files_written: summary['added-data-files'] ?? null,
    bytes_written: summary['added-files-size'] ?? null,
    created_at: instantText(snapshot['timestamp-ms']),
    trigger: summary[SUMMARY.trigger] ?? 'changes',
    reason: summary[SUMMARY.reason] ?? null,
  }));
}

/** What the sessions announced, oldest first; of those that reopened nothing only the newest hour counts. */
async function repairSignals(
  ports: RunPorts,
  spec: ProcessSpec,
  behind: readonly Snapshot[],
): Promise<boolean> {
  const { signalTable } = ports.project.tables;
  const metadata = (await ports.catalog.loadTable(signalTable))?.metadata;
  const written = sessionsWritten(metadata, spec.processName);
  const [announced] =
    metadata === undefined || mainSnapshot(metadata) === undefined
      ? []
      : await ports.engine.query(
          statement('session/signalled_hour', {
            signal_table: lakeTable(signalTable),
          }),
          { signal_name: tableName(spec.target.table) },
        );
  let repaired = false;
  for (const [index, snapshot] of [...behind.entries()].toReversed()) {
    const completeTo = snapshot.summary?.[SUMMARY.completeToHour];
    const reopened = JSON.parse(snapshot.summary?.[SUMMARY.reopenedHours] ?? '[]') as ReopenedHours;
    const isNews = announced?.hour == null || announced.hour < parseHour(completeTo ?? '');
    if (completeTo === undefined || written.has(sessionOf(snapshot))) continue;
    if (reopened.length === 0 && (index > 0 || !isNews)) continue;
    const rows = announcements({
      processName: spec.processName,
      target: tableName(spec.target.table),
      psybergSessionId: sessionOf(snapshot),
      completeToHour: completeTo,
      isComplete: !lacksEarlierHours({
        order: spec.catchup.order,
        announcedTo: snapshot.summary?.[SUMMARY.announcedToHour],
        owedHours: owedIn(snapshot),
        completeToHour: completeTo,
      }),
      reopened,
      createdAt: instantText(snapshot['timestamp-ms']),
    });
    if (rows.length === 0) continue;
    await write(ports, spec, {
      table: signalTable,
      definition: SIGNAL,
      psybergSessionId: sessionOf(snapshot),
      rows,
      replacesSession: false,
    });
    repaired = true;
  }
  return repaired;
}

const owedIn = (snapshot: Snapshot): string[] =>
  parseWatermarks(snapshot.summary?.[SUMMARY.watermarks] ?? '[]', snapshot).flatMap(({ owedHours }) =>
    owedHours.map(hourText),
  );

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
