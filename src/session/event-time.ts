/**
 * Finds the event-time column of a source, and refuses one by which the process has not loaded before.
 * Metadata -> column and unit. Pure.
 */

import type { SourceTable } from '../changes/source.ts';
import { columnOf, currentSchema, storedUnit } from '../iceberg/event-time.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { PsybergError, refusal } from '../model/errors.ts';
import { eventTimeHint } from '../model/event-time-hint.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import type { Watermark } from '../model/session.ts';

/** The source's event-time column and unit. Throws `event-time-missing` or `event-time-type`. */
export function eventTimeOf(spec: SourceSpec, metadata: TableMetadata): SourceTable['eventTime'] {
  if (spec.eventTime === undefined) return undefined;
  const schema = currentSchema(metadata);
  const column = columnOf(schema, spec.eventTime);
  const table = tableName(spec.table);
  if (column === undefined)
    throw new PsybergError('event-time-missing', `the source ${table} has no column '${spec.eventTime}'`, {
      hint: `name one of its columns as event_time: ${schema.fields.map((field) => field.name).join(', ')}`,
      context: { table, column: spec.eventTime },
    });
  const unit = storedUnit(column.type, spec.eventTimeUnit);
  if (unit === undefined)
    throw new PsybergError(
      'event-time-type',
      `the event time ${table}.${column.name} is of type ${typeof column.type === 'string' ? column.type : column.type.type}, expected a timestamp, a date, or an integer with a unit`,
      {
        hint: eventTimeHint(column.name, {
          isInteger: column.type === 'int' || column.type === 'long',
          times: schema.fields.filter(({ type }) => storedUnit(type, undefined)).map(({ name }) => name),
        }),
        context: { table, column: column.name },
      },
    );
  return { column, unit };
}

/**
 * A column is its field id, not its name: one that was dropped (or renamed) and added again under its name
 * has other values, and the hours that were loaded are not those of its rows. Throws `event-time-replaced`.
 */
export function refuseOtherEventTime(
  process: ProcessSpec,
  {
    source,
    metadata,
    eventTime,
  }: {
    readonly source: SourceSpec;
    readonly metadata: TableMetadata;
    readonly eventTime: SourceTable['eventTime'];
  },
  watermarks: readonly Watermark[],
): void {
  const known = watermarks.map((each) => each.eventTimeId);
  if (
    eventTime === undefined ||
    known.length === 0 ||
    known.some((id) => id === undefined || id === eventTime.column.id)
  )
    return;
  const { column } = eventTime;
  const table = tableName(source.table);
  const before = currentSchema(metadata).fields.find((field) => field.id === known[0]);
  throw refusal(
    'event-time-replaced',
    `the event time ${table}.${column.name} is another column (field ${column.id}) than the one by whose hours ${process.processName} has loaded so far (field ${known[0]}, ${before === undefined ? 'which was dropped' : `now named ${before.name}`})`,
    {
      hint: `${before === undefined ? '' : `name ${before.name} as event_time in ${process.file}; or `}drop the target ${tableName(process.target.table)} and run again to load it by the other column`,
      context: { table, column: column.name, expected: known[0] ?? null, found: column.id },
    },
  );
}
