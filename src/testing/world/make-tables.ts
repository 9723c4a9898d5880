/**
 * Makes the tables that come from outside of a test, empty in its warehouse, each with a mirror in memory.
 * Types -> tables.
 */
import { queryOf } from '../../compare/recompute/process-query.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { namesFile } from '../../model/files-source.ts';
import { parseTableName, type TableIdentifier, tableKey, tableName } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import { ddlFileOf } from '../../project/table-files.ts';
import {
  lakeTable,
  renderStatement,
  type SqlFragment,
  statementFragment,
  type TestColumn,
  tableFragment,
} from '../../statements/index.ts';
import { complaintOf, isSqlFault, testProblem } from '../problem.ts';
import type { TestSpec } from '../test-spec.ts';
import type { Checkpoint } from './checkpoint.ts';
import { emptyQuery, makeEmpty } from './empty-table.ts';
import { columnsOfHeader, FILE_COLUMN, type OutsideFolder, outsideFolder } from './make-folder.ts';
import type { Sandbox } from './sandbox.ts';
import { ddlTableOf, type SourceTypes, typeUnknown } from './source-types.ts';

export interface OutsideTable {
  readonly id: TableIdentifier;
  /** The table's number within the test; part of the names of its tables in memory. */
  readonly number: number;
  readonly columns: readonly TestColumn[];
  /** Set if it is a folder of files, and not a table. */
  readonly folder?: OutsideFolder;
}

/** A table of the database in memory. */
export const memoryTable = (name: string): SqlFragment =>
  tableFragment('psyberg_test', { namespace: ['test_rows'], name });

/** A test's sources before anything has landed; kept for tests with the same sources. */
interface Made {
  readonly checkpoint: Checkpoint;
  readonly tables: readonly OutsideTable[];
}

/** Makes tables in one sandbox, each set of them only once. */
export function tableMaker(
  sandbox: Sandbox,
  types: SourceTypes,
): (test: TestSpec) => Promise<readonly OutsideTable[]> {
  const made = new Map<string, Made>();
  return async (test) => {
    const context = { sandbox, types, test, making: [] };
    const ids = outsideTables(test.processes);
    const inCatalog = ids.filter((id) => !isFolder(id));
    const key = inCatalog.map(tableKey).join(' ');
    await sandbox.begin();
    const known = made.get(key) ?? (await makeAll(context, inCatalog));
    made.set(key, known);
    sandbox.restore(known.checkpoint);
    return [...known.tables, ...(await makeFolders(context, ids.filter(isFolder), known.tables.length))];
  };
}

const isFolder = ({ namespace }: TableIdentifier): boolean => namespace.length === 0;

async function makeAll(context: Making, ids: readonly TableIdentifier[]): Promise<Made> {
  const tables: OutsideTable[] = [];
  for (const [number, id] of ids.entries())
    tables.push({ id, number, columns: await makeTable(context, id) });
  return { checkpoint: context.sandbox.save(), tables };
}

/** `first`: how many tables come before them. */
async function makeFolders(
  context: Making,
  ids: readonly TableIdentifier[],
  first: number,
): Promise<OutsideTable[]> {
  const tables: OutsideTable[] = [];
  for (const id of ids) {
    const columns = await columnsOfFolder(context, id, context.test.processes);
    const others = tables.flatMap(({ folder }) => folder?.name.toLowerCase() ?? []);
    const folder = outsideFolder(context.sandbox, context.test, { id, columns, others });
    tables.push({ id, number: first + tables.length, columns, folder });
  }
  return tables;
}

/** The sources that no process of the chain writes, in the order of their names. */
export function outsideTables(processes: readonly ProcessSpec[]): TableIdentifier[] {
  const written = new Set(processes.map((spec) => tableKey(spec.target.table)));
  const outside = new Map(
    processes.flatMap((spec) =>
      spec.sources
        .filter(({ table }) => !written.has(tableKey(table)))
        .map(({ table }) => [tableKey(table), table] as const),
    ),
  );
  return [...outside.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, table]) => table);
}

interface Making {
  readonly sandbox: Sandbox;
  readonly types: SourceTypes;
  readonly test: TestSpec;
  /** Tables whose columns are just being determined. */
  readonly making: readonly string[];
}

