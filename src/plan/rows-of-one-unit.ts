/**
 * Finds which tables of a FROM meet only in rows of one hour (or day), because the query compares their times
 * for equality. Pure.
 */
import {
  columnReference,
  columnReferences,
  conjuncts,
  isTreeNode,
  lowerTexts,
  type TreeNode,
} from '../model/query-tree.ts';
import type { JoinOfTables } from './rows-of-from.ts';
import { isInUnit, isMade, type MadeRelation, namesOfOne } from './rows-of-query.ts';

/** The tables of one FROM, and what joins them. */
export interface TiedFrom {
  readonly relations: readonly MadeRelation[];
  readonly joins: readonly JoinOfTables[];
  /** The conditions of the WHERE that must all be true. */
  readonly where: readonly TreeNode[];
}

/** What must be true of a row of one table and a row of another for them to meet. */
export interface Meeting {
  readonly conditions: readonly TreeNode[];
  /** Columns of `using`. */
  readonly using: readonly string[];
}

/**
 * The conditions under which rows of `other` meet a row of `one`. A condition of an outer join only chooses
 * among rows of the side that may be missing. It says nothing of two tables of the side that is kept: rows
 * that both meet one of the other side need not have met before.
 */
export function meetingOf(one: MadeRelation, other: MadeRelation, { joins, where }: TiedFrom): Meeting {
  const holding = joins.filter((join) => holdsFor(join, one.name, other.name));
  return {
    conditions: [...where, ...holding.flatMap(({ join }) => conjuncts(join['condition']))],
    using: holding
      .filter(({ left, right }) => isBetween(left, right, one, other) || isBetween(right, left, one, other))
      .flatMap(({ join }) => lowerTexts(join['using_columns'])),
  };
}

const isBetween = (
  side: ReadonlySet<string>,
  opposite: ReadonlySet<string>,
  one: MadeRelation,
  other: MadeRelation,
): boolean => side.has(one.name) && opposite.has(other.name);

function holdsFor({ join, left, right }: JoinOfTables, one: string, other: string): boolean {
  const type = String(join['join_type']);
  if (type === 'INNER') return true;
  if (type === 'OUTER' || type === 'FULL') return left.has(one) && right.has(other);
  const chosen = type.startsWith('RIGHT') ? left : right;
  return chosen.has(other);
}

/**
 * The tables of a FROM with the columns that lie in the unit (hour or day) of a joined row. Rows of a source
 * with a window lie around those of the sources without one, unless the query compares their times. A column
 * of a table without hours lies in the unit if it is equal to one that does.
 */
export function withTies(from: TiedFrom, ofDays: boolean): MadeRelation[] {
  const anchors = from.relations.filter((each) => isMade(each) && !each.isWindowed);
  const made = from.relations.filter(isMade);
  return from.relations.map((relation) => {
    if (!isMade(relation))
      return {
        ...relation,
        inUnit: new Set([...relation.inUnit, ...columnsEqual(relation, made, { from, ofDays })]),
      };
    const isBeside = relation.isWindowed && anchors.length > 0;
    return isBeside && !anchors.some((each) => isPairTied(each, relation, from, ofDays))
      ? { ...relation, inUnit: new Set<string>() }
      : relation;
  });
}

/** The columns of a table without hours that are equal to a time of the rows. */
function columnsEqual(
  own: MadeRelation,
  made: readonly MadeRelation[],
  { from, ofDays }: { readonly from: TiedFrom; readonly ofDays: boolean },
): string[] {
  return made.flatMap((each) => {
    const { conditions, using } = meetingOf(each, own, from);
    const isTime = (side: unknown): boolean => isInUnit(side, namesOfOne(each, ofDays));
    const equal = conditions.flatMap(({ type, left, right }) => {
      if (type !== 'COMPARE_EQUAL') return [];
      return [
        [left, right],
        [right, left],
      ].flatMap(([one, other]) => {
        const reference = columnReference(one);
        return reference?.relation === own.name && isTime(other) ? [reference.column] : [];
      });
    });
    return [...equal, ...using.filter((column) => each.inUnit.has(column))];
  });
}

/** True if equal times connect one of the relations with every other one. */
export const areTied = (relations: readonly MadeRelation[], from: TiedFrom, ofDays: boolean): boolean =>
  relations.length === 0 || relations.some((first) => leadsToAll(first, relations, { from, ofDays }));

function leadsToAll(
  first: MadeRelation,
  relations: readonly MadeRelation[],
  { from, ofDays }: { readonly from: TiedFrom; readonly ofDays: boolean },
): boolean {
  const reached = new Set([first]);
  for (let before = -1; before < reached.size; ) {
    before = reached.size;
    for (const each of relations)
      if ([...reached].some((one) => isPairTied(one, each, from, ofDays))) reached.add(each);
  }
  return reached.size === relations.length;
}

/** True if each row of `other` that meets a row of `one` lies in its unit. */
export function isPairTied(one: MadeRelation, other: MadeRelation, from: TiedFrom, ofDays: boolean): boolean {
  const { conditions, using } = meetingOf(one, other, from);
  if (using.some((column) => one.inUnit.has(column) && other.inUnit.has(column))) return true;
  return conditions.some((condition) => {
    const isEqual =
      condition['type'] === 'COMPARE_EQUAL' || condition['type'] === 'COMPARE_NOT_DISTINCT_FROM';
    const { left, right } = condition;
    const meet = (mine: unknown, theirs: unknown): boolean =>
      isTimeOf(mine, { relation: one, beside: other, ofDays }) &&
      isTimeOf(theirs, { relation: other, beside: one, ofDays });
    return isEqual && (meet(left, right) || meet(right, left));
  });
}

interface TimeOf {
  readonly relation: MadeRelation;
  readonly beside: MadeRelation;
  readonly ofDays: boolean;
}

/**
 * True if a value lies in the unit of the relation's rows, and comes from them, not from tables beside it.
 */
export const isTimeOf = (value: unknown, { relation, beside, ofDays }: TimeOf): boolean =>
  isInUnit(value, namesOfOne(relation, ofDays)) &&
  !columnReferences(value).some(({ relation: named }) => named === beside.name && named !== relation.name);

/** The conditions of joins, without the tables that they join. */
export function conditionsIn(from: unknown): unknown[] {
  if (!isTreeNode(from) || from['type'] !== 'JOIN') return [];
  return [from['condition'], ...conditionsIn(from['left']), ...conditionsIn(from['right'])];
}
