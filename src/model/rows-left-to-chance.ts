/**
 * Finds what in a query chooses among rows that its order does not distinguish: a LIMIT of unordered rows, an
 * order by something that all of them share, the most frequent of values that are equally frequent. Parsed
 * query -> places. Pure.
 *
 * Only what cannot distinguish rows whatever they contain is reported. Whether `order by ts limit 10` or
 * `max_by(x, ts)` can, depends on the rows: if their times differ it is right, so nothing is reported.
 */
import {
  columnReference,
  constantOf,
  cteQueries,
  innerQuery,
  isTreeNode,
  listed,
  lowerText,
  type TreeNode,
  treeNodes,
  writtenNode,
} from './query-tree.ts';
import { BY_ORDER, type OrderKind, type TakenInNoOrder } from './rows-in-no-order.ts';
import { isAggregateCall, isWindow, ownNodes } from './rows-together.ts';

/** Functions that take the value of the row whose second argument is the largest or smallest. */
const CHOOSING_BY: ReadonlySet<string> = new Set([
  ...['arg_max', 'arg_max_null', 'arg_max_nulls_last', 'arg_min', 'arg_min_null', 'arg_min_nulls_last'],
  ...['argmax', 'argmin', 'max_by', 'min_by'],
]);

export interface LeftToChance extends TakenInNoOrder {
  /** Why: a LIMIT without an order, an order by what its rows have in common, or `mode()`. */
  readonly by: 'limit' | 'tied' | 'mode';
}

/** All such places, in the order of the text. */
export function leftToChance(tree: unknown): LeftToChance[] {
  const all = treeNodes(tree);
  const existing = new Set(all.flatMap(queriesOfExists));
  const ctes = new Map(
    all.flatMap((node) => cteQueries(node).map(([name, query]) => [name, query] as const)),
  );
  const groups = groupsOfCalls(all);
  return all.flatMap((node) => [
    ...(existing.has(node) ? [] : byLimit(node, ctes)),
    ...tiedIn(node),
    ...tiedBy(node, groups.get(node) ?? []),
    ...byMode(node),
  ]);
}

/** The queries of EXISTS, for which it only matters whether they have rows. */
const queriesOfExists = (node: TreeNode): TreeNode[] => {
  if (node['class'] !== 'SUBQUERY' || !/EXISTS$/.test(String(node['subquery_type']))) return [];
  return [innerQuery(node['subquery'])].filter(isTreeNode);
};

const modifiersOf = (node: TreeNode): TreeNode[] => listed(node['modifiers']).filter(isTreeNode);
const isLimit = ({ type }: TreeNode): boolean => /^LIMIT/.test(String(type));

function byLimit(node: TreeNode, ctes: ReadonlyMap<string, TreeNode>): LeftToChance[] {
  const limit = modifiersOf(node).find(isLimit);
  if (limit === undefined || isNoLimit(limit) || isOrdered(node)) return [];
  if (isOneRow(node) || takesAsItComes(node, ctes)) return [];
  const [at] = [limit['limit'], limit['offset']].filter(isTreeNode);
  return at === undefined ? [] : [{ node: at, called: 'LIMIT', kind: 'choice', by: 'limit' }];
}

/** True for a LIMIT that takes no rows, or all of them. */
function isNoLimit({ type, limit, offset }: TreeNode): boolean {
  const count = numberOf(limit);
  const isPercent = type === 'LIMIT_PERCENT_MODIFIER';
  const isAll = limit == null || (isPercent && count !== undefined && count >= 100);
  return count === 0 || (isAll && (offset == null || numberOf(offset) === 0));
}

/** True for an ORDER BY of something that may differ between rows. */
const isOrdered = (node: TreeNode): boolean =>
  modifiersOf(node)
    .filter(({ type }) => type === 'ORDER_MODIFIER')
    .some(({ orders }) => ordersOf(orders).some((each) => !isConstant(each) || numberOf(each) !== undefined));

/** True for an aggregate of all rows, which gives one row. */
function isOneRow(node: TreeNode): boolean {
  if (node['type'] !== 'SELECT_NODE') return false;
  const items = listed(node['select_list']);
  const isGrouped = listed(node['group_expressions']).length > 0 || hasUnnest(items);
  const isAggregate = ownNodes(items).some((each) => isAggregateCall(each, new Set()));
  const isForced = node['aggregate_handling'] === 'FORCE_AGGREGATES';
  return isAggregate && !isGrouped && !isForced;
}

const hasUnnest = (items: readonly unknown[]): boolean =>
  ownNodes(items).some((each) => lowerText(each['function_name']) === 'unnest');

/**
 * True for rows from one place that has an order of its own, if nothing between them and the LIMIT changes
 * it.
 */
