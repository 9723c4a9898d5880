/**
 * Computes the rows of a session's hours, and the target with them: runs the process's query over plain
 * tables, of which it sees as much as its hours and windows reach. Hours -> table in memory.
 */

import { type QueryInput, queryOf } from '../../compare/recompute/process-query.ts';
import { firstHourOf, type Relation } from '../../compare/recompute/recompute.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import type { Hour, HourRange } from '../../model/hour.ts';
import { ascending, intervalsOf } from '../../model/hour-sets.ts';
import { tableKey } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import { rangesBehind, reachedBy, sourceWindow } from '../../model/window-hours.ts';
import {
  beyondReachFragment,
  eventHourFragment,
  hourListFragment,
  inRangesFragment,
  renderStatement,
  type SqlFragment,
  shapedColumnsFragment,
  statementFragment,
  type TestColumn,
} from '../../statements/index.ts';
import type { Sandbox } from '../world/sandbox.ts';
import { rehearseAudits } from './rehearse-audits.ts';
import { columnNamed, createFrom, hoursIn, unionOf } from './relations.ts';
import { Doubt, once, type SessionInput } from './scene.ts';

interface Hours {
  /** Ascending. */
  readonly hours: readonly Hour[];
  readonly eventTime: TestColumn;
}

/** The target with the rows of the hours in place of its earlier ones. Throws `Doubt`. */
export async function loadHours(
  sandbox: Sandbox,
  session: SessionInput,
  hours: readonly Hour[],
): Promise<SqlFragment> {
  const { spec, progress } = session;
  const eventTime = columnNamed(progress.target.columns, spec.target.eventTime);
  // A row of a day depends on hours that may still come.
  if (eventTime === undefined || eventTime.type === 'DATE')
    throw new Doubt('a date as event time of the target');
  return patternOf(spec).readsPrevious
    ? hourByHour(sandbox, session, { hours, eventTime })
    : atOnce(sandbox, session, { hours, eventTime });
}

async function atOnce(
  sandbox: Sandbox,
  session: SessionInput,
  { hours, eventTime }: Hours,
): Promise<SqlFragment> {
  const { progress, nameTable } = session;
  const staged = await stage(sandbox, session, {
    sources: sourcesIn(session, hours),
    hours: rangeOf(hours),
    only: hours,
  });
  await doubtOutside(sandbox, staged, { hours, eventTime });
  await doubtUnreached(sandbox, session, staged, eventTime);
  const whole = nameTable();
  await createFrom(sandbox, whole, 'test/replaced_hours', {
    table: progress.target.table,
    rows: staged,
    hours: hourListFragment(hours),
    hour: eventHourFragment(eventTime, undefined),
  });
  await auditHours(sandbox, session, { hours, staged, whole });
  return whole;
}

async function hourByHour(
  sandbox: Sandbox,
  session: SessionInput,
  { hours, eventTime }: Hours,
): Promise<SqlFragment> {
  const { progress, nameTable } = session;
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
  // There is no hour before the first row of a source.
  const first = await firstHourOf(sandbox, { spec: session.spec, relations: session.tables });
  for (const each of first === undefined ? [] : hours.filter((hour) => hour >= first)) {
    const previous = renderStatement('test/in_hours', {
      table: whole,
      hours: hourListFragment([each - 1]),
      hour,
    });
    const staged = await stage(sandbox, session, {
      sources: [...sourcesIn(session, [each]), { alias: 'previous', rows: previous }],
      hours: rangeOf([each]),
      only: [each],
    });
    await doubtOutside(sandbox, staged, { hours: [each], eventTime });
    for (const table of [whole, all]) await sandbox.run('test/land', { table, rows: staged });
  }
  await auditHours(sandbox, session, { hours, staged: all, whole });
  return whole;
}

const rangeOf = (hours: readonly Hour[]): HourRange => ({
  firstHour: hours[0] as Hour,
  lastHour: hours.at(-1) as Hour,
});

