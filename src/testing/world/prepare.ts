/**
 * Reads the rows of a test's arrivals once, gives them types, and keeps them in memory: so every order lands
 * the very same rows. TestSpec -> PreparedTest. Throws `test-invalid` with the place of what does not fit.
 */
import { HOUR_MS, type Hour, hourOfMs, hourText } from '../../model/hour.ts';
import { tableKey } from '../../model/names.ts';
import type { SourceSpec } from '../../model/process-spec.ts';
import {
  instantFragment,
  lakeTable,
  renderStatement,
  type SqlFragment,
  statementFragment,
} from '../../statements/index.ts';
import { testProblem } from '../problem.ts';
import type { Arrival, TestSpec } from '../test-spec.ts';
import type { Checkpoint } from './checkpoint.ts';
import { fillTable } from './fill-table.ts';
import { fileOfArrival, rowsWithFile, writeArrival } from './make-folder.ts';
import { memoryTable, type OutsideTable } from './make-tables.ts';
import type { Sandbox } from './sandbox.ts';

/** What an arrival does to one table: some rows are deleted, and others land. */
export interface Commit {
  readonly table: OutsideTable;
  /** Only for a folder: the name of the file that lands, among the files of the test. */
  readonly file: string | undefined;
  /** The same as SQL over the warehouse (nothing for a folder), and over the mirror. */
  readonly inLake: string;
  readonly inMirror: string;
  /** The table in memory with the rows that land. */
  readonly rows: SqlFragment | undefined;
  /** A condition for the rows that are deleted. */
  readonly condition: string | undefined;
}

export interface PreparedArrival {
  /** One for each table. */
  readonly commits: readonly Commit[];
  /** True if it deletes rows, so that the final content of its tables depends on the order. */
  readonly deletes: boolean;
  /** Taken from its rows, or as it says; undefined if it has no rows. */
  readonly clockMs: number | undefined;
  /** How far its sources are complete by then; by table key, and under `''` for all others. */
  readonly completeTo: ReadonlyMap<string, Hour>;
}

export interface PreparedTest {
  readonly test: TestSpec;
  readonly tables: readonly OutsideTable[];
  readonly arrivals: readonly PreparedArrival[];
  /** The test's warehouse before anything has landed. */
  readonly beginning: Checkpoint;
}

/** The table in memory that mirrors one of the warehouse. */
export const mirrorTable = ({ number }: OutsideTable) => memoryTable(`mirror_${number}`);

export async function prepareTest(
  sandbox: Sandbox,
  test: TestSpec,
  tables: readonly OutsideTable[],
): Promise<PreparedTest> {
  const arrivals: PreparedArrival[] = [];
  for (const [index, arrival] of test.arrivals.entries())
    arrivals.push(await prepareArrival({ sandbox, test, tables }, arrival, index));
  refuseGoingBack(test, arrivals);
  return { test, tables, arrivals, beginning: sandbox.save() };
}

interface Preparing {
  readonly sandbox: Sandbox;
  readonly test: TestSpec;
  readonly tables: readonly OutsideTable[];
}

