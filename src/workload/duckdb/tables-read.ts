/**
 * Finds what a query reads beside the relations that it is given. Parsed query -> reads. Pure. A name is
 * looked up as DuckDB does: a CTE hides a relation of its name, in its own query and below it.
 */
import {
  byteOf,
  isTreeNode,
  listed,
  lowerText,
  READS_ARGUMENTS,
  type TreeNode,
  tableParts,
  treeNodes,
} from '../../model/query-tree.ts';

/** A table, file or function that a query reads and was not given. */
export interface StrangeRead {
  readonly kind: 'table' | 'file' | 'function';
  /** As the query names it, without quotes; of a table `a.b` or `a.b.c` where it is qualified. */
  readonly name: string;
  /** Byte offset in the query; undefined where the parser does not tell. */
  readonly offset: number | undefined;
}

/**
 * `tree`: as DuckDB's parser gives it. `given`: the relations that the query may name, in lower case.
 * `functions`: table functions besides that read nothing, such as macros that were looked at.
 */
export function strangeReads(
  tree: unknown,
  given: ReadonlySet<string>,
  functions: ReadonlySet<string> = new Set(),
): StrangeRead[] {
  const found: StrangeRead[] = [];
  const visit = (value: unknown, scope: ReadonlySet<string>): void => {
    if (Array.isArray(value)) {
      for (const each of value) visit(each, scope);
      return;
    }
    if (!isTreeNode(value)) return;
    const inner = withCtes(value, scope, visit);
    const read = readOf(value, inner, functions);
    if (read !== undefined) found.push(read);
    for (const [key, each] of Object.entries(value)) if (key !== 'cte_map') visit(each, inner);
  };
  visit(tree, given);
  return found.sort((one, other) => (one.offset ?? 0) - (other.offset ?? 0));
}

/** The names that a query adds; the bodies of its CTEs are visited with those that come before each. */
function withCtes(
  node: TreeNode,
  scope: ReadonlySet<string>,
  visit: (value: unknown, scope: ReadonlySet<string>) => void,
): ReadonlySet<string> {
  const map = isTreeNode(node['cte_map']) ? node['cte_map']['map'] : undefined;
  // The two halves of a recursive CTE see it.
  const inner = new Set(scope);
  if (node['type'] === 'RECURSIVE_CTE_NODE') inner.add(lowerText(node['cte_name']));
  for (const { key, value } of listed(map).filter(isTreeNode)) {
    visit(value, inner);
    inner.add(lowerText(key));
  }
  return inner;
}

function readOf(
  node: TreeNode,
  scope: ReadonlySet<string>,
  functions: ReadonlySet<string>,
): StrangeRead | undefined {
  const offset = byteOf(node);
  if (node['type'] === 'BASE_TABLE') {
    const parts = tableParts(node);
    const name = parts.join('.');
    if (parts.length === 1 && scope.has(name.toLowerCase())) return undefined;
    return { kind: parts.length === 1 && FILE.test(name) ? 'file' : 'table', name, offset };
  }
  if (node['type'] === 'TABLE_FUNCTION' && isTreeNode(node['function'])) {
    const name = lowerText(node['function']['function_name']);
    return READS_ARGUMENTS.has(name) || functions.has(name) ? undefined : { kind: 'function', name, offset };
  }
  // What it describes is a query of its own, or a table of the catalog.
  if (node['type'] === 'SHOW_REF' && !isTreeNode(node['query']))
    return { kind: 'table', name: String(node['table_name']).replaceAll('"', ''), offset };
  return undefined;
}

/**
 * Of the tables that DuckDB would read for a query (`found`, as it writes them), the first that is not given
 * and that the query does not name: a macro does, or a function that takes a name.
 */
export function hiddenRead(
  found: readonly string[],
  tree: unknown,
  given: ReadonlySet<string>,
): StrangeRead | undefined {
  // CTEs are among them, which hide a relation of their name.
  const tables = treeNodes(tree).filter(({ type }) => type === 'BASE_TABLE');
  const named = new Set(tables.map((table) => tableParts(table).join('.').toLowerCase()));
  const name = found
    .map((each) => (NAME.exec(each)?.[0] ?? each).replaceAll('"', ''))
    .find((each) => !given.has(each.toLowerCase()) && !named.has(each.toLowerCase()));
  return name === undefined ? undefined : { kind: 'table', name, offset: undefined };
}

/** Behind a name DuckDB repeats what is said of it: an alias, a sample, a version. */
const NAME = /^(?:"(?:[^"]|"")*"|[^\s".]+)(?:\.(?:"(?:[^"]|"")*"|[^\s".]+))*/;

/** What DuckDB reads as a file where no table has that name. */
const FILE = /[./*\\]/;