const auditHours = (
  sandbox: Sandbox,
  session: SessionInput,
  {
    hours,
    staged,
    whole,
  }: { readonly hours: readonly Hour[]; readonly staged: SqlFragment; readonly whole: SqlFragment },
): Promise<void> =>
  rehearseAudits(sandbox, session.spec, {
    sources: sourcesIn(session, hours),
    ownSources: sourcesIn(withoutWindows(session), hours),
    hours: rangeOf(hours),
    staged,
    whole,
  });

const withoutWindows = (session: SessionInput): SessionInput => ({
  ...session,
  spec: {
    ...session.spec,
    sources: session.spec.sources.map(({ window: _window, ...source }) => source),
  },
});

/** The rows of the sources on which the hours depend. */
const sourcesIn = ({ spec, tables }: SessionInput, hours: readonly Hour[]) =>
  spec.sources.map((source) => ({
    alias: source.alias,
    rows: rowsInHours(tables.get(tableKey(source.table)) as Relation, source, hours),
  }));

function rowsInHours({ table, columns }: Relation, source: SourceSpec, hours: readonly Hour[]): string {
  const column = columnNamed(columns, source.eventTime);
  if (column === undefined || column.type === 'DATE')
    throw new Doubt('an event time that is a date, or missing');
  const { beforeHours, afterHours } = source.window ?? { beforeHours: 0, afterHours: 0 };
  return renderStatement('test/rows_where', {
    table,
    condition: inRangesFragment(
      eventHourFragment(column, source.eventTimeUnit),
      rangesBehind(intervalsOf(hours), { beforeHours, afterHours }),
    ),
  });
}

interface StageInput extends QueryInput {
  /** Undefined: rows of any hours are appended. */
  readonly only?: readonly Hour[];
}

/** Makes a table of what the query returns for a session, in the columns and types of the target. */
export async function stage(
  sandbox: Sandbox,
  { spec, progress, nameTable, known }: SessionInput,
  input: StageInput,
): Promise<SqlFragment> {
  const { sql, values } = queryOf(spec, input);
  const staged = nameTable();
  const query = statementFragment(`(${sql})`);
  // They are the same in every session of a process.
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
    keep: keptRows(spec, columnNamed(returned, spec.target.eventTime), input.only),
  });
  const create = { table: staged, query: statementFragment(shaped) };
  await sandbox.ask({ sql: renderStatement('test/create_from', create), values });
  return staged;
}

/**
 * With a window a query may compute rows of hours around its own from only some of the rows that they depend
 * on: a session leaves those out. Rows that lie further away are refused, so they are kept here.
 */
function keptRows(
  { sources }: ProcessSpec,
  eventTime: TestColumn | undefined,
  only: readonly Hour[] | undefined,
): SqlFragment {
  const reach = Math.max(0, ...sources.map(({ window }) => reachOf(window)));
  if (reach === 0 || only === undefined) return statementFragment('true');
  if (eventTime === undefined) throw new Doubt('a query without the event time');
  const own = intervalsOf(only);
  const around = rangesBehind(own, { beforeHours: reach, afterHours: reach });
  return beyondReachFragment(eventHourFragment(eventTime, undefined), { own, around });
}

const reachOf = (window: SourceSpec['window']): number =>
  window === undefined ? 0 : window.beforeHours + window.afterHours;

/** Doubts rows outside of the session's hours, for which a session is refused. */
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

/** Doubts rows in hours in which no source has a row, for which a session is refused as well. */
async function doubtUnreached(
  sandbox: Sandbox,
  { spec, tables, known, progress }: SessionInput,
  staged: SqlFragment,
  eventTime: TestColumn,
): Promise<void> {
  const of = { table: staged, columns: progress.target.columns };
  const rows = await hoursIn(sandbox, known, of, { eventTime: eventTime.name });
  const reached = new Set<Hour>();
  for (const source of spec.sources) {
    if (source.window?.key !== undefined) continue;
    const relation = tables.get(tableKey(source.table)) as Relation;
    const hours = await hoursIn(sandbox, known, relation, source);
    for (const hour of reachedBy(ascending(hours), sourceWindow({ spec: source }))) reached.add(hour);
  }
  for (const hour of rows) if (!reached.has(hour)) throw new Doubt('rows of hours without a source row');
}
