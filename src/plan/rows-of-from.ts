/** Finds what the tables of a FROM are made from. Tree -> relations. Pure. */
import type { SourceSpec } from '../model/process-spec.ts';
import {
  columnReferences,
  innerQuery,
  isTreeNode,
  listed,
  lowerText,
  lowerTexts,
  READS_ARGUMENTS,
  type TreeNode,
  treeNodes,
} from '../model/query-tree.ts';
import {
  isMade,
  type MadeRelation,
  NO_ROWS,
  type ReadQuery,
  type RowsOf,
  type RowsScope,
  rowsUnlisted,
  type Tell,
  underNames,
} from './rows-of-query.ts';

/** A join, and the names of the tables on its sides. */
export interface JoinOfTables {
  readonly join: TreeNode;
  readonly left: ReadonlySet<string>;
  readonly right: ReadonlySet<string>;
}

/** What reading a FROM needs. */
export interface FromReading {
  readonly read: ReadQuery;
  readonly scope: RowsScope;
  /** The tables of the queries around this one. */
  readonly around: readonly MadeRelation[];
  /** Joins are added here as they are found. */
  readonly joins: JoinOfTables[];
  query(node: TreeNode, scope: RowsScope, around: readonly MadeRelation[]): RowsOf;
  readonly tell: Tell;
}

/** The rows of a source by itself. */
export function rowsOfSource(
  { alias, eventTime, lookup, window }: SourceSpec,
  { columns: known }: Pick<ReadQuery, 'columns'>,
): RowsOf {
  const columns = known?.get(alias.toLowerCase());
  const named = columns === undefined ? {} : { columns };
  if (lookup !== undefined) return { ...NO_ROWS, ...named };
  return {
    sources: new Set([alias]),
    isWindowed: window !== undefined,
    inUnit: new Set(eventTime === undefined ? [] : [eventTime.toLowerCase()]),
    ...named,
  };
}

/** The tables of a FROM. */
export function relationsOf(from: unknown, reading: FromReading): MadeRelation[] {
  if (!isTreeNode(from)) return [];
  const named = relationOf(from, reading);
  if (named !== undefined) {
    if (isTreeNode(from['sample']) && named.some(isMade))
      reading.tell('limit', rowsUnlisted(named), undefined, { name: 'sample' });
    const columns = lowerTexts(from['column_name_alias']);
    return named.map(({ name, ...rows }) => ({ ...underNames(rows, columns), name }));
  }
  return [];
}

function relationOf(from: TreeNode, reading: FromReading): MadeRelation[] | undefined {
  const name = lowerText(from['alias']);
  switch (from['type']) {
    case 'JOIN':
      return joinOf(from, reading);
    case 'BASE_TABLE': {
      const table = from['schema_name'] || from['catalog_name'] ? '' : lowerText(from['table_name']);
      return [{ ...(reading.scope.get(table)?.() ?? NO_ROWS), name: name || table }];
    }
    case 'SUBQUERY': {
      const query = innerQuery(from['subquery']);
      return query === undefined ? [] : [{ ...reading.query(query, reading.scope, reading.around), name }];
    }
    case 'PIVOT':
      return [{ ...rowsOfPivot(from, reading), name }];
    case 'TABLE_FUNCTION':
      return [{ ...rowsOfFunction(from, reading), name }];
    default:
      return undefined;
  }
}

function joinOf(join: TreeNode, reading: FromReading): MadeRelation[] {
  const left = relationsOf(join['left'], reading);
  const right = relationsOf(join['right'], reading);
  const namesOf = (side: readonly MadeRelation[]) => new Set(side.map(({ name }) => name));
  reading.joins.push({ join, left: namesOf(left), right: namesOf(right) });
  // A row's place depends on all the others.
  if (join['ref_type'] === 'POSITIONAL' && [...left, ...right].some(isMade))
    reading.tell('join', rowsUnlisted([...left, ...right]), join, { isWithItself: true });
  // A row that every session sees may find a partner in one session and none in another.
  const keepsLeft = ['LEFT', 'OUTER', 'FULL', 'SEMI', 'ANTI', 'MARK', 'SINGLE'];
  const keepsRight = ['RIGHT', 'OUTER', 'FULL', 'RIGHT_SEMI', 'RIGHT_ANTI'];
  const type = String(join['join_type']);
  const keeps = (
    kept: readonly MadeRelation[],
    other: readonly MadeRelation[],
    types: readonly string[],
  ): boolean => types.includes(type) && !kept.some(isMade) && other.some(isMade);
  if (keeps(left, right, keepsLeft) || keeps(right, left, keepsRight))
    reading.tell('outer join', rowsUnlisted([...left, ...right]), join, {
      name: `${type.toLowerCase()} join`,
    });
  const isFull = type === 'OUTER' || type === 'FULL';
  const nullable = (relations: MadeRelation[], isIt: boolean): MadeRelation[] =>
    isIt ? relations.map((each) => ({ ...each, mayBeNull: true })) : relations;
  return [...nullable(left, isFull || type === 'RIGHT'), ...nullable(right, isFull || type === 'LEFT')];
}

function rowsOfPivot(pivot: TreeNode, reading: FromReading): RowsOf {
  const rows = relationsOf(pivot['source'], reading);
  const joined = rowsUnlisted(rows);
  const all = new Set(rows.flatMap(({ inUnit }) => [...inUnit]));
  if (listed(pivot['aggregates']).length === 0) return { ...joined, inUnit: all };
  const groups = lowerTexts(pivot['groups']);
  const used = columnReferences([pivot['aggregates'], pivot['pivots']]).map(({ column }) => column);
  // Without groups of its own a PIVOT groups by all columns that it does not use otherwise.
  const inUnit = new Set(
    groups.length > 0
      ? groups.filter((name) => all.has(name))
      : [...all].filter((name) => !used.includes(name)),
  );
  if (isMade(joined) && (reading.read.rowsStandAlone || inUnit.size === 0))
    reading.tell('pivot', joined, pivot);
  return { ...joined, inUnit };
}

/** A macro of the project may read a table that it is given by its name. */
function rowsOfFunction(from: TreeNode, reading: FromReading): RowsOf {
  const { scope, around } = reading;
  const call = from['function'];
  const name = isTreeNode(call) ? lowerText(call['function_name']) : '';
  const nodes = treeNodes(call);
  const given = nodes.flatMap((node) => {
    const value = isTreeNode(node['value']) ? node['value']['value'] : undefined;
    const rows = READS_ARGUMENTS.has(name) ? undefined : scope.get(lowerText(value))?.();
    return rows === undefined ? [] : [rows];
  });
  const queries = nodes.map((node) => innerQuery(node['subquery'])).filter(isTreeNode);
  const parts = [...given, ...queries.map((query) => reading.query(query, scope, around))];
  const rows = rowsUnlisted(parts);
  if (isMade(rows) && reading.read.macros.has(name)) reading.tell('macro', rows, from, { name });
  const [only] = given;
  return name === 'query_table' && parts.length === 1 && only !== undefined ? only : rows;
}
