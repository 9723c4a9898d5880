/**
 * Finds keys of windows and lookups that the query does not compare with anything. Parsed query + sources ->
 * keys. Pure.
 *
 * Only hours with a row of a changed key are computed again, which is right only if the query finds rows of
 * the source by that key. A name that is compared anywhere counts as compared; macros are not looked into.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { columnReferences, lowerTexts, queryNodes, type TreeNode, treeNodes } from '../model/query-tree.ts';

export interface KeyOfSource {
  readonly alias: string;
  readonly key: string;
}

export function keysNotCompared(
  tree: unknown,
  { pattern, sources, macros = [] }: Pick<ProcessSpec, 'pattern' | 'sources' | 'macros'>,
): KeyOfSource[] {
  const keys = sources.flatMap(({ alias, window, lookup }) => {
    const key = window?.key ?? lookup?.key;
    return key === undefined ? [] : [{ alias, key }];
  });
  const queries = queryNodes(tree);
  if (keys.length === 0 || queries.length === 0 || !patternOf({ pattern }).loadsHours) return [];
  const nodes = treeNodes(queries);
  if (macros.length > 0 || nodes.some((node) => node['ref_type'] === 'NATURAL')) return [];
  const compared = new Set(nodes.flatMap(comparedIn));
  return keys.filter(({ key }) => !compared.has(key.toLowerCase()));
}

/** The names of columns by which a node chooses rows, or puts them together. */
function comparedIn(node: TreeNode): string[] {
  const using = lowerTexts(node['using_columns']);
  const isChoosing = /^(?:COMPARE|OPERATOR_(?:NOT_)?IN|COMPARE_(?:NOT_)?IN)/.test(String(node['type']));
  const parts = [
    ...(isChoosing ? [node] : []),
    ...(node['class'] === 'SUBQUERY' ? [node] : []),
    ...(node['class'] === 'WINDOW' ? [node['partitions']] : []),
    node['group_expressions'],
  ];
  return [...using, ...parts.flatMap((part) => columnReferences(part)).map(({ column }) => column)];
}
