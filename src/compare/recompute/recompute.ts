/**
 * A target as its process means it: the query over whole tables, cut to the hours that are complete, in plain
 * tables in memory. No session, no plan, no file of the warehouse has a part in it. Sources -> table in
 * memory.
 */

import type { ResultRows } from '../../engine/index.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
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
} from '../../statements/index.ts';
import { queryOf } from './process-query.ts';
import type { RowsPort } from './rows-port.ts';

/** A whole table. */
export interface Relation {
  readonly table: SqlFragment;
  readonly columns: readonly TestColumn[];
  /** A copy of it in the order of its hours; see {@link inOrderOfHours}. */
  readonly byHour?: SqlFragment;
  /** The same table as the process's engine reads it, where that is not DuckDB. */
  readonly engine?: EngineTable;
  /** Of what table and state it is a copy, where somebody may ask that of the warehouse. */
  readonly asOf?: { readonly metadata: TableMetadata; readonly snapshot: Snapshot | undefined };
}

/** A table as another engine than DuckDB reads it. */
export interface EngineTable {
  readonly table: SqlFragment;
  /** Undefined: its rows have no hour. */
  readonly eventTime: StoredEventTime | undefined;
}

/** Of a dimension the hours that are not computed: they are as they are, and what follows builds on them. */
export interface GivenHours {
  isGiven(hour: Hour): boolean;
  /** The first of them that has to be looked at, though no source has a row of it any more. */
  readonly firstHour?: Hour;
  /** The target. */
  readonly rows: Relation;
}

export interface RecomputeInput {
  readonly spec: ProcessSpec;
  /** By table key; a source that is missing has no rows yet, and nothing is complete. */
  readonly relations: ReadonlyMap<string, Relation>;
  /** Of a dimension, where lookups are others in some hours. */
  readonly relationsOf?: (hour: Hour) => ReadonlyMap<string, Relation>;
  /** The last hour that is complete for all sources; undefined: none is. Nothing to a stateless process. */
  readonly completeHour: Hour | undefined;
  /** Columns of the target; undefined: it does not exist yet. */
  readonly target: readonly TestColumn[] | undefined;
  /** Begins the names of its tables. */
  readonly name: string;
  /** Where they are made. */
  tableNamed(name: string): SqlFragment;
  /** Only of a dimension: its first hour; default: the first that a row of a source reaches. */
  readonly firstHour?: Hour;
  /** Only of a dimension; default: none. */
  readonly given?: GivenHours;
  /** Recomputes in the place of DuckDB. */
  readonly onEngine?: (port: RowsPort, input: RecomputeInput) => Promise<Relation | undefined>;
  /** Told how many hours of a dimension are computed. */
  readonly onHour?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Rows of earlier ones count as without an event time. */
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
        ? renderStatement('test/all_rows', { table: relationOf(input, source).table })
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
 * What `$range_start` and its like are for a query over all hours: of days, as in a session, from the first
 * midnight on.
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

/** A dimension: one execution an hour (or a day), each with the rows of the one before as `previous`. */
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
 * The hours (or days) of a dimension in their order. Before its first row a source gives none, and those that
 * are owed there are taken as they are: the next one builds on them, as sessions have it do.
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

function rowsOf(
  input: RecomputeInput,
  source: SourceSpec,
  range: { readonly firstHour: Hour; readonly lastHour: Hour },
): string {
  const relation = relationOf(input, source);
  const column = relation.columns.find(({ name }) => sameColumnName(name, source.eventTime));
  if (column === undefined) return renderStatement('test/all_rows', { table: relation.table });
  const { beforeHours = 0, afterHours = 0 } = source.window ?? {};
  return rowsToHour(relation, column, source.eventTimeUnit, {
    firstHour: range.firstHour - beforeHours,
    lastHour: range.lastHour + afterHours,
  });
}

/** A date counts as its midnight: in a dimension it would else be 24 rows. */
function rowsToHour(
  { table, byHour }: Relation,
  column: TestColumn,
  unit: string | undefined,
  { firstHour, lastHour }: { readonly firstHour: Hour; readonly lastHour: Hour },
): string {
  const bounds = { first: hourCountFragment(firstHour), last: hourCountFragment(lastHour) };
  return byHour === undefined
    ? renderStatement('test/rows_to_hour', { ...bounds, table, hour: eventHourFragment(column, unit) })
    : renderStatement('compare/hours_of_copy', { ...bounds, table: byHour });
}

/** A relation with a copy in the order of its hours, for those who ask for one hour after the other. */
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
 * The first hour in which a source has rows, or that those of a window reach; with a key they only reach
 * hours in which another source has rows.
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
 * What the query returned, in the columns and types of the target, without what lies above the complete hour.
 * `only`: the hour, or the day, that was computed; rows beside it, which a window brings, are those of
 * others.
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
