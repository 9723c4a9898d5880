/**
 * Finds how far each process has come. Project + tables -> ProcessStatus[]. Reads only; DuckDB is needed for
 * the session table alone.
 */
import { sqlChangedSince } from '../binding/sql-changed.ts';
import { holdsNothingYet } from '../iceberg/empty-table.ts';
import { ancestors, between, mainSnapshot } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { unreadAmong } from '../landing/ledger.ts';
import { listFiles } from '../landing/list-files.ts';
import { sessionBranches } from '../markers/session-branches.ts';
import { type FilesSpec, FOLDER_UUID } from '../model/files-source.ts';
import { unitTexts, withGrain } from '../model/grain.ts';
import { hourText, instantText } from '../model/hour.ts';
import { union } from '../model/hour-sets.ts';
import { tableName } from '../model/names.ts';
import type { PlanSqlChanged } from '../model/plan.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import type { Watermark } from '../model/session.ts';
import { shownError } from '../model/storage-faults.ts';
import { processesInDependencyOrder } from '../project/dependency-order.ts';
import type { ProcessStatus, SourceStatus } from '../report/status.ts';
import { hoursMadeBySessions } from '../state/hours-made-by-sessions.ts';
import { bringsNothing } from '../state/no-news.ts';
import { type ProcessProgress, progressInSummary, watermarkFor } from '../state/process-progress.ts';
import { progressInTable } from '../state/read-watermark-table.ts';
import { namesEver } from '../state/target-publishers.ts';
import { lakeTable, statement } from '../statements/index.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { fewLastSessions, type LastSessions } from './few-sessions.ts';

/**
 * Finds how far each process has come, and how far it is behind its sources. Default: all processes, in
 * dependency order.
 */
export async function readStatus(
  workspace: Workspace,
  names: readonly string[] | undefined,
): Promise<ProcessStatus[]> {
  const specs = processesInDependencyOrder(workspace.project, names);
  // DuckDB reads a session table of many files, while the metadata are read here.
  const [last, told] = await Promise.all([
    lastSessions(workspace),
    Promise.all(specs.map((spec) => statusOrError(workspace, spec))),
  ]);
  return told.map((status) => ({ ...status, last_session: last.get(status.process_name) ?? null }));
}

/**
 * If the status of a process cannot be read, its error is shown in its place, and the others appear all the
 * same.
 */
async function statusOrError(workspace: Workspace, spec: ProcessSpec): Promise<ProcessStatus> {
  try {
    return await processStatus(workspace, spec, null);
  } catch (error) {
    const known = shownError(error);
    if (known.kind === 'interrupted') throw known;
    return {
      process_name: spec.processName,
      pattern: spec.pattern,
      target: tableName(spec.target.table),
      target_exists: await workspace.client.tableExists(spec.target.table),
      ...withGrain(spec),
      complete_to_hour: null,
      // Nobody knows how far each of them was consumed.
      sources: [],
      branches: [],
      last_session: null,
      error: known.toJSON(),
    };
  }
}

/** The status of one process. Throws what reading its progress and its sources throws. */
export async function processStatus(
  workspace: Workspace,
  spec: ProcessSpec,
  lastSession: ProcessStatus['last_session'],
): Promise<ProcessStatus> {
  const target = (await workspace.client.loadTable(spec.target.table))?.metadata;
  const progress = target === undefined ? undefined : await readProgress(workspace, spec, target);
  return {
    process_name: spec.processName,
    pattern: spec.pattern,
    target: tableName(spec.target.table),
    target_exists: target !== undefined,
    ...withGrain(spec),
    complete_to_hour: progress?.completeToHour === undefined ? null : hourText(progress.completeToHour),
    sources: await Promise.all(spec.sources.map((source) => sourceStatus(workspace, spec, source, progress))),
    ...(await beyondThreshold(workspace, spec, progress)),
    branches: sessionBranches(workspace.sessionsDirectory, spec.processName, target),
    last_session: lastSession,
    sql_changed: await sqlChangedJson(workspace, spec, progress),
  };
}

/**
 * What the process owes further back than a session reaches: known without a plan, as far as the target has
 * come. Nothing if its header has no threshold.
 */
async function beyondThreshold(
  workspace: Workspace,
  spec: ProcessSpec,
  progress: ProcessProgress | undefined,
): Promise<Pick<ProcessStatus, 'beyond_threshold'>> {
  const { thresholdHours } = spec.catchup;
  if (thresholdHours === undefined) return {};
  const complete = progress?.completeToHour;
  if (progress === undefined || complete === undefined) return { beyond_threshold: null };
  const hours = union(progress.watermarks.map(({ owedHours }) => owedHours)).filter(
    (hour) => hour <= complete - thresholdHours,
  );
  if (hours.length === 0) return { beyond_threshold: null };
  const { rowsOfHours } = await import('../session/rows-of-hours.ts');
  const { client: catalog, engine, views, endpoint } = workspace;
  const sources = await Promise.all(
    spec.sources.map(async (source) => {
      const metadata = (await catalog.loadTable(source.table))?.metadata;
      const head = metadata === undefined ? undefined : mainSnapshot(metadata);
      return { spec: source, ...(head === undefined ? {} : { head: { snapshotId: head['snapshot-id'] } }) };
    }),
  );
  const input = { catalog, engine, views, endpoint, nowMs: workspace.now() };
  const { rows, isExact } = await rowsOfHours(input, sources, hours);
  return { beyond_threshold: { hours: unitTexts(spec, hours), rows: String(rows), exact: isExact } };
}

