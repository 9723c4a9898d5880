/**
 * One source of a session: its pinned head, what changed since the watermark, and how far it is complete.
 * SourceSpec + metadata + watermark -> SourceState. DuckDB is started only when something changed.
 */
import { relative } from 'node:path';
import { findChanges } from '../changes/find-changes.ts';
import { newestHourOf } from '../changes/newest-hour.ts';
import { openSource } from '../changes/open-source.ts';
import { refuseUnsupported } from '../changes/refuse-unsupported.ts';
import type { Source, SourceTable } from '../changes/source.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { ancestors, countInSummary, mainSnapshot } from '../iceberg/history.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { vttsKind } from '../kinds/vtts/index.ts';
import { type PsybergError, refusal, usageError } from '../model/errors.ts';
import { unitOf } from '../model/grain.ts';
import { type Hour, hourOfMs } from '../model/hour.ts';
import { protectionTag, sameTable, tableName } from '../model/names.ts';
import type { SourceSpec } from '../model/process-spec.ts';
import type { ChangedFile, SourcePosition, SourceState, Watermark } from '../model/session.ts';
import {
  type ProcessProgress,
  progressEverSaid,
  watermarkFor,
  watermarksOn,
} from '../state/read-watermarks.ts';
import { type StateRelation, stateRelation } from '../state/state-relation.ts';
import { SIGNAL } from '../state/tables/signal.ts';
import { namesEver } from '../state/target-publishers.ts';
import { duckdbColumns, statement, tableFragment } from '../statements/index.ts';
import { refuseReplacedColumns } from './columns-replaced.ts';
import { eventTimeOf, refuseOtherEventTime } from './event-time.ts';
import { openFolder } from './open-folder.ts';
import type { OpenSessionInput } from './session-input.ts';
import { startSnapshot } from './start.ts';
import { askVtts } from './vtts.ts';

/** What a source is before anything of it was looked at. */
export const NOTHING_NEW = {
  awaited: false,
  detectedBy: 'snapshots',
  changes: [],
  files: [],
  listedBy: 'manifests',
  manifestLists: [],
} as const satisfies Partial<SourceState>;

/**
 * Opens a source. Throws `source-missing`, `source-replaced`, `source-rewound`, `source-changed`,
 * `history-expired` and the errors of reading.
 */
export async function openSourceState(
  input: OpenSessionInput,
  spec: SourceSpec,
  progress: ProcessProgress | undefined,
): Promise<SourceState> {
  if (spec.files !== undefined) return openFolder(input, { ...spec, files: spec.files }, progress);
  const loaded = await input.catalog.loadTableToRead(spec.table);
  const name = tableName(spec.table);
  const found = watermarkFor(progress, { name, tableUuid: loaded?.metadata['table-uuid'] });
  // As a lookup it was looked at, and none of its rows has been loaded.
  const watermark = found?.onChange === undefined ? found : undefined;
  const untouched = { ...NOTHING_NEW, spec, ...(watermark === undefined ? {} : { watermark }) };
  if (loaded === undefined) {
    refuseMissing(input, spec);
    return { ...untouched, awaited: true };
  }
  const { metadata } = loaded;
  refuseUnsupported(name, metadata);
  const columns = duckdbColumns(currentSchema(metadata).fields);
  const idle = columns === undefined ? untouched : { ...untouched, columns };
  if (watermark !== undefined && watermark.tableUuid !== metadata['table-uuid'])
    throw sourceReplaced(input, name, { watermark, found: metadata['table-uuid'] });
  const eventTime = eventTimeOf(spec, metadata);
  if (patternOf(input.spec).loadsHours)
    refuseOtherEventTime(
      input.spec,
      { source: spec, metadata, eventTime },
      watermarksOn(progress, metadata['table-uuid']),
    );
  await refuseReplacedColumns(input, { source: spec, metadata, watermark });
  const head = headOf(input, spec, metadata);
  if (head === undefined) {
    if (watermark !== undefined) throw sourceRewound(input, name, watermark);
    return { ...idle, ...(await emptyState(input, spec, eventTime)) };
  }
  const table: SourceTable = {
    views: input.views,
    endpoint: input.endpoint,
    spec,
    metadata,
    eventTime,
    lastAllowedHour: lastAllowedHour(input, spec),
    ...(input.verified === undefined ? {} : { verified: input.verified }),
  };
  return Object.freeze({ ...idle, ...(await stateAt(input, table, { head, watermark, progress })) });
}

