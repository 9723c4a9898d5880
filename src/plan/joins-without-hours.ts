/**
 * Finds joins of sources that nothing ties to the same hour. Parsed query + sources -> pairs. Pure.
 *
 * A session shows the rows of its hours only. If rows of two sources meet by a key alone, or by times that
 * may be hours apart, what meets depends on the hours that a session happens to load. This looks at the
 * tables of every FROM, through CTEs and subqueries, and at those of subqueries with the tables around them.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import {
  columnReference,
  columnReferences,
  queryNodes,
  type TreeNode,
  treeNodes,
} from '../model/query-tree.ts';
import { hoursOfInterval } from './interval-hours.ts';
import {
  type FromClause,
  type SelectOfSources,
  type SourceRelation,
  selectsOf,
} from './relations-of-query.ts';

/** A source that is joined to another one, which comes before it in the query. */
export interface UntiedJoin {
  readonly first: SourceSpec;
  readonly second: SourceSpec;
  /** A column that both are joined by, under one name. */
  readonly key: string | undefined;
  /** How far apart the rows may lie, as far as the query says so. */
  readonly hoursApart: number | undefined;
  /** The byte of the query at which the second one stands. */
  readonly byte: number | undefined;
}

type Joining = Pick<ProcessSpec, 'pattern' | 'sources'>;

/** Joins of sources without a window. `tree`: from DuckDB's parser. */
export const joinsWithoutHours = (tree: unknown, spec: Joining): UntiedJoin[] =>
  untiedJoins(tree, spec, ({ window }) => window === undefined);

/** Joins of a source with a window and another source, over an interval that is longer than the window. */
export const joinsBeyondWindows = (tree: unknown, spec: Joining): UntiedJoin[] =>
  untiedJoins(tree, spec, () => true).filter((join) => (join.hoursApart ?? 0) > reachOf(join));

/** How many hours back or ahead the windows of two sources reach at most; of none without end. */
export function reachOf({ first, second }: Pick<UntiedJoin, 'first' | 'second'>): number {
  const hours = [first, second].flatMap(({ window }) =>
    window === undefined ? [] : [window.beforeHours, window.afterHours],
  );
  return hours.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...hours);
}

/**
 * None in a process whose SQL never meets rows of several hours: a dimension runs it hour by hour, and a
 * stateless one over the new rows, which have no range.
 */
function untiedJoins(
  tree: unknown,
  { pattern, sources }: Joining,
  isLookedAt: (source: SourceSpec) => boolean,
): UntiedJoin[] {
  const { loadsHours, readsPrevious } = patternOf({ pattern });
  if (!loadsHours || readsPrevious) return [];
  const timed = sources.filter((source) => source.eventTime !== undefined && isLookedAt(source));
  if (timed.length < 2) return [];
  const found = queryNodes(tree)
    .flatMap((query) => selectsOf(query, timed))
    .flatMap((select) => [...untiedIn(select), ...untiedBelow(select)]);
  const pair = ({ first, second }: UntiedJoin): string => `${first.alias}/${second.alias}`;
  // For each pair the place where it was found first.
  return [...new Map(found.toReversed().map((each) => [pair(each), each])).values()].toReversed();
}

function untiedIn({ from }: SelectOfSources): UntiedJoin[] {
  const { relations } = from;
  if (relations.length < 2 || from.isNatural) return [];
  const ties = new Map(relations.map((relation) => [relation, new Set([relation])]));
  const tie = (one: SourceRelation, other: SourceRelation): void => {
    const all = new Set([...(ties.get(one) ?? []), ...(ties.get(other) ?? [])]);
    for (const each of all) ties.set(each, all);
  };
  for (const one of relations)
    for (const other of relations) if (one !== other && isTied(one, other, from)) tie(one, other);
  const [first] = relations;
  return relations.slice(1).flatMap((second) => {
    const isFirstOfItsOwn = [...(ties.get(second) ?? [])].every(
      (each) => relations.indexOf(each) >= relations.indexOf(second),
    );
    return first === undefined || !isFirstOfItsOwn ? [] : pairOf(first, second, from);
  });
}

