/** `select-star`: a target whose columns change along with those of a source. */
import type { SourceSpec } from '../../model/process-spec.ts';
import {
  byteOf,
  cteQueries,
  innerQuery,
  isTreeNode,
  lowerText,
  queryNodes,
  type TreeNode,
} from '../../model/query-tree.ts';
import type { CheckedProcess } from '../facts.ts';
import { type Found, perProcess, placeInQuery } from './rule.ts';

interface OpenStar {
  readonly star: TreeNode;
  readonly source: SourceSpec;
}

export const selectStar = perProcess((process): Found[] => {
  // With any other setting, new columns are welcome.
  if (process.spec.onSchemaChange !== 'refuse') return [];
  const scope: Scope = new Map(
    process.spec.sources.map((source) => [source.alias.toLowerCase(), source] as const),
  );
  const stars = queryNodes(process.tree).flatMap((query) => starsOf(query, scope));
  const once = new Map(stars.map((each) => [`${byteOf(each.star)} ${each.source.alias}`, each]));
  return [...once.values()].map(({ star, source }) => ({
    code: 'select-star',
    file: process.file,
    place: placeInQuery(process, placeOfStar(process, star)),
    message: `* takes all columns of ${source.alias}: once the source has a new one, the target lacks it and the next session is refused`,
    hint: 'name the columns; or set on_schema_change: append, which adds new ones to the target',
  }));
});

/** By name in lower case: a source, or a query with the scope that it sees. */
type Scope = ReadonlyMap<string, SourceSpec | { readonly query: TreeNode; readonly scope: Scope }>;

/** Finds the stars through which columns of a source reach the result of a query. */
function starsOf(node: TreeNode, outer: Scope): OpenStar[] {
  const scope = new Map(outer);
  for (const [name, query] of cteQueries(node)) scope.set(name, { query, scope: new Map(scope) });
  if (node['type'] === 'SELECT_NODE')
    return listed(node['select_list'])
      .filter((each) => each['class'] === 'STAR')
      .flatMap((star) => starOver(star, node['from_table'], scope));
  return [node['left'], node['right'], node['child'], ...listed(node['children'])]
    .filter(isTreeNode)
    .flatMap((part) => starsOf(innerQuery(part) ?? part, scope));
}

const listed = (value: unknown): TreeNode[] => (Array.isArray(value) ? value.filter(isTreeNode) : []);

function starOver(star: TreeNode, from: unknown, scope: Scope): OpenStar[] {
  if (!isTreeNode(from)) return [];
  if (from['type'] === 'JOIN')
    return [...starOver(star, from['left'], scope), ...starOver(star, from['right'], scope)];
  const table = lowerText(from['table_name']);
  const name = lowerText(from['alias']) || table;
  const of = lowerText(star['relation_name']);
  if (of !== '' && of !== name) return [];
  if (from['type'] === 'SUBQUERY') {
    const query = innerQuery(from['subquery']);
    return query === undefined ? [] : starsOf(query, scope);
  }
  if (from['type'] !== 'BASE_TABLE' || from['schema_name']) return [];
  const found = scope.get(table);
  if (found === undefined) return [];
  return 'query' in found ? starsOf(found.query, found.scope) : [{ star, source: found }];
}

/**
 * The place of a star; undefined for the implied one of a lone `from t`, to which DuckDB gives the place of
 * the first text.
 */
function placeOfStar({ spec }: CheckedProcess, star: TreeNode): number | undefined {
  const byte = byteOf(star);
  if (byte === undefined) return undefined;
  const text = Buffer.from(spec.sql).subarray(byte).toString();
  return /^(?:\*|columns\b|["\p{L}_][^*]*\.\s*\*)/iu.test(text) ? byte : undefined;
}