/**
 * A source without rows is complete where that is known without looking at it; its hours have a type all the
 * same.
 */
async function emptyState(
  input: OpenSessionInput,
  spec: SourceSpec,
  eventTime: SourceTable['eventTime'],
): Promise<Partial<SourceState>> {
  if (vttsKind(spec.vtts.kind).knowsWithoutRows !== true) return {};
  const vttsHour = await askProvider(input, spec, { newestHour: undefined, snapshots: () => [] });
  return { ...eventTimeFacts(eventTime), ...(vttsHour === undefined ? {} : { vttsHour }) };
}

/** The hour up to which the source is complete, as its provider says it. */
const askProvider = (
  input: OpenSessionInput,
  spec: SourceSpec,
  known: Pick<Parameters<typeof askVtts>[0], 'newestHour' | 'snapshots'>,
): Promise<Hour | undefined> =>
  askVtts({
    ...known,
    processName: input.spec.processName,
    file: relative(input.project.root, input.spec.file),
    spec,
    lastAllowedHour: lastAllowedHour(input, spec),
    signals: () => signalsOf(input),
    engine: input.engine,
  });

/** The last hour that is not of the future. */
const lastAllowedHour = ({ nowMs }: OpenSessionInput, { futureToleranceMs }: SourceSpec): Hour =>
  hourOfMs(nowMs + futureToleranceMs);

/** The snapshot that the session pins: the head of `main`, or where an adoption says. */
function headOf(input: OpenSessionInput, spec: SourceSpec, metadata: TableMetadata): Snapshot | undefined {
  const main = mainSnapshot(metadata);
  const adoptedAt = input.adoptAt?.(spec);
  if (main === undefined || adoptedAt === undefined) return main;
  return startSnapshot(metadata, main, { start: adoptedAt, table: tableName(spec.table) });
}

interface Pinned {
  readonly head: Snapshot;
  readonly watermark: Watermark | undefined;
  readonly progress: ProcessProgress | undefined;
}

/** What changed up to the head, and how far the source is complete there. */
async function stateAt(
  input: OpenSessionInput,
  table: SourceTable,
  { head, watermark, progress }: Pinned,
): Promise<Partial<SourceState>> {
  const { spec, metadata, eventTime } = table;
  let opened: Source | undefined;
  const open = async (): Promise<Source> => {
    opened ??= openSource(await input.engine(), table);
    return opened;
  };
  const begin = watermark === undefined ? beginningOf(input, table, head) : undefined;
  const from = watermark ?? (begin === undefined ? undefined : asWatermark(table, begin));
  const changed =
    from?.snapshotId === head['snapshot-id']
      ? NOTHING_NEW
      : await findChanges(
          {
            source: await open(),
            processName: input.spec.processName,
            needs: input.changesNeeded ?? patternOf(input.spec).changesNeeded(spec),
            watermarksEver: once(() => watermarksEver(input, spec)),
          },
          head,
          from,
        );
  refuseNulls(input, table, changed.files);
  const complete =
    input.isLoaded === true
      ? {}
      : await completenessOf(input, table, { head, from, changed, progress, open });
  const tag = metadata.refs?.[protectionTag(input.spec.processName)];
  return {
    ...changed,
    ...(begin === undefined ? {} : { start: positionOf(metadata, begin) }),
    ...(tag === undefined ? {} : { protectedSnapshotId: tag['snapshot-id'] }),
    head: positionOf(metadata, head),
    ...complete,
    ...headCounts(head),
    ...eventTimeFacts(eventTime),
    schemaId: metadata['current-schema-id'],
  };
}

