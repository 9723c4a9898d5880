/**
 * Verifies one process: computes what its target should hold beside it, and compares both ways. Process +
 * published target -> Verification. Writes nothing.
 */

import { mainSnapshot } from '../../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { PsybergError, usageError } from '../../model/errors.ts';
import { unitsAround, withGrain } from '../../model/grain.ts';
import { type Hour, type HourRange, hourText } from '../../model/hour.ts';
import { ascending, intervalsOf } from '../../model/hour-sets.ts';
import { tableName } from '../../model/names.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { Verification } from '../../model/verification.ts';
import { targetProgress } from '../../session/target-progress.ts';
import { type ProcessProgress, wasAdopted } from '../../state/process-progress.ts';
import {
  eventHourFragment,
  renderStatement,
  type SqlFragment,
  shapedColumnsFragment,
  standInsFragment,
  statement,
  statementFragment,
  type TestColumn,
} from '../../statements/index.ts';
import { judgeSql } from '../../workload/duckdb/judge-sql.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import { withWorkBeside } from '../../workspace/work-beside.ts';
import { type Differences, sampleOf } from '../differences.ts';
import { type PinnedTables, withPinnedTables } from '../pinned-tables.ts';
import { type EngineRecompute, engineRecompute } from '../recompute/on-engine.ts';
import { ANY_SESSION, ANY_TIME } from '../recompute/process-query.ts';
import type { GivenHours, Relation } from '../recompute/recompute.ts';
import { type RowsInMemory, withRowsInMemory } from '../rows-in-memory.ts';
import { expectedRows, hoursToCompare } from './expected-rows.ts';
import { type HoursCompared, hoursCompared } from './hours-compared.ts';
import { compareInAnyOrder } from './in-any-order.ts';
import { targetEventTime } from './sources-as-of.ts';

export interface VerifyProcessRequest {
  /** For a process of days, the days in which they lie are compared. */
  readonly hours: HourRange | undefined;
  /** At most this many rows of each kind in the sample. */
  readonly keptRows: number;
}

/** What is verified, as it was published. */
interface Published {
  readonly metadata: TableMetadata;
  readonly head: Snapshot;
  readonly progress: ProcessProgress;
}

/**
 * Throws `not-published`, `hours-invalid`, `event-time-missing`, `process-sql-failed`, `history-expired`,
 * `source-missing`, `source-replaced`, `not-verifiable` and the errors of reading.
 */
export async function verifyProcess(
  workspace: Workspace,
  spec: ProcessSpec,
  asked: VerifyProcessRequest,
): Promise<Verification> {
  const request = {
    ...asked,
    hours: asked.hours === undefined ? undefined : unitsAround(spec, asked.hours),
  };
  const published = await publishedState(workspace, spec);
  const time = targetEventTime(spec, published.metadata);
  const hours = hoursCompared(spec, published.progress, {
    asked: request.hours,
    isDate: time?.isDate,
    isAdopted: wasAdopted(published.metadata, spec.processName),
  });
  const engine = await workspace.engine();
  const tree = await judgeSql(engine, workspace.project, spec);
  return withRowsInMemory(engine, (memory) =>
    withPinnedTables(workspace, `verify@${spec.processName}`, (pinned) =>
      withWorkBeside(workspace, spec, (beside) => {
        const { metadata: target, head } = published;
        const engine = beside === undefined ? undefined : engineRecompute(beside, pinned, { spec, target });
        engine?.target(target, head);
        const sides = { memory, pinned, spec, published, hours, request, tree, eventTime: time?.name };
        return compared(workspace, { ...sides, engine });
      }),
    ),
  );
}

async function publishedState(workspace: Workspace, spec: ProcessSpec): Promise<Published> {
  const { client: catalog, engine, project } = workspace;
  const metadata = (await catalog.loadTableToRead(spec.target.table))?.metadata;
  const head = metadata === undefined ? undefined : mainSnapshot(metadata);
  const progress =
    metadata === undefined || head === undefined
      ? undefined
      : await targetProgress({ spec, project, catalog, engine }, metadata, spec.processName);
  if (metadata === undefined || head === undefined || progress === undefined)
    throw usageError(
      'not-published',
      `${spec.processName} has published nothing to ${tableName(spec.target.table)} yet: there is nothing to verify`,
      {
        hint: `run "psyberg run ${spec.processName}" first`,
        context: { process_name: spec.processName, table: tableName(spec.target.table) },
      },
    );
  return { metadata, head, progress };
}

interface Comparing {
  readonly memory: RowsInMemory;
  readonly pinned: PinnedTables;
  readonly spec: ProcessSpec;
  readonly published: Published;
  readonly hours: HoursCompared;
  readonly request: VerifyProcessRequest;
  /** Undefined for SQL of another engine. */
  readonly tree: unknown;
  readonly eventTime: string | undefined;
  readonly engine: EngineRecompute | undefined;
}

