/**
 * Compares rows of a query that takes some of them in no order: do they differ in more than that? Sides +
 * tree -> what differs, and what a reader has to know about it.
 */
import { columnsInNoOrder } from '../../model/rows-in-no-order.ts';
import {
  inAnyOrderFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
  type TestColumn,
} from '../../statements/index.ts';
import { compareSides, type Differences, type Sides } from '../differences.ts';
import type { RowsInMemory } from '../rows-in-memory.ts';

export interface DifferencesTold {
  readonly found: Differences;
  readonly notes: readonly string[];
}

/**
 * Compares exactly. If rows differ, and the query has columns that depend on the order in which rows are
 * read, it compares again as far as that order does not matter. If they differ then, too, all of it is
 * reported.
 */
export async function compareInAnyOrder(
  memory: RowsInMemory,
  sides: Sides,
  tree: unknown,
): Promise<DifferencesTold> {
  const found = await compareSides(memory, sides);
  const loosely = found.rows === undefined ? undefined : columnsInNoOrder(tree);
  if (loosely === undefined) return { found, notes: [] };
  const isList = ({ name, type }: TestColumn): boolean =>
    loosely.lists.includes(name.toLowerCase()) && (type === 'VARCHAR' || type.endsWith('[]'));
  const isLoose = ({ name }: TestColumn): boolean =>
    [...loosely.lists, ...loosely.others].includes(name.toLowerCase());
  const lists = sides.columns.filter(isList);
  const out = sides.columns.filter((column) => isLoose(column) && !isList(column));
  const columns = sides.columns.filter((column) => !out.includes(column));
  const sorted = new Set(lists.map(({ name }) => name.toLowerCase()));
  const relation = (rows: SqlFragment): SqlFragment =>
    statementFragment(
      renderStatement('fragments/in_any_order', { columns: inAnyOrderFragment(columns, sorted), rows }),
    );
  const again = await compareSides(memory, {
    ...sides,
    expected: relation(sides.expected),
    found: relation(sides.found),
    columns: columns.map((each) => (isList(each) && each.type === 'VARCHAR' ? asList(each) : each)),
    name: `${sides.name}_in_any_order`,
  });
  if (again.rows !== undefined) return { found, notes: [] };
  return { found: again, notes: [...sortedNote(lists), ...leftOutNote(out)] };
}

const asList = (column: TestColumn): TestColumn => ({ ...column, type: 'VARCHAR[]' });
const namesOf = (columns: readonly TestColumn[]): string => columns.map(({ name }) => name).join(', ');

const sortedNote = (lists: readonly TestColumn[]): string[] =>
  lists.length === 0
    ? []
    : [`compared whatever the order of their values is, which the query does not say: ${namesOf(lists)}`];

const leftOutNote = (columns: readonly TestColumn[]): string[] =>
  columns.length === 0
    ? []
    : [`not compared, since the query takes them of rows in no order: ${namesOf(columns)}`];
