/**
 * Computes a target as its process means it: runs the query over whole tables, cut to the hours that are
 * complete, in plain tables in memory. Sources -> table in memory. No session, no plan and no file of the
 * warehouse is involved.
 */

import type { ResultRows } from '../../engine/index.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { floatColumns } from '../../model/float-columns.ts';
import { unitHours, unitOf, type WithGrain } from '../../model/grain.ts';
import { CALENDAR, type Hour, type HourRange } from '../../model/hour.ts';
import { sameColumnName, tableKey } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import {
  eventHourFragment,
  hourCountFragment,
  inRangeFragment,
  renderStatement,
  type SqlFragment,
  type StoredEventTime,
  shapedColumnsFragment,
  statementFragment,
  type TestColumn,
  upToHourFragment,
  withFloatsFragment,
} from '../../statements/index.ts';
import { queryOf } from './process-query.ts';
import type { RowsPort } from './rows-port.ts';

/** A whole table. */
export interface Relation {
  readonly table: SqlFragment;
  readonly columns: readonly TestColumn[];
  /** A copy of it, sorted by hour; see {@link inOrderOfHours}. */
  readonly byHour?: SqlFragment;
  /** The same table as the process's engine reads it, if that is not DuckDB. */
  readonly engine?: EngineTable;
  /** The table and state of which it is a copy, if questions about it may go to the warehouse. */
  readonly asOf?: { readonly metadata: TableMetadata; readonly snapshot: Snapshot | undefined };
}

/** A table as another engine than DuckDB reads it. */
export interface EngineTable {
  readonly table: SqlFragment;
  /** Undefined: its rows have no hour. */
  readonly eventTime: StoredEventTime | undefined;
}

/** Hours of a dimension that are not computed: they are taken as they are, and later hours build on them. */
export interface GivenHours {
  isGiven(hour: Hour): boolean;
  /** The first given hour that has to be looked at, even if no source has a row of it any more. */
  readonly firstHour?: Hour;
  /** The target. */
  readonly rows: Relation;
}

