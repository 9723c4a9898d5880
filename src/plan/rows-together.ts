/**
 * Where a query takes several rows of its sources to make one, though a session sees them at different
 * times. Parsed query + sources -> places. Pure.
 *
 * A stateless session reads the new rows alone, so rows of two sessions never meet. One of hours reads whole
 * hours, so rows may meet within an hour, and those of two hours only where it happens to compute both.
 */
import type { SourceSpec } from '../model/process-spec.ts';
import {
  byteOf,
  columnReference,
  columnReferences,
  cteQueries,
  innerQuery,
  isTreeNode,
  lowerText,
  lowerTexts,
  type TreeNode,
  treeNodes,
} from '../model/query-tree.ts';
import { CHOOSING_AGGREGATES, isAggregate, isWindow, ownNodes } from '../model/rows-together.ts';
import {
  isInUnit,
  isMade,
  listed,
  type Names,
  NO_ROWS,
  namesOfOne,
  type Relation,
  type RowsOf,
  unlisted,
} from './rows-of-query.ts';

/** What takes several rows. */
export type TogetherKind =
  | 'aggregate'
  | 'distinct'
  | 'window function'
  | 'limit'
  | 'join'
  | 'outer join'
  | 'set operation'
  | 'subquery'
  | 'recursion'
  | 'pivot'
  | 'macro';

export interface Together {
  readonly kind: TogetherKind;
  /** As it is written, where it has a name. */
  readonly name?: string;
  /** Of a join or a subquery: rows of a source meet others of the same source. */
  readonly isWithItself: boolean;
  /** True where all rows are those of sources with a window. */
  readonly isWindowed: boolean;
  /** Of a join or a subquery: it compares hours, in a way that is not followed here. */
  readonly comparesHours: boolean;
  /** The byte of the query at which it stands; undefined where DuckDB does not say it. */
  readonly byte: number | undefined;
}

export interface QueryOfRows {
  readonly rows: RowsOf;
  readonly found: readonly Together[];
}

export interface ReadQuery {
  readonly sources: readonly SourceSpec[];
  /** A stateless session: no rows may meet at all. */
  readonly rowsStandAlone: boolean;
  /** A process of days. */
  readonly ofDays: boolean;
  /** The project's macros that take several rows to make one, in lower case. */
  readonly macros: ReadonlySet<string>;
}

/** `query`: a node of DuckDB's parser. */
export function rowsTogether(query: TreeNode, read: ReadQuery): QueryOfRows {
  const scope = new Map(
    read.sources.map((source) => {
      const rows = rowsOfSource(source);
      return [source.alias.toLowerCase(), () => rows] as const;
    }),
  );
  const walk = new Walk(read);
  const rows = walk.query(query, scope);
  return { rows, found: walk.found };
}

function rowsOfSource({ alias, eventTime, lookup, window }: SourceSpec): RowsOf {
  if (lookup !== undefined) return NO_ROWS;
  return {
    sources: new Set([alias]),
    isWindowed: window !== undefined,
    inUnit: new Set(eventTime === undefined ? [] : [eventTime.toLowerCase()]),
  };
}

/** A CTE that nobody reads does nothing, so it is looked at when somebody does. */
type Scope = ReadonlyMap<string, () => RowsOf>;

const HOUR_FUNCTIONS: ReadonlySet<string> = new Set(['date_trunc', 'datetrunc', 'time_bucket']);
/** Table functions that read nothing but their arguments. */
const READS_ARGUMENTS: ReadonlySet<string> = new Set([
  ...['generate_series', 'json_each', 'json_tree', 'range', 'repeat', 'repeat_row', 'unnest'],
]);

/** The tables of one FROM, and the conditions on them that must all be true. */
interface From {
  readonly relations: readonly Relation[];
  readonly conditions: readonly TreeNode[];
  readonly using: readonly string[];
}

class Walk {
  readonly #read: ReadQuery;
  readonly found: Together[] = [];

  constructor(read: ReadQuery) {
    this.#read = read;
  }

