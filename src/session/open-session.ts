/**
 * Opens a session: pins every head, finds what changed since the watermarks, and how far each source is
 * complete. ProcessSpec + Iceberg metadata + watermarks -> Session. Reads only; DuckDB is started only when
 * something changed.
 */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import type { Engine } from '../engine/index.ts';
import { columnOf, currentSchema, storedUnit } from '../iceberg/event-time.ts';
import { fileLayoutOf, isLayout } from '../iceberg/file-layout.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import { refusal, usageError } from '../model/errors.ts';
import { hourOfMs } from '../model/hour.ts';
import { sameTable, tableName } from '../model/names.ts';
import type { ProcessSpec, ProjectSpec, SourceSpec } from '../model/process-spec.ts';
import type { ChangedFile, Session, SourcePosition, SourceState, TargetState } from '../model/session.ts';
import {
  type CopiedProgress,
  type ProcessProgress,
  SUMMARY,
  lastSessionProperty,
  progressEverSaid,
  progressInSummary,
  progressInTable,
  publishedProperty,
  watermarkFor,
  watermarksOn,
} from '../state/read-watermarks.ts';
import { renderStatement, tableFragment } from '../statements/index.ts';
import { protectionTag } from '../model/names.ts';
import type { StartSpec } from '../model/start.ts';
import { startSnapshot } from './start.ts';
import { newestHourOf } from './newest-hour.ts';
import { changesOf } from './read-changes.ts';
import { type SourceTable, eventTimeOf, refuseOtherEventTime } from './read-files.ts';
import type { ViewPorts } from './show-views.ts';
import type { VerifiedRewrites } from './verified-rewrites.ts';
import { readVtts } from './vtts.ts';

export interface OpenSessionInput extends ViewPorts {
  readonly spec: ProcessSpec;
  readonly project: ProjectSpec;
  readonly psybergSessionId: string;
  readonly nowMs: number;
  readonly catalog: CatalogClient;
  /**
   * For adopting: where each source counts as consumed; it is then shown as of that snapshot, without
   * changes.
   */
  readonly adoptAt?: (source: SourceSpec) => StartSpec;
  /** Rewrites that earlier sessions compared; what this one compares is added. */
  readonly verified?: VerifiedRewrites;
  /** Starts DuckDB (with the warehouse attached as `lake`) on the first call. */
  readonly engine: () => Promise<Engine>;
}

/**
 * Opens a session. Throws `source-missing`, `source-replaced`, `source-changed`, `history-expired` and the
 * errors of reading.
 */
export async function openSession(input: OpenSessionInput): Promise<Session> {
  const { spec, catalog } = input;
  const loadedTarget = await catalog.loadTable(spec.target.table);
  const progress = loadedTarget === undefined ? undefined : await progressOf(input, loadedTarget.metadata);
  if (input.adoptAt !== undefined) refuseAdoption(spec, loadedTarget !== undefined, progress);
  const sources = await Promise.all(spec.sources.map((source) => openSource(input, source, progress)));
  return Object.freeze({
    spec,
    psybergSessionId: input.psybergSessionId,
    openedAtMs: input.nowMs,
    sources: Object.freeze(sources),
    target: targetState(spec, loadedTarget?.metadata, progress),
  });
}

/** A target is adopted once, before its first session: later its watermarks say what it holds. */
function refuseAdoption(spec: ProcessSpec, exists: boolean, progress: ProcessProgress | undefined): void {
  const name = tableName(spec.target.table);
  if (!exists)
    throw usageError(
      'target-missing',
      `the target ${name} of ${spec.processName} does not exist: there is nothing to adopt`,
      {
        hint: `create and fill it first; or set start: now on the sources in ${spec.file}, and the first session creates it`,
        context: { table: name },
      },
    );
  if (progress !== undefined)
    throw refusal(
      'target-has-history',
      `the target ${name} has watermarks of ${spec.processName} already: setting others could lose or double rows`,
      {
        hint: `run "psyberg status ${spec.processName}" to see them; to begin anew drop the target`,
        context: { table: name, psyberg_session_id: progress.psybergSessionId ?? null },
      },
    );
}

