/** Reads the tree of a query from DuckDB's `json_serialize_sql`. JSON -> nodes. Pure. */

export interface TreeNode {
  readonly [key: string]: unknown;
}

export const isTreeNode = (value: unknown): value is TreeNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A name in lower case, as DuckDB compares names; empty for anything else. */
export const lowerText = (value: unknown): string => (typeof value === 'string' ? value.toLowerCase() : '');
export const lowerTexts = (value: unknown): string[] => (Array.isArray(value) ? value.map(lowerText) : []);

/** Table functions that make rows of their arguments and read nothing else. */
export const READS_ARGUMENTS: ReadonlySet<string> = new Set([
  ...['generate_series', 'json_each', 'json_tree', 'range', 'repeat', 'repeat_row', 'unnest'],
]);

/** A table's name as a FROM writes it: the table alone, or its schema and its catalog before it. */
export const tableParts = (table: TreeNode): string[] =>
  [table['catalog_name'], table['schema_name'], table['table_name']].filter(
    (part): part is string => typeof part === 'string' && part !== '',
  );

/** A list in a node; empty if it has none. */
export const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The value of a constant; undefined for any other node. */
export function constantOf(node: unknown): unknown {
  if (!isTreeNode(node) || node['class'] !== 'CONSTANT' || !isTreeNode(node['value'])) return undefined;
  return node['value']['value'];
}

/** The parts of a condition that must all be true. */
export function conjuncts(condition: unknown): TreeNode[] {
  if (!isTreeNode(condition)) return [];
  return condition['type'] === 'CONJUNCTION_AND'
    ? listed(condition['children']).flatMap(conjuncts)
    : [condition];
}

/** The subqueries of an expression, without those inside others. */
export function outermostSubqueries(value: unknown): TreeNode[] {
  if (Array.isArray(value)) return value.flatMap(outermostSubqueries);
  if (!isTreeNode(value)) return [];
  return value['class'] === 'SUBQUERY' ? [value] : Object.values(value).flatMap(outermostSubqueries);
}

/** A node and all below it, outer before inner. */
export function treeNodes(value: unknown): TreeNode[] {
  const found: TreeNode[] = [];
  const visit = (each: unknown): void => {
    if (Array.isArray(each)) each.forEach(visit);
    else if (isTreeNode(each)) {
      found.push(each);
      Object.values(each).forEach(visit);
    }
  };
  visit(value);
  return found;
}

/** The queries of a tree: one for a text that is one query. */
export function queryNodes(tree: unknown): TreeNode[] {
  const statements = isTreeNode(tree) ? tree['statements'] : undefined;
  return (Array.isArray(statements) ? statements : [])
    .map((each) => (isTreeNode(each) ? each['node'] : undefined))
    .filter(isTreeNode);
}

/** The query of a subquery, of a CTE, or of anything else that wraps one. */
export const innerQuery = (value: unknown): TreeNode | undefined =>
  isTreeNode(value) && isTreeNode(value['node']) ? value['node'] : undefined;

/**
 * The CTEs at the beginning of a query: their names in lower case, their queries, and the outside names of
 * their first columns, as in `with t(a, b) as (…)`.
 */
export function cteQueries(
  node: TreeNode,
): (readonly [name: string, query: TreeNode, columns: readonly string[]])[] {
  const map = isTreeNode(node['cte_map']) ? node['cte_map']['map'] : undefined;
  return (Array.isArray(map) ? map : []).filter(isTreeNode).flatMap(({ key, value }) => {
    const query = isTreeNode(value) ? innerQuery(value['query']) : undefined;
    if (!isTreeNode(value) || query === undefined) return [];
    return [[lowerText(key), query, lowerTexts(value['aliases'])] as const];
  });
}

export interface ColumnReference {
  /** Undefined if the query does not name it. */
  readonly relation: string | undefined;
  readonly column: string;
}

export function columnReference(node: unknown): ColumnReference | undefined {
  if (!isTreeNode(node) || node['class'] !== 'COLUMN_REF') return undefined;
  const names = lowerTexts(node['column_names']);
  return { relation: names.at(-2), column: names.at(-1) ?? '' };
}

export const columnReferences = (value: unknown): ColumnReference[] =>
  treeNodes(value).flatMap((node) => columnReference(node) ?? []);

/** The byte of the query's text where a node is; undefined if DuckDB does not tell. */
export function byteOf(node: TreeNode): number | undefined {
  const byte = node['query_location'];
  // All bits set means: no place.
  return typeof byte === 'number' && byte < 2 ** 32 ? byte : undefined;
}

/** What a node means, wherever it is and whatever its alias. */
export const writtenNode = (value: unknown): string =>
  JSON.stringify(value, (key, each: unknown) =>
    key === 'alias' || key === 'query_location' ? undefined : each,
  );
