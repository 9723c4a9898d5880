/**
 * Finds the tables of a FROM clause, and what decides which of their rows meet. Parse tree -> JoinedTables.
 * Pure.
 */
import type { TreeNode } from '../../model/query-tree.ts';
import { originsOf } from './expression-origins.ts';
import { type Origin, usedFor } from './origins.ts';
import { type OutputColumn, type QueryOrigins, renamed } from './output-columns.ts';
import { nodeAt, textAt, textsAt } from './parse-tree.ts';
import { type Around, fail, type InScope, resolve, type Scope } from './scope.ts';

export interface JoinedTables {
  readonly inScope: readonly InScope[];
  readonly merged: readonly OutputColumn[];
  readonly rows: readonly Origin[];
}

export function fromClause(table: TreeNode | undefined, around: Around): JoinedTables {
  if (table === undefined) return { inScope: [], merged: [], rows: [] };
  const one = (found: InScope): JoinedTables => ({ inScope: [found], merged: [], rows: found.rows });
  const alias = textAt(table, 'alias');
  const names = textsAt(table, 'column_name_alias');
  switch (table['type']) {
    case 'EMPTY':
    case 'EMPTY_FROM':
      return { inScope: [], merged: [], rows: [] };
    case 'BASE_TABLE': {
      const name = textAt(table, 'table_name');
      // Sources and CTEs do not have a schema, so this is another table.
      if (textAt(table, 'schema_name') !== '' || textAt(table, 'catalog_name') !== '') fail();
      const found = around.tables.get(name.toLowerCase()) ?? fail();
      return one({ ...renamed(found, names), alias: alias || name });
    }
    case 'SUBQUERY': {
      const body = nodeAt(nodeAt(table, 'subquery') ?? {}, 'node') ?? fail();
      return one({ ...renamed(around.ofQuery(body, around), names), alias });
    }
    case 'EXPRESSION_LIST':
      return one({ ...renamed(valuesOf(table, around), names), alias });
    case 'JOIN':
      return joinClause(table, around);
    default:
      return fail();
  }
}

/** Rows that are written out; they may contain values of tables before them. */
function valuesOf(table: TreeNode, around: Around): QueryOrigins {
  const scope: Scope = { ...around, inScope: [], merged: [], selected: [], bound: new Set() };
  const rows = Array.isArray(table['values']) ? (table['values'] as TreeNode[][]) : [];
  const columns = (rows[0] ?? []).map((_, at) => ({
    name: `col${at}`,
    origins: rows.flatMap((row) => originsOf(row[at] ?? fail(), scope)),
  }));
  return { rows: [], columns };
}

function joinClause(join: TreeNode, around: Around): JoinedTables {
  const left = fromClause(nodeAt(join, 'left'), around);
  const rightTable = nodeAt(join, 'right') ?? fail();
  const leftScope: Scope = { ...around, ...left, selected: [], bound: new Set() };
  const right =
    rightTable['type'] === 'TABLE_FUNCTION'
      ? unnested(rightTable, leftScope)
      : fromClause(rightTable, { ...around, outer: leftScope });
  if (join['ref_type'] === 'NATURAL') fail();
  const both: Scope = {
    ...leftScope,
    inScope: [...left.inScope, ...right.inScope],
    merged: [...left.merged, ...right.merged],
  };
  const using = textsAt(join, 'using_columns');
  const keys = using.map((name) => ({
    name,
    left: resolve([name], leftScope),
    right: resolve([name], { ...leftScope, ...right }),
  }));
  const condition = nodeAt(join, 'condition');
  const deciding = [
    ...(condition === undefined ? [] : originsOf(condition, both)),
    ...keys.flatMap((key) => [...key.left, ...key.right]),
  ];
  const type = textAt(join, 'join_type');
  const originsOfKey = ({ left: ofLeft, right: ofRight }: (typeof keys)[number]): Origin[] => {
    if (type === 'FULL') return usedFor([...ofLeft, ...ofRight], 'TRANSFORMATION');
    return type === 'RIGHT' ? ofRight : ofLeft;
  };
  const merged = keys.map((key) => ({ name: key.name, origins: originsOfKey(key) }));
  const isFilter = type === 'SEMI' || type === 'ANTI';
  return {
    inScope: isFilter ? left.inScope : both.inScope,
    merged: [...merged, ...left.merged, ...(isFilter ? [] : right.merged)],
    rows: [...left.rows, ...right.rows, ...usedFor(deciding, 'JOIN')],
  };
}

/** `unnest` and its kind, whose rows come from the tables before it. */
function unnested(table: TreeNode, scope: Scope): JoinedTables {
  const call = nodeAt(table, 'function') ?? fail();
  if (!['unnest', 'range', 'generate_series'].includes(textAt(call, 'function_name'))) fail();
  const origins = usedFor(originsOf(call, scope), 'TRANSFORMATION');
  const named = textsAt(table, 'column_name_alias');
  const own = [textAt(call, 'function_name'), ...(isNumbered(table) ? ['ordinality'] : [])];
  const columns = own.map((name, at) => ({ name: named[at] ?? name, origins: at === 0 ? origins : [] }));
  // The value decides how many rows there are.
  const rows = usedFor(origins, 'JOIN');
  const alias = textAt(table, 'alias') || textAt(call, 'function_name');
  return { inScope: [{ alias, columns, rows }], merged: [], rows };
}

const isNumbered = (table: TreeNode): boolean => textAt(table, 'with_ordinality') === 'WITH_ORDINALITY';
