/** `rows-in-no-order`: what a query makes of rows depends on the order in which they happen to be read. */
import { engineOf } from '../../model/engines.ts';
import { byteOf } from '../../model/query-tree.ts';
import { type TakenInNoOrder, takenInNoOrder } from '../../model/rows-in-no-order.ts';
import { type LeftToChance, leftToChance } from '../../model/rows-left-to-chance.ts';
import { isWindow } from '../../model/rows-together.ts';
import type { CheckedProcess } from '../facts.ts';
import { type Found, perProcess, placeInQuery } from './rule.ts';

/** Their names say that any row will do; this is right if all have one value. */
const MEANT_SO: ReadonlySet<string> = new Set(['any_value()', 'arbitrary()']);

export const rowsInNoOrder = perProcess((process) => [
  ...takenInNoOrder(process.tree)
    .filter(({ called }) => !MEANT_SO.has(called))
    .map((taken) => found(process, taken, messageOf(taken))),
  ...leftToChance(process.tree).map((left) => found(process, left, chanceOf(left))),
]);

const found = (process: CheckedProcess, taken: TakenInNoOrder, message: string): Found => ({
  code: 'rows-in-no-order',
  file: process.file,
  place: placeInQuery(process, byteOf(taken.node)),
  message,
  hint: `${hintOf(taken, engineOf(process.spec) === 'spark')}; accept: [rows-in-no-order] in the header says that it is meant so`,
});

const messageOf = ({ called, kind }: TakenInNoOrder): string =>
  kind === 'list'
    ? `${called} puts values together in the order in which rows are read: an hour that is computed again may have them in another one`
    : `${called} takes rows in no order: where they differ, an hour that is computed again may have another result`;

function chanceOf(left: LeftToChance): string {
  const again = 'an hour that is computed again may have another result';
  if (left.by === 'limit') return `LIMIT takes some of the rows in no order: ${again}`;
  if (left.by === 'mode')
    return `mode() takes of values that are equally frequent the one that is read first: ${again}`;
  return `${left.called} is ordered by what all its rows have in common, so that they are in no order: where they differ, ${again}`;
}

function hintOf({ node, called, kind, ...left }: TakenInNoOrder | LeftToChance, isSpark: boolean): string {
  const by = 'by' in left ? left.by : undefined;
  if (by === 'limit') return 'add an ORDER BY that no two rows share';
  if (by === 'mode')
    return isSpark
      ? 'say which one: mode(x, true) of Spark 4, or max(x)'
      : 'say which one: mode(x order by x)';
  if (by === 'tied') return 'order it by a column in which they differ';
  if (called === 'DISTINCT ON') return 'add an ORDER BY that says which row stays';
  if (isWindow(node)) return 'add an ORDER BY to its window';
  const name = called.slice(0, -2);
  if (isSpark)
    return kind === 'list' ? `sort it: sort_array(${name}(x))` : 'say which one: min_by(x, y), or max(x)';
  if (kind === 'list') return `say it inside: ${name}(x order by x)`;
  return `say which one: ${name === 'last' ? 'last' : 'first'}(x order by y), or max(x)`;
}
