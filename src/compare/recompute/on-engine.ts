/**
 * Recomputes a target on an engine other than DuckDB. Tables of that engine -> table in memory. The
 * process's query runs there over whole tables and its rows are written to a table like the target, in the
 * target's types, whose files DuckDB reads as it reads the target. As on DuckDB, no plan is involved.
 */
import { currentSchema } from '../../iceberg/event-time.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import type { Schema, Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { PsybergError } from '../../model/errors.ts';
import { unitHours, unitOf } from '../../model/grain.ts';
import type { HourRange } from '../../model/hour.ts';
import { tableKey } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import { eventTimeOf } from '../../session/event-time.ts';
import {
  hourCountFragment,
  identifierFragment,
  identifierListFragment,
  inRangeFragment,
  joinedFragment,
  type RangeBound,
  renderStatement,
  type SqlFragment,
  type StoredEventTime,
  sparkBoundFragment,
  sparkCteFragment,
  sparkHourFragment,
  sparkHourOfColumn,
  statementFragment,
  userQueryFragment,
} from '../../statements/index.ts';
import type { WorkBeside } from '../../workspace/work-beside.ts';
import type { PinnedTables } from '../pinned-tables.ts';
import { processValues } from './process-query.ts';
import {
  type EngineTable,
  FIRST_HOUR,
  firstHourOf,
  hasWindow,
  hoursAtOnce,
  type RecomputeInput,
  type Relation,
  shaped,
  unitsInOrder,
} from './recompute.ts';
import { boundQuery, type RowsPort } from './rows-port.ts';

/** A table as of a snapshot; undefined: an empty table. */
interface Shown {
  readonly metadata: TableMetadata;
  readonly snapshot: Snapshot | undefined;
}

export interface EngineRecompute {
  /** Shows the engine a source as of a snapshot. `name`: must be unique here. */
  source(name: string, spec: SourceSpec, shown: Shown): EngineTable;
  /** The rows that a table has and that an earlier state of it had not. `columns`: all of them. */
  since(columns: SqlFragment, after: EngineTable, before: EngineTable): EngineTable;
  /** Shows the engine the target, from which hours may be taken as they are. */
  target(metadata: TableMetadata, snapshot: Snapshot): void;
  /** Runs instead of DuckDB in `recompute`. */
  readonly recompute: NonNullable<RecomputeInput['onEngine']>;
}

/**
 * `target`: its schema is that of the rows; undefined if there is none, in which case no row may be
 * expected.
 */
export function engineRecompute(
  beside: WorkBeside,
  pinned: PinnedTables,
  { spec, target }: { readonly spec: ProcessSpec; readonly target: TableMetadata | undefined },
): EngineRecompute {
  const schema = target === undefined ? NO_COLUMNS : currentSchema(target);
  const work: Work = { beside, spec, schema, answers: answersOf(pinned, spec), taken: new Map() };
  return {
    source(name, source, { metadata, snapshot }) {
      beside.show([{ name, table: source.table, metadata, snapshot }]);
      return { table: beside.named(name), eventTime: storedTime(source, metadata) };
    },
    since: (columns, after, before) => ({
      ...after,
      table: statementFragment(
        renderStatement('spark/rows_between_on_spark', { columns, after: after.table, before: before.table }),
      ),
    }),
    target: (metadata, snapshot) =>
      beside.show([{ name: TARGET, table: spec.target.table, metadata, snapshot }]),
    async recompute(port, input) {
      if (spec.sources.some(({ table }) => !input.relations.has(tableKey(table)))) return undefined;
      const { readsPrevious, loadsHours } = patternOf(spec);
      if (loadsHours && input.completeHour === undefined) return undefined;
      if (target === undefined) return withoutTarget(work, port, input);
      const raw = readsPrevious ? await hourByHour(work, port, input) : await atOnce(work, port, input);
      return raw === undefined ? undefined : inMemory(port, input, raw);
    },
  };
}

const TARGET = 'target';
const NO_COLUMNS: Schema = { type: 'struct', 'schema-id': 0, fields: [] };

interface Work {
  readonly beside: WorkBeside;
  readonly spec: ProcessSpec;
  readonly schema: Schema;
  /** What was written, as DuckDB reads it; undefined: no rows. */
  readonly answers: (written: TableMetadata | undefined) => Promise<SqlFragment | undefined>;
  /** The query's columns that the target has, by the tables that stand for its sources. */
  readonly taken: Map<string, SqlFragment>;
}

