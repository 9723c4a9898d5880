/**
 * Fills tables in memory with rows of a test. Rows as they are written -> a typed table. Throws
 * `test-invalid` with the cell that does not fit.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { ResultRows } from '../../engine/index.ts';
import { tableName } from '../../model/names.ts';
import { didYouMean } from '../../project/did-you-mean.ts';
import {
  cellFragment,
  identifierListFragment,
  joinedFragment,
  literalFragment,
  renderStatement,
  type SqlFragment,
  type TestColumn,
  userQueryFragment,
  writtenCellFragment,
} from '../../statements/index.ts';
import { complaintOf, isSqlFault, testProblem } from '../problem.ts';
import type { CellRow, Landing } from '../test-spec.ts';
import { makeEmpty } from './empty-table.ts';
import type { OutsideTable } from './make-tables.ts';
import type { Sandbox } from './sandbox.ts';

export interface Filling {
  readonly table: Pick<OutsideTable, 'id' | 'columns'>;
  readonly into: SqlFragment;
  readonly landing: Pick<Landing, 'rows' | 'placeOf'>;
  /** The test's file, as messages show it. */
  readonly file: string;
  /** The test's folder, where relative paths begin. */
  readonly root: string;
}

/** Creates the table `into` and fills it. */
export async function fillTable(sandbox: Sandbox, filling: Filling): Promise<void> {
  const { rows } = filling.landing;
  await makeEmpty(sandbox, filling.into, filling.table.columns);
  if (rows.kind === 'inline') return insertCells(sandbox, filling, rows.rows);
  if (rows.kind === 'csv') return insertCsv(sandbox, filling, writeCsv(sandbox, rows.text));
  if (rows.kind === 'sql') {
    await sandbox.searchFiles(filling.root);
    return insertQuery(sandbox, filling, rows.query);
  }
  const file = literalFragment(rows.file);
  if (/\.[ct]sv$/i.test(rows.file)) return insertCsv(sandbox, filling, rows.file);
  const reader = /\.parquet$/i.test(rows.file) ? 'test/read_parquet' : 'test/read_json';
  return insertQuery(sandbox, filling, renderStatement(reader, { file }));
}

function writeCsv(sandbox: Sandbox, text: string): string {
  const file = path.join(sandbox.folder, 'rows.csv');
  fs.writeFileSync(file, text);
  return file;
}

/** Reads CSV as text, so that a cell which does not fit is reported like one that is written inline. */
async function insertCsv(sandbox: Sandbox, filling: Filling, file: string): Promise<void> {
  const read = await asProblem(filling, () => sandbox.run('test/read_csv', { file: literalFragment(file) }));
  await insertCells(sandbox, filling, read.toObjects());
}

async function insertQuery(sandbox: Sandbox, filling: Filling, query: string): Promise<void> {
  const { into: table } = filling;
  const { columns } = await asProblem(filling, () =>
    sandbox.run('test/columns', { from: userQueryFragment(`(\n${query}\n)`) }),
  );
  for (const { name } of columns) columnOf(filling, name);
  await asProblem(filling, () =>
    sandbox.run('test/insert_query', { table, query: userQueryFragment(query) }),
  );
}

/** Reports DuckDB's complaint about a text of the test, with its place. */
async function asProblem(filling: Filling, work: () => Promise<ResultRows>): Promise<ResultRows> {
  try {
    return await work();
  } catch (error) {
    if (!isSqlFault(error)) throw error;
    throw testProblem(
      filling.file,
      filling.landing.placeOf(),
      `the rows of ${tableName(filling.table.id)} cannot be read: ${complaintOf(error)}`,
      `its columns are ${filling.table.columns.map(({ name, type }) => `${name} ${type}`).join(', ')}`,
    );
  }
}

/** The column of that name, compared without case as DuckDB does. */
function columnOf({ table, landing, file }: Filling, name: string, row?: number): TestColumn {
  const found = table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw testProblem(
    file,
    landing.placeOf(row, row === undefined ? undefined : name),
    `${tableName(table.id)} has no column '${name}'`,
    didYouMean(
      name,
      table.columns.map((column) => column.name),
      'columns',
    ),
  );
}

