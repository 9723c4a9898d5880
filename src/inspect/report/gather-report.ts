/**
 * Gathers all that a report shows. Workspace -> WarehouseReport. Reads tables' metadata, the engine's own
 * tables, and the event-time column of a limited number of files.
 */
import path from 'node:path';
import { currentSchema } from '../../iceberg/event-time.ts';
import { countInSummary, mainSnapshot } from '../../iceberg/history.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { instantText } from '../../model/hour.ts';
import { parseTableName, tableName } from '../../model/names.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { processesInDependencyOrder } from '../../project/dependency-order.ts';
import type {
  FailingAudit,
  ReportedProcess,
  ReportedTable,
  WarehouseReport,
} from '../../report/page/report-document.ts';
import type { HistoryRow, ProcessStatus, SignalRow } from '../../report/status.ts';
import type { TableRow } from '../../report/tables.ts';
import { watermarkFor } from '../../state/process-progress.ts';
import { lakeTable, statement } from '../../statements/index.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import { readNewestSessions, readSignals } from '../history.ts';
import { lastSessions, processStatus, readProgress } from '../status.ts';
import { listTables } from '../tables.ts';
import { heldBackBy, owedHoursOf } from './held-back.ts';
import { icebergTypeText } from './iceberg-type-text.ts';
import { maintenanceOf } from './maintenance-of-tables.ts';
import { readingSessions } from './reading-sessions.ts';
import { type ReportParts, readingOnce, reportParts } from './report-parts.ts';
import { type LandingsOfTables, landingsOfTables, reportedSources } from './reported-sources.ts';
import { savingsOf } from './savings.ts';
import { stagesOf } from './session-stages.ts';
import { type SessionSource, sessionWrites } from './session-writes.ts';

export interface ReportRequest {
  /** Sessions and landings before this time are left out, in ms since 1970. */
  readonly sinceMs?: number;
  /**
   * Whether to say what maintenance would do, which means reading manifests; default: only if tables are
   * few.
   */
  readonly maintenance?: boolean;
}

/** At most this many sessions are read: the newest. */
const SESSIONS_MAX = 20_000;
/** So many published sessions of a process are shown with their hours. */
const SESSIONS_WITH_HOURS = 60;
/**
 * A session's list of partitions is read up to so many characters; a first load of years has a longer one.
 */
const PARTITIONS_TEXT_MAX = 40_000;
const SAMPLE_ROWS = 5;

/** Throws only when it is interrupted: what cannot be read is listed among the problems. */
export async function gatherReport(
  original: Workspace,
  { sinceMs, maintenance }: ReportRequest = {},
): Promise<WarehouseReport> {
  const workspace = readingOnce(original);
  const parts = reportParts();
  const { project } = workspace;
  const specs = processesInDependencyOrder(project, undefined);
  const tables = await parts.attempt('tables', () => reportedTables(workspace, parts, maintenance), []);
  const newest = await parts.attempt(
    'sessions',
    () => readNewestSessions(workspace, undefined, { limit: SESSIONS_MAX }),
    { sessions: [], total: 0 },
  );
  const sessions = newest.sessions.filter(
    ({ created_at: at }) => sinceMs === undefined || Date.parse(at) >= sinceMs,
  );
  const statuses = await statusesOf(workspace, specs, parts);
  const landings = landingsOfTables(workspace, parts, sinceMs);
  const known: Known = { workspace, parts, sessions, statuses, landings, specs };
  const found = await foundInTables(known);
  const processes: ReportedProcess[] = [];
  for (const spec of specs) processes.push(await reportedProcess(known, found, spec));
  return {
    report_version: 1,
    project: project.name,
    made_at: instantText(workspace.now()),
    since: sinceMs === undefined ? null : instantText(sinceMs),
    processes,
    sources: await reportedSources(landings, specs),
    sessions,
    older_sessions: newest.total - sessions.length,
    tables,
    problems: parts.problems,
  };
}

interface Known {
  readonly workspace: Workspace;
  readonly parts: ReportParts;
  readonly sessions: readonly HistoryRow[];
  readonly statuses: ReadonlyMap<string, ProcessStatus | null>;
  readonly landings: LandingsOfTables;
  readonly specs: readonly ProcessSpec[];
}

async function statusesOf(
  workspace: Workspace,
  specs: readonly ProcessSpec[],
  parts: ReportParts,
): Promise<Map<string, ProcessStatus | null>> {
  const last = await parts.attempt('sessions', () => lastSessions(workspace), new Map());
  const statuses = new Map<string, ProcessStatus | null>();
  for (const spec of specs)
    statuses.set(
      spec.processName,
      await parts.attempt<ProcessStatus | null>(
        spec.processName,
        () => processStatus(workspace, spec, last.get(spec.processName) ?? null),
        null,
      ),
    );
  return statuses;
}