function answersOf(pinned: PinnedTables, { target }: ProcessSpec): Work['answers'] {
  let number = 0;
  return async (written) => {
    const snapshot = written === undefined ? undefined : mainSnapshot(written);
    if (written === undefined || snapshot === undefined) return undefined;
    number += 1;
    const name = `answer_${number}`;
    await pinned.show([{ name, table: target.table, metadata: written, snapshot }]);
    return pinned.named(name);
  };
}

function storedTime(source: SourceSpec, metadata: TableMetadata): StoredEventTime | undefined {
  const time = source.lookup === undefined ? eventTimeOf(source, metadata) : undefined;
  if (time === undefined) return undefined;
  const { type, name } = time.column;
  return { column: name, type: typeof type === 'string' ? type : null, unit: time.unit };
}

/** Takes the rows in the columns and types of the target, without those after the complete hour. */
async function inMemory(port: RowsPort, input: RecomputeInput, raw: SqlFragment): Promise<Relation> {
  const table = input.tableNamed(input.name);
  await port.run('test/create_from', { table, query: statementFragment(await shaped(port, input, raw)) });
  return { table, columns: (await port.run('test/columns', { from: table })).columns };
}

/**
 * Without a target there is no table for the rows. Only checks whether there are any, to tell a missing
 * target from missing rows.
 */
async function withoutTarget(work: Work, port: RowsPort, input: RecomputeInput): Promise<undefined> {
  if (patternOf(work.spec).readsPrevious) return undefined;
  const asked = await askedAtOnce(work, port, input);
  const { values, query } = queryFor(work, input, asked);
  const any = renderStatement('spark/any_row', { query: statementFragment(query(statementFragment('*'))) });
  if ((await work.beside.query(boundQuery({ sql: any, values }))).length > 0)
    throw new PsybergError(
      'target-missing',
      `its query returns rows, and ${work.spec.processName} has no target`,
    );
}

async function atOnce(work: Work, port: RowsPort, input: RecomputeInput): Promise<SqlFragment | undefined> {
  await answer(work, input, await askedAtOnce(work, port, input));
  return work.answers(work.beside.take());
}

async function askedAtOnce({ spec }: Work, port: RowsPort, input: RecomputeInput): Promise<Asked> {
  const { completeHour: last } = input;
  const range = last === undefined ? undefined : { firstHour: FIRST_HOUR, lastHour: last };
  return {
    hours: await hoursAtOnce(port, input),
    rows: patternOf(spec).loadsHours ? range : undefined,
    isPruned: false,
    more: [],
  };
}

/** Executes the query once for each hour, or day; what was written is `previous` of the next one. */
async function hourByHour(
  work: Work,
  port: RowsPort,
  input: RecomputeInput,
): Promise<SqlFragment | undefined> {
  const { spec, beside } = work;
  const { completeHour: complete } = input;
  const first = input.firstHour ?? (await firstHourOf(port, input));
  if (first === undefined || complete === undefined) return undefined;
  const step = unitHours(spec);
  const own = ownTime(work);
  for (const { window, given } of unitsInOrder(input, { firstHour: first, lastHour: complete })) {
    const { firstHour: hour } = window;
    if (given !== undefined) {
      const rows = rowsOf({ table: beside.named(TARGET), eventTime: own }, window, { isPruned: false });
      const query = statementFragment(rows);
      const collect = renderStatement('spark/collect', { rows: beside.rows, query });
      await beside.execute(boundQuery({ sql: collect, values: {} }));
      continue;
    }
    const before = unitOf(spec, hour - 1);
    const ofTarget = { table: beside.rows, eventTime: own };
    const previous = rowsOf(ofTarget, before, { isPruned: true, before: step });
    await answer(
      work,
      { ...input, relations: input.relationsOf?.(hour) ?? input.relations },
      {
        hours: window,
        rows: window,
        isPruned: true,
        more: [sparkCteFragment('previous', previous)],
      },
    );
  }
  return work.answers(beside.take());
}

interface Asked {
  /** The values of `$first_hour` and `$last_hour`. */
  readonly hours: HourRange | undefined;
  /** The hours of which sources are read, without their windows; undefined: all rows. */
  readonly rows: HourRange | undefined;
  /** Whether files may be skipped by the bounds of `hours`. */
  readonly isPruned: boolean;
  readonly more: readonly SqlFragment[];
}

interface BoundQuery {
  readonly values: ReturnType<typeof processValues>;
  /** `columns`: the query's columns that are taken. */
  query(columns: SqlFragment): string;
}