interface Found {
  readonly head: Snapshot;
  readonly from: Watermark | undefined;
  readonly changed: Pick<SourceState, 'files' | 'deleteFiles'>;
  readonly progress: ProcessProgress | undefined;
  readonly open: () => Promise<Source>;
}

/** The newest hour with rows, and the hour up to which all rows are there. */
async function completenessOf(
  input: OpenSessionInput,
  table: SourceTable,
  { head, from, changed, progress, open }: Found,
): Promise<Pick<SourceState, 'newestHour' | 'laterHours' | 'vttsHour'>> {
  const { spec, metadata } = table;
  const { newestHour, laterHours } = await newestHourOf({
    open,
    source: table,
    head,
    watermark: from,
    changed,
    completeToHour: progress?.completeToHour,
  });
  const vttsHour = asksProvider(input, spec, { changed, progress })
    ? await askProvider(input, spec, {
        newestHour: newestHour === undefined ? undefined : lastOfNewest(input, table, newestHour),
        snapshots: () => ancestors(metadata, head),
      })
    : undefined;
  return {
    ...(newestHour === undefined ? {} : { newestHour }),
    ...(vttsHour === undefined ? {} : { vttsHour }),
    ...(laterHours === undefined ? {} : { laterHours }),
  };
}

/**
 * Up to which hour rows of the newest one say that the source is complete: those of days say it of their day.
 * A target of days has only such as are complete; a date stands for its midnight as long as its day is not
 * over, and a process of days would wait for the next one to know that it is.
 */
function lastOfNewest(input: OpenSessionInput, table: SourceTable, newestHour: Hour): Hour {
  const writer = input.project.processes.find((each) => sameTable(each.target.table, table.spec.table));
  const isOfDays = writer?.grain === 'day' && patternOf(writer).loadsHours;
  const { lastHour } = unitOf({ grain: 'day' }, newestHour);
  const isOver = lastHour <= table.lastAllowedHour;
  const isDate = input.spec.grain === 'day' && table.eventTime?.unit === 'day';
  return isOfDays || (isDate && isOver) ? lastHour : newestHour;
}

export const eventTimeFacts = (eventTime: SourceTable['eventTime']): Partial<SourceState> =>
  eventTime === undefined
    ? {}
    : {
        eventTimeId: eventTime.column.id,
        eventTimeType: String(eventTime.column.type),
        eventTimeUnit: eventTime.unit,
      };

/** Where a process without a watermark begins; undefined: with all rows. */
function beginningOf(input: OpenSessionInput, { spec, metadata }: SourceTable, head: Snapshot) {
  const asOfNow = input.adoptAt !== undefined || input.lookUpTo !== undefined;
  const start = asOfNow ? { kind: 'now' as const } : spec.start;
  return startSnapshot(metadata, head, { start, table: tableName(spec.table) });
}

const asWatermark = ({ spec, metadata }: SourceTable, begin: Snapshot): Watermark => ({
  ...positionOf(metadata, begin),
  table: tableName(spec.table),
  owedHours: [],
});

/**
 * Most providers cost a query; without changes and debts only a dimension, or a process of several
 * sources, moves on by completeness alone.
 */
function asksProvider(
  { spec, lookUpTo }: OpenSessionInput,
  source: SourceSpec,
  {
    changed,
    progress,
  }: { readonly changed: Pick<SourceState, 'files'>; readonly progress: ProcessProgress | undefined },
): boolean {
  if (lookUpTo !== undefined) return true;
  if (
    vttsKind(source.vtts.kind).isFree ||
    spec.sources.filter(({ lookup }) => lookup === undefined).length > 1 ||
    patternOf(spec).readsPrevious
  )
    return true;
  // What was loaded reaches hours that come.
  if (source.window !== undefined) return true;
  return changed.files.length > 0 || (progress?.watermarks ?? []).some((each) => each.owedHours.length > 0);
}

