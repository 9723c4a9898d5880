/**
 * Which tables of a FROM meet in rows of one hour (of a process of days: day) alone, because equal times are
 * compared. Pure.
 */
import { columnReference, columnReferences, isTreeNode, type TreeNode } from '../model/query-tree.ts';
import { isInUnit, isMade, type MadeRelation, namesOfOne } from './rows-of-query.ts';

/** The tables of one FROM, and the conditions on them that must all be true. */
export interface TiedFrom {
  readonly relations: readonly MadeRelation[];
  readonly conditions: readonly TreeNode[];
  readonly using: readonly string[];
}

/**
 * Which columns of a FROM lie in the unit of a row of it. Beside sources without a window the rows of one
 * with a window are those around them, unless they are compared by time; and a column of a table without
 * hours is in the unit where it is equal to one that is.
 */
export function withTies(from: TiedFrom, ofDays: boolean): Pick<TiedFrom, 'relations'> {
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
  { name: own }: MadeRelation,
  made: readonly MadeRelation[],
  { from, ofDays }: { readonly from: TiedFrom; readonly ofDays: boolean },
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

/** True where equal times lead from each relation to every other one. */
export function areTied(relations: readonly MadeRelation[], from: TiedFrom, ofDays: boolean): boolean {
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

function isPairTied(
  one: MadeRelation,
  other: MadeRelation,
  { conditions, using }: TiedFrom,
  ofDays: boolean,
): boolean {
  if (using.some((column) => one.inUnit.has(column) && other.inUnit.has(column))) return true;
  const isOf = (side: unknown, relation: MadeRelation, beside: MadeRelation): boolean =>
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

/** The conditions of joins, without the tables that they join. */
export function conditionsIn(from: unknown): unknown[] {
  if (!isTreeNode(from) || from['type'] !== 'JOIN') return [];
  return [from['condition'], ...conditionsIn(from['left']), ...conditionsIn(from['right'])];
}
