/** Tells which hours of a column a partition tuple allows. Tuple + spec -> hours. Pure. */
import { DAY_MS, HOUR_MS } from '../model/hour.ts';
import type { PartitionTuple, StoredUnit } from './event-time.ts';
import type { PartitionSpec } from './table-metadata.ts';

/** Both ends included. */
export interface PartitionHours {
  readonly firstHour: number;
  readonly lastHour: number;
}

/**
 * The hours that a file may hold, from its partition tuple alone: the shortest span among the fields that are
 * derived from the column. Undefined if there are none (a bucket says nothing about time), or if the value is
 * null.
 */
export function hoursOfPartition(
  tuple: PartitionTuple,
  spec: PartitionSpec | undefined,
  column: { readonly id: number; readonly unit: StoredUnit } | undefined,
): PartitionHours | undefined {
  let least: PartitionHours | undefined;
  for (const field of spec?.fields ?? []) {
    if (field['source-id'] !== column?.id) continue;
    const hours = hoursOfValue(field.transform, tuple[field.name] ?? null, column.unit);
    if (
      hours !== undefined &&
      (least === undefined || hours.lastHour - hours.firstHour < least.lastHour - least.firstHour)
    )
      least = hours;
  }
  return least;
}

type PartitionValue = PartitionTuple[string];

/** Iceberg specification, "Partition Transforms": hours, days, months and years are counts since 1970. */
function hoursOfValue(
  transform: string,
  value: PartitionValue,
  unit: StoredUnit,
): PartitionHours | undefined {
  const count = typeof value === 'number' ? value : undefined;
  switch (transform) {
    case 'hour':
      return count === undefined ? undefined : { firstHour: count, lastHour: count };
    case 'day':
      return daysHours(dayOf(value), 1);
    case 'month':
      return count === undefined
        ? undefined
        : between(Date.UTC(1970, count, 1), Date.UTC(1970, count + 1, 1));
    case 'year':
      return count === undefined
        ? undefined
        : between(Date.UTC(1970 + count, 0, 1), Date.UTC(1971 + count, 0, 1));
    case 'identity':
      return identityHours(value, unit);
    default:
      return undefined;
  }
}

const PER_HOUR = { us: 3_600_000_000, ns: 3_600_000_000_000, ms: 3_600_000, s: 3600 } as const;

function identityHours(value: PartitionValue, unit: StoredUnit): PartitionHours | undefined {
  if (unit === 'day') return daysHours(dayOf(value), 1);
  // A timestamp comes as text. Its hour is in the bounds too, and if those are missing the file is read.
  if (typeof value !== 'number') return undefined;
  const hour = Math.floor(value / PER_HOUR[unit]);
  return { firstHour: hour, lastHour: hour };
}

const daysHours = (day: number | undefined, count: number): PartitionHours | undefined =>
  day === undefined ? undefined : { firstHour: day * 24, lastHour: (day + count) * 24 - 1 };

const between = (fromMs: number, untilMs: number): PartitionHours => ({
  firstHour: fromMs / HOUR_MS,
  lastHour: untilMs / HOUR_MS - 1,
});

/**
 * The `day` transform is stored as an int or as a date, depending on the writer; an identity date comes as
 * text.
 */
function dayOf(value: PartitionValue): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return undefined;
  return Date.parse(`${value}T00:00:00Z`) / DAY_MS;
}

/**
 * The first field of a spec that splits a column by time, as `sql/macros/partition_hour.sql` takes it: its
 * position from 1; 0 if there is none.
 */
export function timeFieldOf(
  spec: PartitionSpec | undefined,
  columnId: number,
): { readonly partition_position: number; readonly partition_transform: string } {
  const fields = spec?.fields ?? [];
  const index = fields.findIndex(
    (field) => field['source-id'] === columnId && ['hour', 'day', 'month', 'year'].includes(field.transform),
  );
  return { partition_position: index + 1, partition_transform: fields[index]?.transform ?? 'void' };
}
