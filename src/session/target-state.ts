/** Sums up what a session knows of its target. Metadata + progress -> TargetState. Pure. */
import { columnOf, currentSchema, storedUnit } from '../iceberg/event-time.ts';
import { fileLayoutOf, isLayout } from '../iceberg/file-layout.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { usageError } from '../model/errors.ts';
import { castOfInteger } from '../model/event-time-hint.ts';
import { given } from '../model/given.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { TargetState } from '../model/session.ts';
import type { ProcessProgress } from '../state/process-progress.ts';
import { duckdbColumns } from '../statements/index.ts';

/** The target as the session found it. Throws `target-event-time`. */
export function targetState(
  spec: ProcessSpec,
  metadata: TableMetadata | undefined,
  progress: ProcessProgress | undefined,
): TargetState {
  if (metadata === undefined) return { exists: false };
  const layout = fileLayoutOf(metadata);
  return {
    exists: true,
    // Without a layout the session refuses to write, and says why (`run/target.ts`); an adoption writes none.
    ...(isLayout(layout) ? { layout } : {}),
    formatVersion: metadata['format-version'],
    tableUuid: metadata['table-uuid'],
    ...given({
      columns: duckdbColumns(currentSchema(metadata).fields),
      eventTime: targetEventTime(spec, metadata),
      baseSnapshotId: mainSnapshot(metadata)?.['snapshot-id'],
      completeToHour: progress?.completeToHour,
      announcedToHour: progress?.announcedToHour,
      previousSessionId: progress?.psybergSessionId,
      hoursMade: progress?.hoursMade,
    }),
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
        hint:
          column?.type === 'int' || column?.type === 'long'
            ? `return a timestamp in ${spec.file} (${castOfInteger(eventTime)}), and drop the target to have it created anew; or name another column as target.event_time`
            : `name another column as target.event_time in ${spec.file}, or drop the target to have it created anew`,
        context: { table: tableName(table), column: eventTime },
      },
    );
  return { fieldId: column.id, type: String(column.type), unit };
}
