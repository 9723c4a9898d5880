/**
 * One session of a process as its pattern means it, over plain tables: which hours it loads
 * (docs/concepts/patterns.md), what its query returns for them, and what the target is then. Scene + process
 * -> Progress.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import { type Hour, hourOfMs, hoursOf } from '../../model/hour.ts';
import { tableKey } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import {
  eventHourFragment,
  type FragmentsOf,
  hourListFragment,
  renderStatement,
  type SqlFragment,
  type StatementName,
  shapedColumnsFragment,
  statementFragment,
  type TestColumn,
} from '../../statements/index.ts';
import type { Relation } from '../judge/recompute.ts';
import { type QueryInput, queryOf } from '../world/process-query.ts';
import { renderAny, type Sandbox } from '../world/sandbox.ts';
import { rehearseAudits } from './rehearse-audits.ts';
import { Doubt, type Known, type News, NO_NEWS, once, type Progress } from './scene.ts';

export interface SessionInput {
  readonly spec: ProcessSpec;
  readonly clockMs: number;
  readonly tables: ReadonlyMap<string, Relation>;
  readonly progress: Progress;
  /** How far each source is complete, in the order of the sources. */
  readonly vtts: readonly (Hour | undefined)[];
  /** A name for a new table in memory. */
  readonly nameTable: () => SqlFragment;
  readonly known: Known;
}

/** What a session did: its progress, and the news that it is for those who read its target. */
export interface Rehearsed {
  readonly progress: Progress;
  readonly news: News;
}

export async function rehearseSession(sandbox: Sandbox, session: SessionInput): Promise<Rehearsed> {
  if (!patternOf(session.spec).loadsHours) return appendRows(sandbox, session);
  return overwriteHours(sandbox, session);
}

const least = (hours: readonly (Hour | undefined)[]): Hour | undefined =>
  hours.every((hour) => hour !== undefined) ? Math.min(...(hours as readonly Hour[])) : undefined;

const isDate = (column: TestColumn | undefined): boolean => column?.type === 'DATE';

async function appendRows(sandbox: Sandbox, session: SessionInput): Promise<Rehearsed> {
  const { spec, progress, nameTable, tables, known } = session;
  const added = spec.sources.map(({ table }) => progress.news.get(tableKey(table))?.added ?? []);
  const idle = { progress: { ...progress, news: new Map() }, news: NO_NEWS };
  if (added.every((each) => each.length === 0)) return idle;
  if (spec.sources.some(({ table }) => !tables.has(tableKey(table)))) return { progress, news: NO_NEWS };
  const sources = spec.sources.map(({ alias, table }, index) => ({
    alias,
    rows: unionOf(added[index] ?? [], tables.get(tableKey(table)) as Relation),
  }));
  const hours = [
    ...new Set(spec.sources.flatMap(({ table }) => [...(progress.news.get(tableKey(table))?.hours ?? [])])),
  ];
  const range =
    hours.length === 0 ? undefined : { firstHour: Math.min(...hours), lastHour: Math.max(...hours) };
  const staged = await stage(sandbox, session, { sources, hours: range });
  const whole = nameTable();
  await createFrom(sandbox, whole, 'test/with_rows', { table: progress.target.table, rows: staged });
  await rehearseAudits(sandbox, spec, { sources, hours: range, staged, whole });
  const complete = least(session.vtts);
  const { columns } = progress.target;
  return {
    progress: {
      target: { table: whole, columns },
      completeTo:
        complete === undefined ? progress.completeTo : Math.max(complete, progress.completeTo ?? complete),
      owed: new Set(),
      news: new Map(),
    },
    news: {
      added: [{ table: staged, columns }],
      hours: await hoursIn(sandbox, known, { table: staged, columns }, spec.target),
    },
  };
}

/** All rows of the relations; without any, no row of `like`. */
const unionOf = (relations: readonly Relation[], like: Relation): string =>
  relations.length === 0
    ? renderStatement('test/no_rows', {
        columns: shapedColumnsFragment(like.columns.map((column) => ({ ...column, from: undefined }))),
      })
    : relations.map(({ table }) => renderStatement('test/all_rows', { table })).join('\nunion all\n');