async function compared(workspace: Workspace, comparing: Comparing): Promise<Verification> {
  const { memory, pinned, spec, published, hours, request } = comparing;
  const { metadata, head, progress } = published;
  await pinned.show([{ name: 'target', table: spec.target.table, metadata, snapshot: head }]);
  const target = await relationOf(memory, pinned.named('target'));
  const column = target.columns.find(({ name }) => name === comparing.eventTime);
  const hour = column === undefined ? undefined : eventHourFragment(column, undefined);
  const isHourly = patternOf(spec).readsPrevious;
  const expected = await expectedRows(workspace, memory, pinned, {
    ...{ spec, progress, target: { metadata, rows: target }, asked: request.hours },
    completeHour: lastComputed(hours.completeHour, isHourly ? request.hours : undefined),
    given: isHourly ? givenHours(target, hours, request.hours) : undefined,
    firstFound: isHourly && hour !== undefined ? await firstFound(memory, target, hour) : undefined,
    engine: comparing.engine,
    onHour: ({ done, total }) => tellHours(workspace, spec, { done, total }),
  }).catch((error: unknown) => {
    throw placed(spec, error);
  });
  try {
    const rows = expected.rows ?? (await noRows(memory, target.columns));
    const { columns, notes } = await comparedColumns(memory, spec, rows, target.columns);
    const only =
      expected.needed === undefined || hour === undefined || !patternOf(spec).loadsHours
        ? undefined
        : await hoursToCompare(memory, target, { hour, needed: expected.needed });
    workspace.onStep(`${spec.processName}: compares with ${tableName(spec.target.table)}`);
    const sides = { expected: rows.table, found: target.table, columns, hour, name: 'compared' };
    const left = await leftByOthers(memory, target, hours, hour);
    const kept = { ...hours.kept, only, without: [...hours.kept.without, ...intervalsOf(left)] };
    const { found, notes: order } = await compareInAnyOrder(memory, { ...sides, kept }, comparing.tree);
    return await recordOf(comparing, found, columns, [
      ...hours.notes,
      ...(left.length === 0 ? [] : [leftNote(spec, left)]),
      ...expected.notes,
      ...notes,
      ...order,
      ...(isHourly && request.hours !== undefined ? [builtOn(spec, request.hours)] : []),
    ]);
  } finally {
    await expected.drop();
  }
}

const builtOn = ({ target, grain = 'hour' }: ProcessSpec, { firstHour }: HourRange): string =>
  `${hourText(firstHour)} was computed from the rows of ${tableName(target.table)} in the ${grain} before, as they are`;

const tellHours = (
  { onProgress }: Workspace,
  { processName: subject, grain: unit = 'hour' }: ProcessSpec,
  parts: { readonly done: number; readonly total: number },
): void => onProgress({ kind: 'parts', subject, action: 'verify', unit, ...parts });

async function relationOf({ run }: RowsInMemory, table: SqlFragment): Promise<Relation> {
  return { table, columns: (await run('test/columns', { from: table })).columns };
}

const lastComputed = (complete: Hour | undefined, asked: HourRange | undefined): Hour | undefined =>
  complete === undefined || asked === undefined ? complete : Math.min(complete, asked.lastHour);

/** Hours that are owed, or that lie before those asked for, are taken as they are. */
function givenHours(rows: Relation, { owed }: HoursCompared, asked: HourRange | undefined): GivenHours {
  const left = new Set(owed);
  const first = owed.find((hour) => asked === undefined || hour >= asked.firstHour - 1);
  return {
    rows,
    ...(first === undefined ? {} : { firstHour: first }),
    isGiven: (hour) => left.has(hour) || (asked !== undefined && hour < asked.firstHour),
  };
}

/** Hours with rows that whoever filled an adopted target put there before they were complete. */
async function leftByOthers(
  { run }: RowsInMemory,
  { table }: Relation,
  { isLeft }: HoursCompared,
  hour: SqlFragment | undefined,
): Promise<Hour[]> {
  if (isLeft === undefined || hour === undefined) return [];
  const { rows } = await run('test/changed_hours', { table, hour });
  return ascending(rows.map(([each]) => Number(each)).filter(isLeft));
}

const leftNote = ({ processName, target }: ProcessSpec, left: readonly Hour[]): string =>
  `rows of ${tableName(target.table)} in hours of ${hourText(Math.min(...left))} to ${hourText(Math.max(...left))} were there when ${processName} adopted it, and are not complete: they are not compared`;

async function firstFound(
  { run }: RowsInMemory,
  { table }: Relation,
  hour: SqlFragment,
): Promise<Hour | undefined> {
  const [[found] = []] = (await run('test/event_hours', { hour, table })).rows;
  return typeof found === 'bigint' ? Number(found) : undefined;
}

/** A table without rows, for when none are expected. */
async function noRows({ run, tableNamed }: RowsInMemory, columns: readonly TestColumn[]): Promise<Relation> {
  const table = tableNamed('nothing');
  const none = shapedColumnsFragment(columns.map((column) => ({ ...column, from: undefined })));
  await run('test/create_from', {
    table,
    query: statementFragment(renderStatement('test/no_rows', { columns: none })),
  });
  return { table, columns };
}

