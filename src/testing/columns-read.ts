/** Finds which columns of its sources a process reads: those without which its query cannot be bound. */
import { queryOf } from '../compare/recompute/process-query.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { tableKey } from '../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import {
  identifierFragment,
  lakeTable,
  renderStatement,
  type SqlFragment,
  shapedColumnsFragment,
  statementFragment,
  type TestColumn,
} from '../statements/index.ts';
import { isSqlFault } from './problem.ts';
import { memoryTable, type OutsideTable } from './world/make-tables.ts';
import type { Sandbox } from './world/sandbox.ts';

/**
 * Returns the columns by alias, in the order of the tables; they include the event time and what audits
 * name. `target`: the columns of the target, for the `previous` of a dimension; without them all columns
 * count as read.
 */
export async function columnsRead(
  sandbox: Sandbox,
  spec: ProcessSpec,
  tables: readonly OutsideTable[],
  target: readonly TestColumn[] | undefined,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const sources: { source: SourceSpec; table: SqlFragment; columns: readonly TestColumn[] }[] = [];
  for (const source of spec.sources) {
    const outside = tables.find(({ id }) => tableKey(id) === tableKey(source.table)) as OutsideTable;
    const table = memoryTable(`probe_${outside.number}`);
    await sandbox.run('test/like_table', { table, like: lakeTable(outside.id) });
    sources.push({ source, table, columns: outside.columns });
  }
  const bind = async (alias: string, without: string | undefined): Promise<string | undefined> => {
    const { sql, values } = queryOf(spec, {
      sources: [
        ...sources.map(({ source, table }) => ({
          alias: source.alias,
          rows:
            without !== undefined && source.alias === alias
              ? renderStatement('test/rows_without', { table, column: identifierFragment(without) })
              : renderStatement('test/all_rows', { table }),
        })),
        ...previousOf(spec, target),
      ],
      hours: undefined,
    });
    try {
      const { columns } = await sandbox.ask({
        sql: renderStatement('test/columns', { from: statementFragment(`(${sql})`) }),
        values,
      });
      return columns.map(({ name }) => name).join();
    } catch (error) {
      if (!isSqlFault(error)) throw error;
      return undefined;
    }
  };
  const whole = await bind('', undefined);
  const read = new Map<string, readonly string[]>();
  for (const { source, columns } of sources) {
    const names: string[] = [];
    for (const { name } of columns) {
      const isNeeded =
        columns.length === 1 ||
        name.toLowerCase() === source.eventTime?.toLowerCase() ||
        isAudited(spec, source.alias, name) ||
        whole === undefined ||
        (await bind(source.alias, name)) !== whole;
      if (isNeeded) names.push(name);
    }
    read.set(source.alias, names.length === 0 ? columns.slice(0, 1).map(({ name }) => name) : names);
  }
  return read;
}

const previousOf = (
  spec: ProcessSpec,
  target: readonly TestColumn[] | undefined,
): { readonly alias: string; readonly rows: string }[] =>
  patternOf(spec).readsPrevious && target !== undefined
    ? [
        {
          alias: 'previous',
          rows: renderStatement('test/no_rows', {
            columns: shapedColumnsFragment(target.map((column) => ({ ...column, from: undefined }))),
          }),
        },
      ]
    : [];

/** Whether an audit names both the source and the column, as a key or somewhere in its SQL. */
const isAudited = ({ audits }: ProcessSpec, alias: string, column: string): boolean =>
  audits.some((audit) => {
    const words = new Set(JSON.stringify(audit).toLowerCase().match(/\w+/g));
    return words.has(alias.toLowerCase()) && words.has(column.toLowerCase());
  });
