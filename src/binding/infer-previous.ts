/**
 * Finds the columns of `previous` before the target exists: a dimension's SQL reads its own result of the
 * hour before, so its columns are known only from its own query. Query -> CTE. It is a fixed point: start
 * with the names that the query uses of `previous`, without types, prepare the query, take over the types of
 * its result, and repeat until nothing changes.
 */
import { usageError } from '../model/errors.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { isTreeNode, lowerText, type TreeNode, treeNodes } from '../model/query-tree.ts';
import { emptyCteFragment, type SqlFragment } from '../statements/index.ts';

/** Prepares the query with that CTE besides its sources; throws DuckDB's error. */
type Describe = (
  previous: SqlFragment,
) => Promise<readonly { readonly name: string; readonly type: string }[]>;

/**
 * In everything that was tried types settled in two rounds; if a query needs more, its types feed on
 * themselves.
 */
const ROUNDS = 5;

/** The CTE `previous` without rows, or undefined if the query does not read it. */
export async function inferPrevious(
  spec: ProcessSpec,
  tree: unknown,
  describe: Describe,
): Promise<SqlFragment | undefined> {
  const read = namesOfPrevious(tree);
  if (read === undefined) return undefined;
  const names = await withUnqualifiedNames(read, describe);
  let types: Record<string, string> = Object.fromEntries(names.map((name) => [name.toLowerCase(), UNKNOWN]));
  for (let round = 0; round < ROUNDS; round += 1) {
    const cte = emptyCteFragment(
      'previous',
      names.map((name) => ({ name, type: types[name.toLowerCase()] as string })),
    );
    const columns = await describe(cte);
    const found = new Map(columns.map((column) => [column.name.toLowerCase(), column.type]));
    const stranger = names.find((name) => !found.has(name.toLowerCase()));
    if (stranger !== undefined)
      throw usageError(
        'previous-column',
        `the SQL of ${spec.processName} reads previous.${stranger}, but returns no column of that name`,
        {
          hint: `add ${stranger} to the select list: previous holds what this query returned for the hour before`,
          context: { file: spec.file },
        },
      );
    const next = Object.fromEntries(
      names.map((name) => [name.toLowerCase(), known(found.get(name.toLowerCase()) as string)]),
    );
    if (JSON.stringify(next) === JSON.stringify(types)) {
      const untyped = names.find((name) => next[name.toLowerCase()] === UNKNOWN);
      if (untyped !== undefined)
        throw usageError(
          'previous-column',
          `the type of column ${untyped} cannot be told: it comes from previous alone`,
          {
            hint: `cast it where it first appears, for example ${untyped}::varchar`,
            context: { file: spec.file },
          },
        );
      return cte;
    }
    types = next;
  }
  throw usageError(
    'previous-column',
    `the column types of ${spec.processName} do not settle: a column's type depends on itself`,
    {
      hint: 'cast the columns that are computed from previous',
      context: { file: spec.file },
    },
  );
}

/**
 * A column without a qualifier (`select plan from previous`) belongs to `previous` if nothing else in its
 * scope has it: exactly then DuckDB cannot find it, and says so.
 */
async function withUnqualifiedNames(read: readonly string[], describe: Describe): Promise<string[]> {
  const names = [...read];
  for (;;) {
    const cte = emptyCteFragment(
      'previous',
      names.map((name) => ({ name, type: UNKNOWN })),
    );
    try {
      await describe(cte);
      return names;
    } catch (error) {
      const message = (error as Error).message;
      const missing =
        /Referenced column "(.+?)" not found|column "(.+?)" does not exist on|not have a column named "(.+?)"$/m
          .exec(message)
          ?.slice(1)
          .find((name) => name !== undefined);
      if (missing === undefined || names.some((name) => name.toLowerCase() === missing.toLowerCase()))
        throw error;
      names.push(missing);
    }
  }
}

const UNKNOWN = '"NULL"';
const known = (type: string): string => (type === 'SQLNULL' ? UNKNOWN : type);

/**
 * The column names that the query takes from `previous`, from DuckDB's parse tree; undefined if it does not
 * read it.
 */
export function namesOfPrevious(tree: unknown): string[] | undefined {
  const nodes = treeNodes(tree);
  const aliases = new Set(nodes.filter(isPrevious).map((node) => lowerText(node['alias']) || 'previous'));
  if (aliases.size === 0) return undefined;
  const names = new Map<string, string>();
  const add = (name: unknown): void => void names.set(String(name).toLowerCase(), String(name));
  for (const node of nodes) {
    const columns = node['column_names'];
    if (
      node['class'] === 'COLUMN_REF' &&
      Array.isArray(columns) &&
      columns.length === 2 &&
      aliases.has(lowerText(columns[0]))
    )
      add(columns[1]);
    // `join previous using (…)`: both sides have these columns.
    if (node['type'] === 'JOIN' && Array.isArray(node['using_columns']) && joinsPrevious(node))
      node['using_columns'].forEach(add);
  }
  return [...names.values()];
}

const isPrevious = (node: TreeNode): boolean =>
  node['type'] === 'BASE_TABLE' && lowerText(node['table_name']) === 'previous';

/** True if `previous` is on a side of the join, or of a join on that side. */
const joinsPrevious = (node: TreeNode): boolean =>
  node['type'] === 'JOIN' &&
  [node['left'], node['right']].some((side) => isTreeNode(side) && (isPrevious(side) || joinsPrevious(side)));
