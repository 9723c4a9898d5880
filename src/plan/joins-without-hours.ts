/**
 * Joins of sources that nothing ties to the same hour. Parsed query + sources -> pairs. Pure.
 *
 * A session shows the rows of its hours. Where rows of two sources meet by a key alone, or by times that may
 * lie hours apart, what meets depends on the hours that a session happens to load. Looked at are the tables
 * of one FROM, and those of its subqueries, by name; what is hidden behind a CTE is not judged.
 */
import type { SourceSpec } from '../model/process-spec.ts';

/** A source that is joined to another one, which comes before it in the query. */
export interface UntiedJoin {
  readonly first: SourceSpec;
  readonly second: SourceSpec;
  /** A column that both are joined by, under one name. */
  readonly key: string | undefined;
  /** How far apart the rows may lie, as far as the query says so. */
  readonly hoursApart: number | undefined;
}

interface Node {
  readonly [key: string]: unknown;
}

/** `tree`: as DuckDB's parser gives it. */
export function joinsWithoutHours(tree: unknown, sources: readonly SourceSpec[]): UntiedJoin[] {
  const timed = sources.filter((source) => source.eventTime !== undefined && source.window === undefined);
  if (timed.length < 2) return [];
  const ctes = new Set(nodesIn(tree).flatMap(cteNames));
  const byAlias = new Map(
    timed
      .filter(({ alias }) => !ctes.has(alias.toLowerCase()))
      .map((source) => [source.alias.toLowerCase(), source] as const),
  );
  const found = nodesIn(tree)
    .filter((node) => node['type'] === 'SELECT_NODE')
    .flatMap((select) => [...untiedIn(select, byAlias), ...untiedBelow(select, byAlias)]);
  const pair = ({ first, second }: UntiedJoin): string => `${first.alias}/${second.alias}`;
  return [...new Map(found.map((each) => [pair(each), each])).values()];
}

/** A table of a FROM, under the name that its columns are written with. */
interface Relation {
  readonly name: string;
  readonly source: SourceSpec;
}

function untiedIn(select: Node, byAlias: ReadonlyMap<string, SourceSpec>): UntiedJoin[] {
  const joins: Node[] = [];
  const relations = relationsIn(select['from_table'], byAlias, joins);
  if (relations.length < 2 || joins.some((join) => join['ref_type'] === 'NATURAL')) return [];
  const conditions = [...joins.map((join) => join['condition']), select['where_clause']].flatMap(conjuncts);
  const using = joins.flatMap((join) => namesOf(join['using_columns']));
  const ties = new Map(relations.map((relation) => [relation, new Set([relation])]));
  const tie = (one: Relation, other: Relation): void => {
    const all = new Set([...(ties.get(one) ?? []), ...(ties.get(other) ?? [])]);
    for (const each of all) ties.set(each, all);
  };
  for (const one of relations)
    for (const other of relations)
      if (one !== other && isTied([one, other], conditions, using)) tie(one, other);
  const [first] = relations;
  return relations.slice(1).flatMap((second) => {
    const isFirstOfItsOwn = [...(ties.get(second) ?? [])].every(
      (each) => relations.indexOf(each) >= relations.indexOf(second),
    );
    return first === undefined || !isFirstOfItsOwn || first.source === second.source
      ? []
      : [
          {
            first: first.source,
            second: second.source,
            key: keyOf([first, second], conditions, using),
            hoursApart: hoursIn(conditions),
          },
        ];
  });
}

/**
 * Subqueries whose rows meet those of the query around them: by a condition on both (`exists (from r where
 * r.k = c.k)`), or as values (`c.k in (select k from r)`).
 */
function untiedBelow(select: Node, byAlias: ReadonlyMap<string, SourceSpec>): UntiedJoin[] {
  const outer = relationsIn(select['from_table'], byAlias, []);
  const subqueries = nodesIn([select['select_list'], select['where_clause']]).filter(
    (node) => node['class'] === 'SUBQUERY',
  );
  return subqueries.flatMap((subquery) => {
    const inner = isNode(subquery['subquery']) ? subquery['subquery']['node'] : undefined;
    if (!isNode(inner)) return [];
    const joins: Node[] = [];
    const within = relationsIn(inner['from_table'], byAlias, joins);
    const conditions = [...joins.map((join) => join['condition']), inner['where_clause']].flatMap(conjuncts);
    return outer.flatMap((first) =>
      within.flatMap((second) => {
        const meets =
          first.source !== second.source &&
          (conditions.some((each) => names(each, first)) || names(subquery['child'], first));
        return !meets || isTied([first, second], conditions, []) || isTied([second, first], conditions, [])
          ? []
          : [
              {
                first: first.source,
                second: second.source,
                key: keyOf([first, second], conditions, []) ?? columnOfRef(subquery['child'])?.column,
                hoursApart: hoursIn(conditions),
              },
            ];
      }),
    );
  });
}

