// Goal: where the signal table has few rows, what is told of it without DuckDB is what its statements tell. Method:
// random histories of the table, written by both writers and by hand, by this release and an earlier one; both
// ways. What cannot be read alike is left to the statements.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { fewSignalledHour, fewSignals } from '../../src/inspect/few-signals.ts';
import { newestSignals } from '../../src/inspect/history.ts';
import { signalledHourInTable } from '../../src/inspect/watch-signals.ts';
import { parseHour } from '../../src/model/hour.ts';
import type { TableIdentifier } from '../../src/model/names.ts';
import { SIGNAL, type SignalTableRow } from '../../src/state/tables/signal.ts';
import { publishedProperty } from '../../src/state/target-properties.ts';
import { ensureStateTable } from '../../src/state/write-state.ts';
import { propertySeed } from '../support/property-seed.ts';
import { numberedTables, stateMetadata, writeStateHistory } from '../support/state-history.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ processes: [] });
});
afterAll(() => world.close());

const newTable = numberedTables('signals');

const WRITE = fc.record({
  process: fc.constantFrom('a', 'b'),
  signal: fc.constantFrom('facts.a', 'FACTS.a', 'facts.b'),
  day: fc.constantFrom('20230914', '20240229', '10000101', '99991231'),
  hour: fc.nat(23),
  reopened: fc.boolean(),
  /** A spelling that the writer of this package leaves to DuckDB. */
  byDuckdb: fc.boolean(),
  earlier: fc.boolean(),
});
type Write = typeof WRITE extends fc.Arbitrary<infer T> ? T : never;

/** Of one session the time is the same. */
function rowsOf({ process, signal, day, hour, reopened, byDuckdb }: Write, at: number): SignalTableRow[] {
  const digits = ['000', '120', '123456'][at % 3];
  const row = {
    process_name: process,
    signal_name: signal,
    vtts_utc_dateint: day,
    vtts_utc_hour: String(hour),
    kind: 'complete',
    psyberg_session_id: `session-${at}`,
    created_at: `2023-09-14T05:${String(at).padStart(2, '0')}:00.${digits}${byDuckdb ? '+00:00' : 'Z'}`,
    hours: null,
  };
  const again = {
    ...row,
    kind: 'reopened',
    hours: '[["2023-09-14T01:00:00Z","2023-09-14T02:00:00Z"]]',
  };
  return reopened ? [again, row] : [row];
}

const write = (table: TableIdentifier, writes: readonly Write[]): Promise<void> =>
  writeStateHistory(world, table, SIGNAL, { writes, rowsOf });

const metadataOf = (table: TableIdentifier): Promise<TableMetadata> => stateMetadata(world, table);

const ASKED = [
  { signalName: undefined, limit: 3 },
  { signalName: undefined, limit: 1000 },
  { signalName: 'Facts.A', limit: 2 },
  { signalName: 'facts.none', limit: 2 },
];
const NAMES = ['facts.a', 'facts.b', 'facts.none'];

interface Answers {
  readonly listed: readonly unknown[];
  readonly hours: readonly unknown[];
}
async function withoutDuckdb(table: TableIdentifier): Promise<Answers> {
  const metadata = await metadataOf(table);
  return {
    listed: await Promise.all(ASKED.map((asked) => fewSignals(metadata, asked))),
    hours: await Promise.all(NAMES.map((name) => fewSignalledHour(metadata, name))),
  };
}
async function byStatements(table: TableIdentifier): Promise<Answers> {
  const { project, engine } = world.psyberg.internals;
  const workspace = { project: { ...project, tables: { ...project.tables, signalTable: table } }, engine };
  return {
    listed: await Promise.all(ASKED.map((asked) => newestSignals(workspace, asked))),
    hours: await Promise.all(NAMES.map((name) => signalledHourInTable(workspace, name))),
  };
}
const LEFT: Answers = { listed: ASKED.map(() => undefined), hours: NAMES.map(() => undefined) };

const ONE: Write = {
  process: 'a',
  signal: 'facts.a',
  day: '20230914',
  hour: 5,
  reopened: true,
  byDuckdb: false,
  earlier: false,
};
const some = (count: number, of: Partial<Write> = {}): Write[] =>
  Array.from({ length: count }, () => ({ ...ONE, ...of }));
const made = async (writes: readonly Write[]): Promise<TableIdentifier> => {
  const table = newTable();
  await write(table, writes);
  return table;
};

describe('announcements of a small table', () => {
  it('are told alike without DuckDB', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(WRITE, { minLength: 1, maxLength: 8 }), async (writes) => {
        const table = await made(writes);
        const told = await withoutDuckdb(table);
        expect(told).toEqual(await byStatements(table));
        expect(told).not.toEqual(LEFT);
      }),
      { numRuns: 15, ...propertySeed() },
    );
  });

  it('are told alike of a table without rows, and where files were folded', async () => {
    const empty = newTable();
    await ensureStateTable(world.psyberg.internals.client, empty, SIGNAL);
    for (const table of [empty, await made(some(18)), await made([...some(17, { earlier: true }), ONE])])
      expect(await withoutDuckdb(table)).toEqual(await byStatements(table));
  });

  it.each([
    ['rows were deleted', "delete from psyberg.NAME where psyberg_session_id = 'session-0'"],
    ['a time is missing', "insert into psyberg.NAME (process_name, signal_name) values ('a', 'facts.a')"],
    [
      'a name has other letters',
      "insert into psyberg.NAME by name select * replace ('facts.ü' as signal_name) from psyberg.NAME",
    ],
    [
      'an hour is none of a day',
      'insert into psyberg.NAME by name select * replace (24::integer as vtts_utc_hour) from psyberg.NAME',
    ],
  ])('are left to the statements where %s by hand', async (_what, sql) => {
    const table = await made(some(2));
    await world.sql(sql.replaceAll('NAME', table.name));
    expect(await withoutDuckdb(table)).toEqual(LEFT);
  });

  it('are told by a command that starts no DuckDB, and waited for', async () => {
    await write(world.psyberg.internals.project.tables.signalTable, some(2));
    await world.reopen();
    expect(await world.psyberg.signals()).toHaveLength(4);
    const waited = { hour: parseHour('2023-09-14T05:00:00Z'), timeoutMs: 0 };
    await world.create('facts.a', 'id bigint');
    await world.reopen();
    // Nobody has published to it: what was announced was another table of that name.
    expect(await world.psyberg.waitForSignal({ table: 'facts.a', ...waited })).toMatchObject({
      complete: false,
    });
    await world.land('facts.a', 'select 1');
    await world.commit('facts.a', [
      {
        action: 'set-properties',
        updates: { [publishedProperty('a')]: (await world.metadata('facts.a'))['table-uuid'] },
      },
    ]);
    await world.reopen();
    expect(await world.psyberg.waitForSignal({ table: 'facts.a', ...waited })).toMatchObject({
      complete: true,
      complete_to_hour: '2023-09-14T05:00:00Z',
    });
    expect(await world.psyberg.signals({ table: 'facts.a' })).toHaveLength(4);
    expect(world.psyberg.internals.engineStarted()).toBe(false);
  });
});