async function overwriteHours(sandbox: Sandbox, session: SessionInput): Promise<Rehearsed> {
  const { spec, progress, tables } = session;
  const owed = new Set([...progress.owed, ...[...progress.news.values()].flatMap(({ hours }) => [...hours])]);
  const waits = { progress: { ...progress, owed, news: new Map() }, news: NO_NEWS };
  if (spec.sources.some(({ table }) => !tables.has(tableKey(table)))) return waits;
  const limit = lastHourToLoad(session);
  const hours = limit === undefined ? [] : hoursToLoad(session, owed, limit);
  if (hours.length === 0) return waits;
  const eventTime = columnNamed(progress.target.columns, spec.target.eventTime);
  // A row of a day depends on hours that may still come.
  if (isDate(eventTime) || eventTime === undefined) throw new Doubt('a date as event time of the target');
  const whole = patternOf(spec).readsPrevious
    ? await hourByHour(sandbox, session, { hours, eventTime })
    : await atOnce(sandbox, session, { hours, eventTime });
  for (const hour of hours) owed.delete(hour);
  const reached = hours.at(-1) as Hour;
  return {
    progress: {
      target: { table: whole, columns: progress.target.columns },
      completeTo: Math.max(reached, progress.completeTo ?? reached),
      owed,
      news: new Map(),
    },
    news: { added: [], hours: new Set(hours) },
  };
}

/** The least VTTS, or the last hour that the target has, where that is later; never an hour of the future. */
function lastHourToLoad({ spec, clockMs, progress, vtts }: SessionInput): Hour | undefined {
  const complete = least(vtts);
  if (progress.completeTo === undefined) return complete;
  const present = spec.sources.map((source) => hourOfMs(clockMs + source.futureToleranceMs));
  return Math.max(complete ?? Number.NEGATIVE_INFINITY, Math.min(progress.completeTo, ...present));
}

function hoursToLoad({ spec, progress }: SessionInput, owed: ReadonlySet<Hour>, limit: Hour): Hour[] {
  const pending = [...owed].filter((hour) => hour <= limit).sort((one, other) => one - other);
  if (patternOf(spec).readsPrevious) {
    const next =
      progress.completeTo !== undefined && limit > progress.completeTo ? progress.completeTo + 1 : undefined;
    const firsts = [pending[0], next].filter((hour) => hour !== undefined);
    return firsts.length === 0 ? [] : hoursOf({ firstHour: Math.min(...firsts), lastHour: limit });
  }
  const [first] = pending;
  if (first === undefined || spec.hours === 'touched') return pending;
  return hoursOf({ firstHour: first, lastHour: pending.at(-1) as Hour });
}

interface Hours {
  readonly hours: readonly Hour[];
  readonly eventTime: TestColumn;
}

async function atOnce(
  sandbox: Sandbox,
  session: SessionInput,
  { hours, eventTime }: Hours,
): Promise<SqlFragment> {
  const { spec, progress, nameTable } = session;
  const sources = sourcesIn(session, hours);
  const range = { firstHour: hours[0] as Hour, lastHour: hours.at(-1) as Hour };
  const staged = await stage(sandbox, session, { sources, hours: range });
  await doubtOutside(sandbox, staged, { hours, eventTime });
  const whole = nameTable();
  await createFrom(sandbox, whole, 'test/replaced_hours', {
    table: progress.target.table,
    rows: staged,
    hours: hourListFragment(hours),
    hour: eventHourFragment(eventTime, undefined),
  });
  await rehearseAudits(sandbox, spec, { sources, hours: range, staged, whole });
  return whole;
}