function targetState(
  spec: ProcessSpec,
  metadata: TableMetadata | undefined,
  progress: ProcessProgress | undefined,
): TargetState {
  if (metadata === undefined) return { exists: false };
  const base = mainSnapshot(metadata);
  const eventTime = targetEventTime(spec, metadata);
  const layout = fileLayoutOf(metadata);
  return {
    exists: true,
    // Without one the session refuses to write, and says why (`run/target-layout.ts`); an adoption writes none.
    ...(isLayout(layout) ? { layout } : {}),
    formatVersion: metadata['format-version'],
    ...(eventTime === undefined ? {} : { eventTime }),
    tableUuid: metadata['table-uuid'],
    ...(base === undefined ? {} : { baseSnapshotId: base['snapshot-id'] }),
    ...(progress?.completeToHour === undefined ? {} : { completeToHour: progress.completeToHour }),
    ...(progress?.psybergSessionId === undefined ? {} : { previousSessionId: progress.psybergSessionId }),
  };
}

function targetEventTime(spec: ProcessSpec, metadata: TableMetadata): TargetState['eventTime'] {
  const { eventTime, table } = spec.target;
  if (eventTime === undefined) return undefined;
  const column = columnOf(currentSchema(metadata), eventTime);
  const unit = storedUnit(column?.type, undefined);
  if (column === undefined || unit === undefined)
    throw usageError(
      'target-event-time',
      `the target ${tableName(table)} has ${column === undefined ? 'no column' : `the type ${String(column.type)} in column`} '${eventTime}', expected a timestamp or a date`,
      {
        hint: `name another column as target.event_time in ${spec.file}, or drop the target to have it created anew`,
        context: { table: tableName(table), column: eventTime },
      },
    );
  return { fieldId: column.id, type: String(column.type), unit };
}

async function progressOf(
  input: OpenSessionInput,
  target: TableMetadata,
): Promise<ProcessProgress | undefined> {
  const { spec, project, catalog } = input;
  const found = progressInSummary(target, spec.processName);
  // An empty target was never published to: rows left in the watermark table belong to a table that is gone.
  if (found !== undefined || mainSnapshot(target) === undefined) return found;
  refuseRewoundTarget(input, target);
  const { highWaterMarkTable } = project.tables;
  const copy = (await catalog.tableExists(highWaterMarkTable))
    ? await progressInTable(await input.engine(), {
        highWaterMarkTable,
        processName: spec.processName,
        target,
        targetName: tableName(spec.target.table),
      })
    : undefined;
  const behind = copy !== undefined && isBehind(copy, target, spec.processName);
  if ((copy === undefined || behind) && input.adoptAt === undefined) refuseLostWatermark(input, target);
  return behind ? undefined : copy;
}

/**
 * A catalog that commits one table after the other may have lost the last session's rows; those of the one
 * before would have it loaded again.
 */
function isBehind(
  { writtenBy = '' }: CopiedProgress,
  { properties, 'table-uuid': uuid }: TableMetadata,
  processName: string,
): boolean {
  return (
    properties?.[publishedProperty(processName)] === uuid &&
    writtenBy < (properties[lastSessionProperty(processName)] ?? '')
  );
}

/**
 * A target that somebody else filled has no watermark yet; one that the process has published to must have
 * one: without it, every row would be loaded again.
 */
function refuseLostWatermark({ spec, project }: OpenSessionInput, target: TableMetadata): void {
  if (target.properties?.[publishedProperty(spec.processName)] !== target['table-uuid']) return;
  const name = tableName(spec.target.table);
  throw refusal(
    'watermark-lost',
    `${spec.processName} has published to ${name}, but its watermarks are gone: neither the snapshots of ${name} nor ${tableName(project.tables.highWaterMarkTable)} hold those of its last session`,
    {
      hint: `run "psyberg adopt ${spec.processName}" to say how far each source was loaded; or drop ${name} and run again to load it from the beginning`,
      context: { table: name, process_name: spec.processName },
    },
  );
}

