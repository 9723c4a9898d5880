/**
 * Makes fragments of Spark SQL, as far as they differ from DuckDB's. Names -> SqlFragment. Pure. A session on
 * Spark reads double quotes as in standard SQL, so names are quoted as for DuckDB.
 */
import { sqlTokens } from '../model/sql-tokens.ts';
import type { SqlType } from './header.ts';
import { quoteIdentifier, type RangeBound, type SqlFragment, statementFragment } from './quote.ts';
import { renderStatement } from './statements.ts';
import type { LiteralValue } from './variables.ts';

/** A source's event time: its type in Iceberg, and the unit that it counts. */
export interface StoredEventTime {
  readonly column: string;
  readonly type: string | null;
  readonly unit: string | null;
}

/** `"alias" as (…)`. */
export const sparkCteFragment = (alias: string, query: string): SqlFragment =>
  statementFragment(`${quoteIdentifier(alias)} as (\n${query}\n)`);

/** A relation without rows. `type`: as Spark's SQL writes it. */
export const sparkEmptyCteFragment = (
  alias: string,
  columns: readonly { readonly name: string; readonly type: string }[],
): SqlFragment =>
  sparkCteFragment(
    alias,
    `select ${columns.map(({ name, type }) => `cast(null as ${type}) as ${quoteIdentifier(name)}`).join(', ')} where false`,
  );

const boundText = ({ parameter, later }: RangeBound): string =>
  later === 0
    ? `$${parameter}`
    : `($${parameter} ${later < 0 ? '-' : '+'} ${sparkHoursFragment(Math.abs(later)).sql})`;

/** That many hours, as an interval. */
export const sparkHoursFragment = (hours: number): SqlFragment =>
  statementFragment(`interval '${Math.trunc(hours)}' hour`);

/** A bound in the column's own type, so that Spark can skip files by it. */
export function sparkBoundFragment(
  bound: RangeBound,
  { type, unit }: Pick<StoredEventTime, 'type' | 'unit'>,
): SqlFragment {
  const text = boundText(bound);
  if (type === 'timestamp') return statementFragment(`cast(${text} as timestamp_ntz)`);
  if (type !== 'int' && type !== 'long') return statementFragment(text);
  return statementFragment(`${UNIX[unit ?? ''] ?? 'unix_millis'}(${text})`);
}

const UNIX: Readonly<Record<string, string>> = { s: 'unix_seconds', ms: 'unix_millis', us: 'unix_micros' };

/** The day of a bound, for a date that stands for all hours of its day. */
export const sparkDayFragment = (bound: RangeBound): SqlFragment =>
  statementFragment(`cast(${boundText(bound)} as date)`);

/** The hour of an event time, counted since 1970. */
export const sparkHourFragment = (stored: StoredEventTime): SqlFragment => sparkHourOf(momentText(stored));

/** The same for a moment, or for a date, which means its midnight. */
export const sparkHourOfColumn = (column: SqlFragment): SqlFragment =>
  sparkHourOf(`cast(${column.sql} as timestamp)`);

/**
 * The event time of a query's row as the target stores it: a date in a column of times is its midnight, and
 * belongs only to that hour. `unit`: undefined if the target does not exist yet.
 */
export const sparkAsStored = (column: string, unit: string | undefined): SqlFragment =>
  unit === undefined
    ? statementFragment(quoteIdentifier(column))
    : statementFragment(`cast(${quoteIdentifier(column)} as ${unit === 'day' ? 'date' : 'timestamp'})`);

const sparkHourOf = (instant: string): SqlFragment =>
  statementFragment(renderStatement('spark/hour_of_moment', { instant: statementFragment(instant) }));

/** Times without a zone are UTC, like the session's time zone. */
function momentText({ column, type, unit }: StoredEventTime): string {
  const name = quoteIdentifier(column);
  if (type === 'timestamptz') return name;
  if (type !== 'int' && type !== 'long') return `cast(${name} as timestamp)`;
  return `${MOMENT[unit ?? ''] ?? 'timestamp_millis'}(${name})`;
}

const MOMENT: Readonly<Record<string, string>> = {
  s: 'timestamp_seconds',
  ms: 'timestamp_millis',
  us: 'timestamp_micros',
};

/** `"a", null as "b"`: columns of a relation, NULL for those that it lacks. */
export const presentColumnsFragment = (
  columns: readonly { readonly name: string; readonly isPresent: boolean }[],
): SqlFragment =>
  statementFragment(
    columns
      .map(({ name, isPresent }) => (isPresent ? quoteIdentifier(name) : `null as ${quoteIdentifier(name)}`))
      .join(', '),
  );

/** A text as Spark's SQL writes it: there a backslash is an escape. */
const sparkQuoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;

/** A value as Spark writes it, of the type that a header or the project declares. Moments are ISO texts. */
export function sparkLiteralText(value: LiteralValue, type: SqlType | undefined): string {
  if (value === null) return 'null';
  if (typeof value === 'object') return sparkArrayText(value, type);
  const name = type?.kind === 'scalar' ? type.name : undefined;
  if (name === 'TIMESTAMP' || name === 'TIMESTAMPTZ') return `timestamp ${sparkQuoted(String(value))}`;
  if (name === 'DATE') return `date ${sparkQuoted(String(value).slice(0, 10))}`;
  if (name === 'DOUBLE') return `cast(${sparkQuoted(String(value))} as double)`;
  if (typeof value !== 'string') return String(value);
  return name === 'BIGINT' && /^-?\d+$/.test(value) ? `${value}L` : sparkQuoted(value);
}

/** A list as Spark writes it. If no type is given it follows from the items; without any they are numbers. */
export function sparkArrayText(items: readonly unknown[], type: SqlType | undefined): string {
  const item = type?.kind === 'list' ? type.item : undefined;
  const isNumbers = item === undefined ? items.every(isInteger) : isBigint(item);
  if (items.length === 0) return `cast(array() as array<${isNumbers ? 'bigint' : 'string'}>)`;
  const text = (each: unknown): string =>
    isNumbers ? `${BigInt(each as bigint)}L` : sparkLiteralText(String(each), item);
  return `array(${items.map(text).join(', ')})`;
}

const isInteger = (value: unknown): boolean => typeof value === 'bigint' || Number.isInteger(value);
const isBigint = (type: SqlType): boolean => type.kind === 'scalar' && type.name === 'BIGINT';

/** The statement with its parameters replaced by what `textOf` returns; undefined leaves one as it is. */
export function replaceParameters(sql: string, textOf: (name: string) => string | undefined): string {
  let written = '';
  let at = 0;
  for (const { kind, first, end } of sqlTokens(sql, 'spark')) {
    const text = kind === 'parameter' ? textOf(sql.slice(first + 1, end)) : undefined;
    if (text === undefined) continue;
    written += sql.slice(at, first) + text;
    at = end;
  }
  return written + sql.slice(at);
}
