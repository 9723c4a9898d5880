/**
 * Finds the partition fields by which a table says when its rows landed. Metadata -> fields -> hours. Pure.
 */
import { currentSchema, type PartitionTuple } from '../../iceberg/event-time.ts';
import type { PartitionField, PartitionSpec, TableMetadata } from '../../iceberg/table-metadata.ts';
import { DAY_MS, type Hour } from '../../model/hour.ts';

/** Names of partition fields, as in a tuple. `hour` alone is an hour counted since 1970. */
export interface LandingFields {
  readonly day?: string;
  readonly hour: string;
  /** The columns they are made of, for people. */
  readonly columns: readonly string[];
}

interface NamedField extends PartitionField {
  readonly column: string;
  readonly type: unknown;
}

/**
 * Looks for a day and an hour of the day that the writer put there (`landing_date`, `landing_hour`), or for
 * the hour of a time other than the event time. Undefined if partitions do not give an hour: a day alone is
 * too coarse.
 */
export function landingFieldsOf(
  metadata: TableMetadata,
  spec: PartitionSpec | undefined,
  eventTimeId: number | undefined,
): LandingFields | undefined {
  const columns = new Map(currentSchema(metadata).fields.map((field) => [field.id, field]));
  const fields = (spec?.fields ?? []).flatMap((field): NamedField[] => {
    const column = columns.get(field['source-id']);
    return column === undefined || column.id === eventTimeId
      ? []
      : [{ ...field, column: column.name, type: column.type }];
  });
  const hourOfTime = fields.find(({ transform }) => transform === 'hour');
  if (hourOfTime !== undefined) return { hour: hourOfTime.name, columns: [`hour(${hourOfTime.column})`] };
  const plain = fields.filter(({ transform }) => transform === 'identity');
  const isDay = ({ column, type }: NamedField): boolean =>
    type === 'date' || (type === 'string' && /date|day|^dt$/i.test(column));
  const isHour = ({ column, type }: NamedField): boolean =>
    /hour|^hr$/i.test(column) && (type === 'int' || type === 'long' || type === 'string');
  const day = plain.find(isDay);
  const hour = plain.find((field) => field !== day && isHour(field));
  return day === undefined || hour === undefined
    ? undefined
    : { day: day.name, hour: hour.name, columns: [day.column, hour.column] };
}

/** The hour that a tuple gives; undefined if it gives none. */
export function landedHourOf(tuple: PartitionTuple, { day, hour }: LandingFields): Hour | undefined {
  const hourValue = Number(tuple[hour] ?? Number.NaN);
  if (!Number.isInteger(hourValue)) return undefined;
  if (day === undefined) return hourValue;
  const dayValue = tuple[day];
  const days =
    typeof dayValue === 'number'
      ? dayValue
      : Date.parse(`${String(dayValue).slice(0, 10)}T00:00:00Z`) / DAY_MS;
  return Number.isInteger(days) && hourValue >= 0 && hourValue < 24 ? days * 24 + hourValue : undefined;
}
