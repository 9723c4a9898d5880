/** How a source of random histories is stored, and its rows. Shape + batch -> SQL. */
import { hourAt, msAt } from './world.ts';

export type EventType = 'timestamptz' | 'timestamp' | 'date' | 'epoch_ms';

/** How a source is stored. `partitionedBy` as DuckDB writes it; undefined: unpartitioned. */
export interface SourceShape {
  readonly formatVersion: '1' | '2' | '3';
  readonly eventType: EventType;
  readonly partitionedBy: string | undefined;
  /** How many hours lie between two hours of a batch that follow each other; default: 1. */
  readonly hoursApart?: number;
  /** Added to every hour of a batch: another day, or hours around 1970 begin; default: 0. */
  readonly firstHour?: number;
}

/**
 * Rows of one landing: how many in which hour (counted from midnight of the tests' day); null: without an
 * event time.
 */
export type Batch = readonly { readonly hour: number | null; readonly count: number }[];

/** Far beyond any tolerance for the future. */
export const FUTURE_HOUR = 700_000;

const SQL_TYPE: Readonly<Record<EventType, string>> = {
  timestamptz: 'timestamptz',
  timestamp: 'timestamp',
  date: 'date',
  epoch_ms: 'bigint',
};

export const columnsOf = (shape: SourceShape): string =>
  `id bigint, region varchar, ts ${SQL_TYPE[shape.eventType]}`;

/** The event time of a source's rows as timestamptz. */
export function eventTimeSql(shape: SourceShape, column = 'ts'): string {
  switch (shape.eventType) {
    case 'timestamptz':
      return column;
    case 'timestamp':
    case 'date':
      return `(${column}::timestamp at time zone 'UTC')`;
    case 'epoch_ms':
      return `to_timestamp(${column} / 1000)`;
  }
}

/** Gives every row of a history an id of its own. */
export interface RowIds {
  next: number;
}

/** The rows of a landing as a query. */
export function rowsSql(shape: SourceShape, batch: Batch, ids: RowIds): string {
  const rows = batch.flatMap(({ hour, count }) =>
    Array.from({ length: count }, () => {
      const id = ids.next++;
      const region = id % 2 === 0 ? 'eu' : 'us';
      if (hour === null) return `(${id}::bigint, '${region}', null::${SQL_TYPE[shape.eventType]})`;
      const secondOfHour = (id * 797) % 3600;
      const at = hour === FUTURE_HOUR ? hour : hour * (shape.hoursApart ?? 1) + (shape.firstHour ?? 0);
      const instant = `(timestamptz '${hourAt(at)}' + to_seconds(${secondOfHour}))`;
      const value: Record<EventType, string> = {
        timestamptz: instant,
        timestamp: `(${instant} at time zone 'UTC')`,
        date: `(${instant} at time zone 'UTC')::date`,
        epoch_ms: `${msAt(at) + secondOfHour * 1000}::bigint`,
      };
      return `(${id}::bigint, '${region}', ${value[shape.eventType]})`;
    }),
  );
  return `select * from (values ${rows.join(', ')}) as rows(id, region, ts)`;
}
