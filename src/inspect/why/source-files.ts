/**
 * Finds from which files of its sources a session made an hour. Session + hour -> tables, snapshots, hours,
 * files; uses metadata alone.
 */
import { columnOf, currentSchema, storedUnit } from '../../iceberg/event-time.ts';
import { snapshotById } from '../../iceberg/history.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { type HourRange, hourIntervals, hourText } from '../../model/hour.ts';
import { parseTableName, tableName, tableNameProblem } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import type { WhySource } from '../../model/why-record.ts';
import { lakeTable, statement } from '../../statements/index.ts';
import { filesOfHours, manifestsOfHours } from '../../tables/read/files-of-hours.ts';
import { liveManifestsOf } from '../../tables/read/manifest-list.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import type { KnownSession } from './sessions-known.ts';

export interface MadeHour {
  readonly session: KnownSession;
  /** The previous session of its process: a stateless session does not read again what that one has read. */
  readonly before: KnownSession | undefined;
  /** The process as the project has it now; undefined if it is no longer there. */
  readonly spec: ProcessSpec | undefined;
  readonly hour: number | undefined;
}

/** Lists the sources that the session read, with the files that may hold rows behind the hour. */
export async function whySources(workspace: Workspace, made: MadeHour): Promise<WhySource[]> {
  const sources: WhySource[] = [];
  for (const source of made.session.sources) sources.push(await whySource(workspace, made, source));
  return sources;
}

async function whySource(
  workspace: Workspace,
  made: MadeHour,
  { table, snapshotId }: KnownSession['sources'][number],
): Promise<WhySource> {
  const source = made.spec?.sources.find(
    (each) => tableName(each.table).toLowerCase() === table.toLowerCase(),
  );
  const hours = hoursOf(source, made.hour);
  const head = {
    table,
    snapshot_id: snapshotId,
    first_hour: hours === undefined ? null : hourText(hours.firstHour),
    last_hour: hours === undefined ? null : hourText(hours.lastHour),
  };
  if (source?.files !== undefined)
    return { ...head, files: await filesOfFolder(workspace, made.session, source), files_unknown: null };
  const found = await filesOfTable(workspace, made, { table, snapshotId, source, hours });
  return typeof found === 'string'
    ? { ...head, files: [], files_unknown: found }
    : { ...head, files: found, files_unknown: null };
}

/**
 * The hours of the source that its window reaches; undefined for a lookup, or if the process is not known.
 */
function hoursOf(source: SourceSpec | undefined, hour: number | undefined): HourRange | undefined {
  if (source === undefined || source.lookup !== undefined || hour === undefined) return undefined;
  const { beforeHours = 0, afterHours = 0 } = source.window ?? {};
  return { firstHour: hour - beforeHours, lastHour: hour + afterHours };
}

interface AskedTable {
  readonly table: string;
  readonly snapshotId: string;
  readonly source: SourceSpec | undefined;
  readonly hours: HourRange | undefined;
}

/** Paths, or the reason why there are none to show. */
async function filesOfTable(
  workspace: Workspace,
  { before, session, spec }: MadeHour,
  { table, snapshotId, source, hours }: AskedTable,
): Promise<string[] | string> {
  if (source?.lookup !== undefined) return 'a lookup is read whole';
  if (source === undefined) return 'the process is not in the project, or has another source now';
  if (hours === undefined) return 'the row has no hour';
  if (tableNameProblem(table) !== undefined) return 'its name is of no table';
  const metadata = (await workspace.client.loadTableToRead(parseTableName(table)))?.metadata;
  if (metadata === undefined) return 'the table is not there any more';
  const files = await filesAt(workspace, metadata, { snapshotId, source, hours });
  if (typeof files === 'string' || spec?.pattern !== 'stateless' || session.replaces) return files;
  const read = before?.sources.find((each) => each.table.toLowerCase() === table.toLowerCase());
  const known =
    read === undefined
      ? []
      : await filesAt(workspace, metadata, { snapshotId: read.snapshotId, source, hours });
  // Without the earlier snapshot it cannot be said which of them were new.
  if (typeof known === 'string') return known;
  const old = new Set(known);
  return files.filter((path) => !old.has(path));
}

async function filesAt(
  workspace: Workspace,
  metadata: TableMetadata,
  {
    snapshotId,
    source,
    hours,
  }: Pick<AskedTable, 'snapshotId'> & { readonly source: SourceSpec; readonly hours: HourRange },
): Promise<string[] | string> {
  const snapshot = snapshotById(metadata, BigInt(snapshotId));
  if (snapshot === undefined) return `snapshot ${snapshotId} has expired`;
  const column =
    source.eventTime === undefined ? undefined : columnOf(currentSchema(metadata), source.eventTime);
  const unit = storedUnit(column?.type, source.eventTimeUnit);
  if (column === undefined || unit === undefined) return 'it has no event time';
  const engine = await workspace.engine();
  const asked = { metadata, snapshot, hours: hourIntervals([hours]) };
  const manifests = await manifestsOfHours(engine, {
    ...asked,
    manifests: await liveManifestsOf(engine, snapshot),
    fieldId: column.id,
  });
  const found = await filesOfHours(engine, {
    ...asked,
    manifests,
    column: { fieldId: column.id, type: String(column.type), unit },
  });
  return found.map(({ path }) => path);
}

/** All files that the session read: the ledger has no hours. */
async function filesOfFolder(
  workspace: Workspace,
  { processName, psybergSessionId }: KnownSession,
  source: SourceSpec,
): Promise<string[]> {
  const { fileTable } = workspace.project.tables;
  if (!(await workspace.client.tableExists(fileTable))) return [];
  const rows = await (await workspace.engine()).query(
    statement('inspect/folder_files_of_session', { file_table: lakeTable(fileTable) }),
    { process_name: processName, psyberg_session_id: psybergSessionId, src_files: tableName(source.table) },
  );
  return rows.map(({ path }) => path);
}
