/**
 * Finds where a query makes one row from several source rows that sessions may see at different times. Parsed
 * query + sources -> places. Pure.
 *
 * A stateless session reads only new rows, so rows of two sessions never meet. A session of hours reads whole
 * hours, so rows may meet within an hour, but rows of two hours meet only if it happens to compute both.
 */
import {
  byteOf,
  conjuncts,
  cteQueries,
  innerQuery,
  isTreeNode,
  listed,
  lowerText,
  lowerTexts,
  outermostSubqueries,
  type TreeNode,
  treeNodes,
} from '../model/query-tree.ts';
import { isAggregateCall, isWindow, ownNodes } from '../model/rows-together.ts';
import {
  columnsOfGroups,
  columnsOfStar,
  isChosenInUnit,
  isStarListed,
  itemOfName,
  itemOfPlace,
  nameOfItem,
  sharedColumns,
} from './columns-of-rows.ts';
import { type JoinOfTables, relationsOf, rowsOfSource } from './rows-of-from.ts';
import { areTied, conditionsIn, type TiedFrom, withTies } from './rows-of-one-unit.ts';
import {
  haveOneSource,
  isInUnit,
  isMade,
  type MadeRelation,
  NO_ROWS,
  type ReadQuery,
  type RowNames,
  type RowsOf,
  type RowsScope,
  rowsUnlisted,
  seenFromInside,
  type TakenTogether,
  type Tell,
  underNames,
} from './rows-of-query.ts';
import { isWithinWindow } from './rows-within-windows.ts';

export interface QueryOfRows {
  readonly rows: RowsOf;
  readonly found: readonly TakenTogether[];
}

/** Walks a query. `query`: a node of DuckDB's parser. */
export function rowsTogether(query: TreeNode, read: ReadQuery): QueryOfRows {
  const scope = new Map(
    read.sources.map((source) => {
      const rows = rowsOfSource(source, read);
      return [source.alias.toLowerCase(), () => rows] as const;
    }),
  );
  const walk = new Walk(read);
  const rows = walk.query(query, scope);
  if (!isMade(rows) && walk.found.length === 0) walk.tellSourceless(query);
  return { rows, found: walk.found };
}

const HOUR_FUNCTIONS: ReadonlySet<string> = new Set(['date_trunc', 'datetrunc', 'time_bucket']);

/** The tables of a SELECT. */
interface ReadFrom extends TiedFrom {
  /** The tables as written, before their joins are taken into account. */
  readonly written: readonly MadeRelation[];
}

class Walk {
  readonly #read: ReadQuery;
  readonly found: TakenTogether[] = [];
  /** What was found in queries inside of the one being walked. */
  readonly #below: TakenTogether[] = [];
  #depth = 0;

  constructor(read: ReadQuery) {
    this.#read = read;
  }

  query(node: TreeNode, outer: RowsScope, around: readonly MadeRelation[] = []): RowsOf {
    this.#depth += 1;
    const rows = this.#rowsOf(node, this.#withCtes(node, outer, around), around);
    this.#depth -= 1;
    return rows;
  }

