/**
 * Finds which columns of a query lie in the same unit (hour or day) as the rows that they are made from.
 * Pure.
 */
import {
  columnReference,
  columnReferences,
  constantOf,
  isTreeNode,
  listed,
  lowerText,
  lowerTexts,
  type TreeNode,
  writtenNode,
} from '../model/query-tree.ts';
import { CHOOSING_AGGREGATES } from '../model/rows-together.ts';
import type { JoinOfTables } from './rows-of-from.ts';
import type { TiedFrom } from './rows-of-one-unit.ts';
import { isInUnit, isMade, type MadeRelation, NO_ROWS, type RowNames, type RowsOf } from './rows-of-query.ts';

/** What `group by 1` and `distinct on (1)` stand for. */
export function itemOfPlace(value: unknown, items: readonly TreeNode[]): unknown {
  const place = constantOf(value);
  return typeof place === 'number' ? items[place - 1] : value;
}

/** In `distinct on (a)` a column of the SELECT comes before one of its tables. */
export function itemOfName(value: unknown, items: readonly TreeNode[]): unknown {
  const reference = columnReference(value);
  if (reference === undefined || reference.relation !== undefined) return value;
  return items.find((item) => lowerText(item['alias']) === reference.column) ?? value;
}

/** One of the values of a column that lies in the unit of its rows, once they are grouped by it. */
export function isChosenInUnit(item: TreeNode, names: RowNames): boolean {
  const isChoosing =
    item['class'] === 'FUNCTION' && CHOOSING_AGGREGATES.has(lowerText(item['function_name']));
  return isChoosing && isInUnit(listed(item['children'])[0], names);
}

/**
 * The columns of grouped rows that lie in the unit of them. Of several sets a key is NULL in the rows of
 * those without it, so that outside it says nothing of their unit. `keys`: those of every set; undefined
 * where there are no sets.
 */
export function columnsOfGroups(
  items: readonly TreeNode[],
  { inUnit }: RowsOf,
  { keys, names }: { readonly keys: readonly unknown[] | undefined; readonly names: RowNames },
): ReadonlySet<string> {
  if (keys === undefined) return inUnit;
  const isKey = (item: TreeNode): boolean => {
    const own = columnReferences(item).map(({ column }) => column);
    const named = keys.map((key) => columnReference(key)?.column);
    return (
      keys.some((key) => writtenNode(key) === writtenNode(item)) ||
      named.includes(lowerText(item['alias'])) ||
      (own.length > 0 && own.every((column) => named.includes(column)))
    );
  };
  const kept = items.filter((item) => isChosenInUnit(item, names) || isKey(item)).map(nameOfItem);
  return new Set(kept.filter((name) => inUnit.has(name)));
}

/** The name that a column of a SELECT has outside. */
export const nameOfItem = (item: TreeNode): string =>
  lowerText(item['alias']) || (lowerTexts(item['column_names']).at(-1) ?? '');

/**
 * The columns that are known of a star. Of several tables the first has a name, so those of a table lie in
 * the unit where the columns of all before it are known. `merged`: columns that a join made one of two.
 */
export function columnsOfStar(
  star: TreeNode,
  relations: readonly MadeRelation[],
  merged: ReadonlySet<string>,
): { readonly name: string; readonly isOfUnit: boolean }[] {
  // `columns(…)` chooses and renames.
  if (star['columns'] === true) return [];
  const of = lowerText(star['relation_name']);
  const gone = [
    ...lowerTexts(star['exclude_list']).map((column) => ({ table: '', column })),
    ...[...listed(star['qualified_exclude_list']), ...keysOf(star['rename_list'])].map(writtenColumn),
  ];
  const isGone = (relation: string, name: string): boolean =>
    gone.some(({ table, column }) => column === name && (table === '' || table === relation));
  // Nothing is known of the expressions that replace columns.
  const replaced = new Set(keysOf(star['replace_list']).map(lowerText));
  const shown = relations.filter(({ name }) => of === '' || of === name);
  const isLaterOfMerged = (name: string, index: number): boolean =>
    merged.has(name) && shown.slice(0, index).some(({ columns = [] }) => columns.includes(name));
  return shown.flatMap(({ name: relation, inUnit, columns }, index) => {
    const isFirst = (name: string): boolean =>
      merged.has(name) || shown.slice(0, index).every((before) => before.columns?.includes(name) === false);
    const names = [...new Set([...(columns ?? []), ...inUnit])].filter(
      (name) => !isGone(relation, name) && !isLaterOfMerged(name, index),
    );
    return names.map((name) => ({
      name,
      isOfUnit: inUnit.has(name) && !replaced.has(name) && isFirst(name),
    }));
  });
}

/** The columns in an EXCLUDE, a REPLACE or a RENAME of a star. */
const keysOf = (list: unknown): unknown[] =>
  listed(list).map((each) => (isTreeNode(each) ? each['key'] : each));

const writtenColumn = (value: unknown): { readonly table: string; readonly column: string } =>
  isTreeNode(value)
    ? { table: lowerText(value['table']), column: lowerText(value['column']) }
    : { table: '', column: lowerText(value) };

/** False if the star's columns, or their order, are not known. */
export function isStarListed(star: TreeNode, { relations, joins }: TiedFrom): boolean {
  const of = lowerText(star['relation_name']);
  const isRenamed = star['columns'] === true || listed(star['rename_list']).length > 0;
  const isOfAll = ({ join }: JoinOfTables): boolean =>
    /SEMI|ANTI/.test(String(join['join_type'])) || join['ref_type'] === 'NATURAL';
  if (isRenamed || (of === '' && joins.some(isOfAll))) return false;
  return relations.every(({ name, columns }) => columns !== undefined || (of !== '' && of !== name));
}

/** For a set operation: the columns that lie in the unit in every part that is made from a source. */
export function sharedColumns(parts: readonly RowsOf[]): Set<string> {
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
