/** Reads the parts of DuckDB's parse tree (`json_serialize_sql`) that tell where columns come from. */

import { isTreeNode, queryNodes, type TreeNode } from '../../model/query-tree.ts';

export const nodeAt = (node: TreeNode, member: string): TreeNode | undefined => {
  const value = node[member];
  return isTreeNode(value) ? value : undefined;
};

export const nodesAt = (node: TreeNode, member: string): readonly TreeNode[] => {
  const value = node[member];
  return Array.isArray(value) ? value.filter(isTreeNode) : [];
};

export const textsAt = (node: TreeNode, member: string): readonly string[] => {
  const value = node[member];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
};

export const textAt = (node: TreeNode, member: string): string => {
  const value = node[member];
  return typeof value === 'string' ? value : '';
};

/** The nodes directly below this one, whatever member holds them. */
export const nodesBelow = (node: TreeNode): readonly TreeNode[] =>
  Object.values(node).flatMap((value) =>
    Array.isArray(value) ? value.flat().filter(isTreeNode) : isTreeNode(value) ? [value] : [],
  );

/** The query of a parsed text, if it has a single statement. */
export function queryOfTree(tree: TreeNode): TreeNode | undefined {
  const [query, another] = queryNodes(tree);
  return another === undefined ? query : undefined;
}
