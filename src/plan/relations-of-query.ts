/**
 * Finds what the FROM of a query reads of its process's sources, also through CTEs and subqueries: which
 * sources' rows a relation is made from, and which of its columns are their event times. Tree -> relations.
 * Pure.
 */
import type { SourceSpec } from '../model/process-spec.ts';
import {
  byteOf,
  columnReferences,
  conjuncts,
  cteQueries,
  innerQuery,
  isTreeNode,
  listed,
  lowerText,
  lowerTexts,
  outermostSubqueries,
  type TreeNode,
  treeNodes,
} from '../model/query-tree.ts';

/** What a query makes of the sources. */
export interface Derived {
  readonly sources: ReadonlySet<SourceSpec>;
  /** Columns that come of an event time, in lower case: of those sources. */
  readonly times: ReadonlyMap<string, ReadonlySet<SourceSpec>>;
  /** The names of its columns, where the query lists all of them. */
  readonly columns?: readonly string[];
}

/** A table of a FROM, under the name that its columns are written with. */
export interface SourceRelation extends Derived {
  readonly name: string;
  /**
   * For a subquery in the FROM: the tables that it joins, since it may have conditions on tables beside it.
   */
  readonly inside?: FromClause;
  readonly byte: number | undefined;
}

/** The tables of one FROM, and the conditions on them that must all be true. */
export interface FromClause {
  readonly relations: readonly SourceRelation[];
  readonly conditions: readonly TreeNode[];
  /** Columns of `using`. */
  readonly using: readonly string[];
  /** True where a join compares columns that it does not name. */
  readonly isNatural: boolean;
}

/** A query with the FROM that it selects from, and what its subqueries join. */
export interface SelectOfSources {
  readonly select: TreeNode;
  readonly from: FromClause;
  readonly below: readonly { readonly subquery: TreeNode; readonly from: FromClause }[];
}

type Scope = ReadonlyMap<string, Derived>;

const NOTHING: Derived = { sources: new Set(), times: new Map() };

/** Every SELECT of a query, those of its CTEs and subqueries too. `sources`: those that count. */
export function selectsOf(query: TreeNode, sources: readonly SourceSpec[]): SelectOfSources[] {
  const selects: SelectOfSources[] = [];
  derive(query, new Map(sources.map((source) => [source.alias.toLowerCase(), ofSource(source)])), selects);
  return selects;
}

const ofSource = (source: SourceSpec): Derived => ({
  sources: new Set([source]),
  times:
    source.eventTime === undefined
      ? new Map()
      : new Map([[source.eventTime.toLowerCase(), new Set([source])]]),
});

function derive(node: TreeNode, outer: Scope, selects: SelectOfSources[]): Derived {
  const scope = new Map(outer);
  for (const [name, query, columns] of cteQueries(node)) {
    // Within itself a recursive one stands for rows that are judged where it begins.
    scope.set(name, NOTHING);
    scope.set(name, renamed(derive(query, scope, selects), columns));
  }
  if (node['type'] === 'SELECT_NODE') return deriveSelect(node, scope, selects);
  const parts = [node['left'], node['right'], node['child'], ...listed(node['children'])]
    .filter(isTreeNode)
    .map((part) => derive(innerQuery(part) ?? part, scope, selects));
  return parts.length === 0 ? NOTHING : united(parts as [Derived, ...Derived[]]);
}

/** The first of its columns have other names outside. */
function renamed(derived: Derived, names: readonly string[]): Derived {
  const { columns } = derived;
  if (names.length === 0) return derived;
  const outside = columns?.map((column, place) => names[place] ?? column) ?? names;
  const times = [...derived.times].flatMap(([column, sources]) => {
    const name = outside[columns?.indexOf(column) ?? -1];
    return name === undefined ? [] : [[name, sources] as const];
  });
  return { ...derived, times: new Map(times), ...(columns === undefined ? {} : { columns: outside }) };
}

/** For UNION and the like: columns are paired by their places, and get the names of the first part. */
function united(parts: readonly [Derived, ...Derived[]]): Derived {
  const [{ columns }] = parts;
  const times = new Map<string, Set<SourceSpec>>();
  for (const part of parts)
    for (const [name, sources] of part.times) {
      const place = part.columns?.indexOf(name) ?? -1;
      const known = (place < 0 ? undefined : columns?.[place]) ?? name;
      times.set(known, new Set([...(times.get(known) ?? []), ...sources]));
    }
  const sources = new Set(parts.flatMap((part) => [...part.sources]));
  return { sources, times, ...(columns === undefined ? {} : { columns }) };
}

