/**
 * A target as its process means it: the query over whole tables, cut to the hours that are complete, in plain
 * tables in memory. No session, no plan, no file of the warehouse has a part in it. Sources -> table in
 * memory.
 */

import type { ResultRows } from '../../engine/index.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import type { Hour } from '../../model/hour.ts';
import { tableKey } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import {
  eventHourFragment,
  hourCountFragment,
  inHourFragment,
  renderStatement,
  type SqlFragment,
  shapedColumnsFragment,
  statementFragment,
  type TestColumn,
  upToHourFragment,
} from '../../statements/index.ts';
import { columnsIn, memoryTable } from '../world/make-tables.ts';
import { queryOf } from '../world/process-query.ts';
import type { Sandbox } from '../world/sandbox.ts';

/** A whole table in memory. */
export interface Relation {
  readonly table: SqlFragment;
  readonly columns: readonly TestColumn[];
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
  /** Begins the names of its tables in memory. */
  readonly name: string;
}

/** Before any hour that a row may have. */
const FIRST_HOUR: Hour = -100_000_000;

export async function recompute(sandbox: Sandbox, input: RecomputeInput): Promise<Relation | undefined> {
  const { spec, relations, completeHour } = input;
  if (spec.sources.some((source) => !relations.has(tableKey(source.table)))) return undefined;
  if (patternOf(spec).readsPrevious) return recomputeHours(sandbox, input);
  const range = completeHour === undefined ? undefined : { firstHour: FIRST_HOUR, lastHour: completeHour };
  if (patternOf(spec).loadsHours && range === undefined) return undefined;
  const sources = spec.sources.map((source) => ({
    alias: source.alias,
    rows:
      !patternOf(spec).loadsHours || range === undefined
        ? renderStatement('test/all_rows', { table: relationOf(input, source).table })
        : rowsOf(input, source, range),
  }));
  const first = await firstHour(sandbox, input);
  const { sql, values } = queryOf(spec, {
    sources,
    hours: first === undefined ? undefined : { firstHour: first, lastHour: completeHour ?? first },
  });
  const raw = memoryTable(`${input.name}_raw`);
  await sandbox.ask({
    sql: renderStatement('test/create_from', { table: raw, query: statementFragment(sql) }),
    values,
  });
  const table = memoryTable(input.name);
  await sandbox.run('test/create_from', {
    table,
    query: statementFragment(await shaped(sandbox, input, raw)),
  });
  return { table, columns: await columnsIn(sandbox, table) };
}

/** A dimension: one execution an hour, each with the rows of the hour before as `previous`. */
async function recomputeHours(sandbox: Sandbox, input: RecomputeInput): Promise<Relation | undefined> {
  const { spec, completeHour, target } = input;
  const first = await firstHour(sandbox, input);
  if (first === undefined || completeHour === undefined || target === undefined) return undefined;
  const [table, raw] = [memoryTable(input.name), memoryTable(`${input.name}_raw`)];
  await sandbox.run('test/create_from', { table, query: statementFragment(noRows(target)) });
  const eventTime = target.find(({ name }) => sameName(name, spec.target.eventTime)) as TestColumn;
  for (let hour = first; hour <= completeHour; hour += 1) {
    const window = { firstHour: hour, lastHour: hour };
    const relations = input.relationsOf?.(hour) ?? input.relations;
    const sources = spec.sources.map((source) => ({
      alias: source.alias,
      rows: rowsOf({ ...input, relations }, source, window),
    }));
    const previous = rowsToHour(table, eventTime, undefined, { firstHour: hour - 1, lastHour: hour - 1 });
    const { sql, values } = queryOf(spec, {
      sources: [...sources, { alias: 'previous', rows: previous }],
      hours: window,
    });
    await sandbox.ask({
      sql: renderStatement('test/create_from', { table: raw, query: statementFragment(sql) }),
      values,
    });
    await sandbox.run('test/land', {
      table,
      rows: statementFragment(`(${await shaped(sandbox, input, raw, hour)})`),
    });
  }
  return { table, columns: target };
}

