/**
 * Finds what a query reads beside the relations that it is given. Parsed query -> reads. Pure. A name is
 * looked up as DuckDB does: a CTE hides a relation of its name, in its own query and below it.
 */

/** A table, file or function that a query reads and was not given. */
export interface StrangeRead {
  readonly kind: 'table' | 'file' | 'function';
  /** As the query names it, without quotes; of a table `a.b` or `a.b.c` where it is qualified. */
  readonly name: string;
  /** Byte offset in the query; undefined where the parser does not tell. */
  readonly offset: number | undefined;
}

/** Table functions that make rows of their arguments and read nothing. */
const HARMLESS: ReadonlySet<string> = new Set([
  'generate_series',
  'json_each',
  'json_tree',
  'range',
  'repeat',
  'repeat_row',
  'unnest',
]);

interface Node {
  readonly [key: string]: unknown;
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
    if (!isNode(value)) return;
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
  node: Node,
  scope: ReadonlySet<string>,
  visit: (value: unknown, scope: ReadonlySet<string>) => void,
): ReadonlySet<string> {
  const map = isNode(node['cte_map']) ? node['cte_map']['map'] : undefined;
  // The two halves of a recursive CTE see it.
  const inner = new Set(scope);
  if (node['type'] === 'RECURSIVE_CTE_NODE') inner.add(textOf(node['cte_name']));
  for (const entry of Array.isArray(map) ? (map as readonly Node[]) : []) {
    visit(entry['value'], inner);
    inner.add(textOf(entry['key']));
  }
  return inner;
}

function readOf(
  node: Node,
  scope: ReadonlySet<string>,
  functions: ReadonlySet<string>,
): StrangeRead | undefined {
  const offset = offsetOf(node['query_location']);
  if (node['type'] === 'BASE_TABLE') {
    const parts = partsOf(node);
    const name = nameOf(node);
    if (parts.length === 1 && scope.has(name.toLowerCase())) return undefined;
    return { kind: parts.length === 1 && FILE.test(name) ? 'file' : 'table', name, offset };
  }
  if (node['type'] === 'TABLE_FUNCTION' && isNode(node['function'])) {
    const name = textOf(node['function']['function_name']);
    return HARMLESS.has(name) || functions.has(name) ? undefined : { kind: 'function', name, offset };
  }
  // What it describes is a query of its own, or a table of the catalog.
  if (node['type'] === 'SHOW_REF' && !isNode(node['query']))
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
  const named = new Set(namesIn(tree));
  const name = found
    .map((each) => (NAME.exec(each)?.[0] ?? each).replaceAll('"', ''))
    .find((each) => !given.has(each.toLowerCase()) && !named.has(each.toLowerCase()));
  return name === undefined ? undefined : { kind: 'table', name, offset: undefined };
}

/** Behind a name DuckDB repeats what is said of it: an alias, a sample, a version. */
const NAME = /^(?:"(?:[^"]|"")*"|[^\s".]+)(?:\.(?:"(?:[^"]|"")*"|[^\s".]+))*/;

/** All tables that a query names, CTEs among them; in lower case. */
function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (!isNode(value)) return [];
  const below = Object.values(value).flatMap(namesIn);
  return value['type'] === 'BASE_TABLE' ? [nameOf(value).toLowerCase(), ...below] : below;
}

const partsOf = (node: Node): string[] =>
  [node['catalog_name'], node['schema_name'], node['table_name']].filter(isFilled);
const nameOf = (node: Node): string => partsOf(node).join('.');

/** What DuckDB reads as a file where no table has that name. */
const FILE = /[./*\\]/;

/** The parser's greatest number stands for none. */
const offsetOf = (location: unknown): number | undefined =>
  typeof location === 'number' && Number.isSafeInteger(location) ? location : undefined;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== '';
const textOf = (value: unknown): string => (typeof value === 'string' ? value.toLowerCase() : '');
