/**
 * Finds the columns of a query whose values differ each time, while all others stay the same. Tree -> names,
 * or undefined. Pure. `select id, ts, now() as loaded_at` returns the same rows again except for `loaded_at`:
 * without that column they can be compared like those of any other query.
 */
import type { MacroSpec } from '../model/process-spec.ts';
import {
  columnReference,
  isTreeNode,
  listed,
  lowerText,
  queryNodes,
  type TreeNode,
  treeNodes,
} from '../model/query-tree.ts';
import {
  isClockOfDuckDb,
  nonDeterministicCalls,
  randomCallsOnSpark,
  sparkCallsIn,
} from './non-deterministic.ts';

interface Call {
  readonly node: TreeNode;
  /** Whether it is the same wherever it stands in a statement. */
  readonly isClock: boolean;
}

/** In lower case; undefined where more than columns of the result may be another one. */
export function columnsByChance(tree: unknown, macros: readonly MacroSpec[]): readonly string[] | undefined {
  const calls = nonDeterministicCalls(tree, () => false, macros);
  return columnsOf(
    tree,
    calls.map(({ node, called }) => ({ node, isClock: isClockOfDuckDb(called) })),
  );
}

/** The same of a text of Spark SQL, as far as DuckDB's parser reads it. */
export function columnsByChanceOnSpark(tree: unknown, sql: string): readonly string[] | undefined {
  const calls = sparkCallsIn(tree);
  // What stands in the text has to be in the tree: only of that it is known where it goes.
  return calls.length === randomCallsOnSpark(sql).length ? columnsOf(tree, calls) : undefined;
}

function columnsOf(tree: unknown, calls: readonly Call[]): readonly string[] | undefined {
  const [query, ...others] = queryNodes(tree);
  if (query === undefined || others.length > 0 || query['type'] !== 'SELECT_NODE') return undefined;
  const items = listed(query['select_list']).filter(isTreeNode);
  const itemOf = new Map(items.flatMap((item) => treeNodes(item).map((node) => [node, item] as const)));
  if (calls.some(({ node }) => !itemOf.has(node))) return undefined;
  // Rows that are chosen or put together by such a value are others, too.
  const isPlain = listed(query['modifiers']).length === 0 && !isGrouped(query);
  if (!isPlain && !calls.every(({ isClock }) => isClock)) return undefined;
  const chosen = new Set(calls.map(({ node }) => itemOf.get(node) as TreeNode));
  const names = namesReached(items, chosen);
  if (names === undefined || chosen.size === items.length) return undefined;
  const elsewhere = treeNodes(query).filter((node) => !itemOf.has(node));
  return elsewhere.some((node) => names.has(columnReference(node)?.column ?? '')) ? undefined : [...names];
}

const isGrouped = (query: TreeNode): boolean =>
  listed(query['group_expressions']).length > 0 || query['aggregate_handling'] === 'FORCE_AGGREGATES';

/**
 * The names of items whose value is random, and of items that name one of those; `chosen` grows by the
 * latter. Undefined if one has no name.
 */
function namesReached(items: readonly TreeNode[], chosen: Set<TreeNode>): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (let before = -1; before < chosen.size; ) {
    before = chosen.size;
    for (const item of chosen) {
      const name = lowerText(item['alias']);
      // It would have a name that only DuckDB gives.
      if (name === '') return undefined;
      names.add(name);
    }
    for (const item of items)
      if (treeNodes(item).some((node) => names.has(columnReference(node)?.column ?? ''))) chosen.add(item);
  }
  return names;
}
