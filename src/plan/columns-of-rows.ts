/** Which columns of a query lie in the unit of the rows that they come of. Pure. */
import {
  columnReference,
  isTreeNode,
  listed,
  lowerText,
  lowerTexts,
  type TreeNode,
  treeNodes,
} from '../model/query-tree.ts';
import { CHOOSING_AGGREGATES } from '../model/rows-together.ts';
import { isInUnit, isMade, type MadeRelation, NO_ROWS, type RowNames, type RowsOf } from './rows-of-query.ts';

/** What `group by 1` and `distinct on (1)` stand for. */
export function itemOfPlace(value: unknown, items: readonly TreeNode[]): unknown {
  if (!isTreeNode(value) || value['class'] !== 'CONSTANT' || !isTreeNode(value['value'])) return value;
  const place = value['value']['value'];
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
  const keysOf = (list: unknown): string[] => treeNodes(list).map((node) => lowerText(node['key']));
  const gone = new Set([...lowerTexts(star['exclude_list']), ...keysOf(star['rename_list'])]);
  // Of what is replaced nothing is known.
  const replaced = new Set(keysOf(star['replace_list']));
  const shown = relations.filter(({ name }) => of === '' || of === name);
  return shown.flatMap(({ inUnit, columns }, index) => {
    const isFirst = (name: string): boolean =>
      merged.has(name) || shown.slice(0, index).every((before) => before.columns?.includes(name) === false);
    const names = [...new Set([...(columns ?? []), ...inUnit])].filter((name) => !gone.has(name));
    return names.map((name) => ({
      name,
      isOfUnit: inUnit.has(name) && !replaced.has(name) && isFirst(name),
    }));
  });
}

/** Of set operations: the columns that lie in the unit in every part whose rows are made of a source. */
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
