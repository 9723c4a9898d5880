/**
 * Finds what a macro reads, and which tables a query passes to macros. Trees of DuckDB's parser -> words.
 * Pure. A table that a macro read by itself would not be cut to the session's rows, so a macro reads only
 * tables that the query passes to it, by `query_table(parameter)`.
 */

interface Node {
  readonly [key: string]: unknown;
}

/** A form of a macro: its parameters in lower case, and those among them that name tables. */
interface Signature {
  readonly parameters: readonly string[];
  readonly tables: ReadonlySet<string>;
}
/** By macro, in lower case. */
export type MacroTables = ReadonlyMap<string, readonly Signature[]>;

/** Table functions that read nothing but their arguments. */
const HARMLESS = new Set([
  'range',
  'generate_series',
  'unnest',
  'repeat',
  'repeat_row',
  'json_each',
  'json_tree',
]);
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
  const nodes = nodesIn(body);
  const ctes = cteNames(nodes);
  const own = new Set(parameters.map((name) => name.toLowerCase()));
  const read = nodes.flatMap((node): string[] => {
    if (node['type'] === 'BASE_TABLE') {
      const name = [node['catalog_name'], node['schema_name'], node['table_name']].filter(Boolean).join('.');
      return ctes.has(name.toLowerCase()) ? [] : [`the table ${name}`];
    }
    if (node['type'] === 'SHOW_REF') return ['what DuckDB knows of tables'];
    if (node['type'] !== 'TABLE_FUNCTION') return [];
    const name = nameOf(node['function']);
    const isGiven = name === 'query_table' || macros.has(name) || HARMLESS.has(name);
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
  const naming = argumentsNamingTables(nodesIn(body), tables).map(columnOf);
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
  const nodes = nodesIn(query);
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

function argumentsNamingTables(nodes: readonly Node[], tables: MacroTables): Node[] {
  return nodes
    .filter((node) => node['class'] === 'FUNCTION')
    .flatMap((call) => {
      const name = nameOf(call);
      const forms = name === 'query_table' ? QUERY_TABLE : (tables.get(name) ?? []);
      const given = Array.isArray(call['children']) ? (call['children'] as Node[]) : [];
      return forms
        .filter((form) => form.parameters.length >= given.length)
        .flatMap((form) => argumentsOf(form, given));
    })
    .flatMap((argument) =>
      nameOf(argument) === 'list_value' ? (argument['children'] as Node[]) : [argument],
    );
}

/** A table that is left to a default value is one whose name nobody has written. */
const LEFT_OUT: Node = {};

function argumentsOf({ parameters, tables }: Signature, given: readonly Node[]): Node[] {
  const named = given.map((child, index) => String(child['alias'] || parameters[index]).toLowerCase());
  return [...tables].map((table) => given[named.indexOf(table)] ?? LEFT_OUT);
}

const nameOf = (call: unknown): string =>
  isNode(call) ? String(call['function_name'] ?? '').toLowerCase() : '';

/** A name that stands alone, in lower case. */
function columnOf(node: Node): string {
  const names = node['column_names'];
  return Array.isArray(names) && names.length === 1 ? String(names[0]).toLowerCase() : '';
}

function textOf(node: Node): string | undefined {
  const value = node['class'] === 'CONSTANT' && isNode(node['value']) ? node['value']['value'] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function cteNames(nodes: readonly Node[]): ReadonlySet<string> {
  const names = nodes.flatMap((node): unknown[] => {
    const map = isNode(node['cte_map']) ? node['cte_map']['map'] : undefined;
    return [
      ...(Array.isArray(map) ? map.map((entry) => (isNode(entry) ? entry['key'] : undefined)) : []),
      ...(node['type'] === 'RECURSIVE_CTE_NODE' || node['type'] === 'CTE_NODE'
        ? [node['cte_name'] ?? node['ctename']]
        : []),
    ];
  });
  return new Set(names.filter((name) => typeof name === 'string').map((name) => name.toLowerCase()));
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function nodesIn(value: unknown): Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  return isNode(value) ? [value, ...Object.values(value).flatMap(nodesIn)] : [];
}