  query(node: TreeNode, outer: Scope, around: readonly Relation[] = []): RowsOf {
    const scope = new Map(outer);
    for (const [name, query] of cteQueries(node)) {
      // It sees those before it; a later one of the same name is another.
      const before = new Map(scope);
      let rows: RowsOf | undefined;
      scope.set(name, () => {
        rows ??= this.query(query, before, around);
        return rows;
      });
    }
    switch (node['type']) {
      case 'SELECT_NODE':
        return this.#select(node, scope, around);
      case 'SET_OPERATION_NODE':
        return this.#setOperation(node, scope, around);
      case 'RECURSIVE_CTE_NODE':
        return this.#recursion(node, scope, around);
      default: {
        const parts = [node['left'], node['right'], node['child'], ...listed(node['children'])];
        return unlisted(
          parts.filter(isTreeNode).map((part) => this.query(innerQuery(part) ?? part, scope, around)),
        );
      }
    }
  }

  #tell(
    kind: TogetherKind,
    rows: RowsOf,
    at: TreeNode | undefined,
    { name, isWithItself = false }: { readonly name?: string; readonly isWithItself?: boolean } = {},
  ): void {
    const nodes = treeNodes(at);
    this.found.push({
      kind,
      ...(name === undefined || name === '' ? {} : { name }),
      isWithItself,
      isWindowed: rows.isWindowed,
      comparesHours: nodes.some((node) => HOUR_FUNCTIONS.has(lowerText(node['function_name']))),
      byte: nodes.map(byteOf).find((each) => each !== undefined),
    });
  }

  #select(select: TreeNode, scope: Scope, around: readonly Relation[]): RowsOf {
    const from = this.#from(select, scope, around);
    const rows = this.#joined(from, select);
    const names = this.#namesOf(select, from);
    this.#subqueries(select, { scope, from, around });
    if (!isMade(rows)) return NO_ROWS;
    const output = this.#output(select, { from, rows, names });
    const isGrouped = this.#grouping(select, rows, names);
    this.#windows(select, rows, names);
    this.#modifiers(select, rows, { output, names });
    return isGrouped === 'by nothing known' ? { ...output, inUnit: new Set() } : output;
  }

  #namesOf(select: TreeNode, { relations, using }: From): Names {
    const named = listed(select['select_list']).filter(isTreeNode);
    const aliases = named.flatMap((each) => {
      const alias = lowerText(each['alias']);
      return alias === '' ? [] : [[alias, each] as const];
    });
    const { ofDays } = this.#read;
    return { relations, aliases: new Map(aliases), merged: new Set(using), ofDays };
  }

  /** How its rows are put together; undefined: they are not. */
  #grouping(select: TreeNode, rows: RowsOf, names: Names): 'by unit' | 'by nothing known' | undefined {
    const { macros, rowsStandAlone } = this.#read;
    const written = [select['select_list'], select['having'], select['qualify'], select['modifiers']];
    const aggregate = ownNodes(written).find((node) => isAggregate(node, macros));
    const groups = listed(select['group_expressions']);
    const ofAll = select['aggregate_handling'] === 'FORCE_AGGREGATES';
    if (groups.length === 0 && !ofAll && aggregate === undefined && !isTreeNode(select['having']))
      return undefined;
    const items = listed(select['select_list']).filter(isTreeNode);
    const keys = ofAll
      ? items.filter((item) => !ownNodes(item).some((node) => isAggregate(node, macros)))
      : groups.map((group) => itemOfPlace(group, items));
    const sets = listed(select['group_sets']).map(listed);
    const byUnit = keys.map((key) => isInUnit(key, names));
    const isByUnit =
      !rowsStandAlone &&
      (sets.length > 1
        ? sets.every((set) => set.some((each) => byUnit[Number(each)]))
        : byUnit.includes(true));
    if (isByUnit) return 'by unit';
    const at = aggregate ?? keys.find(isTreeNode);
    this.#tell('aggregate', rows, at, { name: lowerText(aggregate?.['function_name']) });
    return 'by nothing known';
  }

  #windows(select: TreeNode, rows: RowsOf, names: Names): void {
    const written = [select['select_list'], select['qualify'], select['modifiers']];
    const crossing = ownNodes(written)
      .filter(isWindow)
      .find(
        ({ partitions }) =>
          this.#read.rowsStandAlone || !listed(partitions).some((each) => isInUnit(each, names)),
      );
    if (crossing !== undefined)
      this.#tell('window function', rows, crossing, { name: lowerText(crossing['function_name']) });
  }

  #modifiers(
    select: TreeNode,
    rows: RowsOf,
    { output, names }: { readonly output: RowsOf; readonly names: Names },
  ): void {
    for (const modifier of listed(select['modifiers']).filter(isTreeNode))
      if (modifier['type'] === 'DISTINCT_MODIFIER') {
        const on = listed(modifier['distinct_on_targets']);
        const items = listed(select['select_list']).filter(isTreeNode);
        const isByUnit =
          on.length === 0
            ? output.inUnit.size > 0
            : on.some((each) => isInUnit(itemOfPlace(each, items), names));
        if (this.#read.rowsStandAlone || !isByUnit)
          this.#tell('distinct', rows, on.find(isTreeNode) ?? items[0]);
      } else if (/^LIMIT/.test(String(modifier['type']))) this.#tell('limit', rows, modifier);
    if (isTreeNode(select['sample'])) this.#tell('limit', rows, undefined, { name: 'sample' });
  }

  /** The columns of a SELECT that lie in the unit of their rows. */
  #output(
    select: TreeNode,
    { from, rows, names }: { readonly from: From; readonly rows: RowsOf; readonly names: Names },
  ): RowsOf {
    const inUnit = new Set<string>();
    const columns: string[] = [];
    let isListed = true;
    for (const item of listed(select['select_list']).filter(isTreeNode)) {
      if (item['class'] === 'STAR') {
        isListed = false;
        for (const column of columnsOfStar(item, from.relations)) inUnit.add(column);
        continue;
      }
      const name = lowerText(item['alias']) || (lowerTexts(item['column_names']).at(-1) ?? '');
      columns.push(name);
      if (isInUnit(item, names) || isChosenInUnit(item, names)) inUnit.add(name);
    }
    return { ...rows, inUnit, ...(isListed ? { columns } : {}) };
  }

  #setOperation(node: TreeNode, scope: Scope, around: readonly Relation[]): RowsOf {
    const sides = [node['left'], node['right'], ...listed(node['children'])].filter(isTreeNode);
    const parts = sides.map((side) => this.query(side, scope, around));
    const made = parts.filter(isMade);
    const all = unlisted(parts);
    const isBag = /^UNION/.test(String(node['setop_type'])) && node['setop_all'] === true;
    const isByName = node['setop_type'] === 'UNION_BY_NAME';
    const inUnit = sharedColumns(isByName ? parts.map(({ columns: _, ...part }) => part) : parts);
    if (!isBag && made.length > 0 && (this.#read.rowsStandAlone || inUnit.size === 0))
      this.#tell('set operation', all, node, { name: String(node['setop_type']).replaceAll('_', ' ') });
    for (const modifier of listed(node['modifiers']).filter(isTreeNode))
      if (made.length > 0 && /^LIMIT/.test(String(modifier['type']))) this.#tell('limit', all, modifier);
    const columns = isByName ? undefined : parts[0]?.columns;
    return { ...all, inUnit, ...(columns === undefined ? {} : { columns }) };
  }

  /** Where every round adds what it finds, a row and what follows from it stay by themselves. */
  #recursion(node: TreeNode, scope: Scope, around: readonly Relation[]): RowsOf {
    const name = lowerText(node['cte_name']);
    const [first, second] = [node['left'], node['right']].map((side) => (isTreeNode(side) ? side : {}));
    const begun = this.query(first as TreeNode, scope, around);
    // Within itself its name stands for rows of the side that it begins with.
    const added = this.query(second as TreeNode, new Map([...scope, [name, () => begun]]), around);
    const rows = { ...unlisted([begun, added]), inUnit: sharedColumns([begun, added]) };
    const isBag = node['union_all'] === true && listed(node['key_targets']).length === 0;
    if (isMade(rows) && !isBag) this.#tell('recursion', rows, first, { name });
    return begun.columns === undefined ? rows : { ...rows, columns: begun.columns };
  }

  #from(select: TreeNode, scope: Scope, around: readonly Relation[]): From {
    const joins: TreeNode[] = [];
    const relations = this.#relations(select['from_table'], { scope, around, joins });
    const conditions = [...joins.map((join) => join['condition']), select['where_clause']].flatMap(conjuncts);
    const using = joins.flatMap((join) => lowerTexts(join['using_columns']));
    return { ...withTies({ relations, conditions, using }, this.#read.ofDays), conditions, using };
  }

  #relations(from: unknown, reading: Reading): Relation[] {
    if (!isTreeNode(from)) return [];
    const named = this.#relation(from, reading);
    if (named !== undefined) {
      if (isTreeNode(from['sample']) && named.some(isMade))
        this.#tell('limit', unlisted(named), undefined, { name: 'sample' });
      const isRenamed = listed(from['column_name_alias']).length > 0;
      return isRenamed ? named.map((each) => ({ ...unlisted([each]), name: each.name })) : named;
    }
    return [];
  }

  #relation(from: TreeNode, reading: Reading): Relation[] | undefined {
    const name = lowerText(from['alias']);
    switch (from['type']) {
      case 'JOIN':
        return this.#join(from, reading);
      case 'BASE_TABLE': {
        const table = from['schema_name'] || from['catalog_name'] ? '' : lowerText(from['table_name']);
        return [{ ...(reading.scope.get(table)?.() ?? NO_ROWS), name: name || table }];
      }
      case 'SUBQUERY': {
        const query = innerQuery(from['subquery']);
        return query === undefined ? [] : [{ ...this.query(query, reading.scope, reading.around), name }];
      }
      case 'PIVOT':
        return [{ ...this.#pivot(from, reading), name }];
      case 'TABLE_FUNCTION':
        return [{ ...this.#tableFunction(from, reading), name }];
      default:
        return undefined;
    }
  }

  #join(join: TreeNode, reading: Reading): Relation[] {
    reading.joins.push(join);
    const left = this.#relations(join['left'], reading);
    const right = this.#relations(join['right'], reading);
    // A row of the same table in each session that finds no partner, or finds one, may find another one later.
    const keepsLeft = ['LEFT', 'OUTER', 'FULL', 'SEMI', 'ANTI', 'MARK', 'SINGLE'];
    const keepsRight = ['RIGHT', 'OUTER', 'FULL', 'RIGHT_SEMI', 'RIGHT_ANTI'];
    const type = String(join['join_type']);
    const keeps = (
      kept: readonly Relation[],
      other: readonly Relation[],
      types: readonly string[],
    ): boolean => types.includes(type) && !kept.some(isMade) && other.some(isMade);
    if (keeps(left, right, keepsLeft) || keeps(right, left, keepsRight))
      this.#tell('outer join', unlisted([...left, ...right]), join, {
        name: `${type.toLowerCase()} join`,
      });
    const isFull = type === 'OUTER' || type === 'FULL';
    const nullable = (relations: Relation[], isIt: boolean): Relation[] =>
      isIt ? relations.map((each) => ({ ...each, mayBeNull: true })) : relations;
    return [...nullable(left, isFull || type === 'RIGHT'), ...nullable(right, isFull || type === 'LEFT')];
  }

  #pivot(pivot: TreeNode, reading: Reading): RowsOf {
    const rows = this.#relations(pivot['source'], reading);
    const joined = unlisted(rows);
    const all = new Set(rows.flatMap(({ inUnit }) => [...inUnit]));
    if (listed(pivot['aggregates']).length === 0) return { ...joined, inUnit: all };
    const groups = lowerTexts(pivot['groups']);
    const used = columnReferences([pivot['aggregates'], pivot['pivots']]).map(({ column }) => column);
    // Without groups of its own it groups by all columns that it does not use otherwise.
    const inUnit = new Set(
      groups.length > 0
        ? groups.filter((name) => all.has(name))
        : [...all].filter((name) => !used.includes(name)),
    );
    if (isMade(joined) && (this.#read.rowsStandAlone || inUnit.size === 0))
      this.#tell('pivot', joined, pivot);
    return { ...joined, inUnit };
  }

  /** A macro of the project may read a table that it is given by its name. */
  #tableFunction(from: TreeNode, { scope, around }: Reading): RowsOf {
    const call = from['function'];
    const name = isTreeNode(call) ? lowerText(call['function_name']) : '';
    const nodes = treeNodes(call);
    const given = nodes.flatMap((node) => {
      const value = isTreeNode(node['value']) ? node['value']['value'] : undefined;
      const rows = READS_ARGUMENTS.has(name) ? undefined : scope.get(lowerText(value))?.();
      return rows === undefined ? [] : [rows];
    });
    const queries = nodes.map((node) => innerQuery(node['subquery'])).filter(isTreeNode);
    const parts = [...given, ...queries.map((query) => this.query(query, scope, around))];
    const rows = unlisted(parts);
    if (isMade(rows) && this.#read.macros.has(name)) this.#tell('macro', rows, from, { name });
    const [only] = given;
    return name === 'query_table' && parts.length === 1 && only !== undefined ? only : rows;
  }

  /** Rows of several relations meet in a row: those of sources without a window must be of one unit. */
  #joined(from: From, select: TreeNode): RowsOf {
    const made = from.relations.filter(isMade);
    const rows = unlisted(made);
    const anchors = made.filter(({ isWindowed }) => !isWindowed);
    const meeting = this.#read.rowsStandAlone ? made : anchors;
    if (meeting.length > 1 && (this.#read.rowsStandAlone || !areTied(meeting, from, this.#read.ofDays)))
      this.#tell('join', unlisted(meeting), asTreeNode([select['from_table'], select['where_clause']]), {
        isWithItself: meeting.some((one, index) =>
          meeting.slice(index + 1).some((other) => haveOneSource(one, other)),
        ),
      });
    return rows;
  }

  #subqueries(
    select: TreeNode,
    {
      scope,
      from,
      around,
    }: { readonly scope: Scope; readonly from: From; readonly around: readonly Relation[] },
  ): void {
    const { from_table: table, ...rest } = select;
    const expressions = [
      ...['select_list', 'where_clause', 'having', 'qualify', 'group_expressions', 'modifiers'].map(
        (key) => rest[key],
      ),
      conditionsIn(table),
    ];
    const outer = [...from.relations, ...around];
    for (const subquery of outermostSubqueries(expressions)) {
      const query = innerQuery(subquery['subquery']);
      if (query === undefined) continue;
      const inside = new Walk(this.#read);
      const rows = inside.query(query, scope, outer);
      if (!isMade(rows) || (rows.isWindowed && !this.#read.rowsStandAlone)) continue;
      const isTied =
        !this.#read.rowsStandAlone &&
        query['type'] === 'SELECT_NODE' &&
        inside.#isTiedTo(query, scope, outer);
      if (!isTied)
        this.#tell('subquery', rows, subquery, {
          isWithItself: !outer.some(isMade) || outer.some((each) => haveOneSource(each, rows)),
        });
    }
  }

  /** True where each row around a subquery sees only those rows of it that are of its own unit. */
  #isTiedTo(query: TreeNode, scope: Scope, outer: readonly Relation[]): boolean {
    const from = new Walk(this.#read).#from(query, scope, outer);
    const within = from.relations.filter((each) => isMade(each) && !each.isWindowed);
    const beside = outer.filter((each) => isMade(each) && !each.isWindowed);
    return (
      within.length > 0 &&
      within.every((inner) =>
        beside.some((each) => areTied([inner, each], { ...from, using: [] }, this.#read.ofDays)),
      )
    );
  }
}

interface Reading {
  readonly scope: Scope;
  readonly around: readonly Relation[];
  readonly joins: TreeNode[];
}

const haveOneSource = (one: RowsOf, other: RowsOf): boolean =>
  [...one.sources].some((source) => other.sources.has(source));

const asTreeNode = (parts: readonly unknown[]): TreeNode => ({ parts });

/**
 * Which columns of a FROM lie in the unit of a row of it. Beside sources without a window the rows of one
 * with a window are those around them, unless they are compared by time; and a column of a table without
 * hours is in the unit where it is equal to one that is.
 */
function withTies(from: From, ofDays: boolean): Pick<From, 'relations'> {
  const anchors = from.relations.filter((each) => isMade(each) && !each.isWindowed);
  const made = from.relations.filter(isMade);
  return {
    relations: from.relations.map((relation) => {
      if (!isMade(relation))
        return {
          ...relation,
          inUnit: new Set([...relation.inUnit, ...columnsEqual(relation, made, { from, ofDays })]),
        };
      const isBeside = relation.isWindowed && anchors.length > 0;
      return isBeside && !anchors.some((each) => isPairTied(each, relation, from, ofDays))
        ? { ...relation, inUnit: new Set<string>() }
        : relation;
    }),
  };
}

/** The columns of a table without hours that are equal to a time of the rows. */
function columnsEqual(
  { name: own }: Relation,
  made: readonly Relation[],
  { from, ofDays }: { readonly from: From; readonly ofDays: boolean },
): string[] {
  const isTime = (side: unknown): boolean => made.some((each) => isInUnit(side, namesOfOne(each, ofDays)));
  const equal = from.conditions.flatMap(({ type, left, right }) => {
    if (type !== 'COMPARE_EQUAL') return [];
    return [
      [left, right],
      [right, left],
    ].flatMap(([one, other]) => {
      const reference = columnReference(one);
      return reference?.relation === own && isTime(other) ? [reference.column] : [];
    });
  });
  return [...equal, ...from.using.filter((column) => made.some(({ inUnit }) => inUnit.has(column)))];
}

/** What `group by 1` and `distinct on (1)` stand for. */
function itemOfPlace(value: unknown, items: readonly TreeNode[]): unknown {
  if (!isTreeNode(value) || value['class'] !== 'CONSTANT' || !isTreeNode(value['value'])) return value;
  const place = value['value']['value'];
  return typeof place === 'number' ? items[place - 1] : value;
}

/** One of the values of a column that lies in the unit of its rows, once they are grouped by it. */
function isChosenInUnit(item: TreeNode, names: Names): boolean {
  const isChoosing =
    item['class'] === 'FUNCTION' && CHOOSING_AGGREGATES.has(lowerText(item['function_name']));
  return isChoosing && isInUnit(listed(item['children'])[0], names);
}

function columnsOfStar(star: TreeNode, relations: readonly Relation[]): string[] {
  const of = lowerText(star['relation_name']);
  const left = new Set([
    ...lowerTexts(star['exclude_list']),
    // Of what is replaced or renamed nothing is known.
    ...treeNodes([star['replace_list'], star['rename_list']]).flatMap((node) => lowerText(node['key'])),
  ]);
  return relations
    .filter(({ name }) => of === '' || of === name)
    .flatMap(({ inUnit }) => [...inUnit])
    .filter((column) => !left.has(column));
}

/** Of set operations: the columns that lie in the unit in every part whose rows are made of a source. */
function sharedColumns(parts: readonly RowsOf[]): Set<string> {
  const [{ columns } = NO_ROWS] = parts;
  const made = parts.filter(isMade);
  const placed = made.map((part) => {
    const names = [...part.inUnit].map((name) => {
      const place = part.columns?.indexOf(name) ?? -1;
      return (place < 0 ? undefined : columns?.[place]) ?? name;
    });
    return new Set(names);
  });
  const [first = new Set<string>(), ...others] = placed;
  return new Set([...first].filter((name) => others.every((each) => each.has(name))));
}

/** True where equal times lead from each relation to every other one. */
function areTied(relations: readonly Relation[], from: From, ofDays: boolean): boolean {
  const [first, ...others] = relations;
  if (first === undefined) return true;
  const reached = new Set([first]);
  for (let before = -1; before < reached.size; ) {
    before = reached.size;
    for (const each of others)
      if ([...reached].some((one) => isPairTied(one, each, from, ofDays))) reached.add(each);
  }
  return reached.size === relations.length;
}

function isPairTied(one: Relation, other: Relation, { conditions, using }: From, ofDays: boolean): boolean {
  if (using.some((column) => one.inUnit.has(column) && other.inUnit.has(column))) return true;
  const isOf = (side: unknown, relation: Relation, beside: Relation): boolean =>
    isInUnit(side, namesOfOne(relation, ofDays)) &&
    !columnReferences(side).some(({ relation: named }) => named === beside.name && named !== relation.name);
  return conditions.some((condition) => {
    const isEqual =
      condition['type'] === 'COMPARE_EQUAL' || condition['type'] === 'COMPARE_NOT_DISTINCT_FROM';
    const { left, right } = condition;
    const meet = (mine: unknown, theirs: unknown): boolean =>
      isOf(mine, one, other) && isOf(theirs, other, one);
    return isEqual && (meet(left, right) || meet(right, left));
  });
}

/** The parts of a condition that must all be true. */
function conjuncts(condition: unknown): TreeNode[] {
  if (!isTreeNode(condition)) return [];
  return condition['type'] === 'CONJUNCTION_AND'
    ? listed(condition['children']).flatMap(conjuncts)
    : [condition];
}

/** The conditions of joins, without the tables that they join. */
function conditionsIn(from: unknown): unknown[] {
  if (!isTreeNode(from) || from['type'] !== 'JOIN') return [];
  return [from['condition'], ...conditionsIn(from['left']), ...conditionsIn(from['right'])];
}

function outermostSubqueries(value: unknown): TreeNode[] {
  if (Array.isArray(value)) return value.flatMap(outermostSubqueries);
  if (!isTreeNode(value)) return [];
  return value['class'] === 'SUBQUERY' ? [value] : Object.values(value).flatMap(outermostSubqueries);
}