async function prepareArrival(
  { sandbox, test, tables }: Preparing,
  arrival: Arrival,
  index: number,
): Promise<PreparedArrival> {
  const commits: Commit[] = [];
  const newest: number[] = [];
  for (const table of tables) {
    const key = tableKey(table.id);
    const landing = arrival.landings.find((each) => tableKey(each.table) === key);
    const deletion = arrival.deletions.find((each) => tableKey(each.table) === key);
    if (landing === undefined && deletion === undefined) continue;
    const rows = memoryTable(`arrival_${index}_${table.number}`);
    if (landing !== undefined) {
      await fillTable(sandbox, { table, into: rows, landing, file: test.file, root: test.folder });
      const ms = await newestEvent(sandbox, { test, table, rows });
      if (ms !== undefined) newest.push(ms);
    }
    const { folder } = table;
    const file = folder === undefined ? undefined : fileOfArrival(folder, index);
    if (file !== undefined) await writeArrival(sandbox, { file, rows });
    const landed = folder === undefined || file === undefined ? rows : rowsWithFile(folder, { file, rows });
    const commit = (into: ReturnType<typeof memoryTable>): string => {
      const land = landing === undefined ? '' : renderStatement('test/land', { table: into, rows: landed });
      if (deletion === undefined) return land;
      const gone = renderStatement('test/delete', {
        table: into,
        condition: statementFragment(deletion.condition),
      });
      return land === ''
        ? gone
        : renderStatement('test/rewrite', { delete: statementFragment(gone), land: statementFragment(land) });
    };
    commits.push({
      table,
      file,
      inLake: file === undefined ? commit(lakeTable(table.id)) : '',
      inMirror: commit(mirrorTable(table)),
      rows: landing === undefined ? undefined : rows,
      condition: deletion?.condition,
    });
  }
  const clockMs = arrival.atMs ?? (newest.length === 0 ? undefined : Math.max(...newest) + HOUR_MS);
  return {
    commits,
    deletes: arrival.deletions.length > 0,
    clockMs,
    completeTo: completeTo(arrival, clockMs),
  };
}

/** How far sources are complete; default: up to the hour before the clock. */
function completeTo(arrival: Arrival, clockMs: number | undefined): ReadonlyMap<string, Hour> {
  const told = new Map(arrival.completeTo);
  if (!told.has('') && clockMs !== undefined) told.set('', hourOfMs(clockMs) - 1);
  return told;
}

/** The newest event time of rows, over every source that reads the table. */
async function newestEvent(
  sandbox: Sandbox,
  {
    test,
    table,
    rows,
  }: {
    readonly test: TestSpec;
    readonly table: OutsideTable;
    readonly rows: ReturnType<typeof memoryTable>;
  },
): Promise<number | undefined> {
  let newest: number | undefined;
  for (const source of sourcesOf(test, table)) {
    const column = eventTimeColumn(source, table);
    if (column === undefined) continue;
    const instant = instantFragment(column, source.eventTimeUnit);
    const [[ms] = []] = (await sandbox.run('test/newest_event', { instant, table: rows })).rows;
    if (typeof ms === 'bigint' && ms < BEYOND_MS) newest = Math.max(newest ?? Number(ms), Number(ms));
  }
  return newest;
}

/** The year 9999 and later, where no clock goes. */
const BEYOND_MS = 253_370_764_800_000n;

const sourcesOf = (test: TestSpec, { id }: OutsideTable): SourceSpec[] =>
  test.processes.flatMap((spec) => spec.sources).filter((source) => tableKey(source.table) === tableKey(id));

const eventTimeColumn = (source: SourceSpec, { columns }: Pick<OutsideTable, 'columns'>) =>
  columns.find(({ name }) => name.toLowerCase() === source.eventTime?.toLowerCase());

/**
 * Refuses an hour before one that was already given: it would have no effect, since completeness never goes
 * back.
 */
function refuseGoingBack(test: TestSpec, arrivals: readonly PreparedArrival[]): void {
  const reached = new Map<string, Hour>();
  for (const [index, arrival] of test.arrivals.entries()) {
    for (const [table, hour] of arrival.completeTo) {
      const before = reached.get(table) ?? reached.get('');
      if (before !== undefined && hour < before)
        throw testProblem(
          test.file,
          arrival.place,
          `complete_to ${hourText(hour)} lies before ${hourText(before)}, to which ${table === '' ? 'the sources were' : `${table} was`} complete already`,
          'name a later hour here, or an earlier one in complete_to or at of the arrival before',
        );
    }
    for (const [table, hour] of (arrivals[index] as PreparedArrival).completeTo)
      reached.set(table, Math.max(reached.get(table) ?? hour, hour));
  }
}
