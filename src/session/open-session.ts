/**
 * Opens a session: pins every head, finds what changed since the watermarks, and how far each source is
 * complete. ProcessSpec + Iceberg metadata + watermarks -> Session. Reads only; DuckDB is started only when
 * something changed.
 */
import { columnOf, currentSchema, storedUnit } from '../iceberg/event-time.ts';
import { fileLayoutOf, isLayout } from '../iceberg/file-layout.ts';
import { holdsNothingYet } from '../iceberg/empty-table.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { refusal, usageError } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { Session, TargetState } from '../model/session.ts';
import {
  type CopiedProgress,
  type ProcessProgress,
  SUMMARY,
  lastSessionProperty,
  progressInSummary,
  progressInTable,
  publishedProperty,
} from '../state/read-watermarks.ts';
import { openSourceState } from './open-source.ts';
import type { OpenSessionInput } from './session-input.ts';

/**
 * Opens a session. Throws `source-missing`, `source-replaced`, `source-changed`, `history-expired` and the
 * errors of reading.
 */
export async function openSession(input: OpenSessionInput): Promise<Session> {
  const { spec, catalog } = input;
  const loadedTarget = await catalog.loadTable(spec.target.table);
  const progress = loadedTarget === undefined ? undefined : await progressOf(input, loadedTarget.metadata);
  if (input.adoptAt !== undefined) refuseAdoption(spec, loadedTarget !== undefined, progress);
  const sources = await Promise.all(spec.sources.map((source) => openSourceState(input, source, progress)));
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
  if (found !== undefined || holdsNothingYet(target)) return found;
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
