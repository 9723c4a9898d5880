/**
 * Finds what a macro reads, and which tables a query passes to macros. Trees of DuckDB's parser -> words.
 * Pure. A table that a macro read by itself would not be cut to the session's rows, so a macro reads only
 * tables that the query passes to it, by `query_table(parameter)`.
 */
import {
  constantOf,
  isTreeNode,
  listed,
  lowerText,
  lowerTexts,
  READS_ARGUMENTS,
  type TreeNode,
  tableParts,
  treeNodes,
} from '../../model/query-tree.ts';

/** A form of a macro: its parameters in lower case, and those among them that name tables. */
interface Signature {
  readonly parameters: readonly string[];
  readonly tables: ReadonlySet<string>;
}
/** By macro, in lower case. */
export type MacroTables = ReadonlyMap<string, readonly Signature[]>;

const QUERY_TABLE: readonly Signature[] = [
  { parameters: ['tables', 'by_name'], tables: new Set(['tables']) },
];

/**
 * What the body of a macro reads besides its arguments, in words. `macros`: the names of all, in lower case.
 */
export function readsOf(
  body: unknown,
  parameters: readonly string[],
  { macros, tables }: { readonly macros: ReadonlySet<string>; readonly tables: MacroTables },
): string[] {
  const nodes = treeNodes(body);
  const ctes = cteNames(nodes);
  const own = new Set(parameters.map((name) => name.toLowerCase()));
  const read = nodes.flatMap((node): string[] => {
    if (node['type'] === 'BASE_TABLE') {
      const name = tableParts(node).join('.');
      return ctes.has(name.toLowerCase()) ? [] : [`the table ${name}`];
    }
    if (node['type'] === 'SHOW_REF') return ['what DuckDB knows of tables'];
    if (node['type'] !== 'TABLE_FUNCTION') return [];
    const name = nameOf(node['function']);
    const isGiven = name === 'query_table' || macros.has(name) || READS_ARGUMENTS.has(name);
    return isGiven ? [] : [`what ${name}() gives`];
  });
  const named = argumentsNamingTables(nodes, tables).flatMap((argument): string[] => {
    if (own.has(columnOf(argument))) return [];
    const name = textOf(argument);
    if (name === undefined) return ['a table whose name it makes up'];
    return ctes.has(name.toLowerCase()) ? [] : [`the table ${name}`];
  });
  return [...new Set([...read, ...named])];
}

/** The form of a macro with this body. `tables`: of the macros that it uses. */
export function signatureOfMacro(
  body: unknown,
  parameters: readonly string[],
  tables: MacroTables,
): Signature {
  const own = parameters.map((name) => name.toLowerCase());
  const naming = argumentsNamingTables(treeNodes(body), tables).map(columnOf);
  return { parameters: own, tables: new Set(own.filter((name) => naming.includes(name))) };
}

export interface NamedTable {
  /** Undefined where it is no text as it stands. */
  readonly name: string | undefined;
  /** Byte offset in the query. */
  readonly at: number;
}

/** The tables that a query names to macros, without those that it makes itself (`with … as`). */
export function tablesNamed(query: unknown, tables: MacroTables): NamedTable[] {
  const nodes = treeNodes(query);
  const ctes = cteNames(nodes);
  const calls = nodes.filter((node) => node['class'] === 'FUNCTION' && tables.has(nameOf(node)));
  return calls
    .flatMap((call) =>
      argumentsNamingTables([call], tables).map((argument) => ({
        name: textOf(argument),
        at: Number(argument['query_location'] ?? call['query_location'] ?? 0),
      })),
    )
    .filter(({ name }) => name === undefined || !ctes.has(name.toLowerCase()));
}

function argumentsNamingTables(nodes: readonly TreeNode[], tables: MacroTables): TreeNode[] {
  return nodes
    .filter((node) => node['class'] === 'FUNCTION')
    .flatMap((call) => {
      const name = nameOf(call);
      const forms = name === 'query_table' ? QUERY_TABLE : (tables.get(name) ?? []);
      const given = listed(call['children']).filter(isTreeNode);
      return forms
        .filter((form) => form.parameters.length >= given.length)
        .flatMap((form) => argumentsOf(form, given));
    })
    .flatMap((argument) =>
      nameOf(argument) === 'list_value' ? listed(argument['children']).filter(isTreeNode) : [argument],
    );
}

/** A table that is left to a default value is one whose name nobody has written. */
const LEFT_OUT: TreeNode = {};

function argumentsOf({ parameters, tables }: Signature, given: readonly TreeNode[]): TreeNode[] {
  const named = given.map((child, index) => String(child['alias'] || parameters[index]).toLowerCase());
  return [...tables].map((table) => given[named.indexOf(table)] ?? LEFT_OUT);
}

const nameOf = (call: unknown): string => (isTreeNode(call) ? lowerText(call['function_name']) : '');

/** A name that stands alone, in lower case. */
function columnOf(node: TreeNode): string {
  const [name = '', ...more] = lowerTexts(node['column_names']);
  return more.length === 0 ? name : '';
}

function textOf(node: TreeNode): string | undefined {
  const value = constantOf(node);
  return typeof value === 'string' ? value : undefined;
}

function cteNames(nodes: readonly TreeNode[]): ReadonlySet<string> {
  const names = nodes.flatMap((node): unknown[] => {
    const map = isTreeNode(node['cte_map']) ? node['cte_map']['map'] : undefined;
    const own = /^(RECURSIVE_)?CTE_NODE$/.test(String(node['type']))
      ? [node['cte_name'] ?? node['ctename']]
      : [];
    return [...listed(map).map((entry) => (isTreeNode(entry) ? entry['key'] : undefined)), ...own];
  });
  return new Set(names.map(lowerText).filter((name) => name !== ''));
}
