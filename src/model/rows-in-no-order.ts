/**
 * Finds what in a query takes rows in arbitrary order: a list without ORDER BY, the first of some rows.
 * Parsed query -> places, and the columns that contain it. Pure.
 *
 * Such a value changes whenever the same rows are read in another order, which nothing forbids: with other
 * files, with other hours beside them, or with more threads.
 */
import { columnReference, isTreeNode, listed, lowerText, type TreeNode, treeNodes } from './query-tree.ts';
import { ownNodes } from './rows-together.ts';

/** `list`: it has the values of all rows, one after the other. `choice`: the value of one of them. */
export type OrderKind = 'list' | 'choice';

/** By function, in lower case, including Spark's names for the same. */
export const BY_ORDER: ReadonlyMap<string, OrderKind> = new Map([
  ...['list', 'array_agg', 'string_agg', 'group_concat', 'listagg', 'json_group_array', 'collect_list'].map(
    (name) => [name, 'list'] as const,
  ),
  ...['first', 'last', 'any_value', 'arbitrary', 'first_value', 'last_value', 'nth_value'].map(
    (name) => [name, 'choice'] as const,
  ),
  ...['row_number', 'lag', 'lead', 'ntile'].map((name) => [name, 'choice'] as const),
]);

/** Functions whose result does not depend on the order of the list they are given. */
const WHATEVER_ORDER: ReadonlySet<string> = new Set([
  ...['list_sort', 'array_sort', 'list_reverse_sort', 'array_reverse_sort', 'sort_array', 'len', 'size'],
  ...['array_length', 'cardinality', 'unnest', 'explode', 'list_contains', 'array_contains', 'list_has'],
  ...['array_has', 'list_unique', 'array_unique', 'list_max', 'list_min', 'array_max', 'array_min'],
]);

export interface TakenInNoOrder {
  readonly node: TreeNode;
  /** As a reader knows it, such as `list()`. */
  readonly called: string;
  readonly kind: OrderKind;
}

/** All such places, in the order of the text. */
export function takenInNoOrder(tree: unknown): TakenInNoOrder[] {
  const harmless = new Set(treeNodes(tree).flatMap(withoutHarm));
  return treeNodes(tree).flatMap((node) => (harmless.has(node) ? [] : takenBy(node)));
}

/** Calls whose order makes no difference to the function that they are given to. */
const withoutHarm = (node: TreeNode): TreeNode[] =>
  node['class'] === 'FUNCTION' && WHATEVER_ORDER.has(lowerText(node['function_name']))
    ? listed(node['children']).slice(0, 1).filter(isTreeNode)
    : [];

function takenBy(node: TreeNode): TakenInNoOrder[] {
  const name = lowerText(node['function_name']);
  const kind = BY_ORDER.get(name);
  if (kind !== undefined && isUnordered(node)) return [{ node, called: `${name}()`, kind }];
  if (node['type'] !== 'SELECT_NODE') return [];
  const modifiers = listed(node['modifiers']).filter(isTreeNode);
  if (modifiers.some(({ type }) => type === 'ORDER_MODIFIER')) return [];
  const on = modifiers.flatMap((each) => listed(each['distinct_on_targets'])).find(isTreeNode);
  return on === undefined ? [] : [{ node: on, called: 'DISTINCT ON', kind: 'choice' }];
}

function isUnordered(node: TreeNode): boolean {
  const none = (value: unknown): boolean => listed(value).length === 0;
  if (node['class'] === 'WINDOW') return none(node['orders']) && none(node['arg_orders']);
  const ordered = isTreeNode(node['order_bys']) ? node['order_bys']['orders'] : undefined;
  return node['class'] === 'FUNCTION' && none(ordered);
}

/**
 * The columns of a query that contain such values, in lower case. Undefined if there are none, or if such a
 * value also decides which rows there are: then no column can be left out.
 */
export interface ColumnsInNoOrder {
  /** The lists themselves. */
  readonly lists: readonly string[];
  /** Anything else made from such a value. */
  readonly others: readonly string[];
}

/** By name only: another column of the same name elsewhere in the query counts, too. */
export function columnsInNoOrder(tree: unknown): ColumnsInNoOrder | undefined {
  const taken = new Map(takenInNoOrder(tree).map(({ node, kind }) => [node, kind]));
  const all = treeNodes(tree);
  const selects = all.filter(({ type }) => type === 'SELECT_NODE');
  if (taken.size === 0 || all.some(renames)) return undefined;
  const names = new Map<string, OrderKind>();
  for (let before = -1; before < names.size; ) {
    before = names.size;
    for (const select of selects) if (!spread(select, taken, names)) return undefined;
  }
  const of = (kind: OrderKind) => [...names].flatMap(([name, each]) => (each === kind ? name : []));
  return { lists: of('list'), others: of('choice') };
}

/** Where columns get other names than those written there. */
function renames(node: TreeNode): boolean {
  const isStar = node['class'] === 'STAR';
  const named = [node['aliases'], node['column_name_alias']].some((each) => listed(each).length > 0);
  const isSet = node['type'] === 'SET_OPERATION_NODE' || node['type'] === 'RECURSIVE_CTE_NODE';
  const isStarred = isStar && (node['columns'] === true || listed(node['rename_list']).length > 0);
  return named || isSet || isStarred || node['type'] === 'PIVOT';
}

/** Adds the columns of one SELECT. False if its rows depend on such a value, or a column has no name. */
function spread(
  select: TreeNode,
  taken: ReadonlyMap<TreeNode, OrderKind>,
  names: Map<string, OrderKind>,
): boolean {
  const isOne = (node: TreeNode): boolean => taken.has(node) || names.has(nameOf(node));
  const items = listed(select['select_list']).filter(isTreeNode);
  const made = items.filter((item) => treeNodes(item).some(isOne));
  for (const item of made) {
    const name = lowerText(item['alias']) || nameOf(item);
    if (name === '') return false;
    const own = taken.get(item) ?? names.get(nameOf(item));
    names.set(name, names.get(name) === 'choice' ? 'choice' : (own ?? 'choice'));
  }
  const groups = listed(select['group_expressions']);
  const isGrouped = groups.length > 0 || select['aggregate_handling'] === 'FORCE_AGGREGATES';
  if (isGrouped && made.some((item) => item['class'] === 'COLUMN_REF')) return false;
  const chosen = listed(select['modifiers'])
    .filter(isTreeNode)
    .filter(({ type }) => type !== 'ORDER_MODIFIER');
  if (chosen.length > 0 && made.length > 0) return false;
  // Subqueries in a FROM are SELECTs of their own; those in conditions choose rows.
  const choosing = ['where_clause', 'having', 'qualify'].map((key) => select[key]);
  return ![...treeNodes([...choosing, groups, chosen]), ...ownNodes(conditionsOf(select['from_table']))].some(
    isOne,
  );
}

/** The name of a column; of anything else ''. No column that is known here has that name. */
const nameOf = (node: TreeNode): string => columnReference(node)?.column ?? '';

function conditionsOf(table: unknown): unknown[] {
  if (!isTreeNode(table) || table['type'] === 'SUBQUERY') return [];
  return [table['condition'], table['function'], ...[table['left'], table['right']].flatMap(conditionsOf)];
}
