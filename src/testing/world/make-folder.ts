/**
 * Makes a folder of files that comes from outside of a test. Source + types -> OutsideFolder, and the source
 * as it is in the test. The rows of an arrival land in it as one file of JSON lines, whatever the project's
 * files are, and sessions read it like the project's.
 */
import fs from 'node:fs';
import { namesFile } from '../../model/files-source.ts';
import { type TableIdentifier, tableKey, tableName } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import {
  literalFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
  type TestColumn,
} from '../../statements/index.ts';
import { complaintOf, isSqlFault, testProblem } from '../problem.ts';
import type { TestSpec } from '../test-spec.ts';
import type { Sandbox } from './sandbox.ts';

/** Additional facts about an outside table that is a folder. */
export interface OutsideFolder {
  /** Absolute path of the folder that contains the folders of the test. */
  readonly root: string;
  /** Its name in there: the alias of its source. */
  readonly name: string;
  /** Whether its rows have their file in the column `filename`. */
  readonly withFilename: boolean;
  /** Absolute path of a file without rows. */
  readonly emptyFile: string;
}

/** Finds every source of these processes that reads the folder. */
const sourcesOf = (
  processes: readonly ProcessSpec[],
  id: TableIdentifier,
): { readonly spec: ProcessSpec; readonly source: SourceSpec }[] =>
  processes.flatMap((spec) =>
    spec.sources
      .filter(({ table, files }) => files !== undefined && tableKey(table) === tableKey(id))
      .map((source) => ({ spec, source })),
  );

/** Throws `test-invalid` if two processes of the test give its columns different types. */
export function outsideFolder(
  sandbox: Sandbox,
  test: TestSpec,
  {
    id,
    columns,
    others,
  }: {
    readonly id: TableIdentifier;
    readonly columns: readonly TestColumn[];
    /** Names of the test's other folders. */
    readonly others: readonly string[];
  },
): OutsideFolder {
  const reading = sourcesOf(test.processes, id);
  const [first, ...rest] = reading as [(typeof reading)[number], ...typeof reading];
  const other = rest.find(
    ({ source }) => JSON.stringify(source.files?.columns) !== JSON.stringify(first.source.files?.columns),
  );
  if (other !== undefined)
    throw testProblem(
      test.file,
      test.place,
      `${first.spec.processName} and ${other.spec.processName} read ${tableName(id)} with other columns`,
      'test them one by one, or give both the same columns:',
    );
  const { alias } = first.source;
  const taken = others.includes(alias.toLowerCase());
  const name = taken ? `${alias}_${others.length + 1}` : alias;
  const hasFilename = columns.some((column) => column.name.toLowerCase() === 'filename');
  const emptyFile = sandbox.files.pathOf(`${name}/no-rows.jsonl`);
  fs.writeFileSync(emptyFile, '');
  return {
    root: sandbox.files.root,
    name,
    withFilename: !hasFilename && reading.some(({ spec }) => namesFile(spec)),
    emptyFile,
  };
}

/** The types of the columns in a header, as DuckDB names them. */
export async function columnsOfHeader(
  sandbox: Sandbox,
  test: TestSpec,
  { id, columns }: { readonly id: TableIdentifier; readonly columns: Readonly<Record<string, string>> },
  query: (columns: readonly TestColumn[]) => string,
): Promise<readonly TestColumn[]> {
  const told = Object.entries(columns).map(([name, type]) => ({ name, type }));
  try {
    return (await sandbox.query(query(told))).columns;
  } catch (error) {
    if (!isSqlFault(error)) throw error;
    throw testProblem(
      test.file,
      test.place,
      `the columns of ${tableName(id)}: ${complaintOf(error)}`,
      'they are column names and DuckDB types: columns: { id: bigint, … }',
    );
  }
}

/** The additional column of a folder's rows. */
export const FILE_COLUMN: TestColumn = { name: 'filename', type: 'VARCHAR' };

/** The name of the file that an arrival, counted from 0, brings. */
export const fileOfArrival = ({ name }: OutsideFolder, index: number): string =>
  `${name}/arrival-${index + 1}.jsonl`;

/** Writes that file, which lands later. */
export async function writeArrival(
  sandbox: Sandbox,
  { file, rows }: { readonly file: string; readonly rows: SqlFragment },
): Promise<void> {
  await sandbox.run('test/write_rows', { table: rows, file: literalFragment(sandbox.files.pathOf(file)) });
}

/** The rows as the recompute sees them. */
export const rowsWithFile = (
  { withFilename }: OutsideFolder,
  { file, rows }: { readonly file: string; readonly rows: SqlFragment },
): SqlFragment =>
  withFilename
    ? statementFragment(
        `(${renderStatement('test/with_file', { table: rows, file: literalFragment(file) })})`,
      )
    : rows;

/** A source of the folder, as it is in the test. */
export const sourceInTest = (
  source: SourceSpec,
  { root, name, emptyFile }: OutsideFolder,
  columns: readonly TestColumn[],
): SourceSpec => ({
  ...source,
  files: {
    globs: [`${name}/*.jsonl`],
    root,
    format: 'json',
    options: {},
    columns: Object.fromEntries(columns.map((column) => [column.name, column.type])),
    onFileChange: 'refuse',
    onBadRows: source.files?.onBadRows ?? 'refuse',
    settleMs: 0,
    emptyFile,
  },
});