/** What the engine's own tables say about all processes. */
interface Found {
  readonly sources: ReadonlyMap<string, readonly SessionSource[]>;
  readonly audits: ReadonlyMap<string, readonly FailingAudit[]>;
  readonly reopened: ReadonlyMap<string, readonly SignalRow[]>;
}

async function foundInTables({ workspace, parts, sessions }: Known): Promise<Found> {
  const { sessionTable, auditFailureTable } = workspace.project.tables;
  const sources = await parts.attempt<SessionSource[]>(tableName(sessionTable), async () => {
    if (!(await workspace.client.tableExists(sessionTable))) return [];
    const engine = await workspace.engine();
    return engine.query(statement('inspect/session_sources', { session_table: lakeTable(sessionTable) }), {
      per_process: SESSIONS_WITH_HOURS,
      text_max: PARTITIONS_TEXT_MAX,
    });
  }, []);
  const audits = await parts.attempt<Awaited<ReturnType<typeof failingAudits>>>(
    tableName(auditFailureTable),
    () => failingAudits(workspace, sessions),
    new Map(),
  );
  const signals = await parts.attempt<SignalRow[]>(
    tableName(workspace.project.tables.signalTable),
    () => readSignals(workspace, { limit: SESSIONS_MAX }),
    [],
  );
  const inReport = new Set(sessions.map((row) => `${row.process_name} ${row.psyberg_session_id}`));
  return {
    sources: Map.groupBy(
      sources.filter((row) => inReport.has(`${row.process_name} ${row.psyberg_session_id}`)),
      ({ process_name: name }) => name,
    ),
    audits,
    reopened: Map.groupBy(
      signals.filter(({ kind }) => kind === 'reopened'),
      ({ process_name: name }) => name,
    ),
  };
}

async function failingAudits(
  workspace: Workspace,
  sessions: readonly HistoryRow[],
): Promise<Map<string, FailingAudit[]>> {
  const { auditFailureTable: table } = workspace.project.tables;
  if (!(await workspace.client.tableExists(table))) return new Map();
  const engine = await workspace.engine();
  const rows = await engine.query(statement('inspect/failing_audits', { failure_table: lakeTable(table) }), {
    rows_max: SAMPLE_ROWS,
  });
  const published = new Map<string, string>();
  for (const { process_name: name, psyberg_session_id: id, status } of sessions)
    if (status === 'published' && id > (published.get(name) ?? '')) published.set(name, id);
  return Map.groupBy(
    rows.map((row) => ({
      ...row,
      is_current: row.psyberg_session_id >= (published.get(row.process_name) ?? ''),
    })),
    ({ process_name: name }) => name,
  );
}

async function reportedProcess(known: Known, found: Found, spec: ProcessSpec): Promise<ReportedProcess> {
  const { workspace, parts, statuses, sessions } = known;
  const status = statuses.get(spec.processName) ?? null;
  const target = await parts.attempt(
    tableName(spec.target.table),
    async () => (await workspace.client.loadTable(spec.target.table))?.metadata,
    undefined,
  );
  const own = sessions.filter(({ process_name: name }) => name === spec.processName);
  const owed = owedHoursOf(status);
  return {
    process_name: spec.processName,
    pattern: spec.pattern,
    file: path.relative(workspace.project.root, spec.file),
    sql: spec.sql,
    target: tableName(spec.target.table),
    event_time: spec.target.eventTime ?? null,
    sources: spec.sources.map((source) => ({
      table: tableName(source.table),
      event_time: source.eventTime ?? null,
      kind: source.files !== undefined ? 'files' : source.lookup !== undefined ? 'lookup' : 'events',
    })),
    audits: spec.audits.map(({ name, kind, severity }) => ({ name, kind, severity })),
    status,
    owed_hours: owed,
    held_back_by: owed.length === 0 ? null : await heldBack(known, spec, { owed, target }),
    failing_audits: (found.audits.get(spec.processName) ?? []).map(auditOf),
    columns: target === undefined ? [] : columnsOf(target),
    writes: await writesOf(known, found, { spec, own }),
    savings: await savings(known, spec, { own, rows: found.sources.get(spec.processName) ?? [] }),
    stages: target === undefined ? [] : stagesOf(target, spec, own),
  };
}

/** Only covers sessions whose sources are known. */
async function savings(
  { landings }: Known,
  spec: ProcessSpec,
  { own, rows }: { readonly own: readonly HistoryRow[]; readonly rows: readonly SessionSource[] },
): Promise<ReportedProcess['savings']> {
  const events = spec.sources.filter(({ lookup }) => lookup === undefined);
  const tables = await Promise.all(events.map((source) => landings.counted(source)));
  return savingsOf(
    readingSessions(spec, own, rows, {
      events,
      placeOf: (index, id) => tables[index]?.placeOf(id),
    }),
    tables.map((table) => table?.groups),
  );
}

