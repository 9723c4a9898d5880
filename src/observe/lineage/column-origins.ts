/**
 * Finds from which columns of its sources each column of a query comes. DuckDB's parse tree + columns of the
 * sources -> origins. Pure. If a query is not fully understood, nothing is returned: half a lineage would be
 * taken for a whole one.
 */
import type { TreeNode } from '../../model/query-tree.ts';
import { isAggregate, makesRows, originsOf, selected } from './expression-origins.ts';
import { fromClause } from './from-clause.ts';
import { distinctOrigins, type Origin, usedFor } from './origins.ts';
import { byName, named, type OutputColumn, type QueryOrigins, renamed } from './output-columns.ts';
import { nodeAt, nodesAt, nodesBelow, queryOfTree, textAt, textsAt } from './parse-tree.ts';
import { type Around, fail, NotUnderstood, type Scope } from './scope.ts';

/** Tables by name in lower case; columns as they are written. */
export type SourceColumns = ReadonlyMap<string, readonly string[]>;

/** Undefined if the query contains something that is not known here. */
export function columnOrigins(tree: TreeNode, tables: SourceColumns): QueryOrigins | undefined {
  const query = queryOfTree(tree);
  if (query === undefined) return undefined;
  const known = new Map(
    [...tables].map(([name, columns]) => [
      name,
      {
        rows: [],
        columns: columns.map((column) => ({
          name: column,
          origins: [{ source: name, column, use: 'IDENTITY' as const }],
        })),
      },
    ]),
  );
  try {
    const { columns, rows } = originsOfQuery(query, {
      ofQuery: originsOfQuery,
      tables: known,
      outer: undefined,
    });
    return {
      columns: columns.map((column) => ({ ...column, origins: distinctOrigins(column.origins) })),
      rows: distinctOrigins(rows),
    };
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}

function originsOfQuery(query: TreeNode, around: Around): QueryOrigins {
  const inner = { ...around, tables: withCtes(query, around) };
  switch (query['type']) {
    case 'SELECT_NODE':
      return originsOfSelect(query, inner);
    case 'SET_OPERATION_NODE':
      return originsOfSet(query, inner);
    case 'CTE_NODE':
      return originsOfQuery(nodeAt(query, 'child') ?? fail(), {
        ...inner,
        tables: new Map([
          ...inner.tables,
          [textAt(query, 'cte_name').toLowerCase(), originsOfQuery(nodeAt(query, 'query') ?? fail(), inner)],
        ]),
      });
    default:
      return fail();
  }
}

function withCtes(query: TreeNode, around: Around): Around['tables'] {
  const tables = new Map(around.tables);
  for (const entry of nodesAt(nodeAt(query, 'cte_map') ?? {}, 'map')) {
    const value = nodeAt(entry, 'value') ?? {};
    const body = nodeAt(nodeAt(value, 'query') ?? {}, 'node') ?? fail();
    const origins = originsOfQuery(body, { ...around, tables });
    tables.set(textAt(entry, 'key').toLowerCase(), renamed(origins, textsAt(value, 'aliases')));
  }
  return tables;
}

/** Origins in `union all` and its kind: by position, or by name. */
function originsOfSet(query: TreeNode, around: Around): QueryOrigins {
  const parts = [nodeAt(query, 'left'), nodeAt(query, 'right'), ...nodesAt(query, 'children')]
    .filter((part) => part !== undefined)
    .map((part) => originsOfQuery(part, around));
  const kind = textAt(query, 'setop_type');
  const columns = columnsOfSet(kind, parts);
  const compared = kind === 'EXCEPT' || kind === 'INTERSECT' ? parts.slice(1) : [];
  // Clauses after it see its columns, and nothing else.
  const scope: Scope = {
    ...around,
    outer: undefined,
    inScope: [{ alias: '', columns, rows: [] }],
    merged: [],
    selected: columns,
    bound: new Set(),
  };
  return {
    columns,
    rows: [
      ...parts.flatMap((part) => part.rows),
      ...usedFor(
        compared.flatMap((part) => part.columns.flatMap(({ origins }) => origins)),
        'FILTER',
      ),
      ...(query['setop_all'] === false ? usedFor(originsIn(columns), 'GROUP_BY') : []),
      ...originsOfModifiers(query, scope),
    ],
  };
}

const originsIn = (columns: readonly OutputColumn[]): Origin[] => columns.flatMap(({ origins }) => origins);

function columnsOfSet(kind: string, parts: readonly QueryOrigins[]): readonly OutputColumn[] {
  const [first = fail(), ...others] = parts;
  if (kind === 'EXCEPT' || kind === 'INTERSECT') return first.columns;
  if (kind === 'UNION_BY_NAME') {
    // Only DuckDB knows which of them have the same name.
    if (parts.some(({ columns }) => columns.some(({ name }) => name === undefined))) fail();
    return byName(parts);
  }
  if (kind !== 'UNION' || others.some(({ columns }) => columns.length !== first.columns.length)) fail();
  return first.columns.map(({ name, origins }, place) => ({
    name,
    origins: [...origins, ...others.flatMap((part) => part.columns[place]?.origins ?? [])],
  }));
}

function originsOfSelect(query: TreeNode, around: Around): QueryOrigins {
  const from = fromClause(nodeAt(query, 'from_table'), around);
  const scope: Scope = { ...around, ...from, selected: [], bound: new Set() };
  const columns: OutputColumn[] = [];
  const aggregates = new Set<string>();
  const ungrouped: Origin[] = [];
  const made: Origin[] = [];
  for (const item of nodesAt(query, 'select_list')) {
    const known = { ...scope, selected: [...columns] };
    const found = selected(item, known);
    columns.push(...found);
    if (makesRows(item)) made.push(...originsIn(found));
    if (!isAggregate(item, known, aggregates)) ungrouped.push(...originsIn(found));
    else for (const { name } of found) aggregates.add((name ?? '').toLowerCase());
  }
  const later = { ...scope, selected: columns };
  const uses = (member: string): Origin[] => {
    const condition = nodeAt(query, member);
    return condition === undefined ? [] : usedFor(originsOf(condition, later), 'FILTER');
  };
  // A number is a position in the select list; a name means a column of a table before one of the list.
  const groups = nodesAt(query, 'group_expressions').flatMap(
    (each) => columnAt(each, columns)?.origins ?? originsOf(each, later),
  );
  const grouped = query['aggregate_handling'] === 'FORCE_AGGREGATES' ? ungrouped : [];
  return {
    columns,
    rows: [
      ...from.rows,
      ...usedFor(made, 'JOIN'),
      ...uses('where_clause'),
      ...usedFor([...groups, ...grouped], 'GROUP_BY'),
      ...uses('having'),
      ...uses('qualify'),
      ...originsOfModifiers(query, later),
    ],
  };
}

/** The column of a select list to which a number refers. */
function columnAt(expression: TreeNode, columns: readonly OutputColumn[]): OutputColumn | undefined {
  if (expression['class'] !== 'CONSTANT') return undefined;
  const place = nodeAt(expression, 'value')?.['value'];
  return typeof place === 'number' ? (columns[place - 1] ?? fail()) : undefined;
}

/**
 * Origins in `distinct`, `order by` and `limit`, which see what was selected, by position or name, and
 * everything else.
 */
function originsOfModifiers(query: TreeNode, scope: Scope): Origin[] {
  const { selected: columns } = scope;
  const one = (expression: TreeNode): readonly Origin[] => {
    if (expression['class'] === 'STAR' && expression['columns'] === true) return originsIn(columns);
    const [name, another] = expression['class'] === 'COLUMN_REF' ? textsAt(expression, 'column_names') : [];
    const own = name === undefined || another !== undefined ? undefined : named(columns, name);
    return own ?? columnAt(expression, columns)?.origins ?? originsOf(expression, scope);
  };
  return nodesAt(query, 'modifiers').flatMap((modifier) => {
    switch (modifier['type']) {
      case 'ORDER_MODIFIER':
        return usedFor(
          nodesAt(modifier, 'orders').flatMap((each) => one(nodeAt(each, 'expression') ?? fail())),
          'SORT',
        );
      case 'DISTINCT_MODIFIER': {
        const targets = nodesAt(modifier, 'distinct_on_targets');
        return usedFor(targets.length === 0 ? originsIn(columns) : targets.flatMap(one), 'GROUP_BY');
      }
      case 'LIMIT_MODIFIER':
      case 'LIMIT_PERCENT_MODIFIER':
        return usedFor(
          nodesBelow(modifier).flatMap((each) => originsOf(each, scope)),
          'FILTER',
        );
      default:
        return fail();
    }
  });
}