function deriveSelect(select: TreeNode, scope: Scope, selects: SelectOfSources[]): Derived {
  const from = fromClause(select, scope, selects);
  const expressions = [select['select_list'], select['where_clause'], select['having'], select['qualify']];
  const below = outermostSubqueries(expressions).flatMap((subquery) => {
    const query = innerQuery(subquery['subquery']);
    if (query === undefined) return [];
    derive(query, scope, selects);
    return query['type'] === 'SELECT_NODE' ? [{ subquery, from: fromClause(query, scope, []) }] : [];
  });
  selects.push({ select, from, below });
  return { sources: new Set(from.relations.flatMap((each) => [...each.sources])), ...outputOf(select, from) };
}

/** The columns of a SELECT, and which of them come of an event time. */
function outputOf(select: TreeNode, { relations }: FromClause): Pick<Derived, 'times' | 'columns'> {
  const times = new Map<string, ReadonlySet<SourceSpec>>();
  const columns: string[] = [];
  let isListed = true;
  for (const expression of listed(select['select_list']).filter(isTreeNode)) {
    if (expression['class'] === 'STAR') {
      isListed = false;
      const of = lowerText(expression['relation_name']);
      const left = new Set(lowerTexts(expression['exclude_list']));
      for (const relation of relations.filter(({ name }) => of === '' || of === name))
        for (const [name, sources] of relation.times) if (!left.has(name)) times.set(name, sources);
      continue;
    }
    const name = lowerText(expression['alias']) || (lowerTexts(expression['column_names']).at(-1) ?? '');
    columns.push(name);
    const sources = timesIn(expression, relations);
    if (sources.size > 0) times.set(name, sources);
  }
  return { times, ...(isListed ? { columns } : {}) };
}

/** The sources whose event times an expression names. */
function timesIn(expression: TreeNode, relations: readonly SourceRelation[]): Set<SourceSpec> {
  const found = columnReferences(expression).flatMap(({ relation, column }) =>
    relations
      .filter(({ name }) => relation === undefined || relation === name)
      .flatMap(({ times }) => [...(times.get(column) ?? [])]),
  );
  return new Set(found);
}

function fromClause(select: TreeNode, scope: Scope, selects: SelectOfSources[]): FromClause {
  const joins: TreeNode[] = [];
  const relations = relationsIn(select['from_table'], { scope, selects, joins });
  return {
    relations: relations.filter(({ sources }) => sources.size > 0),
    conditions: [...joins.map((join) => join['condition']), select['where_clause']].flatMap(conjuncts),
    using: joins.flatMap((join) => lowerTexts(join['using_columns'])),
    isNatural: joins.some((join) => join['ref_type'] === 'NATURAL'),
  };
}

interface Reading {
  readonly scope: Scope;
  readonly selects: SelectOfSources[];
  readonly joins: TreeNode[];
}

function relationsIn(from: unknown, reading: Reading): SourceRelation[] {
  if (!isTreeNode(from)) return [];
  const { scope, selects, joins } = reading;
  if (from['type'] === 'JOIN') {
    joins.push(from);
    return [...relationsIn(from['left'], reading), ...relationsIn(from['right'], reading)];
  }
  // Its columns have other names than those that are followed here.
  if (listed(from['column_name_alias']).length > 0) return [];
  const alias = lowerText(from['alias']);
  if (from['type'] === 'BASE_TABLE') {
    const table = from['schema_name'] || from['catalog_name'] ? '' : lowerText(from['table_name']);
    const derived = scope.get(table);
    return derived === undefined ? [] : [{ ...derived, name: alias || table, byte: byteOf(from) }];
  }
  const query = from['type'] === 'SUBQUERY' ? innerQuery(from['subquery']) : undefined;
  if (query === undefined) return [];
  const derived = derive(query, scope, selects);
  const byte = treeNodes(query)
    .map(byteOf)
    .find((each) => each !== undefined);
  const inside = query['type'] === 'SELECT_NODE' ? { inside: fromClause(query, scope, []) } : {};
  return [{ ...derived, ...inside, name: alias, byte }];
}
