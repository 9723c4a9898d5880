/**
 * Writes a test from rows of the warehouse. Process -> test file. It takes a few rows of one hour of each
 * source in the columns that the query reads, lands the last one late, and expects what the process makes of
 * them.
 */
import fs from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../disk/make-folder.ts';
import type { ResultRows } from '../engine/index.ts';
import { usageError } from '../model/errors.ts';
import type { Hour } from '../model/hour.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec, ProjectSpec, SourceSpec } from '../model/process-spec.ts';
import { processesInDependencyOrder } from '../project/dependency-order.ts';
import { printYaml } from '../project/print-yaml.ts';
import {
  eventHourFragment,
  hourCountFragment,
  identifierFragment,
  identifierListFragment,
  lakeTable,
  renderStatement,
  type SqlFragment,
  type TestColumn,
} from '../statements/index.ts';
import { openWorkspace } from '../workspace/open-workspace.ts';
import { queriesOver } from '../workspace/queries.ts';
import { columnsRead } from './columns-read.ts';
import { readTarget } from './judge/target.ts';
import { beginning, playStep } from './play/play.ts';
import { readTests, TESTS_FOLDER } from './read/read-tests.ts';
import { type OutsideTable, tableMaker } from './world/make-tables.ts';
import { prepareTest } from './world/prepare.ts';
import { openSandbox, type Sandbox } from './world/sandbox.ts';
import { readSourceTypes } from './world/source-types.ts';

export interface CreatedTest {
  /** Relative to the project. */
  readonly file: string;
  readonly name: string;
}

/** Number of rows taken from each source, and of target rows that are expected one by one. */
const ROWS_MOST = 3;
const EXPECTED_MOST = 12;

/** Throws `process-unknown`, `source-missing` if the warehouse has no rows of a source, `file-exists`. */
export async function writeTest(project: ProjectSpec, processName: string): Promise<CreatedTest> {
  const [spec] = processesInDependencyOrder(project, [processName]) as [ProcessSpec];
  const file = `${TESTS_FOLDER}/${processName}.yaml`;
  const place = path.join(project.root, file);
  if (fs.existsSync(place))
    throw usageError('file-exists', `${file} exists, and is never overwritten`, {
      hint: 'add a test to it, or move the file away',
      context: { file },
    });
  const folder = spec.sources.find(({ files }) => files !== undefined);
  if (folder !== undefined)
    throw usageError(
      'source-missing',
      `${processName} reads files of ${tableName(folder.table)}, and a test is written from rows of tables`,
      {
        hint: `write ${file} by hand; rows of files stand below the alias: rows: { ${folder.alias}: [{ … }] }`,
        context: { table: tableName(folder.table) },
      },
    );
  const types = await readSourceTypes(
    project,
    spec.sources.map(({ table }) => table),
  );
  const sandbox = await openSandbox(project, { processes: [spec] });
  try {
    const make = tableMaker(sandbox, types);
    const name = `${processName} takes late rows`;
    const draft = {
      name,
      file,
      folder: path.dirname(place),
      place: { line: 1, column: 1 },
      processes: [spec],
      arrivals: [],
      equalsRecompute: true,
      orders: 'given',
      seed: 1,
      vtts: 'told',
    } as const;
    const tables = await make(draft);
    const rows = await rowsOf(project, sandbox, spec, tables);
    const arrivals = arrivalsOf(spec, rows);
    const schema = schemaLine(project.root, path.dirname(place));
    makeFolder(path.dirname(place));
    fs.writeFileSync(place, textOf(name, spec, { arrivals, schema }), { flag: 'wx' });
    const expected = await expectedOf({ project, sandbox, make }, spec, place);
    if (expected !== undefined)
      fs.writeFileSync(
        place,
        textOf(name, spec, {
          arrivals: arrivals.map((arrival, index) => ({ ...arrival, expect: expected[index] })),
          schema,
        }),
      );
    return { file, name };
  } finally {
    await sandbox.close();
  }
}

type PlainRow = Readonly<Record<string, unknown>>;
type Rows = ReadonlyMap<string, readonly PlainRow[]>;

/** Reads some rows of each source, by its name. */
async function rowsOf(
  project: ProjectSpec,
  sandbox: Sandbox,
  spec: ProcessSpec,
  tables: readonly OutsideTable[],
): Promise<Rows> {
  const workspace = await openWorkspace(project);
  try {
    const sql = queriesOver(workspace);
    const sources = spec.sources.map((source) => {
      const columns =
        tables.find(({ id }) => tableName(id).toLowerCase() === tableName(source.table).toLowerCase())
          ?.columns ?? [];
      return { source, columns, table: lakeTable(source.table) };
    });
    for (const { source } of sources)
      if (!(await workspace.client.tableExists(source.table))) throw noRows(source);
    const lasts: Hour[] = [];
    for (const { source, columns, table } of sources) {
      const column = eventTimeIn(source, columns);
      if (column === undefined) continue;
      const hour = eventHourFragment(column, source.eventTimeUnit);
      const [[last] = []] = (await sql(renderStatement('test/last_hour', { hour, table }))).rows;
      if (typeof last !== 'bigint') throw noRows(source);
      lasts.push(Number(last));
    }
    const read = await columnsRead(sandbox, spec, tables, await targetColumns(sql, spec, workspace));
    const found = new Map<string, readonly PlainRow[]>();
    for (const { source, columns, table } of sources) {
      const names = read.get(source.alias) ?? [];
      const query = rowsQuery({ source, columns, table }, names, Math.min(...lasts));
      found.set(tableName(source.table), plainRows(await sql(query)));
    }
    return found;
  } finally {
    await workspace.close();
  }
}