  #withCtes(node: TreeNode, outer: RowsScope, around: readonly MadeRelation[]): RowsScope {
    const scope = new Map(outer);
    for (const [name, query, columns] of cteQueries(node)) {
      // A CTE sees those before it; a later CTE of the same name is another one.
      const before = new Map(scope);
      let rows: RowsOf | undefined;
      scope.set(name, () => {
        rows ??= underNames(this.query(query, before, around), columns);
        return rows;
      });
    }
    return scope;
  }

  #rowsOf(node: TreeNode, scope: RowsScope, around: readonly MadeRelation[]): RowsOf {
    switch (node['type']) {
      case 'SELECT_NODE':
        return this.#select(node, scope, around);
      case 'SET_OPERATION_NODE':
        return this.#setOperation(node, scope, around);
      case 'RECURSIVE_CTE_NODE':
        return this.#recursion(node, scope, around);
      default: {
        const parts = [node['left'], node['right'], node['child'], ...listed(node['children'])];
        return rowsUnlisted(
          parts.filter(isTreeNode).map((part) => this.query(innerQuery(part) ?? part, scope, around)),
        );
      }
    }
  }

  readonly #tell: Tell = (kind, rows, at, { name, isWithItself = false } = {}) => {
    const nodes = treeNodes(at);
    const together: TakenTogether = {
      kind,
      ...(name === undefined || name === '' ? {} : { name }),
      isWithItself,
      isWindowed: rows.isWindowed,
      comparesHours: nodes.some((node) => HOUR_FUNCTIONS.has(lowerText(node['function_name']))),
      byte: nodes.map(byteOf).find((each) => each !== undefined),
    };
    this.found.push(together);
    if (this.#depth > 1 || kind === 'subquery') this.#below.push(together);
  };

  /** For a stateless process: rows that come from no source would come again with each session. */
  tellSourceless(query: TreeNode): void {
    if (this.#read.rowsStandAlone) this.#tell('rows of no source', NO_ROWS, query);
  }

  #select(select: TreeNode, scope: RowsScope, around: readonly MadeRelation[]): RowsOf {
    const from = this.#from(select, scope, around);
    const rows = this.#joined(from, select);
    const names = this.#namesOf(select, from);
    this.#subqueries(select, { scope, from, around });
    const output = this.#output(select, { from, rows, names });
    if (!isMade(rows))
      return { ...NO_ROWS, ...(output.columns === undefined ? {} : { columns: output.columns }) };
    const grouped = this.#grouping(select, rows, names);
    this.#windows(select, rows, names);
    this.#modifiers(select, rows, { output, names });
    return grouped === undefined ? output : { ...output, inUnit: grouped.inUnit(output) };
  }

  #namesOf(select: TreeNode, { relations, joins }: TiedFrom): RowNames {
    const named = listed(select['select_list']).filter(isTreeNode);
    const aliases = named.flatMap((each) => {
      const alias = lowerText(each['alias']);
      return alias === '' ? [] : [[alias, each] as const];
    });
    const { ofDays } = this.#read;
    const using = joins.flatMap(({ join }) => lowerTexts(join['using_columns']));
    return { relations, aliases: new Map(aliases), merged: new Set(using), ofDays };
  }

  /** How it combines rows, and which columns lie in the unit then; undefined if it does not. */
  #grouping(
    select: TreeNode,
    rows: RowsOf,
    names: RowNames,
  ): { readonly inUnit: (output: RowsOf) => ReadonlySet<string> } | undefined {
    const { macros, rowsStandAlone } = this.#read;
    const written = [select['select_list'], select['having'], select['qualify'], select['modifiers']];
    const aggregate = ownNodes(written).find((node) => isAggregateCall(node, macros));
    const groups = listed(select['group_expressions']);
    const ofAll = select['aggregate_handling'] === 'FORCE_AGGREGATES';
    if (groups.length === 0 && !ofAll && aggregate === undefined && !isTreeNode(select['having']))
      return undefined;
    const items = listed(select['select_list']).filter(isTreeNode);
    const keys = ofAll
      ? items.filter((item) => !ownNodes(item).some((node) => isAggregateCall(node, macros)))
      : groups.map((group) => itemOfPlace(group, items));
    const sets = listed(select['group_sets']).map(listed);
    const byUnit = keys.map((key) => isInUnit(key, names));
    const isByUnit =
      !rowsStandAlone &&
      (sets.length > 1
        ? sets.every((set) => set.some((each) => byUnit[Number(each)]))
        : byUnit.includes(true));
    if (isByUnit) {
      const ofEach = keys.filter((_, place) => sets.every((set) => set.includes(place)));
      const ofSets = { keys: sets.length > 1 ? ofEach : undefined, names };
      return { inUnit: (output) => columnsOfGroups(items, output, ofSets) };
    }
    const at = aggregate ?? keys.find(isTreeNode);
    this.#tell('aggregate', rows, at, { name: lowerText(aggregate?.['function_name']) });
    return { inUnit: () => new Set() };
  }

  #windows(select: TreeNode, rows: RowsOf, names: RowNames): void {
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
    { output, names }: { readonly output: RowsOf; readonly names: RowNames },
  ): void {
    for (const modifier of listed(select['modifiers']).filter(isTreeNode))
      if (modifier['type'] === 'DISTINCT_MODIFIER') {
        const on = listed(modifier['distinct_on_targets']);
        const items = listed(select['select_list']).filter(isTreeNode);
        const isByUnit =
          on.length === 0
            ? output.inUnit.size > 0
            : on.some((each) => isInUnit(itemOfName(itemOfPlace(each, items), items), names));
        if (this.#read.rowsStandAlone || !isByUnit)
          this.#tell('distinct', rows, on.find(isTreeNode) ?? items[0]);
      } else if (/^LIMIT/.test(String(modifier['type']))) this.#tell('limit', rows, modifier);
    if (isTreeNode(select['sample'])) this.#tell('limit', rows, undefined, { name: 'sample' });
  }

  /** The columns of a SELECT that lie in the unit of their rows. */
  #output(
    select: TreeNode,
    { from, rows, names }: { readonly from: TiedFrom; readonly rows: RowsOf; readonly names: RowNames },
  ): RowsOf {
    const inUnit = new Set<string>();
    const columns: string[] = [];
    let isListed = true;
    // If two columns have one name, the outer query sees the first.
    const add = (name: string, isOfUnit: boolean): void => {
      if (isOfUnit && !columns.includes(name)) inUnit.add(name);
      columns.push(name);
    };
    for (const item of listed(select['select_list']).filter(isTreeNode)) {
      if (item['class'] === 'STAR') {
        isListed &&= isStarListed(item, from);
        for (const { name, isOfUnit } of columnsOfStar(item, from.relations, names.merged))
          add(name, isOfUnit);
        continue;
      }
      const name = nameOfItem(item);
      add(name, isInUnit(item, names) || isChosenInUnit(item, names));
    }
    return { ...rows, inUnit, ...(isListed ? { columns } : {}) };
  }

  #setOperation(node: TreeNode, scope: RowsScope, around: readonly MadeRelation[]): RowsOf {
    const sides = [node['left'], node['right'], ...listed(node['children'])].filter(isTreeNode);
    const parts = sides.map((side) => this.query(side, scope, around));
    const made = parts.filter(isMade);
    const all = rowsUnlisted(parts);
    const isBag = /^UNION/.test(String(node['setop_type'])) && node['setop_all'] === true;
    const isByName = node['setop_type'] === 'UNION_BY_NAME';
    const inUnit = sharedColumns(isByName ? parts.map(({ columns: _, ...part }) => part) : parts);
    if (!isBag && made.length > 0 && (this.#read.rowsStandAlone || inUnit.size === 0))
      this.#tell('set operation', all, node, { name: String(node['setop_type']).replaceAll('_', ' ') });
    if (isBag && made.length > 0) {
      const sourceless = sides[parts.findIndex((part) => !isMade(part))];
      if (sourceless !== undefined) this.tellSourceless(sourceless);
    }
    for (const modifier of listed(node['modifiers']).filter(isTreeNode))
      if (made.length > 0 && /^LIMIT/.test(String(modifier['type']))) this.#tell('limit', all, modifier);
    const columns = isByName ? undefined : parts[0]?.columns;
    return { ...all, inUnit, ...(columns === undefined ? {} : { columns }) };
  }

  /** A recursion whose rounds only add rows keeps a row and what follows from it apart from others. */
  #recursion(node: TreeNode, scope: RowsScope, around: readonly MadeRelation[]): RowsOf {
    const name = lowerText(node['cte_name']);
    const [first, second] = [node['left'], node['right']].map((side) => (isTreeNode(side) ? side : {}));
    const begun = this.query(first as TreeNode, scope, around);
    // Inside of the recursion its name stands for rows of the side that it begins with.
    const added = this.query(second as TreeNode, new Map([...scope, [name, () => begun]]), around);
    const rows = { ...rowsUnlisted([begun, added]), inUnit: sharedColumns([begun, added]) };
    const isBag = node['union_all'] === true && listed(node['key_targets']).length === 0;
    if (isMade(rows) && !isBag) this.#tell('recursion', rows, first, { name });
    return begun.columns === undefined ? rows : { ...rows, columns: begun.columns };
  }

  #from(select: TreeNode, scope: RowsScope, around: readonly MadeRelation[]): ReadFrom {
    const joins: JoinOfTables[] = [];
    const written = relationsOf(select['from_table'], {
      read: this.#read,
      scope,
      around,
      joins,
      query: (node, within, beside) => this.query(node, within, beside),
      tell: this.#tell,
    });
    const from = { relations: written, joins, where: conjuncts(select['where_clause']) };
    return { ...from, relations: withTies(from, this.#read.ofDays), written };
  }

  /** Joins relations: rows of sources without a window must be of one unit to meet. */
  #joined(from: ReadFrom, select: TreeNode): RowsOf {
    const { rowsStandAlone, ofDays } = this.#read;
    const made = from.relations.filter(isMade);
    const anchors = made.filter(({ isWindowed }) => !isWindowed);
    const told = (meeting: readonly MadeRelation[]): void =>
      this.#tell('join', rowsUnlisted(meeting), asTreeNode([select['from_table'], select['where_clause']]), {
        isWithItself: meeting.some((one, index) =>
          meeting.slice(index + 1).some((other) => haveOneSource(one, other)),
        ),
      });
    const meeting = rowsStandAlone ? made : anchors;
    if (meeting.length > 1 && (rowsStandAlone || !areTied(meeting, from, ofDays))) told(meeting);
    if (!rowsStandAlone && !this.#areWithinWindows(from.written, anchors, from))
      told(made.filter(({ isWindowed }) => isWindowed));
    return rowsUnlisted(made);
  }

  /** True if rows of sources with a window meet only rows within that window's reach. */
  #areWithinWindows(
    written: readonly MadeRelation[],
    anchors: readonly MadeRelation[],
    from: TiedFrom,
  ): boolean {
    const windowed = written.filter((each) => isMade(each) && each.isWindowed);
    // A window's rows by themselves are cut to the hours of the session.
    if (anchors.length === 0)
      return windowed.length < 2 || areTied(windowed, { ...from, relations: written }, this.#read.ofDays);
    return windowed.every((each) => anchors.some((anchor) => isWithinWindow(each, anchor, from, this.#read)));
  }

  #subqueries(
    select: TreeNode,
    {
      scope,
      from,
      around,
    }: { readonly scope: RowsScope; readonly from: TiedFrom; readonly around: readonly MadeRelation[] },
  ): void {
    const { from_table: table, ...rest } = select;
    const expressions = [
      ...['select_list', 'where_clause', 'having', 'qualify', 'group_expressions', 'modifiers'].map(
        (key) => rest[key],
      ),
      conditionsIn(table),
    ];
    const outer = [...from.relations, ...seenFromInside(around, from.relations)];
    for (const subquery of outermostSubqueries(expressions)) {
      const query = innerQuery(subquery['subquery']);
      if (query === undefined) continue;
      const inside = new Walk(this.#read);
      const rows = inside.query(query, scope, outer);
      const isTied = !isMade(rows) || (!this.#read.rowsStandAlone && inside.#isTiedTo(query, scope, outer));
      if (isTied) this.#takeOver(inside);
      else
        this.#tell('subquery', rows, subquery, {
          isWithItself: !outer.some(isMade) || outer.some((each) => haveOneSource(each, rows)),
        });
    }
  }

  /** Takes over what was found inside of a subquery whose own rows are of one unit. */
  #takeOver(inside: Walk): void {
    this.found.push(...inside.#below);
    this.#below.push(...inside.#below);
  }

  /** True if each row of the outer query sees only rows of the subquery that are of its own unit. */
  #isTiedTo(query: TreeNode, scope: RowsScope, around: readonly MadeRelation[]): boolean {
    if (query['type'] !== 'SELECT_NODE') return false;
    const from = new Walk(this.#read).#from(query, scope, around);
    const outer = seenFromInside(around, from.written);
    const isAnchor = (each: MadeRelation): boolean => isMade(each) && !each.isWindowed;
    const beside = outer.filter(isAnchor);
    const anchors = [...from.relations.filter(isAnchor), ...beside];
    const { ofDays } = this.#read;
    return from.written
      .filter(isMade)
      .every((inner) =>
        inner.isWindowed
          ? anchors.some((each) => isWithinWindow(inner, each, from, this.#read))
          : beside.some((each) => areTied([each, inner], from, ofDays)),
      );
  }
}

const asTreeNode = (parts: readonly unknown[]): TreeNode => ({ parts });
