/** Quotes texts that become part of SQL. Names -> SqlFragment. Everything else is bound as a value. Pure. */
import { LAKE_CATALOG } from '../model/engines.ts';
import type { TableIdentifier } from '../model/names.ts';

/** SQL text that is safe to insert: made only in this folder. */
export interface SqlFragment {
  readonly kind: 'sql-fragment';
  readonly sql: string;
}

const fragment = (sql: string): SqlFragment => Object.freeze({ kind: 'sql-fragment', sql });

/** `"name"`, with quotes doubled. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `'text'`, for the few places that take no bound values (options of COPY and CREATE TABLE). */
export const quoteLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A path such that DuckDB's globs take it literally: `[`, `*` and `?` stand for themselves. */
export const globLiteral = (path: string): string => path.replace(/[[*?]/g, '[$&]');

/** One quoted identifier. */
export const identifierFragment = (name: string): SqlFragment => fragment(quoteIdentifier(name));

/** `"a", "b"`. */
export const identifierListFragment = (names: readonly string[]): SqlFragment =>
  fragment(names.map(quoteIdentifier).join(', '));

/** `"catalog"."namespace"."table"`. */
export const tableFragment = (catalog: string, table: TableIdentifier): SqlFragment =>
  fragment([catalog, ...table.namespace, table.name].map(quoteIdentifier).join('.'));

/** `"lake"."namespace"."table"`: a table of the warehouse. */
export const lakeTable = (table: TableIdentifier): SqlFragment => tableFragment(LAKE_CATALOG, table);

/** The user's own query, as it is in the file; it is the body of a statement, never a value. */
export const userQueryFragment = (sql: string): SqlFragment => fragment(sql);

/** Fragments joined by `separator`, for lists made in this room. */
export const joinedFragment = (parts: readonly SqlFragment[], separator: string): SqlFragment =>
  fragment(parts.map((part) => part.sql).join(separator));

/** `'key' = 'value', …` for the WITH clause of a CREATE TABLE. */
const propertiesFragment = (properties: Readonly<Record<string, string>>): SqlFragment =>
  fragment(
    Object.entries(properties)
      .map(([key, value]) => `${quoteLiteral(key)} = ${quoteLiteral(value)}`)
      .join(', '),
  );

/** An empty fragment, for optional clauses. */
export const NOTHING: SqlFragment = fragment('');

/** A rendered statement of `sql/`, nested into another. */
export const statementFragment = (sql: string): SqlFragment => fragment(sql);

/** `hour("ts"), bucket(16, "id"), "country"`: a table's partitioning as DuckDB's DDL writes it. */
const partitioningFragment = (
  fields: readonly { transform: string; column: string; argument?: number }[],
): SqlFragment =>
  fragment(
    fields
      .map(({ transform, column, argument }) => {
        if (transform === 'identity') return quoteIdentifier(column);
        return argument === undefined
          ? `${transform}(${quoteIdentifier(column)})`
          : `${transform}(${Number(argument)}, ${quoteIdentifier(column)})`;
      })
      .join(', '),
  );

/**
 * A column's value as Iceberg stores it: counts of the unit since 1970; integers are stored like this
 * already.
 */
export function storedEventTimeFragment(column: string, unit: string, type: unknown): SqlFragment {
  const name = quoteIdentifier(column);
  if (type === 'int' || type === 'long') return fragment(`${name}::bigint`);
  if (unit === 'day') return fragment(`(${name}::date - date '1970-01-01')::bigint`);
  return fragment(unit === 'ns' ? `epoch_ns(${name})` : `epoch_us(${name})`);
}

/** The arguments of `event_hour()` for a column: its value as stored, and the unit of that. */
export const storedHour = ({
  name,
  type,
  unit,
}: Readonly<Record<'name' | 'type' | 'unit', string>>): {
  readonly stored_event_time: SqlFragment;
  readonly unit: SqlFragment;
} => ({ stored_event_time: storedEventTimeFragment(name, unit, type), unit: literalFragment(unit) });

/**
 * A row of the relation `psyberg_row` as arguments of hash(): its values, and the text of `columns` (not of
 * all: for 4,000,000 rows of six columns, three of them such, that took 0.8 to 1.1 s in place of 0.4 to 0.7;
 * 2026-11-27, a busy machine of two cores). Not the alias itself: if a column has its name, DuckDB takes it
 * for that column, and changes in all others would not be seen.
 */
export const hashedRowFragment = (columns: readonly string[]): SqlFragment =>
  fragment(
    columns.length === 0
      ? '*columns(psyberg_row.*)'
      : `*columns(psyberg_row.*), json_array(${columns.map((column) => `psyberg_row.${quoteIdentifier(column)}`).join(', ')})::varchar`,
  );

/** hash() of a row; another `salt` gives another hash. */
export const hashFragment = (row: SqlFragment, salt?: string): SqlFragment =>
  fragment(`hash(${row.sql}${salt === undefined ? '' : `, ${quoteLiteral(salt)}`})`);

/**
 * `"alias" as not materialized (…)`: a CTE that DuckDB expands, so that filters and pruning reach the files.
 */
export const cteFragment = (alias: string, query: string): SqlFragment =>
  fragment(`${quoteIdentifier(alias)} as not materialized (\n${query}\n)`);

/**
 * A bound of the session's range; `later`: moved by that many hours, which may be negative. Bound as
 * TIMESTAMP, in UTC.
 */
export interface RangeBound {
  readonly parameter: 'range_start' | 'range_end';
  readonly later: number;
}

const boundText = ({ parameter, later }: RangeBound): string =>
  later === 0
    ? `$${parameter}`
    : `($${parameter} ${later < 0 ? '-' : '+'} to_hours(${Math.abs(Math.trunc(later))}))`;

/** A bound in the column's own type: a cast of the column would keep DuckDB from pruning files. */
export function rangeBoundFragment(bound: RangeBound, type: string | null, unit: string | null): SqlFragment {
  const text = boundText(bound);
  if (type === 'timestamptz' || type === 'timestamptz_ns') return fragment(`${text}::timestamptz`);
  if (type !== 'int' && type !== 'long') return fragment(text);
  if (unit === 's') return fragment(`epoch_ms(${text}) // 1000`);
  return fragment(unit === 'us' ? `epoch_us(${text})` : `epoch_ms(${text})`);
}

/** An event time as its target stores it: if a timestamp becomes a date, only its day counts. */
export const asStoredFragment = (column: string, unit: string | undefined): SqlFragment =>
  fragment(
    `${quoteIdentifier(column)}${unit === undefined ? '' : unit === 'day' ? '::date' : '::timestamptz'}`,
  );

/** The day of a bound, for a date that stands for all hours of its day. */
export const rangeDayFragment = (bound: RangeBound): SqlFragment => fragment(`${boundText(bound)}::date`);

/** A count of hours as a number, and as an interval. */
export const hourCountFragment = (hours: number): SqlFragment => fragment(String(Math.trunc(hours)));
export const hourSpanFragment = (hours: number): SqlFragment => fragment(`to_hours(${Math.trunc(hours)})`);

/** `"a" is null or "b" is null`. */
export const anyIsNullFragment = (columns: readonly string[]): SqlFragment =>
  fragment(columns.map((column) => `${quoteIdentifier(column)} is null`).join(' or '));

/** `"a" is not null and "b" is not null`. */
export const noneIsNullFragment = (columns: readonly string[]): SqlFragment =>
  fragment(columns.map((column) => `${quoteIdentifier(column)} is not null`).join(' and '));

/** `"a" >= (select min("a") from keys) and "a" <= (select max("a") from keys) and …`, for a CTE of keys. */
export const withinKeysFragment = (keys: string, columns: readonly string[]): SqlFragment =>
  fragment(
    columns
      .map(quoteIdentifier)
      .map(
        (name) =>
          `${name} >= (select min(${name}) from ${keys}) and ${name} <= (select max(${name}) from ${keys})`,
      )
      .join(' and '),
  );

/** ` partitioned by (…)`, or nothing. */
export const partitionedByFragment = (
  fields: readonly { transform: string; column: string; argument?: number }[],
): SqlFragment =>
  fields.length === 0 ? NOTHING : fragment(` partitioned by (${partitioningFragment(fields).sql})`);

/** ` with (…)`, or nothing. */
export const withPropertiesFragment = (properties: Readonly<Record<string, string>>): SqlFragment =>
  Object.keys(properties).length === 0 ? NOTHING : fragment(` with (${propertiesFragment(properties).sql})`);

/**
 * `*`; of `floats` (see `floatColumns`) what TRY gives, which is the same without bounds. A negative of the
 * negative has none either, but there is no such thing for structs, and of `[s][1]` DuckDB knows them.
 * 10,000,000 doubles take 30 ms in place of 19 to add up, 3,000,000 structs 71 in place of 36 (AMD EPYC,
 * loaded, 2026-12-01).
 */
export function allColumnsFragment(floats: readonly string[]): SqlFragment {
  const unbound = floats.map(quoteIdentifier).map((name) => `try(${name}) as ${name}`);
  return fragment(unbound.length === 0 ? '*' : `* replace (${unbound.join(', ')})`);
}

/** A table, or a query for its rows with the columns of {@link allColumnsFragment}. */
export const withFloatsFragment = (table: SqlFragment, floats: readonly string[]): SqlFragment =>
  floats.length === 0 ? table : fragment(`(select ${allColumnsFragment(floats).sql} from ${table.sql})`);

/** `'text'`. */
export const literalFragment = (text: string): SqlFragment => fragment(quoteLiteral(text));

/**
 * `"alias" as (select null::T as "c", … where false)`: a relation without rows. `type` is DuckDB's own name
 * of a type.
 */
export const emptyCteFragment = (
  alias: string,
  columns: readonly { name: string; type: string }[],
): SqlFragment =>
  fragment(
    `${quoteIdentifier(alias)} as (select ${columns.map((column) => `null${column.type === '"NULL"' ? '' : `::${column.type}`} as ${quoteIdentifier(column.name)}`).join(', ') || '1 as nothing'} where false)`,
  );

/**
 * `"alias" as not materialized (select "column" as "name", … from table)`: another relation with its columns
 * renamed. If it were materialized, as DuckDB does if it is read twice, all of its columns would be scanned.
 */
export const renamedCteFragment = (
  alias: string,
  table: SqlFragment,
  columns: readonly { name: string; column: string }[],
): SqlFragment =>
  fragment(
    `${quoteIdentifier(alias)} as not materialized (select ${columns.map(({ name, column }) => `${quoteIdentifier(column)} as ${quoteIdentifier(name)}`).join(', ')} from ${table.sql})`,
  );

/** `"column" T, …`: the columns of a table to create. `type` is DuckDB's own name of a type. */
export const madeColumnsFragment = (columns: readonly { name: string; type: string }[]): SqlFragment =>
  fragment(columns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`).join(', '));

/** A CTE that nothing reads, for a statement that needs a list of CTEs when there are none. */
export const noSourceFragment = (): SqlFragment => fragment('no_source as not materialized (select 1)');