export interface RecomputeInput {
  readonly spec: ProcessSpec;
  /** By table key; a missing source has no rows yet, and then nothing is complete. */
  readonly relations: ReadonlyMap<string, Relation>;
  /** Only for a dimension whose lookups differ between hours. */
  readonly relationsOf?: (hour: Hour) => ReadonlyMap<string, Relation>;
  /** The last hour that is complete for all sources; undefined: none is. Nothing to a stateless process. */
  readonly completeHour: Hour | undefined;
  /** Columns of the target; undefined: it does not exist yet. */
  readonly target: readonly TestColumn[] | undefined;
  /** Prefix of the names of its tables. */
  readonly name: string;
  /** Where its tables are made. */
  tableNamed(name: string): SqlFragment;
  /** Only for a dimension: its first hour; default: the first one that a row of a source reaches. */
  readonly firstHour?: Hour;
  /** Only for a dimension; default: none. */
  readonly given?: GivenHours;
  /** Recomputes instead of DuckDB. */
  readonly onEngine?: (port: RowsPort, input: RecomputeInput) => Promise<Relation | undefined>;
  /** Called with how many hours of a dimension are computed. */
  readonly onHour?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Rows of earlier hours count as rows without an event time. */
export const FIRST_HOUR: Hour = CALENDAR.firstHour;

export async function recompute(port: RowsPort, input: RecomputeInput): Promise<Relation | undefined> {
  const { spec, relations, completeHour } = input;
  if (input.onEngine !== undefined) return input.onEngine(port, input);
  if (spec.sources.some((source) => !relations.has(tableKey(source.table)))) return undefined;
  if (patternOf(spec).readsPrevious) return recomputeHours(port, input);
  const range = completeHour === undefined ? undefined : { firstHour: FIRST_HOUR, lastHour: completeHour };
  if (patternOf(spec).loadsHours && range === undefined) return undefined;
  const sources = spec.sources.map((source) => ({
    alias: source.alias,
    rows:
      !patternOf(spec).loadsHours || range === undefined
        ? renderStatement('test/all_rows', { table: readableOf(relationOf(input, source)) })
        : rowsOf(input, source, range),
  }));
  const { sql, values } = queryOf(spec, { sources, hours: await hoursAtOnce(port, input) });
  const raw = input.tableNamed(`${input.name}_raw`);
  await port.ask({
    sql: renderStatement('test/create_from', { table: raw, query: statementFragment(sql) }),
    values,
  });
  const table = input.tableNamed(input.name);
  await port.run('test/create_from', {
    table,
    query: statementFragment(await shaped(port, input, raw)),
  });
  return { table, columns: await columnsIn(port, table) };
}

/**
 * The values of `$range_start` and its like for a query over all hours: for days, as in a session, from the
 * first midnight on.
 */
export async function hoursAtOnce(
  port: RowsPort,
  input: Pick<RecomputeInput, 'spec' | 'relations' | 'target' | 'completeHour'>,
): Promise<HourRange | undefined> {
  const { spec, target = [], completeHour } = input;
  const first = await firstHourOf(port, input);
  if (first === undefined) return undefined;
  const time = target.find(({ name }) => sameColumnName(name, spec.target.eventTime));
  const unit: WithGrain = time?.type === 'DATE' ? { grain: 'day' } : spec;
  return { firstHour: unitOf(unit, first).firstHour, lastHour: completeHour ?? first };
}

/** Computes a dimension: one execution for each hour (or day), with the previous rows as `previous`. */
async function recomputeHours(port: RowsPort, input: RecomputeInput): Promise<Relation | undefined> {
  const { spec, completeHour, target } = input;
  const first = input.firstHour ?? (await firstHourOf(port, input));
  if (first === undefined || completeHour === undefined || target === undefined) return undefined;
  const [table, raw] = [input.tableNamed(input.name), input.tableNamed(`${input.name}_raw`)];
  await port.run('test/create_from', { table, query: statementFragment(noRows(target)) });
  const eventTime = target.find(({ name }) => sameColumnName(name, spec.target.eventTime)) as TestColumn;
  for (const { window, given } of unitsInOrder(input, { firstHour: first, lastHour: completeHour })) {
    const { firstHour: hour } = window;
    if (given !== undefined) {
      const found = rowsToHour(given.rows, eventTime, undefined, window);
      await port.run('test/land', { table, rows: statementFragment(`(${found})`) });
      continue;
    }
    const relations = input.relationsOf?.(hour) ?? input.relations;
    const sources = spec.sources.map((source) => ({
      alias: source.alias,
      rows: rowsOf({ ...input, relations }, source, window),
    }));
    const previous = rowsToHour({ table, columns: target }, eventTime, undefined, unitOf(spec, hour - 1));
    const { sql, values } = queryOf(spec, {
      sources: [...sources, { alias: 'previous', rows: previous }],
      hours: window,
    });
    await port.ask({
      sql: renderStatement('test/create_from', { table: raw, query: statementFragment(sql) }),
      values,
    });
    await port.run('test/land', {
      table,
      rows: statementFragment(`(${await shaped(port, input, raw, window)})`),
    });
  }
  return { table, columns: target };
}

/**
 * Goes through the hours (or days) of a dimension in order. No source gives any before its first row. Hours
 * that are owed before then are taken as they are, since the next one builds on them, as in sessions.
 */
export function* unitsInOrder(
  { spec, given, onHour }: Pick<RecomputeInput, 'spec' | 'given' | 'onHour'>,
  { firstHour, lastHour }: HourRange,
): Generator<{ readonly window: HourRange; readonly given: GivenHours | undefined }> {
  const step = unitHours(spec);
  const first = unitOf(spec, firstHour).firstHour;
  const begin = Math.min(first, unitOf(spec, given?.firstHour ?? first).firstHour);
  for (let hour = begin; hour <= lastHour; hour += step) {
    onHour?.({ done: (hour - begin) / step, total: (lastHour - begin + 1) / step });
    const window = unitOf(spec, hour);
    if (given?.isGiven(hour) === true) yield { window, given };
    else if (hour >= first) yield { window, given: undefined };
  }
}

const relationOf = ({ relations }: Pick<RecomputeInput, 'relations'>, { table }: SourceSpec): Relation =>
  relations.get(tableKey(table)) as Relation;

/** The table as the query may read it. */
const readableOf = ({ table, columns }: Relation): SqlFragment =>
  withFloatsFragment(table, floatColumns(columns));

function rowsOf(
  input: RecomputeInput,
  source: SourceSpec,
  range: { readonly firstHour: Hour; readonly lastHour: Hour },
): string {
  const relation = relationOf(input, source);
  const column = relation.columns.find(({ name }) => sameColumnName(name, source.eventTime));
  if (column === undefined) return renderStatement('test/all_rows', { table: readableOf(relation) });
  const { beforeHours = 0, afterHours = 0 } = source.window ?? {};
  return rowsToHour(relation, column, source.eventTimeUnit, {
    firstHour: range.firstHour - beforeHours,
    lastHour: range.lastHour + afterHours,
  });
}

/** Selects rows by hours. A date counts as its midnight: otherwise a dimension would read it in 24 hours. */
function rowsToHour(
  relation: Relation,
  column: TestColumn,
  unit: string | undefined,
  { firstHour, lastHour }: { readonly firstHour: Hour; readonly lastHour: Hour },
): string {
  const { byHour } = relation;
  const bounds = { first: hourCountFragment(firstHour), last: hourCountFragment(lastHour) };
  const table = readableOf(relation);
  return byHour === undefined
    ? renderStatement('test/rows_to_hour', { ...bounds, table, hour: eventHourFragment(column, unit) })
    : renderStatement('compare/hours_of_copy', { ...bounds, table: byHour });
}

/** Adds a copy that is sorted by hour, for callers that ask for one hour after the other. */
export async function inOrderOfHours(
  port: RowsPort,
  relation: Relation,
  { eventTime, unit, to }: { eventTime: string | undefined; unit: string | undefined; to: SqlFragment },
): Promise<Relation> {
  const column = relation.columns.find(({ name }) => sameColumnName(name, eventTime));
  if (column === undefined) return relation;
  const hour = eventHourFragment(column, unit);
  await port.run('compare/copy_by_hour', { table: to, hour, rows: relation.table });
  return { ...relation, byHour: to };
}

/**
 * Finds the first hour in which a source has rows, or that rows of a window reach; with a key they only
 * reach hours in which another source has rows.
 */
export async function firstHourOf(
  port: RowsPort,
  input: Pick<RecomputeInput, 'spec' | 'relations'>,
): Promise<Hour | undefined> {
  const hours: Hour[] = [];
  for (const source of input.spec.sources) {
    const { table, columns } = relationOf(input, source);
    const column = columns.find(({ name }) => sameColumnName(name, source.eventTime));
    if (column === undefined || source.window?.key !== undefined) continue;
    const hour = eventHourFragment(column, source.eventTimeUnit);
    const [[found] = []] = (await port.run('test/event_hours', { hour, table })).rows;
    if (typeof found === 'bigint') hours.push(Number(found) - (source.window?.afterHours ?? 0));
  }
  return hours.length === 0 ? undefined : Math.min(...hours);
}

/**
 * Takes what the query returned in the columns and types of the target, without rows after the complete
 * hour. `only`: the hour, or day, that was computed; rows beside it, which a window brings, belong to other
 * hours.
 */
export async function shaped(
  port: RowsPort,
  input: RecomputeInput,
  raw: SqlFragment,
  only?: HourRange,
): Promise<string> {
  const { spec, completeHour, target } = input;
  const returned = await columnsIn(port, raw);
  const eventTime = returned.find(({ name }) => sameColumnName(name, spec.target.eventTime));
  const isCut = patternOf(spec).loadsHours && eventTime !== undefined;
  return renderStatement('test/shaped', {
    rows: raw,
    columns: shapedColumnsFragment(
      (target ?? returned).map((column) => ({
        ...column,
        from: returned.find(({ name }) => sameColumnName(name, column.name))?.name,
      })),
    ),
    keep:
      only !== undefined && eventTime !== undefined && hasWindow(spec)
        ? inRangeFragment(eventHourFragment(eventTime, undefined), only.firstHour, only.lastHour)
        : upToHourFragment(
            isCut ? eventHourFragment(eventTime as TestColumn, undefined) : undefined,
            completeHour,
          ),
  });
}

export const hasWindow = ({ sources }: ProcessSpec): boolean =>
  sources.some(({ window }) => window !== undefined);

const noRows = (columns: readonly TestColumn[]): string =>
  renderStatement('test/no_rows', {
    columns: shapedColumnsFragment(columns.map((column) => ({ ...column, from: undefined }))),
  });

/** All rows of a relation. */
export const readRelation = (port: RowsPort, { table }: Relation): Promise<ResultRows> =>
  port.run('test/all_rows', { table });

/** The columns of a table. */
const columnsIn = async (port: RowsPort, from: SqlFragment): Promise<readonly TestColumn[]> =>
  (await port.run('test/columns', { from })).columns;