const auditOf = ({
  audit_name,
  severity,
  failing_rows,
  psyberg_session_id,
  is_current,
  sample,
}: FailingAudit): FailingAudit => ({
  audit_name,
  severity,
  failing_rows,
  psyberg_session_id,
  is_current,
  sample,
});

const columnsOf = (metadata: TableMetadata): ReportedProcess['columns'] =>
  currentSchema(metadata).fields.map(({ name, type, required }) => ({
    name,
    type: icebergTypeText(type),
    required,
  }));

async function heldBack(
  { workspace, statuses, specs, parts }: Known,
  spec: ProcessSpec,
  { owed, target }: { readonly owed: readonly string[]; readonly target: TableMetadata | undefined },
): Promise<ReportedProcess['held_back_by']> {
  const progress =
    target === undefined
      ? undefined
      : await parts.attempt(spec.processName, () => readProgress(workspace, spec, target), undefined);
  const completeTo = new Map(
    specs.map((each) => [
      tableName(each.target.table),
      statuses.get(each.processName)?.complete_to_hour ?? null,
    ]),
  );
  const newestHours = new Map(
    spec.sources.map(({ table }) => {
      const name = tableName(table);
      return [name, watermarkFor(progress, { name, tableUuid: undefined })?.newestHour];
    }),
  );
  return heldBackBy(spec, owed, { completeTo, newestHours });
}

async function writesOf(
  { landings }: Known,
  found: Found,
  { spec, own }: { readonly spec: ProcessSpec; readonly own: readonly HistoryRow[] },
): Promise<ReportedProcess['writes']> {
  const hourFields = new Map<string, string>();
  for (const source of spec.sources) {
    const field = await landings.hourField(source);
    if (field !== undefined) hourFields.set(tableName(source.table), field);
  }
  const rows = found.sources.get(spec.processName) ?? [];
  // Sessions of the current release record their hours, so that live files need not be asked.
  const isAsked = spec.pattern === 'stateless' && rows.some(({ hours_written: hours }) => hours === null);
  return sessionWrites({
    spec,
    rows,
    history: new Map(own.map((row) => [row.psyberg_session_id, row])),
    reopened: new Map(
      (found.reopened.get(spec.processName) ?? []).map((row) => [row.psyberg_session_id, row.hours ?? []]),
    ),
    liveHours: isAsked ? await landings.liveHours(spec.target) : new Map(),
    hourFields,
  });
}

/** Lists the rows of `tables`, together with what metadata say about them. */
async function reportedTables(
  workspace: Workspace,
  parts: ReportParts,
  isAsked: boolean | undefined,
): Promise<ReportedTable[]> {
  const tables: ReportedTable[] = [];
  const rows = await listTables(workspace, { newestHour: false });
  // Noted before maintenance, which stops at such a table: so the error is reported for the table itself.
  for (const { table, error } of rows) if (error !== undefined) parts.note({ subject: table, error });
  const maintenance = await maintenanceOf(workspace, parts, { tables: rows, isAsked });
  for (const { newest_hour: _, ...row } of rows) {
    const facts = await factsOf(workspace, row);
    tables.push({ ...row, ...facts, maintenance: maintenance.get(row.table) ?? null });
  }
  return tables;
}

const NO_FACTS = {
  format_version: null,
  snapshots: null,
  last_commit_at: null,
  files: null,
  partitioned_by: [],
};

async function factsOf(
  workspace: Workspace,
  { table, error }: Pick<TableRow, 'table' | 'error'>,
): Promise<Omit<ReportedTable, keyof TableRow | 'maintenance'>> {
  if (error !== undefined) return NO_FACTS;
  const loaded = await workspace.client.loadTable(parseTableName(table)).catch(() => undefined);
  if (loaded === undefined) return NO_FACTS;
  const { metadata } = loaded;
  const head = mainSnapshot(metadata);
  const files = countInSummary(head, 'total-data-files');
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === metadata['default-spec-id']);
  const columns = new Map(currentSchema(metadata).fields.map(({ id, name }) => [id, name]));
  return {
    format_version: metadata['format-version'],
    snapshots: metadata.snapshots?.length ?? 0,
    last_commit_at: head === undefined ? null : instantText(head['timestamp-ms']),
    files: head === undefined ? '0' : files === undefined ? null : String(files),
    partitioned_by: (spec?.fields ?? [])
      .filter(({ transform }) => transform !== 'void')
      .map(({ transform, name, 'source-id': id }) =>
        transform === 'identity' ? (columns.get(id) ?? name) : `${transform}(${columns.get(id) ?? name})`,
      ),
  };
}