async function makeTable(context: Making, id: TableIdentifier): Promise<readonly TestColumn[]> {
  const { sandbox, types, test } = context;
  const type = types.get(tableKey(id));
  if (type === undefined || type.kind === 'columns')
    throw testProblem(test.file, test.place, ...typeUnknown(id));
  const { client } = sandbox.workspace([]);
  await client.createNamespace(id.namespace);
  if (type.kind === 'table') await client.createTable(id, type.create);
  else if (type.kind === 'ddl') await runDdl(context, id, type);
  else await createFromQuery(context, id, type.producer);
  return columnsIn(sandbox, lakeTable(id));
}

/** Takes the columns from the folder's header, or from the DDL of its alias. */
async function columnsOfFolder(
  context: Making,
  id: TableIdentifier,
  processes: readonly ProcessSpec[],
): Promise<readonly TestColumn[]> {
  const { sandbox, types, test } = context;
  const type = types.get(tableKey(id));
  if (type?.kind === 'columns')
    return columnsOfHeader(sandbox, test, { id, columns: type.columns }, (columns) =>
      renderStatement('test/columns', { from: statementFragment(`(${emptyQuery(columns)})`) }),
    );
  const source = processes
    .flatMap(({ sources }) => sources)
    .find(({ table }) => tableKey(table) === tableKey(id)) as SourceSpec;
  if (type?.kind !== 'ddl') throw testProblem(test.file, test.place, ...typeUnknown(id, source));
  const before = sandbox.save();
  const ddl = ddlTableOf(source);
  await sandbox.workspace([]).client.createNamespace(ddl.namespace);
  await runDdl(context, ddl, type);
  const columns = await columnsIn(sandbox, lakeTable(ddl));
  // The warehouse of the test must not have a table of that name.
  sandbox.restore(before);
  return columns;
}

/** The columns of a table, or of a query in parentheses. */
export const columnsIn = async (sandbox: Sandbox, from: SqlFragment): Promise<readonly TestColumn[]> =>
  (await sandbox.run('test/columns', { from })).columns;

async function runDdl(
  { sandbox }: Making,
  id: TableIdentifier,
  { file, text }: { readonly file: string; readonly text: string },
): Promise<void> {
  const begin = { line: 1, column: 1 };
  try {
    await sandbox.sql(text);
  } catch (error) {
    if (!isSqlFault(error)) throw error;
    throw testProblem(file, begin, complaintOf(error), 'it is plain DDL: create table namespace.name (…)');
  }
  if (!(await sandbox.workspace([]).client.tableExists(id)))
    throw testProblem(
      file,
      begin,
      `it creates no table ${tableName(id)}`,
      `create table ${tableName(id)} (…)`,
    );
}

/**
 * Creates the target of another process of the project, from what its query returns over sources without
 * rows.
 */
async function createFromQuery(context: Making, id: TableIdentifier, producer: ProcessSpec): Promise<void> {
  const { sandbox, types, test, making } = context;
  const unknown = (why: string) =>
    testProblem(
      test.file,
      test.place,
      `the columns of ${tableName(id)} are not known: ${why}`,
      `write its DDL into ${ddlFileOf(id)}: create table ${tableName(id)} (…)`,
    );
  const key = tableKey(id);
  if (patternOf(producer).readsPrevious || making.includes(key))
    throw unknown(`the query of ${producer.processName}, which writes it, reads what it has written`);
  const before = sandbox.save();
  const sources: { alias: string; rows: string }[] = [];
  for (const [index, { alias, table }] of producer.sources.entries()) {
    const empty = memoryTable(`type_${making.length}_${index}`);
    if (!types.has(tableKey(table)))
      throw unknown(typeUnknown(table, isFolder(table) ? { alias } : undefined)[0]);
    const columns = isFolder(table)
      ? await columnsOfFolder(context, table, [producer])
      : await makeTable({ ...context, making: [...making, key] }, parseTableName(tableName(table)));
    const named = isFolder(table) && namesFile(producer) ? [...columns, FILE_COLUMN] : columns;
    await makeEmpty(sandbox, empty, named);
    sources.push({ alias, rows: renderStatement('test/all_rows', { table: empty }) });
  }
  // Only their columns were needed.
  sandbox.restore(before);
  const { sql, values } = queryOf(producer, { sources, hours: undefined });
  const shape = memoryTable(`shape_${making.length}`);
  try {
    const { columns } = await sandbox.ask({
      sql: renderStatement('test/columns', { from: statementFragment(`(${sql})`) }),
      values,
    });
    await makeEmpty(sandbox, shape, columns);
  } catch (error) {
    if (!isSqlFault(error)) throw error;
    throw unknown(`the query of ${producer.processName}, which writes it: ${complaintOf(error)}`);
  }
  await sandbox.run('test/make_table', { table: lakeTable(id), like: shape });
}