function queryFor(work: Work, input: RecomputeInput, asked: Asked): BoundQuery {
  const { spec } = work;
  const sources = spec.sources.map((source) => {
    const { engine } = input.relations.get(tableKey(source.table)) as Relation;
    return sparkCteFragment(source.alias, rowsOfSource(source, engine as EngineTable, asked));
  });
  return {
    values: processValues(spec, asked.hours),
    query: (columns) =>
      renderStatement('spark/whole_query', {
        sources: joinedFragment([...sources, ...asked.more], ',\n'),
        columns,
        query: userQueryFragment(spec.sql),
        keep: keptFragment(work, asked.rows),
      }),
  };
}

/** Makes the engine write what the query returns. */
async function answer(work: Work, input: RecomputeInput, asked: Asked): Promise<void> {
  const { beside } = work;
  const bound = queryFor(work, input, asked);
  const sql = renderStatement('spark/collect', {
    rows: beside.rows,
    query: statementFragment(bound.query(await takenColumns(work, input, bound))),
  });
  await beside.execute(boundQuery({ sql, values: bound.values }));
}

/**
 * Finds the query's columns that the target has. They are the same in all hours whose sources are the same
 * tables, so the engine is asked only once.
 */
async function takenColumns(
  { beside, spec, schema, taken }: Work,
  { relations }: RecomputeInput,
  { values, query }: BoundQuery,
): Promise<SqlFragment> {
  const tables = spec.sources.map(({ table }) => relations.get(tableKey(table))?.engine?.table.sql);
  const key = JSON.stringify(tables);
  const known = taken.get(key);
  if (known !== undefined) return known;
  const returned = await beside.columns(boundQuery({ sql: query(statementFragment('*')), values }));
  const ofTarget = new Set(schema.fields.map(({ name }) => name.toLowerCase()));
  const names = returned.map(({ name }) => name).filter((name) => ofTarget.has(name.toLowerCase()));
  const columns = identifierListFragment(names);
  taken.set(key, columns);
  return columns;
}

function rowsOfSource(source: SourceSpec, table: EngineTable, { rows, isPruned }: Asked): string {
  if (rows === undefined || table.eventTime === undefined)
    return renderStatement('test/all_rows', { table: table.table });
  const { beforeHours = 0, afterHours = 0 } = source.window ?? {};
  const range = { firstHour: rows.firstHour - beforeHours, lastHour: rows.lastHour + afterHours };
  return rowsOf(table, range, { isPruned, before: beforeHours, after: afterHours });
}

/** Selects rows by hours. A date counts as its midnight: otherwise a dimension would read it in 24 hours. */
function rowsOf(
  { table, eventTime }: EngineTable,
  { firstHour, lastHour }: HourRange,
  {
    isPruned,
    before = 0,
    after = 0,
  }: { readonly isPruned: boolean; readonly before?: number; readonly after?: number },
): string {
  const time = eventTime as StoredEventTime;
  // One hour more on both sides: which rows are kept is decided by the hour itself.
  const from: RangeBound = { parameter: 'range_start', later: -before - 1 };
  const to: RangeBound = { parameter: 'range_end', later: after + 1 };
  return renderStatement('spark/hours_of_table', {
    table,
    near: isPruned
      ? statementFragment(
          renderStatement('spark/near_bounds', {
            event_time: identifierFragment(time.column),
            from: sparkBoundFragment(from, time),
            to: sparkBoundFragment(to, time),
          }),
        )
      : statementFragment('true'),
    hour: sparkHourFragment(time),
    first: hourCountFragment(firstHour),
    last: hourCountFragment(lastHour),
  });
}

/** The event time of the target. */
function ownTime({ spec, schema }: Work): StoredEventTime {
  const own = spec.target.eventTime as string;
  const { name, type } = schema.fields.find((field) => field.name.toLowerCase() === own.toLowerCase()) ?? {
    name: own,
    type: 'timestamptz',
  };
  return { column: name, type: typeof type === 'string' ? type : null, unit: null };
}

/** For a dimension with windows only keeps rows of the hour itself: rows beside it belong to other hours. */
function keptFragment(work: Work, rows: HourRange | undefined): SqlFragment {
  const { spec } = work;
  if (!patternOf(spec).readsPrevious || rows === undefined || !hasWindow(spec))
    return statementFragment('true');
  const { column } = ownTime(work);
  return inRangeFragment(sparkHourOfColumn(identifierFragment(column)), rows.firstHour, rows.lastHour);
}
