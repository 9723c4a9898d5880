/** Asks plain tables in memory for their columns and hours. Relation -> columns, hours. */

import type { Relation } from '../../compare/recompute/recompute.ts';
import type { Hour } from '../../model/hour.ts';
import type { SourceSpec } from '../../model/process-spec.ts';
import {
  eventHourFragment,
  type FragmentsOf,
  renderStatement,
  type SqlFragment,
  type StatementName,
  shapedColumnsFragment,
  statementFragment,
  type TestColumn,
} from '../../statements/index.ts';
import { renderAny, type Sandbox } from '../world/sandbox.ts';
import { type Known, once } from './scene.ts';

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

/** All rows of the relations; without any relation, no rows in the columns of `like`. */
export const unionOf = (relations: readonly Relation[], like: Relation): string =>
  relations.length === 0
    ? renderStatement('test/no_rows', {
        columns: shapedColumnsFragment(like.columns.map((column) => ({ ...column, from: undefined }))),
      })
    : relations.map(({ table }) => renderStatement('test/all_rows', { table })).join('\nunion all\n');