function takesAsItComes(node: TreeNode, ctes: ReadonlyMap<string, TreeNode>): boolean {
  const { from_table: from } = node;
  if (node['type'] !== 'SELECT_NODE' || !isTreeNode(from)) return false;
  if (listed(node['group_expressions']).length > 0 || node['aggregate_handling'] === 'FORCE_AGGREGATES')
    return false;
  if (modifiersOf(node).some(({ type }) => type === 'DISTINCT_MODIFIER')) return false;
  if (['EMPTY', 'EXPRESSION_LIST', 'TABLE_FUNCTION'].includes(String(from['type']))) return true;
  const name = from['type'] === 'BASE_TABLE' ? lowerText(from['table_name']) : '';
  const query = from['type'] === 'SUBQUERY' ? innerQuery(from['subquery']) : ctes.get(name);
  return query !== undefined && isOrdered(query);
}

/** Windows and DISTINCT ON whose own order is by something that their rows share. */
function tiedIn(node: TreeNode): LeftToChance[] {
  const name = lowerText(node['function_name']);
  const kind: OrderKind | undefined = BY_ORDER.get(name);
  if (isWindow(node)) {
    const orders = [...ordersOf(node['orders']), ...ordersOf(node['arg_orders'])];
    const isTied = kind !== undefined && areShared(orders, listed(node['partitions']));
    return isTied ? [{ node, called: `${name}()`, kind, by: 'tied' }] : [];
  }
  const modifiers = modifiersOf(node);
  const targets = modifiers.flatMap((each) => listed(each['distinct_on_targets'])).filter(isTreeNode);
  const [on] = targets;
  const orders = modifiers.flatMap((each) => ordersOf(each['orders'])).map((each) => meant(node, each));
  return on !== undefined && areShared(orders, targets)
    ? [{ node: on, called: 'DISTINCT ON', kind: 'choice', by: 'tied' }]
    : [];
}

/** `groups`: what the rows of the call are grouped by. */
function tiedBy(node: TreeNode, groups: readonly unknown[]): LeftToChance[] {
  if (node['class'] !== 'FUNCTION') return [];
  const name = lowerText(node['function_name']);
  const [value, by] = listed(node['children']).filter(isTreeNode);
  const kind = CHOOSING_BY.has(name) ? 'choice' : BY_ORDER.get(name);
  if (kind === undefined || value === undefined) return [];
  const own = isTreeNode(node['order_bys']) ? ordersOf(node['order_bys']['orders']) : [];
  const orders = CHOOSING_BY.has(name) ? (by === undefined ? [] : [by]) : own;
  const isOfOne = [...groups, ...orders].some((each) => isSame(each, value)) || isConstant(value);
  return !isOfOne && areShared(orders, groups) ? [{ node, called: `${name}()`, kind, by: 'tied' }] : [];
}

/** The calls in a SELECT, with what their rows are grouped by. */
function groupsOfCalls(all: readonly TreeNode[]): ReadonlyMap<TreeNode, readonly unknown[]> {
  const groups = new Map<TreeNode, readonly unknown[]>();
  for (const select of all.filter(({ type }) => type === 'SELECT_NODE')) {
    const by = listed(select['group_expressions']).map((each) => meant(select, each));
    for (const call of ownNodes([select['select_list'], select['having'], select['qualify']]))
      groups.set(call, by);
  }
  return groups;
}

/** Values may always be equally frequent, so without an order inside it `mode()` is left to chance. */
function byMode(node: TreeNode): LeftToChance[] {
  const isMode = node['class'] === 'FUNCTION' && lowerText(node['function_name']) === 'mode';
  const orders = isTreeNode(node['order_bys']) ? ordersOf(node['order_bys']['orders']) : [];
  return isMode && orders.length === 0 ? [{ node, called: 'mode()', kind: 'choice', by: 'mode' }] : [];
}

/** What rows are ordered by. */
const ordersOf = (orders: unknown): TreeNode[] =>
  listed(orders)
    .filter(isTreeNode)
    .map(({ expression }) => expression)
    .filter(isTreeNode);

/** A number in ORDER BY or GROUP BY means an item of the select list. */
function meant(select: TreeNode, expression: unknown): unknown {
  const place = numberOf(expression);
  return place === undefined ? expression : (listed(select['select_list'])[place - 1] ?? expression);
}

/** Whether there is an order, all of whose parts are constants or among `shared`. */
const areShared = (orders: readonly unknown[], shared: readonly unknown[]): boolean =>
  orders.length > 0 &&
  orders.every((order) => isConstant(order) || shared.some((each) => isSame(each, order)));

const isConstant = (node: unknown): boolean =>
  isTreeNode(node) &&
  (node['class'] === 'CONSTANT' || (node['class'] === 'CAST' && isConstant(node['child'])));

function numberOf(node: unknown): number | undefined {
  const value = constantOf(node);
  return typeof value === 'number' ? value : undefined;
}

/** Columns are the same if both name the same relation, or none. */
function isSame(one: unknown, other: unknown): boolean {
  const [left, right] = [columnReference(one), columnReference(other)];
  if (left !== undefined || right !== undefined)
    return left?.column === right?.column && left?.relation === right?.relation;
  return writtenNode(one) === writtenNode(other);
}
