/** Resolves the names that parts of a query see. Scope + name -> origins. Pure. */
import type { TreeNode } from '../../model/query-tree.ts';
import { type Origin, usedFor } from './origins.ts';
import { isName, named, type OutputColumn, type QueryOrigins } from './output-columns.ts';

/** The query contains something that is not known here. */
export class NotUnderstood extends Error {}

export const fail = (): never => {
  throw new NotUnderstood();
};

/** What a query sees by name, and the query around it. */
export interface Around {
  /** Finds the origins of a subquery. */
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
  /** Columns that USING has merged. */
  readonly merged: readonly OutputColumn[];
  /** Columns of the select list by alias; only for later clauses. */
  readonly selected: readonly OutputColumn[];
  /** Parameters of lambdas. */
  readonly bound: ReadonlySet<string>;
}

/** Names that stand for a value without being a column of a table. */
const VALUES = new Set(['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp']);

/** Resolves a column by its name, with or without its table; further names are fields of a struct. */
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

/** True if a name is an alias of the select list, and not a column of a table. */
export const isAlias = (name: string, { inScope, merged, selected }: Scope): boolean =>
  named(merged, name) === undefined &&
  amongTables(inScope, name) === undefined &&
  selected.some((each) => isName(each.name, name));
