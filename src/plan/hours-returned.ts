/**
 * Finds uses of the session's range of hours in what a query returns. Parsed query -> parameters. Pure.
 *
 * A session of a stateful process computes one hour or many at once, as rows came. If the query returns
 * something of the range itself, an hour gets another value when it is computed together with others.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { isTreeNode, lowerText, queryNodes, type TreeNode, treeNodes } from '../model/query-tree.ts';

const OF_THE_SESSION: ReadonlySet<string> = new Set(['first_hour', 'last_hour', 'range_start', 'range_end']);

/** A row for each of many hours is no value of the session. */
const ROWS_OF_HOURS: ReadonlySet<string> = new Set(['generate_series', 'range']);

/** A subquery has rows of its own, and what compares only chooses among values. */
const NOT_LOOKED_INTO: ReadonlySet<string> = new Set(['SUBQUERY', 'COMPARISON', 'BETWEEN']);

/**
 * `tree`: as DuckDB's parser gives it. Their names in lower case, in the query's order, each once; none in
 * a process that computes each hour by itself, or whose sessions have no hours.
 */
export function hoursReturned(tree: unknown, { pattern }: Pick<ProcessSpec, 'pattern'>): readonly string[] {
  const { loadsHours, readsPrevious } = patternOf({ pattern });
  if (!loadsHours || readsPrevious) return [];
  const returned = queryNodes(tree).flatMap(selectLists);
  return [...new Set(returned.flatMap(parametersIn))].filter((name) => OF_THE_SESSION.has(name));
}

/** True where a query names them anywhere. */
export const namesHours = (tree: unknown): boolean =>
  treeNodes(tree).some(
    (node) => node['class'] === 'PARAMETER' && OF_THE_SESSION.has(lowerText(node['identifier'])),
  );

/** The select lists of the query itself: one, or those of a UNION and the like. */
function selectLists(query: TreeNode): readonly unknown[] {
  if (query['type'] === 'SELECT_NODE') return [query['select_list']];
  return [query['left'], query['right'], query['child']].filter(isTreeNode).flatMap(selectLists);
}

function parametersIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(parametersIn);
  if (!isTreeNode(value)) return [];
  if (value['class'] === 'PARAMETER') return [lowerText(value['identifier'])];
  const isLeft =
    NOT_LOOKED_INTO.has(String(value['class'])) || ROWS_OF_HOURS.has(lowerText(value['function_name']));
  return isLeft ? [] : Object.values(value).flatMap(parametersIn);
}
