/**
 * Finds columns that rows of tests name but their tables lack. Tests + what is known of the project ->
 * problems. Pure. Playing such a test says the same, but only about its first wrong column.
 */
import { tableKey, tableName } from '../model/names.ts';
import { didYouMean } from '../project/did-you-mean.ts';
import type { CellRow, TestSpec } from '../testing/test-spec.ts';
import type { Checked } from './facts.ts';
import { columnOfName, type Found } from './rules/rule.ts';

/** One problem for each column of a landing, and of the rows that are expected after an arrival. */
export const unknownColumns = (checked: Checked, tests: readonly TestSpec[]): Found[] =>
  tests.flatMap((test) =>
    test.arrivals.flatMap((arrival) => [
      ...arrival.landings.flatMap(({ table, rows, placeOf }) =>
        rows.kind !== 'inline'
          ? []
          : unknownIn(rows.rows, columnsOf(checked, tableKey(table)), {
              file: test.file,
              what: tableName(table),
              placeOf,
            }),
      ),
      ...[...arrival.expected].flatMap(([name, { rows = [], placeOf }]) => {
        const process = checked.processes.find(({ spec }) => spec.processName === name);
        const found = process?.bound?.query;
        return unknownIn(rows, found?.faults.length === 0 ? found.columns : undefined, {
          file: test.file,
          what: `the target ${process === undefined ? name : tableName(process.spec.target.table)}`,
          placeOf: (row, column) => placeOf('rows', row, column),
        });
      }),
    ]),
  );

/** Undefined if they are not known. */
const columnsOf = ({ processes }: Checked, key: string): readonly { readonly name: string }[] | undefined =>
  processes.flatMap(({ sources }) => sources).find(({ spec }) => tableKey(spec.table) === key)?.columns;

function unknownIn(
  rows: readonly CellRow[],
  columns: readonly { readonly name: string }[] | undefined,
  {
    file,
    what,
    placeOf,
  }: {
    readonly file: string;
    readonly what: string;
    readonly placeOf: (row: number, column: string) => Found['place'];
  },
): Found[] {
  if (columns === undefined) return [];
  const names = columns.map(({ name }) => name);
  const found = new Map<string, Found>();
  for (const [index, row] of rows.entries())
    for (const name of Object.keys(row))
      if (!found.has(name) && columnOfName(columns, name) === undefined)
        found.set(name, {
          code: 'test-file-invalid',
          file,
          place: placeOf(index, name),
          message: `${what} has no column '${name}'`,
          hint: didYouMean(name, names, 'columns'),
        });
  return [...found.values()];
}