async function signalsOf({ catalog, project, engine }: OpenSessionInput): Promise<StateRelation | undefined> {
  const { signalTable: table } = project.tables;
  const found = await catalog.loadTable(table);
  return found === undefined ? undefined : stateRelation(await engine(), { table, ...found }, SIGNAL);
}

/** The counts that a later session checks, should history be expired by then. */
export function headCounts(head: Snapshot): Pick<SourceState, 'totalRecords' | 'addedRecords'> {
  const totalRecords = countInSummary(head, 'total-records');
  const addedRecords = countInSummary(head, 'added-records');
  return {
    ...(totalRecords === undefined ? {} : { totalRecords }),
    ...(addedRecords === undefined ? {} : { addedRecords }),
  };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

/** A source that another process of the project will write may be missing still; any other is an error. */
export function refuseMissing(input: OpenSessionInput, spec: SourceSpec): void {
  if (input.project.processes.some((each) => sameTable(each.target.table, spec.table))) return;
  const name = tableName(spec.table);
  throw usageError('source-missing', `the source table ${name} of ${input.spec.processName} does not exist`, {
    hint: `create it, or name an existing table under sources: in ${input.spec.file} (psyberg sql "show all tables" lists them)`,
    context: { table: name, process_name: input.spec.processName },
  });
}

export const sourceReplaced = (
  { spec }: OpenSessionInput,
  name: string,
  { watermark, found }: { readonly watermark: Watermark; readonly found: string },
): PsybergError =>
  refusal(
    'source-replaced',
    `the source ${name} was dropped and created again: the watermark of ${spec.processName} is of table uuid ${watermark.tableUuid}, found ${found}`,
    {
      hint: `rebuild the target ${tableName(spec.target.table)} from the new source: drop it and run again`,
      context: { table: name, expected: watermark.tableUuid, found },
    },
  );

const sourceRewound = ({ spec }: OpenSessionInput, name: string, watermark: Watermark): PsybergError =>
  refusal(
    'source-rewound',
    `the source ${name} has no snapshot any more, but ${spec.processName} consumed it up to snapshot ${watermark.snapshotId}`,
    { hint: `restore the main branch of ${name}` },
  );

/**
 * What every session of the process said of the source, as far as its target or the session table still tell.
 */
async function watermarksEver(
  input: OpenSessionInput,
  { table }: SourceSpec,
): Promise<ReadonlySet<SnapshotId>> {
  const { spec, project, catalog } = input;
  const { sessionTable } = project.tables;
  const target = (await catalog.loadTable(spec.target.table))?.metadata;
  // What it loaded under an earlier name, it has loaded.
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
            session_table: tableFragment('lake', sessionTable),
          }),
          { process_names: names, src_table: tableName(table) },
        );
  return new Set([...own, ...rows.map((row) => row.snapshot_id)]);
}

/**
 * Rows without an event time belong to no hour: a process that loads hours never sees them. They are counted,
 * unless the source says that they may not be there.
 */
function refuseNulls({ spec }: OpenSessionInput, table: SourceTable, files: readonly ChangedFile[]): void {
  if (table.spec.nulls !== 'refuse') return;
  const file = files.find((each) => each.status === 'added' && each.nullEventTimes > 0n);
  if (file === undefined) return;
  const name = tableName(table.spec.table);
  const count = files.reduce((sum, each) => sum + (each.status === 'added' ? each.nullEventTimes : 0n), 0n);
  throw refusal(
    'null-event-times',
    `${count} new rows of ${name} have no ${table.spec.eventTime}, and its source in ${spec.processName} says nulls: refuse; the first are in ${file.path}`,
    {
      hint: `correct them in ${name}, or set nulls: skip for this source to go on without them`,
      context: { table: name, snapshot_id: String(file.snapshotId), file: file.path, rows: String(count) },
    },
  );
}

export const positionOf = (metadata: TableMetadata, snapshot: Snapshot): SourcePosition => ({
  tableUuid: metadata['table-uuid'],
  snapshotId: snapshot['snapshot-id'],
  sequenceNumber: snapshot['sequence-number'] ?? 0n,
  committedAtMs: snapshot['timestamp-ms'],
});
