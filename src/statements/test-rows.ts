/**
 * Makes fragments for the tables of tests: cells and their types, event times as instants and hours. Pure.
 */
import type { HourRange } from '../model/hour.ts';
import { quoteIdentifier, type SqlFragment, statementFragment } from './quote.ts';

export interface TestColumn {
  readonly name: string;
  /** DuckDB's own name of the type. */
  readonly type: string;
}

const isNested = (type: string): boolean => /^(STRUCT|MAP|UNION)\(|\[\d*\]$|^JSON$/.test(type);

/** The cell at `position` of `cells`, as it was written. */
export const writtenCellFragment = (position: number, { type }: TestColumn): SqlFragment =>
  statementFragment(`(cells${isNested(type) ? '->' : '->>'}${Number(position)})`);

/** `(cells->>0)::bigint`; `tries`: NULL if it is not of the type. */
export const cellFragment = (
  position: number,
  column: TestColumn,
  { tries = false }: { readonly tries?: boolean } = {},
): SqlFragment =>
  statementFragment(
    `${tries ? 'try_cast' : 'cast'}(${writtenCellFragment(position, column).sql} as ${column.type})`,
  );

/** `cast("a" as bigint) as "a"`; a column that does not exist is NULL. */
export const shapedColumnsFragment = (
  columns: readonly (TestColumn & { readonly from: string | undefined })[],
): SqlFragment =>
  statementFragment(
    columns
      .map(
        ({ name, type, from }) =>
          `cast(${from === undefined ? 'null' : quoteIdentifier(from)} as ${type}) as ${quoteIdentifier(name)}`,
      )
      .join(', '),
  );

const INTEGER = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;
/** From the first millisecond of a day to its last. */
const DAY_REST_MS = 86_399_999;
/** Rounded down, also before 1970: DuckDB's own division, and `epoch_ms`, round towards zero. */
const IN_MS: Readonly<Record<string, (value: string) => string>> = {
  epoch_s: (value) => `${value} * 1000`,
  epoch_ms: (value) => value,
  epoch_us: (value) => `(${value} // 1000 - (${value} % 1000 < 0)::bigint)`,
};

/** An event time in ms since 1970; for a date its last one. `unit`: for integers. */
export function instantFragment({ name, type }: TestColumn, unit: string | undefined): SqlFragment {
  const column = quoteIdentifier(name);
  if (INTEGER.test(type))
    return statementFragment(IN_MS[unit ?? 'epoch_ms']?.(`${column}::bigint`) ?? column);
  const first = `epoch_ms(date_trunc('millisecond', ${column}::timestamp))`;
  return statementFragment(type === 'DATE' ? `(${first} + ${DAY_REST_MS})` : first);
}

/** The hour of an event time, counted since 1970; for a date that of its midnight. */
export function eventHourFragment(column: TestColumn, unit: string | undefined): SqlFragment {
  const instant = instantFragment(column, unit).sql;
  const first = column.type === 'DATE' ? `(${instant} - ${DAY_REST_MS})` : instant;
  return statementFragment(`floor((${first}) / 3600000.0)::bigint`);
}

/** The rows of one hour: a query with a window may return others as well. */
export const inRangeFragment = (hour: SqlFragment, first: number, last: number): SqlFragment =>
  statementFragment(`${hour.sql} between ${Math.trunc(first)} and ${Math.trunc(last)}`);

/** `hour <= 470000`, or every row. */
export const upToHourFragment = (hour: SqlFragment | undefined, last: number | undefined): SqlFragment =>
  statementFragment(
    hour === undefined ? 'true' : last === undefined ? 'false' : `${hour.sql} <= ${Math.trunc(last)}`,
  );

/** `[470000, 470001]::bigint[]` */
export const hourListFragment = (hours: readonly number[]): SqlFragment =>
  statementFragment(`[${hours.map((hour) => Math.trunc(hour)).join(', ')}]::bigint[]`);

const inRanges = (hour: SqlFragment, ranges: readonly HourRange[]): string =>
  ranges.length === 0
    ? 'false'
    : `(${ranges
        .map(
          ({ firstHour, lastHour }) =>
            `${hour.sql} between ${Math.trunc(firstHour)} and ${Math.trunc(lastHour)}`,
        )
        .join(' or ')})`;

/** The rows in the ranges, including their last hours. */
export const inRangesFragment = (hour: SqlFragment, ranges: readonly HourRange[]): SqlFragment =>
  statementFragment(inRanges(hour, ranges));

/** Rows that lie neither in the hours nor around them; also rows without an hour. */
export const beyondReachFragment = (
  hour: SqlFragment,
  { own, around }: { readonly own: readonly HourRange[]; readonly around: readonly HourRange[] },
): SqlFragment =>
  statementFragment(`coalesce(${inRanges(hour, own)} or not ${inRanges(hour, around)}, true)`);
