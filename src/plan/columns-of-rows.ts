/** Which columns of a query lie in the unit of the rows that they come of. Pure. */
import { isTreeNode, listed, lowerText, lowerTexts, type TreeNode, treeNodes } from '../model/query-tree.ts';
import { CHOOSING_AGGREGATES } from '../model/rows-together.ts';
import { isInUnit, isMade, type MadeRelation, NO_ROWS, type RowNames, type RowsOf } from './rows-of-query.ts';

/** What `group by 1` and `distinct on (1)` stand for. */
export function itemOfPlace(value: unknown, items: readonly TreeNode[]): unknown {
  if (!isTreeNode(value) || value['class'] !== 'CONSTANT' || !isTreeNode(value['value'])) return value;
  const place = value['value']['value'];
  return typeof place === 'number' ? items[place - 1] : value;
}

/** One of the values of a column that lies in the unit of its rows, once they are grouped by it. */
export function isChosenInUnit(item: TreeNode, names: RowNames): boolean {
  const isChoosing =
    item['class'] === 'FUNCTION' && CHOOSING_AGGREGATES.has(lowerText(item['function_name']));
  return isChoosing && isInUnit(listed(item['children'])[0], names);
}

export function columnsOfStar(star: TreeNode, relations: readonly MadeRelation[]): string[] {
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