const noRows = ({ table }: SourceSpec): Error =>
  usageError('source-missing', `the warehouse has no rows of ${tableName(table)} to write a test from`, {
    hint: `let some rows land there first, or write ${TESTS_FOLDER}/NAME.yaml by hand`,
    context: { table: tableName(table) },
  });

const eventTimeIn = ({ eventTime }: SourceSpec, columns: readonly TestColumn[]): TestColumn | undefined =>
  columns.find(({ name }) => name.toLowerCase() === eventTime?.toLowerCase());

async function targetColumns(
  sql: ReturnType<typeof queriesOver>,
  spec: ProcessSpec,
  { client }: Awaited<ReturnType<typeof openWorkspace>>,
): Promise<readonly TestColumn[] | undefined> {
  if (!(await client.tableExists(spec.target.table))) return undefined;
  const from = lakeTable(spec.target.table);
  return (await sql(renderStatement('test/columns', { from }))).columns;
}

function rowsQuery(
  { source, columns, table }: { source: SourceSpec; columns: readonly TestColumn[]; table: SqlFragment },
  names: readonly string[],
  last: Hour,
): string {
  const column = eventTimeIn(source, columns);
  const shared = { columns: identifierListFragment(names), table, most: hourCountFragment(ROWS_MOST) };
  if (column === undefined) return renderStatement('test/some_rows', shared);
  return renderStatement('test/newest_rows', {
    ...shared,
    hour: eventHourFragment(column, source.eventTimeUnit),
    last: hourCountFragment(last),
    event_time: identifierFragment(column.name),
  });
}

/** Writes values for YAML: 64-bit integers as numbers if they are exact, bytes as DuckDB reads them. */
const plainRows = ({ columns, rows }: Pick<ResultRows, 'columns' | 'rows'>): PlainRow[] =>
  rows.map((row) =>
    Object.fromEntries(columns.map(({ name, type }, index) => [name, plainValue(row[index], type)])),
  );

function plainValue(value: unknown, type: string): unknown {
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (type === 'BLOB' && typeof value === 'string') return value.replace(/../g, '\\x$&');
  if (typeof value !== 'object' || value === null) return value;
  return JSON.parse(
    JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each)),
  ) as unknown;
}

interface WrittenArrival {
  readonly rows: Readonly<Record<string, readonly PlainRow[]>>;
  readonly expect?: unknown;
}

/** Makes the arrivals; the last row of the first source that has several lands late. */
function arrivalsOf(spec: ProcessSpec, rows: Rows): WrittenArrival[] {
  const names = spec.sources
    .map(({ table }) => tableName(table))
    .filter((name) => (rows.get(name)?.length ?? 0) > 0);
  const lookups = spec.sources.filter(({ lookup }) => lookup !== undefined);
  const isLookup = (name: string): boolean => lookups.some(({ table }) => tableName(table) === name);
  const late = names.find((name) => !isLookup(name) && (rows.get(name)?.length ?? 0) > 1);
  const first = Object.fromEntries(
    names.map((name) => {
      const all = rows.get(name) as readonly PlainRow[];
      return [name, name === late ? all.slice(0, -1) : all];
    }),
  );
  if (late === undefined) return [{ rows: first }];
  return [{ rows: first }, { rows: { [late]: (rows.get(late) as readonly PlainRow[]).slice(-1) } }];
}

function textOf(
  name: string,
  spec: ProcessSpec,
  { arrivals, schema }: { readonly arrivals: readonly WrittenArrival[]; readonly schema: string },
): string {
  const test = { name, process: spec.processName, arrivals };
  return `${schema}# Rows of the warehouse. The second arrival lands late: it is played first, too.\n${printYaml({ tests: [test] }, { inRows: new Set(['rows']) })}`;
}

/** Names the schema for editors, if the project has it. */
function schemaLine(root: string, folder: string): string {
  const schema = path.join(root, '.psyberg/schema/tests.json');
  if (!fs.existsSync(schema)) return '';
  return `# yaml-language-server: $schema=${path.relative(folder, schema).split(path.sep).join('/')}\n`;
}

interface Expecting {
  readonly project: ProjectSpec;
  readonly sandbox: Sandbox;
  readonly make: ReturnType<typeof tableMaker>;
}

/** What each arrival results in; undefined if a run fails. */
async function expectedOf(
  { project, sandbox, make }: Expecting,
  spec: ProcessSpec,
  place: string,
): Promise<unknown[] | undefined> {
  const [test] = readTests(project, [place]).tests;
  if (test === undefined) return undefined;
  const playing = { sandbox, prepared: await prepareTest(sandbox, test, await make(test)) };
  let state = beginning(playing);
  const expected: unknown[] = [];
  for (const arrival of test.arrivals.keys()) {
    state = await playStep(playing, state, arrival);
    const { record } = state.runs[0] as (typeof state.runs)[number];
    if (record.error !== null || record.status === 'audit-failed') return undefined;
    const target = await readTarget(sandbox, spec.target.table);
    expected.push({ status: record.status, ...(target === undefined ? {} : expectedRows(spec, target)) });
  }
  return expected;
}

/** The rows of the target, or how many they are: of many rows, and of such as name the session. */
function expectedRows(spec: ProcessSpec, target: ResultRows): object {
  const isMany = target.rows.length > EXPECTED_MOST;
  const namesSession = spec.parameters.some(({ name }) => name === 'psyberg_session_id');
  return isMany || namesSession ? { row_count: target.rows.length } : { rows: plainRows(target) };
}