/** Nothing is said of rows that meet others of the same source. */
function pairOf(first: SourceRelation, second: SourceRelation, from: FromClause, key?: string): UntiedJoin[] {
  const [one, other] = [[...first.sources][0], [...second.sources][0]];
  const isItself = [...second.sources].some((source) => first.sources.has(source));
  if (one === undefined || other === undefined || isItself) return [];
  return [
    {
      first: one,
      second: other,
      key: keyOf([first, second], from) ?? key,
      hoursApart: hoursIn(from.conditions),
      byte: second.byte,
    },
  ];
}

/**
 * Subqueries whose rows meet those of the query around them: by a condition on both (`exists (from r where
 * r.k = c.k)`), or as values (`c.k in (select k from r)`).
 */
function untiedBelow({ from: { relations: outer }, below }: SelectOfSources): UntiedJoin[] {
  return below.flatMap(({ subquery, from }) =>
    outer.flatMap((first) =>
      from.relations.flatMap((second) => {
        const meets =
          from.conditions.some((each) => isNamedIn(each, first)) || isNamedIn(subquery['child'], first);
        return !meets || isTied(first, second, from) || isTied(second, first, from)
          ? []
          : pairOf(first, second, from, columnReference(subquery['child'])?.column);
      }),
    ),
  );
}

/** True where a column is written with the relation's name. */
const isNamedIn = (value: unknown, { name }: SourceRelation): boolean =>
  columnReferences(value).some(({ relation }) => relation === name);

/** Equal times, or an equal hour: what is equal to an event time is taken for one. */
function isTied(one: SourceRelation, other: SourceRelation, from: FromClause): boolean {
  if (from.using.some((column) => one.times.has(column) || other.times.has(column))) return true;
  // A subquery in the FROM may compare its rows with those beside it.
  const inside = other.inside?.relations.some(
    (within) =>
      isTiedBy([one, within], other.inside as FromClause) ||
      isTiedBy([within, one], other.inside as FromClause),
  );
  return inside === true || isTiedBy([one, other], from);
}

function isTiedBy(
  [one, other]: readonly [SourceRelation, SourceRelation],
  { conditions }: FromClause,
): boolean {
  const mentions = (side: unknown, { name, times }: SourceRelation, itsTime: boolean): boolean =>
    columnReferences(side).some(
      (each) =>
        (each.relation === name || each.relation === undefined) && (!itsTime || times.has(each.column)),
    );
  return conditions.some((condition) => {
    const { left, right } = condition;
    const meet = (mine: unknown, theirs: unknown): boolean =>
      mentions(mine, one, true) && mentions(theirs, other, false);
    const isEqual =
      condition['type'] === 'COMPARE_EQUAL' || condition['type'] === 'COMPARE_NOT_DISTINCT_FROM';
    if (isEqual) return meet(left, right) || meet(right, left);
    // Bounds of an hour, however they are written.
    return /date_trunc|time_bucket/.test(JSON.stringify(condition)) && mentions(condition, one, true);
  });
}

/** A column of one name in both. */
function keyOf(
  [one, other]: readonly [SourceRelation, SourceRelation],
  { conditions, using }: FromClause,
): string | undefined {
  if (using[0] !== undefined) return using[0];
  for (const condition of conditions) {
    if (condition['type'] !== 'COMPARE_EQUAL') continue;
    const [left, right] = [condition['left'], condition['right']].map(columnReference);
    const sides = new Set([left?.relation, right?.relation]);
    if (left !== undefined && left.column === right?.column && sides.has(one.name) && sides.has(other.name))
      return left.column;
  }
  return undefined;
}

/** The longest interval in the conditions, in whole hours. */
function hoursIn(conditions: readonly TreeNode[]): number | undefined {
  const spans = treeNodes(conditions).flatMap((node) => hoursOfInterval(node) ?? []);
  return spans.length === 0 ? undefined : Math.ceil(Math.max(...spans));
}