/** The hours that were made by other SQL than the current one. */
export async function sqlChangedJson(
  workspace: Workspace,
  spec: ProcessSpec,
  progress: ProcessProgress | undefined,
): Promise<PlanSqlChanged | null> {
  const changed = await sqlChangedSince(workspace, spec, progress?.hoursMade);
  return changed === null
    ? null
    : { since_session_id: changed.sinceSessionId, hours: unitTexts(spec, changed.hours) };
}

/**
 * Reads progress as a session does: from the summary of the target's newest snapshot, else from the state
 * table.
 */
export async function readProgress(
  workspace: Workspace,
  spec: ProcessSpec,
  target: TableMetadata,
): Promise<ProcessProgress | undefined> {
  const found = progressInSummary(target, spec.processName);
  if (found !== undefined || holdsNothingYet(target)) return found;
  const { highWaterMarkTable } = workspace.project.tables;
  if (!(await workspace.client.tableExists(highWaterMarkTable))) return undefined;
  const copy = await progressInTable(await workspace.engine(), {
    highWaterMarkTable,
    processName: spec.processName,
    target,
    targetName: tableName(spec.target.table),
  });
  const hoursMade = await hoursMadeBySessions({
    engine: workspace.engine,
    catalog: workspace.client,
    sessionTable: workspace.project.tables.sessionTable,
    target: spec.target.table,
    processNames: namesEver(target, spec.processName),
  });
  return copy === undefined || hoursMade === undefined ? copy : { ...copy, hoursMade };
}

async function sourceStatus(
  workspace: Workspace,
  spec: ProcessSpec,
  source: SourceSpec,
  progress: ProcessProgress | undefined,
): Promise<SourceStatus> {
  const name = tableName(source.table);
  if (source.files !== undefined)
    return folderStatus(workspace, spec, { ...source, files: source.files }, progress);
  const metadata = (await workspace.client.loadTable(source.table))?.metadata;
  const watermark = watermarkFor(progress, { name, tableUuid: metadata?.['table-uuid'] });
  const head = metadata === undefined ? undefined : mainSnapshot(metadata);
  return {
    table: name,
    ...(source.lookup === undefined ? {} : { lookup: true, on_change: source.lookup.onChange }),
    exists: metadata !== undefined,
    watermark:
      watermark === undefined
        ? null
        : { snapshot_id: String(watermark.snapshotId), committed_at: instantText(watermark.committedAtMs) },
    head:
      head === undefined
        ? null
        : { snapshot_id: String(head['snapshot-id']), committed_at: instantText(head['timestamp-ms']) },
    snapshots_behind:
      metadata === undefined || head === undefined
        ? 0
        : snapshotsBehind(metadata, head, {
            watermark,
            isVerified: (key) => workspace.verified.has(key),
          }),
    owed_hours: unitTexts(spec, watermark?.owedHours ?? []),
  };
}

/** Counts the files of a folder that no session has read, or that have changed since they were read. */
async function folderStatus(
  workspace: Workspace,
  spec: ProcessSpec,
  { table, files }: SourceSpec & { readonly files: FilesSpec },
  progress: ProcessProgress | undefined,
): Promise<SourceStatus> {
  const watermark = progress?.watermarks.find((each) => each.tableUuid === FOLDER_UUID);
  const { fileTable } = workspace.project.tables;
  const ledger = (await workspace.client.loadTable(fileTable))?.metadata;
  const engine = await workspace.engine();
  const listed = await listFiles(engine, files, workspace.now());
  const { unread, changed } = await unreadAmong(
    {
      engine,
      process: spec,
      fileTable: ledger === undefined || mainSnapshot(ledger) === undefined ? undefined : fileTable,
      session: watermark?.snapshotId ?? 0n,
    },
    files,
    listed,
  );
  return {
    table: tableName(table),
    exists: listed.length > 0,
    watermark:
      watermark === undefined
        ? null
        : { snapshot_id: String(watermark.snapshotId), committed_at: instantText(watermark.committedAtMs) },
    head: null,
    snapshots_behind: null,
    files_behind: unread.length + (files.onFileChange === 'ignore' ? 0 : changed.length),
    owed_hours: [],
  };
}

/**
 * Counts the snapshots that bring rows, from the head back to the watermark, as far as metadata tell. A
 * compaction brings none, and no session moves the watermark for it. Null if the way back does not lead to
 * the watermark: after a rollback, or if a snapshot in between is expired.
 */
function snapshotsBehind(
  metadata: TableMetadata,
  head: Snapshot,
  {
    watermark,
    isVerified,
  }: { readonly watermark: Watermark | undefined; readonly isVerified: (key: string) => boolean },
): number | null {
  const gap = watermark === undefined ? undefined : between(metadata, head, watermark.snapshotId);
  if (gap !== undefined && gap.kind !== 'straight') return null;
  const since = gap === undefined ? [...ancestors(metadata, head)] : gap.added;
  return since.filter((snapshot) => !bringsNothing(metadata, snapshot, isVerified)).length;
}

/** The newest session of each process, by process. */
export async function lastSessions(workspace: Workspace): Promise<LastSessions> {
  const metadata = (await workspace.client.loadTable(workspace.project.tables.sessionTable))?.metadata;
  if (metadata === undefined) return new Map();
  return (await fewLastSessions(metadata)) ?? lastSessionsInTable(workspace);
}

/** The same, by a statement over a table of any size, which must exist. */
export async function lastSessionsInTable(
  workspace: Pick<Workspace, 'project' | 'engine'>,
): Promise<LastSessions> {
  const engine = await workspace.engine();
  const rows = await engine.query(
    statement('inspect/last_sessions', {
      session_table: lakeTable(workspace.project.tables.sessionTable),
    }),
  );
  return new Map(rows.map(({ process_name, ...session }) => [process_name, session]));
}