async function hourByHour(
  sandbox: Sandbox,
  session: SessionInput,
  { hours, eventTime }: Hours,
): Promise<SqlFragment> {
  const { spec, progress, nameTable } = session;
  const hour = eventHourFragment(eventTime, undefined);
  const [all, whole] = [nameTable(), nameTable()];
  await createFrom(sandbox, whole, 'test/replaced_hours', {
    table: progress.target.table,
    rows: statementFragment(`(${unionOf([], progress.target)})`),
    hours: hourListFragment(hours),
    hour,
  });
  await createFrom(sandbox, all, 'test/all_rows', {
    table: statementFragment(`(${unionOf([], progress.target)})`),
  });
  for (const each of hours) {
    const previous = renderStatement('test/in_hours', {
      table: whole,
      hours: hourListFragment([each - 1]),
      hour,
    });
    const staged = await stage(sandbox, session, {
      sources: [...sourcesIn(session, [each]), { alias: 'previous', rows: previous }],
      hours: { firstHour: each, lastHour: each },
    });
    await doubtOutside(sandbox, staged, { hours: [each], eventTime });
    for (const table of [whole, all]) await sandbox.run('test/land', { table, rows: staged });
  }
  const range = { firstHour: hours[0] as Hour, lastHour: hours.at(-1) as Hour };
  await rehearseAudits(sandbox, spec, {
    sources: sourcesIn(session, hours),
    hours: range,
    staged: all,
    whole,
  });
  return whole;
}

const sourcesIn = ({ spec, tables }: SessionInput, hours: readonly Hour[]) =>
  spec.sources.map((source) => ({
    alias: source.alias,
    rows: rowsInHours(tables.get(tableKey(source.table)) as Relation, source, hours),
  }));

function rowsInHours({ table, columns }: Relation, source: SourceSpec, hours: readonly Hour[]): string {
  const column = columnNamed(columns, source.eventTime);
  if (column === undefined || isDate(column)) throw new Doubt('an event time that is a date, or missing');
  return renderStatement('test/in_hours', {
    table,
    hours: hourListFragment(hours),
    hour: eventHourFragment(column, source.eventTimeUnit),
  });
}

/** What the query returns, in the columns and types of the target. */
async function stage(
  sandbox: Sandbox,
  { spec, progress, nameTable, known }: SessionInput,
  input: QueryInput,
): Promise<SqlFragment> {
  const { sql, values } = queryOf(spec, input);
  const staged = nameTable();
  const query = statementFragment(`(${sql})`);
  // Of one process they are the same in every session.
  const returned = await once(
    known,
    `columns ${spec.processName}`,
    async () =>
      (await sandbox.ask({ sql: renderStatement('test/columns', { from: query }), values })).columns,
  );
  const shaped = renderStatement('test/shaped', {
    rows: query,
    columns: shapedColumnsFragment(
      progress.target.columns.map((column) => ({
        ...column,
        from: columnNamed(returned, column.name)?.name,
      })),
    ),
    keep: statementFragment('true'),
  });
  const create = { table: staged, query: statementFragment(shaped) };
  await sandbox.ask({ sql: renderStatement('test/create_from', create), values });
  return staged;
}

/** A session is refused where its query leaves its hours. */
async function doubtOutside(
  sandbox: Sandbox,
  staged: SqlFragment,
  { hours, eventTime }: Hours,
): Promise<void> {
  const { rows } = await sandbox.run('test/leaves_hours', {
    table: staged,
    hours: hourListFragment(hours),
    hour: eventHourFragment(eventTime, undefined),
  });
  if (rows[0]?.[0] === true) throw new Doubt('rows outside of the hours');
}

/** The hours in which rows lie, by an event time. */
export async function hoursIn(
  sandbox: Sandbox,
  known: Known,
  { table, columns }: Relation,
  { eventTime, eventTimeUnit }: Pick<SourceSpec, 'eventTime' | 'eventTimeUnit'>,
): Promise<ReadonlySet<Hour>> {
  const column = columnNamed(columns, eventTime);
  if (column === undefined) return new Set();
  const hour = eventHourFragment(column, eventTimeUnit);
  return once(known, `hours ${table.sql} ${hour.sql}`, async () => {
    const { rows } = await sandbox.run('test/changed_hours', { table, hour });
    return new Set(rows.map(([found]) => Number(found)));
  });
}

export const columnNamed = (
  columns: readonly TestColumn[],
  name: string | undefined,
): TestColumn | undefined => columns.find((column) => column.name.toLowerCase() === name?.toLowerCase());

export const createFrom = <Name extends StatementName>(
  sandbox: Sandbox,
  table: SqlFragment,
  statement: Name,
  fragments: FragmentsOf<Name>,
) =>
  sandbox.run('test/create_from', {
    table,
    query: statementFragment(renderAny(statement, fragments)),
  });
