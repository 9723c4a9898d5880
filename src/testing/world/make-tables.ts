/**
 * The tables that come from outside of a test, made empty in its warehouse, each with a mirror in memory.
 * Types -> tables.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import { parseTableName, type TableIdentifier, tableKey, tableName } from '../../model/names.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { ddlFileOf } from '../../project/table-files.ts';
import {
  identifierFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
  type TestColumn,
  tableFragment,
} from '../../statements/index.ts';
import { complaintOf, isSqlFault, testProblem } from '../problem.ts';
import type { TestSpec } from '../test-spec.ts';
import type { Checkpoint } from './checkpoint.ts';
import { queryOf } from './process-query.ts';
import type { Sandbox } from './sandbox.ts';
import { type SourceTypes, typeUnknown } from './source-types.ts';

export interface OutsideTable {
  readonly id: TableIdentifier;
  /** Numbers the tables of a test; part of the names of its tables in memory. */
  readonly number: number;
  readonly columns: readonly TestColumn[];
}

/** A table of the database in memory. */
export const memoryTable = (name: string): SqlFragment =>
  tableFragment('psyberg_test', { namespace: ['test_rows'], name });
export const lakeTable = (id: TableIdentifier): SqlFragment => tableFragment('lake', id);

/** What a test's sources are before anything has landed; kept for tests with the same ones. */
interface Made {
  readonly checkpoint: Checkpoint;
  readonly tables: readonly OutsideTable[];
}

/** Makes tables in one sandbox, each set of them once. */
export function tableMaker(
  sandbox: Sandbox,
  types: SourceTypes,
): (test: TestSpec) => Promise<readonly OutsideTable[]> {
  const made = new Map<string, Made>();
  return async (test) => {
    const ids = outsideTables(test.processes);
    const key = ids.map(tableKey).join(' ');
    await sandbox.begin();
    const known = made.get(key);
    if (known !== undefined) {
      sandbox.restore(known.checkpoint);
      return known.tables;
    }
    const tables: OutsideTable[] = [];
    for (const [number, id] of ids.entries())
      tables.push({ id, number, columns: await makeTable({ sandbox, types, test, making: [] }, id) });
    made.set(key, { checkpoint: sandbox.save(), tables });
    return tables;
  };
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
  /** Tables whose columns are being found out. */
  readonly making: readonly string[];
}

async function makeTable(context: Making, id: TableIdentifier): Promise<readonly TestColumn[]> {
  const { sandbox, types, test } = context;
  if (id.namespace.length === 0)
    throw testProblem(
      test.file,
      test.place,
      `a process of the test reads the files of ${id.name}, and rows of a test land in tables`,
      'name the processes that read its target: rows land in that table then',
    );
  const type = types.get(tableKey(id));
  if (type === undefined) throw testProblem(test.file, test.place, ...typeUnknown(id));
  const { client } = sandbox.workspace([]);
  await client.createNamespace(id.namespace);
  if (type.kind === 'table') await client.createTable(id, type.create);
  else if (type.kind === 'ddl') await runDdl(context, id, type);
  else await createFromQuery(context, id, type.producer);
  return columnsIn(sandbox, lakeTable(id));
}

/** The columns of a table or of a query in brackets. */
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

/** A target of another process of the project: what its query returns over sources without rows. */
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
    if (!types.has(tableKey(table))) throw unknown(`${typeUnknown(table)[0]}`);
    await makeTable({ ...context, making: [...making, key] }, parseTableName(tableName(table)));
    await sandbox.run('test/like_table', { table: empty, like: lakeTable(table) });
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
    await sandbox.run('test/create_from', {
      table: shape,
      query: statementFragment(emptyQuery(columns)),
    });
  } catch (error) {
    if (!isSqlFault(error)) throw error;
    throw unknown(`the query of ${producer.processName}, which writes it: ${complaintOf(error)}`);
  }
  await sandbox.run('test/make_table', { table: lakeTable(id), like: shape });
}

const emptyQuery = (columns: readonly TestColumn[]): string =>
  renderStatement('test/no_rows', {
    columns: statementFragment(
      columns
        .map(
          ({ name, type }) =>
            `null::${type === '"NULL"' ? 'integer' : type} as ${identifierFragment(name).sql}`,
        )
        .join(', '),
    ),
  });