/** True where a column is written with the relation's name. */
const names = (value: unknown, { name }: Relation): boolean =>
  columnsIn(value).some(({ relation }) => relation === name);

function relationsIn(from: unknown, byAlias: ReadonlyMap<string, SourceSpec>, joins: Node[]): Relation[] {
  if (!isNode(from)) return [];
  if (from['type'] === 'JOIN') {
    joins.push(from);
    return [...relationsIn(from['left'], byAlias, joins), ...relationsIn(from['right'], byAlias, joins)];
  }
  const table = from['type'] === 'BASE_TABLE' && !from['schema_name'] ? textOf(from['table_name']) : '';
  const source = byAlias.get(table);
  return source === undefined ? [] : [{ name: textOf(from['alias']) || table, source }];
}

/** Equal times, or an equal hour: what is equal to an event time is taken for one. */
function isTied(
  [one, other]: readonly [Relation, Relation],
  conditions: readonly Node[],
  using: readonly string[],
): boolean {
  const timeOf = ({ source }: Relation): string => (source.eventTime as string).toLowerCase();
  if (using.includes(timeOf(one)) || using.includes(timeOf(other))) return true;
  const mentions = (side: unknown, { name }: Relation, column?: string): boolean =>
    columnsIn(side).some(
      (each) =>
        (each.relation === name || each.relation === undefined) &&
        (column === undefined || each.column === column),
    );
  return conditions.some((condition) => {
    const { left, right } = condition;
    const meet = (mine: unknown, theirs: unknown): boolean =>
      mentions(mine, one, timeOf(one)) && mentions(theirs, other);
    const isEqual =
      condition['type'] === 'COMPARE_EQUAL' || condition['type'] === 'COMPARE_NOT_DISTINCT_FROM';
    if (isEqual) return meet(left, right) || meet(right, left);
    // Bounds of an hour, however they are written.
    return /date_trunc|time_bucket/.test(JSON.stringify(condition)) && mentions(condition, one, timeOf(one));
  });
}

/** A column of one name in both. */
function keyOf(
  [one, other]: readonly [Relation, Relation],
  conditions: readonly Node[],
  using: readonly string[],
): string | undefined {
  if (using[0] !== undefined) return using[0];
  for (const condition of conditions) {
    if (condition['type'] !== 'COMPARE_EQUAL') continue;
    const [left, right] = [condition['left'], condition['right']].map(columnOfRef);
    const sides = new Set([left?.relation, right?.relation]);
    if (left !== undefined && left.column === right?.column && sides.has(one.name) && sides.has(other.name))
      return left.column;
  }
  return undefined;
}

const UNIT_HOURS: Readonly<Record<string, number>> = { to_minutes: 1 / 60, to_hours: 1, to_days: 24 };

/** The longest interval in the conditions, in whole hours. */
function hoursIn(conditions: readonly Node[]): number | undefined {
  const spans = nodesIn(conditions).flatMap((node) => {
    const unit = UNIT_HOURS[textOf(node['function_name'])];
    const count = unit === undefined ? undefined : nodesIn(node['children']).map(numberOf).find(isNumber);
    return unit === undefined || count === undefined ? [] : [Math.ceil(count * unit)];
  });
  return spans.length === 0 ? undefined : Math.max(...spans);
}

const numberOf = (node: Node): unknown => (isNode(node['value']) ? node['value']['value'] : undefined);
const isNumber = (value: unknown): value is number => typeof value === 'number';

/** The parts of a condition that must all be true. */
function conjuncts(condition: unknown): Node[] {
  if (!isNode(condition)) return [];
  return condition['type'] === 'CONJUNCTION_AND' && Array.isArray(condition['children'])
    ? condition['children'].flatMap(conjuncts)
    : [condition];
}

interface Column {
  /** Undefined where the query does not say it. */
  readonly relation: string | undefined;
  readonly column: string;
}

function columnOfRef(node: unknown): Column | undefined {
  if (!isNode(node) || node['class'] !== 'COLUMN_REF') return undefined;
  const names = namesOf(node['column_names']);
  return { relation: names.at(-2), column: names.at(-1) ?? '' };
}

const columnsIn = (value: unknown): Column[] =>
  nodesIn(value).flatMap((node) => {
    const column = columnOfRef(node);
    return column === undefined ? [] : [column];
  });

function cteNames(node: Node): string[] {
  const map = isNode(node['cte_map']) ? node['cte_map']['map'] : undefined;
  return Array.isArray(map) ? map.map((each: Node) => textOf(each['key'])) : [];
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value.toLowerCase() : '');
const namesOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(textOf) : []);

function nodesIn(value: unknown): Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  return isNode(value) ? [value, ...Object.values(value).flatMap(nodesIn)] : [];
}