/** Leaves out columns that hold a session's id or time, since these differ each time. */
async function comparedColumns(
  { engine }: RowsInMemory,
  { parameters }: ProcessSpec,
  rows: Relation,
  columns: readonly TestColumn[],
): Promise<{ readonly columns: readonly TestColumn[]; readonly notes: readonly string[] }> {
  const ofSession = ['psyberg_session_id', 'landed_at'];
  if (!parameters.some(({ name }) => ofSession.includes(name))) return { columns, notes: [] };
  const stands = standInsFragment(columns, { session: ANY_SESSION, instant: ANY_TIME });
  const [row = {}] = (
    await engine.table(statement('compare/stand_ins', { columns: stands, rows: rows.table }))
  ).toObjects();
  const left = columns.filter(({ name }) => row[name] !== true);
  const out = columns.filter((column) => !left.includes(column)).map(({ name }) => name);
  return {
    columns: left,
    notes: out.length === 0 ? [] : [`not compared, since each session has its own: ${out.join(', ')}`],
  };
}

async function recordOf(
  { memory, spec, published, hours, request }: Comparing,
  { hours: found, rows }: Differences,
  columns: readonly TestColumn[],
  notes: readonly string[],
): Promise<Verification> {
  const sum = (of: (hour: (typeof found)[number]) => bigint): string =>
    String(found.reduce((total, each) => total + of(each), 0n));
  const differing = found.filter(({ missing, extra }) => missing + extra > 0n);
  const sample = (side: 'missing' | 'extra') =>
    sampleOf(memory, rows, { side, columns, keptRows: request.keptRows });
  return {
    process_name: spec.processName,
    target: tableName(spec.target.table),
    ...withGrain(spec),
    status: differing.length === 0 ? 'equal' : 'different',
    range: rangeOf(spec, hours, request.hours, found),
    hours_compared: found.filter(({ hour }) => hour !== undefined).length,
    rows_expected: sum(({ rowsExpected }) => rowsExpected),
    rows_found: sum(({ rowsFound }) => rowsFound),
    missing: sum(({ missing }) => missing),
    extra: sum(({ extra }) => extra),
    hours: differing.map((each) => ({
      hour: each.hour === undefined ? null : hourText(each.hour),
      rows_expected: String(each.rowsExpected),
      rows_found: String(each.rowsFound),
      missing: String(each.missing),
      extra: String(each.extra),
    })),
    owed_hours: hours.owed
      .filter((each) => request.hours === undefined || isWithin(each, request.hours))
      .map(hourText),
    sample: { missing: await sample('missing'), extra: await sample('extra') },
    snapshot_id: String(published.head['snapshot-id']),
    notes: [...notes, ...notesOnExtra(spec, found)],
    error: null,
  };
}

/** Notes on rows that a process keeps on purpose, though its query does not (or no longer) return them. */
function notesOnExtra({ sources, target, pattern }: ProcessSpec, found: Differences['hours']): string[] {
  if (found.every(({ extra }) => extra === 0n)) return [];
  const keeping = sources.filter(({ onSourceChange }) => onSourceChange === 'append-added');
  return [
    ...(patternOf({ pattern }).loadsHours || keeping.length === 0
      ? []
      : [
          `rows that ${keeping.map(({ table }) => tableName(table)).join(', ')} lost stay in the target (on_source_change: append-added), and are among those not expected`,
        ]),
    ...(target.existingRows === 'keep'
      ? ['rows that others wrote stay in the target (existing_rows: keep), and are among those not expected']
      : []),
  ];
}

const isWithin = (hour: Hour, { firstHour, lastHour }: HourRange): boolean =>
  hour >= firstHour && hour <= lastHour;

/** The range from the first hour with rows, or that was asked for, to the last complete one. */
function rangeOf(
  spec: ProcessSpec,
  { completeHour, kept }: HoursCompared,
  asked: HourRange | undefined,
  found: Differences['hours'],
): Verification['range'] {
  if (!patternOf(spec).loadsHours && asked === undefined) return null;
  const first = kept.first ?? found.find(({ hour }) => hour !== undefined)?.hour;
  const last = Math.min(kept.last ?? Number.POSITIVE_INFINITY, completeHour ?? Number.POSITIVE_INFINITY);
  if (first === undefined || !Number.isFinite(last) || first > last) return null;
  return { first_hour: hourText(first), last_hour: hourText(last) };
}

/** Shows DuckDB's complaint about the query without the statement around it. */
function placed(spec: ProcessSpec, error: unknown): unknown {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  return usageError(
    'process-sql-failed',
    `the query of ${spec.processName} over whole tables: ${error.message.split('\n')[0]}`,
    {
      hint: `correct it in ${spec.file}; psyberg show ${spec.processName} shows the place`,
      context: { process_name: spec.processName },
      cause: error,
    },
  );
}