/**
 * The watermark table knows the last session only: on a target that was rolled back to before it, its rows
 * would never be loaded again.
 */
function refuseRewoundTarget({ spec }: OpenSessionInput, target: TableMetadata): void {
  const undone = target.snapshots?.find(
    (snapshot) =>
      snapshot.summary?.[SUMMARY.processName] === spec.processName &&
      snapshot.summary[SUMMARY.watermarks] !== undefined,
  );
  if (undone === undefined) return;
  const name = tableName(spec.target.table);
  throw refusal(
    'target-rewound',
    `the target ${name} was rolled back to before snapshot ${undone['snapshot-id']}, which ${spec.processName} published, and the history up to there was expired: nobody knows what it holds`,
    {
      hint: `roll ${name} forward again (set main to snapshot ${undone['snapshot-id']}), or drop it and run again`,
      context: { table: name, snapshot_id: String(undone['snapshot-id']) },
    },
  );
}

async function openSource(
  input: OpenSessionInput,
  spec: SourceSpec,
  progress: ProcessProgress | undefined,
): Promise<SourceState> {
  const loaded = await input.catalog.loadTableToRead(spec.table);
  const name = tableName(spec.table);
  const watermark = watermarkFor(progress, { name, tableUuid: loaded?.metadata['table-uuid'] });
  const idle = {
    spec,
    awaited: false,
    detectedBy: 'snapshots' as const,
    changes: [],
    files: [],
    listedBy: 'manifests' as const,
    manifestLists: [],
    ...(watermark === undefined ? {} : { watermark }),
  };
  if (loaded === undefined) {
    const producer = input.project.processes.find((each) => sameTable(each.target.table, spec.table));
    if (producer === undefined)
      throw usageError(
        'source-missing',
        `the source table ${name} of ${input.spec.processName} does not exist`,
        {
          hint: `create it, or name an existing table under sources: in ${input.spec.file} (psyberg sql "show all tables" lists them)`,
          context: { table: name, process_name: input.spec.processName },
        },
      );
    return { ...idle, awaited: true };
  }
  const { metadata } = loaded;
  if (watermark !== undefined && watermark.tableUuid !== metadata['table-uuid'])
    throw refusal(
      'source-replaced',
      `the source ${name} was dropped and created again: the watermark of ${input.spec.processName} is of table uuid ${watermark.tableUuid}, found ${metadata['table-uuid']}`,
      {
        hint: `rebuild the target ${tableName(input.spec.target.table)} from the new source: drop it and run again`,
        context: { table: name, expected: watermark.tableUuid, found: metadata['table-uuid'] },
      },
    );
  const adoptedAt = input.adoptAt?.(spec);
  const main = mainSnapshot(metadata);
  const head =
    main === undefined || adoptedAt === undefined
      ? main
      : startSnapshot(metadata, main, { start: adoptedAt, table: name });
  const eventTime = eventTimeOf(spec, metadata);
  if (input.spec.pattern !== 'stateless')
    refuseOtherEventTime(
      input.spec,
      { source: spec, metadata, eventTime },
      watermarksOn(progress, metadata['table-uuid']),
    );
  if (head === undefined) {
    if (watermark !== undefined)
      throw refusal(
        'source-rewound',
        `the source ${name} has no snapshot any more, but ${input.spec.processName} consumed it up to snapshot ${watermark.snapshotId}`,
        {
          hint: `restore the main branch of ${name}`,
        },
      );
    return idle;
  }
  const table: SourceTable = {
    views: input.views,
    endpoint: input.endpoint,
    spec,
    metadata,
    eventTime,
    lastAllowedHour: hourOfMs(input.nowMs + spec.futureToleranceMs),
    ...(input.verified === undefined ? {} : { verified: input.verified }),
  };
  const begin =
    watermark === undefined
      ? startSnapshot(metadata, head, {
          start: adoptedAt === undefined ? spec.start : { kind: 'now' },
          table: name,
        })
      : undefined;
  const from =
    watermark ??
    (begin === undefined ? undefined : { ...positionOf(metadata, begin), table: name, owedHours: [] });
  const changed =
    from?.snapshotId === head['snapshot-id']
      ? idle
      : await changesOf(
          {
            processSpec: input.spec,
            engine: await input.engine(),
            watermarksEver: () => watermarksEver(input, spec),
          },
          table,
          head,
          from,
        );
  refuseNulls(input, table, changed.files);
  const { newestHour, laterHours } = await newestHourOf({
    engine: input.engine,
    table,
    head,
    watermark: from,
    changed,
    completeToHour: progress?.completeToHour,
  });
  const idleSession =
    changed.files.length === 0 && (progress?.watermarks ?? []).every((each) => each.owedHours.length === 0);
  // A provider other than bounds costs a query; without changes and debts only a dimension moves on by
  // completeness alone.
  const vttsHour =
    spec.vtts.kind === 'bounds' ||
    !idleSession ||
    input.spec.sources.length > 1 ||
    input.spec.pattern === 'dimension'
      ? await readVtts({
          processName: input.spec.processName,
          spec,
          metadata,
          head,
          newestHour,
          lastAllowedHour: table.lastAllowedHour,
          signalTable: input.project.tables.signalTable,
          signalTableExists: () => input.catalog.tableExists(input.project.tables.signalTable),
          engine: input.engine,
        })
      : undefined;
  const { watermark: _from, ...found } = changed;
  const tag = metadata.refs?.[protectionTag(input.spec.processName)];
  return Object.freeze({
    ...found,
    ...(watermark === undefined ? {} : { watermark }),
    ...(begin === undefined ? {} : { start: positionOf(metadata, begin) }),
    ...(tag === undefined ? {} : { protectedSnapshotId: tag['snapshot-id'] }),
    head: positionOf(metadata, head),
    ...(newestHour === undefined ? {} : { newestHour }),
    ...(vttsHour === undefined ? {} : { vttsHour }),
    ...(laterHours === undefined ? {} : { laterHours }),
    ...(head.summary?.['total-records'] === undefined
      ? {}
      : { totalRecords: BigInt(head.summary['total-records']) }),
    ...(head.summary?.['added-records'] === undefined
      ? {}
      : { addedRecords: BigInt(head.summary['added-records']) }),
    ...(eventTime === undefined
      ? {}
      : {
          eventTimeId: eventTime.column.id,
          eventTimeType: String(eventTime.column.type),
          eventTimeUnit: eventTime.unit,
        }),
  });
}

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
  const said = target === undefined ? [] : progressEverSaid(target, spec.processName);
  const own = said.flatMap(({ watermarks }) =>
    watermarks
      .filter((each) => each.table.toLowerCase() === tableName(table).toLowerCase())
      .map((each) => each.snapshotId),
  );
  const recorded = (await catalog.loadTable(sessionTable))?.metadata;
  const rows =
    recorded === undefined || mainSnapshot(recorded) === undefined
      ? []
      : await (await input.engine()).query<{ snapshot_id: string }>({
          sql: renderStatement('state/snapshots_read', {
            session_table: tableFragment('lake', sessionTable),
          }),
          parameters: { process_name: spec.processName, src_table: tableName(table) },
        });
  return new Set([...own, ...rows.map((row) => BigInt(row.snapshot_id))]);
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

const positionOf = (metadata: TableMetadata, snapshot: Snapshot): SourcePosition => ({
  tableUuid: metadata['table-uuid'],
  snapshotId: snapshot['snapshot-id'],
  sequenceNumber: snapshot['sequence-number'] ?? 0n,
  committedAtMs: snapshot['timestamp-ms'],
});
