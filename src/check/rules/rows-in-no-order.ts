/** `rows-in-no-order`: what a query makes of rows hangs on the order in which they happen to be read. */
import { engineOf } from '../../model/engines.ts';
import { byteOf } from '../../model/query-tree.ts';
import { type TakenInNoOrder, takenInNoOrder } from '../../model/rows-in-no-order.ts';
import { isWindow } from '../../model/rows-together.ts';
import { perProcess, placeInQuery } from './rule.ts';

/** Whose names say that any row will do; where all have one value it is right so. */
const MEANT_SO: ReadonlySet<string> = new Set(['any_value()', 'arbitrary()']);

export const rowsInNoOrder = perProcess((process) =>
  takenInNoOrder(process.tree)
    .filter(({ called }) => !MEANT_SO.has(called))
    .map((taken) => ({
      code: 'rows-in-no-order',
      file: process.file,
      place: placeInQuery(process, byteOf(taken.node)),
      message:
        taken.kind === 'list'
          ? `${taken.called} puts values together in the order in which rows are read: an hour that is computed again may have them in another one`
          : `${taken.called} takes rows in no order: where they differ, an hour that is computed again may have another result`,
      hint: `${hintOf(taken, engineOf(process.spec) === 'spark')}; accept: [rows-in-no-order] in the header says that it is meant so`,
    })),
);

function hintOf({ node, called, kind }: TakenInNoOrder, isSpark: boolean): string {
  if (called === 'DISTINCT ON') return 'add an ORDER BY that says which row stays';
  if (isWindow(node)) return 'add an ORDER BY to its window';
  const name = called.slice(0, -2);
  if (isSpark)
    return kind === 'list' ? `sort it: sort_array(${name}(x))` : 'say which one: min_by(x, y), or max(x)';
  if (kind === 'list') return `say it inside: ${name}(x order by x)`;
  return `say which one: ${name === 'last' ? 'last' : 'first'}(x order by y), or max(x)`;
}
