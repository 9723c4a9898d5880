/**
 * Finds who made rows of a table, from what and by which SQL; or, for an hour without rows, what holds it
 * back. Table + condition or hour -> record. Reads only.
 */
import type { StoredUnit } from '../../iceberg/event-time.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import type { NestedField, TableMetadata } from '../../iceberg/table-metadata.ts';
import { PsybergError, usageError } from '../../model/errors.ts';
import { type Hour, hourText } from '../../model/hour.ts';
import { parseHourRange } from '../../model/hour-range.ts';
import { parseTableName, type TableIdentifier, tableName } from '../../model/names.ts';
import type { Plan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { sessionOfName } from '../../model/session-branch.ts';
import type { WhyRecord, WhyRow } from '../../model/why-record.ts';
import { producerOf } from '../../project/dependency-order.ts';
import { sessionsOfTarget } from '../../state/hours-made-by-sessions.ts';
import {
  duckdbColumns,
  lakeTable,
  type RowsAsked,
  renderStatement,
  rowsAskedFragments,
  statement,
} from '../../statements/index.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import { queriesOver } from '../../workspace/queries.ts';
import { shownEventTime } from '../tables.ts';
import { missingHour } from './missing-hour.ts';
import { refuseNoCondition } from './refuse-no-condition.ts';
import { type KnownSession, knownSessions, makersOf } from './sessions-known.ts';
import { whySources } from './source-files.ts';

export interface WhyRequest {
  /** Either a condition on the columns of the table, or an hour as `--hour` takes it. */
  readonly where?: string;
  readonly hour?: string;
  /** At most this many rows; default 10. */
  readonly limit?: number;
}

/** As many rows as a person looks at; each comes with the files of its sources. */
const ROWS_MAX = 10;

export interface WhyPorts {
  readonly workspace: Workspace;
  /** Plans the next session of a process. */
  readonly plan: (spec: ProcessSpec) => Promise<Plan>;
}

/**
 * Throws `table-missing`, `table-name-invalid`, `hours-invalid`, `condition-invalid`, `event-time-missing`
 * and `usage`.
 */
export async function whyRows(ports: WhyPorts, text: string, request: WhyRequest): Promise<WhyRecord> {
  const { workspace } = ports;
  const table = parseTableName(text);
  const asked = await askedOf(workspace, request);
  const metadata = (await workspace.client.loadTableToRead(table))?.metadata;
  if (metadata === undefined)
    throw usageError('table-missing', `there is no table ${tableName(table)}`, {
      hint: 'psyberg tables lists those that there are',
      context: { table: tableName(table) },
    });
  const known = await knowTable(workspace, table, metadata);
  if ('hour' in asked && known.eventTime === undefined)
    throw usageError(
      'event-time-missing',
      `nobody says which column of ${tableName(table)} is its event time`,
      {
        hint: 'ask for rows: --where "id = 7"',
        context: { table: tableName(table) },
      },
    );
  const limit = request.limit ?? ROWS_MAX;
  const found = await readRows(workspace, known, asked, limit);
  const rows: WhyRow[] = [];
  const made = madeRows(workspace, known);
  for (const row of found.slice(0, limit)) rows.push(await made(row));
  const whole = await withSql(workspace, rows);
  const record: WhyRecord = {
    table: tableName(table),
    rows: whole,
    has_more: found.length > limit,
    notes: notesOf(known, whole),
  };
  return rows.length > 0 || !('hour' in asked)
    ? record
    : { ...record, ...(await missing(ports, known, asked.hour)) };
}

type Asked = { readonly where: string } | { readonly hour: Hour };

async function askedOf(workspace: Workspace, { where, hour }: WhyRequest): Promise<Asked> {
  if ((where === undefined) === (hour === undefined))
    throw usageError('usage', 'why asks for rows or for an hour, and for one of them', {
      hint: 'psyberg why facts.cancel_fact --where "event_id = 7", or --hour 2023-09-14T05',
    });
  if (where !== undefined) {
    await refuseNoCondition(workspace, where);
    return { where };
  }
  const range = parseHourRange(hour as string);
  if (range.firstHour === range.lastHour) return { hour: range.firstHour };
  throw usageError('hours-invalid', `--hour is one hour, found '${hour}'`, {
    hint: 'for example --hour 2023-09-14T05',
    context: { found: hour },
  });
}

interface KnownTable {
  readonly table: TableIdentifier;
  readonly metadata: TableMetadata;
  readonly spec: ProcessSpec | undefined;
  readonly eventTime: { readonly field: NestedField; readonly unit: StoredUnit } | undefined;
  readonly sessions: readonly KnownSession[];
}

async function knowTable(
  workspace: Workspace,
  table: TableIdentifier,
  metadata: TableMetadata,
): Promise<KnownTable> {
  const rows = await sessionsOfTarget({
    engine: workspace.engine,
    catalog: workspace.client,
    sessionTable: workspace.project.tables.sessionTable,
    target: table,
  });
  return {
    table,
    metadata,
    spec: producerOf(workspace.project, table),
    eventTime: shownEventTime(workspace, table, metadata),
    sessions: knownSessions(metadata, rows),
  };
}

interface FoundRow {
  readonly row: Readonly<Record<string, unknown>>;
  readonly file: string | null;
  readonly hour: Hour | undefined;
}

/** Reads one row more than `limit`, if there is one. */
async function readRows(
  workspace: Workspace,
  { table, metadata, eventTime }: KnownTable,
  asked: Asked,
  limit: number,
): Promise<FoundRow[]> {
  const columns = duckdbColumns(currentSchema(metadata).fields) ?? [];
  const column = columns.find(({ name }) => name === eventTime?.field.name);
  const query = renderStatement(
    'inspect/rows_asked',
    rowsAskedFragments({
      table,
      eventTime: eventTime === undefined || column === undefined ? undefined : timeAsked(column, eventTime),
      hasFileName: columns.every(({ name }) => name.toLowerCase() !== 'filename'),
      rows: asked,
      rowLimit: limit + 1,
    }),
  );
  const { toObjects } = await queriesOver(workspace)(query).catch((error: unknown) => {
    throw 'where' in asked ? conditionFails(asked.where, error) : error;
  });
  return toObjects().map(({ psyberg_file: file, psyberg_hour: hour, ...row }) => ({
    row,
    file: typeof file === 'string' ? file : null,
    hour: hour === null || hour === undefined ? undefined : Number(hour),
  }));
}

/** Of an integer the unit as well, as a process file names it. */
const timeAsked = (
  { name, type }: { readonly name: string; readonly type: string },
  { field, unit }: NonNullable<KnownTable['eventTime']>,
): RowsAsked['eventTime'] => ({
  name,
  type: type.toUpperCase(),
  unit: field.type === 'int' || field.type === 'long' ? `epoch_${unit}` : undefined,
});

/** Shows DuckDB's complaint without the query around the condition. */
function conditionFails(where: string, error: unknown): unknown {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  const [complaint = ''] = error.message.split(/\n+LINE \d+:/);
  return usageError('condition-invalid', `--where cannot be run: ${complaint.replaceAll(/\s*\n\s*/g, ' ')}`, {
    hint: 'name columns of the table: psyberg why facts.cancel_fact --where "event_id = 7"',
    context: { found: where },
    cause: error,
  });
}

/** Finds who made each row; rows of the same hour and file share one answer. */
function madeRows(workspace: Workspace, known: KnownTable): (found: FoundRow) => Promise<WhyRow> {
  const answers = new Map<string, Promise<Omit<WhyRow, 'row'>>>();
  return async ({ row, file, hour }) => {
    const key = `${hour} ${file}`;
    const answer = answers.get(key) ?? madeBy(workspace, known, { file, hour });
    answers.set(key, answer);
    return { row, ...(await answer) };
  };
}

async function madeBy(
  workspace: Workspace,
  { sessions, spec }: KnownTable,
  { file, hour }: Pick<FoundRow, 'file' | 'hour'>,
): Promise<Omit<WhyRow, 'row'>> {
  const owner = ownerOf(sessions, file);
  const makers = makersOf(sessions, { hour, owner });
  const session = makers.at(-1);
  const own = sessions.filter(({ processName }) => processName === session?.processName);
  const before = session === undefined ? undefined : own[own.indexOf(session) - 1];
  return {
    hour: hour === undefined ? null : hourText(hour),
    file,
    process_name: session?.processName ?? null,
    psyberg_session_id: session?.psybergSessionId ?? null,
    published_snapshot_id: session?.publishedSnapshotId ?? null,
    published_at: session?.publishedAt ?? null,
    sessions: makers.map(({ psybergSessionId }) => psybergSessionId).reverse(),
    sources:
      session === undefined
        ? []
        : await whySources(workspace, {
            session,
            before,
            spec: spec?.processName === session.processName ? spec : undefined,
            hour,
          }),
    audits: session?.audits ?? [],
    sql_fingerprint: session?.fingerprint ?? null,
    sql: null,
  };
}

/** The session that wrote the file, named by the folder in which it lies. */
function ownerOf(sessions: readonly KnownSession[], file: string | null): KnownSession | undefined {
  const named = file
    ?.split('/')
    .map(sessionOfName)
    .find((each) => each !== undefined);
  return sessions.find(
    ({ processName, psybergSessionId }) =>
      processName === named?.processName && psybergSessionId === named.psybergSessionId,
  );
}

/** Adds the SQL texts that sessions kept. */
async function withSql(workspace: Workspace, rows: readonly WhyRow[]): Promise<WhyRow[]> {
  const wanted = [...new Set(rows.flatMap(({ sql_fingerprint: fingerprint }) => fingerprint ?? []))];
  const { sessionTable } = workspace.project.tables;
  if (wanted.length === 0 || !(await workspace.client.tableExists(sessionTable))) return [...rows];
  const kept = await (await workspace.engine()).query(
    statement('inspect/kept_sql', { session_table: lakeTable(sessionTable) }),
    { fingerprints: wanted },
  );
  const texts = new Map(kept.map(({ fingerprint, sql }) => [fingerprint, sql]));
  return rows.map((row) => ({ ...row, sql: texts.get(row.sql_fingerprint ?? '') ?? null }));
}

/** Notes on what the answers leave open. */
function notesOf({ sessions }: KnownTable, rows: readonly WhyRow[]): string[] {
  const notes: string[] = [];
  if (rows.some(({ psyberg_session_id: id }) => id === null))
    notes.push(
      sessions.length === 0
        ? 'no session has published to this table: its rows were written by other means'
        : 'rows without a session were written by other means, or before a target was adopted',
    );
  if (rows.some(({ sessions: makers }) => makers.length > 1))
    notes.push(
      'files were put together since: a row with several sessions was made by one of them, and the newest is shown',
    );
  if (rows.some(({ psyberg_session_id: id, sql }) => id !== null && sql === null))
    notes.push(
      'where the text of the SQL was not kept, the session published before psyberg did so, or its process was retired since',
    );
  return notes;
}

async function missing(
  { workspace, plan }: WhyPorts,
  { table, spec, sessions }: KnownTable,
  hour: Hour,
): Promise<Pick<WhyRecord, 'held_back_by' | 'because' | 'hint'>> {
  if (spec === undefined)
    return {
      held_back_by: null,
      because: `no process of ${workspace.project.name} writes ${tableName(table)}: whoever does has written no row of this hour`,
      hint: null,
    };
  try {
    const { heldBackBy, because, hint } = missingHour({
      plan: await plan(spec),
      hour,
      sessions: sessions.filter(({ processName }) => processName === spec.processName),
      thresholdHours: spec.catchup.thresholdHours,
    });
    return { held_back_by: heldBackBy, because, hint };
  } catch (error) {
    if (!(error instanceof PsybergError) || error.kind === 'interrupted') throw error;
    return {
      held_back_by: null,
      because: `no session can load it: ${error.message}`,
      hint: error.hint ?? null,
    };
  }
}