/** Inserts rows of cells, which DuckDB casts. */
async function insertCells(sandbox: Sandbox, filling: Filling, rows: readonly CellRow[]): Promise<void> {
  if (rows.length === 0) return;
  const columns: TestColumn[] = [];
  for (const [index, row] of rows.entries())
    for (const name of Object.keys(row)) {
      const column = columnOf(filling, name, index);
      if (!columns.includes(column)) columns.push(column);
      refuseInexact(filling, { row: index, name, column }, row[name]);
    }
  const written = rows.map((row) => {
    const cells = new Map(Object.entries(row).map(([name, cell]) => [name.toLowerCase(), cell]));
    return columns.map(({ name }) => plainCell(cells.get(name.toLowerCase())));
  });
  if (columns.length === 0) return insertEmpty(sandbox, filling, rows.length);
  try {
    await sandbox.run(
      'test/insert_cells',
      {
        table: filling.into,
        columns: identifierListFragment(columns.map(({ name }) => name)),
        cells: joinedFragment(
          columns.map((column, position) => cellFragment(position, column)),
          ', ',
        ),
      },
      { rows: JSON.stringify(written) },
    );
  } catch (error) {
    if (!isSqlFault(error)) throw error;
    await refuseCell(sandbox, filling, { rows, columns, written });
    throw testProblem(filling.file, filling.landing.placeOf(), complaintOf(error));
  }
}

/** Inserts rows that name no column: all values are NULL. */
async function insertEmpty(sandbox: Sandbox, filling: Filling, count: number): Promise<void> {
  const [first] = filling.table.columns;
  if (first === undefined) return;
  await insertCells(
    sandbox,
    filling,
    Array.from({ length: count }, () => ({ [first.name]: null })),
  );
}

/** JSON has no such numbers, but DuckDB reads their texts. */
const plainCell = (cell: unknown): unknown =>
  cell === undefined ? null : typeof cell === 'number' && !Number.isFinite(cell) ? String(cell) : cell;

interface WrittenCells {
  readonly rows: readonly CellRow[];
  readonly columns: readonly TestColumn[];
  readonly written: readonly (readonly unknown[])[];
}

/** Finds the first cell that is not of its column's type. */
async function refuseCell(
  sandbox: Sandbox,
  filling: Filling,
  { rows, columns, written }: WrittenCells,
): Promise<void> {
  for (const [row, cells] of written.entries())
    for (const [position, column] of columns.entries()) {
      const complaint = await complaintAbout(sandbox, column, cells[position]);
      if (complaint === undefined) continue;
      const name = Object.keys(rows[row] ?? {}).find(
        (each) => each.toLowerCase() === column.name.toLowerCase(),
      );
      throw cellProblem(filling, { row, name: name ?? column.name, column }, cells[position], complaint);
    }
}

/** Undefined if the cell fits. Else DuckDB's complaint, or an empty one. */
async function complaintAbout(
  sandbox: Sandbox,
  column: TestColumn,
  cell: unknown,
): Promise<string | undefined> {
  // For a struct, DuckDB's TRY_CAST accepts less than its CAST, for which a missing field is NULL.
  const tries = !/^(STRUCT|MAP|UNION)\(|\]$/.test(column.type);
  try {
    const { rows } = await sandbox.run(
      'test/cell_fits',
      { written: writtenCellFragment(0, column), cast: cellFragment(0, column, { tries }) },
      { rows: JSON.stringify([[cell]]) },
    );
    return rows[0]?.[0] === true ? undefined : '';
  } catch (error) {
    if (!isSqlFault(error)) throw error;
    return complaintOf(error);
  }
}

interface CellPlace {
  readonly row: number;
  readonly name: string;
  readonly column: TestColumn;
}

function cellProblem(
  { table, landing, file }: Filling,
  { row, name, column }: CellPlace,
  cell: unknown,
  hint?: string,
): Error {
  const shown = typeof cell === 'string' ? `'${cell}'` : JSON.stringify(cell);
  return testProblem(
    file,
    landing.placeOf(row, name),
    `row ${row + 1} of ${tableName(table.id)}, column ${column.name}: ${shown} is no ${column.type}`,
    hint === '' ? undefined : hint,
  );
}

const INTEGER = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;

/** Refuses numbers that DuckDB would round, or that YAML has already rounded. */
function refuseInexact(filling: Filling, place: CellPlace, cell: unknown): void {
  const { type } = place.column;
  if (INTEGER.test(type) && typeof cell === 'number' && Number.isInteger(cell) && !Number.isSafeInteger(cell))
    throw cellProblem(filling, place, cell, 'write a number of more than 15 digits in quotes');
  if (INTEGER.test(type) && (typeof cell === 'number' || typeof cell === 'string'))
    if (!/^\s*[+-]?\d+\s*$/.test(digitsOf(cell)))
      throw cellProblem(filling, place, cell, 'write a whole number');
}

const digitsOf = (cell: number | string): string =>
  typeof cell === 'number' && Number.isInteger(cell) ? cell.toFixed(0) : String(cell);
