/** What the parts of a query see by name. Scope + name -> origins. Pure. */
import type { TreeNode } from '../../model/query-tree.ts';
import { type Origin, usedFor } from './origins.ts';
import { isName, named, type OutputColumn, type QueryOrigins } from './output-columns.ts';

/** The query has something in it that is not known here. */
export class NotUnderstood extends Error {}

export const fail = (): never => {
  throw new NotUnderstood();
};

/** What a query sees by name, and the query around it. */
export interface Around {
  /** Of a query in the query. */
  readonly ofQuery: (query: TreeNode, around: Around) => QueryOrigins;
  readonly tables: ReadonlyMap<string, QueryOrigins>;
  readonly outer: Scope | undefined;
}

/** A table of a FROM clause. */
export interface InScope extends QueryOrigins {
  readonly alias: string;
}

export interface Scope extends Around {
  readonly inScope: readonly InScope[];
  /** Columns that USING has made one of two. */
  readonly merged: readonly OutputColumn[];
  /** Columns of the select list, by alias; of later clauses. */
  readonly selected: readonly OutputColumn[];
  /** Parameters of lambdas. */
  readonly bound: ReadonlySet<string>;
}

/** What stands for a value without being a column of a table. */
const VALUES = new Set(['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp']);

/** A column by its name, with or without its table; what follows names fields of a struct. */
export function resolve(names: readonly string[], scope: Scope): Origin[] {
  const [first = '', second] = names;
  if (scope.bound.has(first.toLowerCase())) return [];
  const table = second === undefined ? undefined : scope.inScope.find(({ alias }) => isName(alias, first));
  const found =
    table === undefined
      ? (named(scope.merged, first) ?? amongTables(scope.inScope, first) ?? named(scope.selected, first))
      : named(table.columns, second as string);
  if (found === undefined && scope.outer !== undefined) return resolve(names, scope.outer);
  if (found === undefined) return second === undefined && VALUES.has(first.toLowerCase()) ? [] : fail();
  const isPart = names.length > (table === undefined ? 1 : 2);
  return usedFor(found, isPart ? 'TRANSFORMATION' : 'IDENTITY');
}

const amongTables = (tables: readonly InScope[], name: string): readonly Origin[] | undefined =>
  tables.map(({ columns }) => named(columns, name)).find((found) => found !== undefined);

/** True where a name is one of the select list before it, and of no table. */
export const isAlias = (name: string, { inScope, merged, selected }: Scope): boolean =>
  named(merged, name) === undefined &&
  amongTables(inScope, name) === undefined &&
  selected.some((each) => isName(each.name, name));