const relationOf = ({ relations }: RecomputeInput, { table }: SourceSpec): Relation =>
  relations.get(tableKey(table)) as Relation;

function rowsOf(
  input: RecomputeInput,
  source: SourceSpec,
  range: { readonly firstHour: Hour; readonly lastHour: Hour },
): string {
  const { table, columns } = relationOf(input, source);
  const column = columns.find(({ name }) => sameName(name, source.eventTime));
  if (column === undefined) return renderStatement('test/all_rows', { table });
  const { beforeHours = 0, afterHours = 0 } = source.window ?? {};
  return rowsToHour(table, column, source.eventTimeUnit, {
    firstHour: range.firstHour - beforeHours,
    lastHour: range.lastHour + afterHours,
  });
}

/** A date counts as its midnight: in a dimension it would else be 24 rows. */
const rowsToHour = (
  table: SqlFragment,
  column: TestColumn,
  unit: string | undefined,
  { firstHour, lastHour }: { readonly firstHour: Hour; readonly lastHour: Hour },
): string =>
  renderStatement('test/rows_to_hour', {
    table,
    hour: eventHourFragment(column, unit),
    first: hourCountFragment(firstHour),
    last: hourCountFragment(lastHour),
  });

/** The first hour in which a source has rows. */
async function firstHour(sandbox: Sandbox, input: RecomputeInput): Promise<Hour | undefined> {
  const hours: Hour[] = [];
  for (const source of input.spec.sources) {
    const { table, columns } = relationOf(input, source);
    const column = columns.find(({ name }) => sameName(name, source.eventTime));
    if (column === undefined) continue;
    const hour = eventHourFragment(column, source.eventTimeUnit);
    const [[found] = []] = (await sandbox.run('test/event_hours', { hour, table })).rows;
    if (typeof found === 'bigint') hours.push(Number(found));
  }
  return hours.length === 0 ? undefined : Math.min(...hours);
}

/**
 * What the query returned, in the columns and types of the target, without what lies above the complete hour.
 * `only`: the one hour that was computed; rows beside it, which a window brings, are those of other hours.
 */
async function shaped(
  sandbox: Sandbox,
  input: RecomputeInput,
  raw: SqlFragment,
  only?: Hour,
): Promise<string> {
  const { spec, completeHour, target } = input;
  const returned = await columnsIn(sandbox, raw);
  const eventTime = returned.find(({ name }) => sameName(name, spec.target.eventTime));
  const isCut = patternOf(spec).loadsHours && eventTime !== undefined;
  return renderStatement('test/shaped', {
    rows: raw,
    columns: shapedColumnsFragment(
      (target ?? returned).map((column) => ({
        ...column,
        from: returned.find(({ name }) => sameName(name, column.name))?.name,
      })),
    ),
    keep:
      only !== undefined && eventTime !== undefined && hasWindow(spec)
        ? inHourFragment(eventHourFragment(eventTime, undefined), only)
        : upToHourFragment(
            isCut ? eventHourFragment(eventTime as TestColumn, undefined) : undefined,
            completeHour,
          ),
  });
}

const hasWindow = ({ sources }: ProcessSpec): boolean => sources.some(({ window }) => window !== undefined);

const noRows = (columns: readonly TestColumn[]): string =>
  renderStatement('test/no_rows', {
    columns: shapedColumnsFragment(columns.map((column) => ({ ...column, from: undefined }))),
  });

const sameName = (one: string, other: string | undefined): boolean =>
  one.toLowerCase() === other?.toLowerCase();

/** All rows of a relation. */
export const readRelation = (sandbox: Sandbox, { table }: Relation): Promise<ResultRows> =>
  sandbox.query(renderStatement('test/all_rows', { table }));
