// Goal: where a state table has few rows, what is told of it without DuckDB is what its statements tell. Method:
// random histories of the session table, written by both writers and by hand, by this release and an earlier one;
// both ways. What cannot be read alike is left to the statements.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { fewLastSessions, fewNewestSessions } from '../../src/inspect/few-sessions.ts';
import { newestSessions } from '../../src/inspect/history.ts';
import { lastSessionsInTable } from '../../src/inspect/status.ts';
import type { TableIdentifier } from '../../src/model/names.ts';
import { SESSION } from '../../src/state/tables/session.ts';
import type { StateRow } from '../../src/state/tables/state-table.ts';
import { ensureStateTable } from '../../src/state/write-state.ts';
import { propertySeed } from '../support/property-seed.ts';
import { numberedTables, stateMetadata, writeStateHistory } from '../support/state-history.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ processes: [] });
});
afterAll(() => world.close());

const newTable = numberedTables('sessions');

interface Write {
  readonly process: string;
  readonly sources: readonly (readonly (number | null)[])[];
  /** A spelling that the writer of this package leaves to DuckDB. */
  readonly byDuckdb: boolean;
  readonly earlier: boolean;
  readonly shared: readonly (number | null)[];
}

const PICKS = fc.array(fc.option(fc.nat(50)), { minLength: 12, maxLength: 12 });
const WRITE: fc.Arbitrary<Write> = fc.record({
  process: fc.constantFrom('a', 'b', 'ü'),
  sources: fc.array(PICKS, { minLength: 1, maxLength: 3 }),
  byDuckdb: fc.boolean(),
  earlier: fc.boolean(),
  shared: PICKS,
});

const VALUES: Readonly<Record<string, readonly string[]>> = {
  string: ['', 'plain', 'ü\'"\\\n', '\ufeffx', '👩‍👩‍👧'],
  int: ['0', '7', '23'],
  long: ['9007199254740993', '-1', '0'],
  date: ['2023-09-14', '1969-12-31', '0987-01-01'],
};
const picked = (type: string, pick: number | null | undefined): string | null => {
  const values = VALUES[type] as readonly string[];
  return pick == null ? null : (values[pick % values.length] as string);
};
const OF_SOURCE = [
  'src_table',
  'from_event_date',
  'from_event_hour',
  'to_event_date',
  'to_event_hour',
  'rows_read',
  'new_files',
  'new_bytes',
];
const SHARED = ['pattern', 'target_table', 'target_snapshot_id', 'rows_written', 'reason', 'bytes_written'];
const typeOf = (name: string): string => SESSION.columns.find((each) => each.name === name)?.type ?? '';
const pickedOf = (names: readonly string[], picks: Write['shared']): Record<string, string | null> =>
  Object.fromEntries(names.map((name, index) => [name, picked(typeOf(name), picks[index])]));

/** Digits of its second differ; the later session has the later time. */
const instantOf = (at: number, byDuckdb: boolean): string =>
  `2023-09-14T05:${String(at).padStart(2, '0')}:00.${['000', '120', '123456'][at % 3]}${byDuckdb ? '+00:00' : 'Z'}`;

function rowsOf({ process, sources, byDuckdb, shared }: Write, at: number): StateRow[] {
  const none = Object.fromEntries(SESSION.columns.map(({ name }) => [name, null]));
  return sources.map((picks) => ({
    ...none,
    ...pickedOf(SHARED, shared),
    ...pickedOf(OF_SOURCE, picks),
    process_name: process,
    psyberg_session_id: `session-${at}`,
    status: ['published', 'failed'][at % 2] as string,
    created_at: instantOf(at, byDuckdb),
    error: (shared[11] ?? null) === null ? null : '{"code":"audit-failed"}',
    trigger: (shared[10] ?? null) === null ? null : 'restate',
    plan: 'p'.repeat(2000),
  }));
}

const write = (table: TableIdentifier, writes: readonly Write[]): Promise<void> =>
  writeStateHistory(world, table, SESSION, { writes, rowsOf });

const metadataOf = (table: TableIdentifier): Promise<TableMetadata> => stateMetadata(world, table);

interface Answers {
  readonly last: unknown;
  readonly newest: unknown;
}
const ASKED = [
  { processName: undefined, limit: 3 },
  { processName: undefined, limit: 1000 },
  { processName: 'a', limit: 2 },
];

async function withoutDuckdb(table: TableIdentifier): Promise<Answers> {
  const metadata = await metadataOf(table);
  const last = await fewLastSessions(metadata);
  return {
    last: last === undefined ? undefined : [...last].sort(),
    newest: await Promise.all(ASKED.map((asked) => fewNewestSessions(metadata, asked))),
  };
}
async function byStatements(table: TableIdentifier): Promise<Answers> {
  const { project, engine } = world.psyberg.internals;
  const workspace = { project: { ...project, tables: { ...project.tables, sessionTable: table } }, engine };
  return {
    last: [...(await lastSessionsInTable(workspace))].sort(),
    newest: await Promise.all(ASKED.map((asked) => newestSessions(workspace, asked))),
  };
}
const LEFT: Answers = { last: undefined, newest: ASKED.map(() => undefined) };

describe('sessions of a small table', () => {
  it('are told alike without DuckDB', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(WRITE, { minLength: 1, maxLength: 8 }), async (writes) => {
        const table = newTable();
        await write(table, writes);
        expect(await withoutDuckdb(table)).toEqual(await byStatements(table));
      }),
      { numRuns: 15, ...propertySeed() },
    );
  });

  const ONE: Write = {
    process: 'a',
    sources: [[0, 0, 0, 0, 0, 0, 0, 0, null, null, null, null]],
    byDuckdb: false,
    earlier: false,
    shared: [0, 0, 0, 0, 0, 0, null, null, null, null, null, null],
  };
  const some = (count: number, of: Partial<Write> = {}): Write[] =>
    Array.from({ length: count }, () => ({ ...ONE, ...of }));
  const made = async (writes: readonly Write[]): Promise<TableIdentifier> => {
    const table = newTable();
    await write(table, writes);
    return table;
  };

  it('are told alike of a table without rows, and where files were folded', async () => {
    const { client } = world.psyberg.internals;
    const empty = newTable();
    await ensureStateTable(client, empty, SESSION);
    for (const table of [empty, await made(some(18)), await made([...some(17, { earlier: true }), ONE])])
      expect(await withoutDuckdb(table)).toEqual(await byStatements(table));
  });

  it.each([
    [
      'rows were written',
      "insert into psyberg.NAME by name select * replace (coalesce(rows_read, 1) + 1 as rows_read, 'z' as src_table) from psyberg.NAME",
    ],
    ['a column that came later has another name', 'alter table psyberg.NAME rename column trigger to why'],
    ['a column was added', 'alter table psyberg.NAME add column more double'],
  ])('are told alike where %s by hand', async (_what, sql) => {
    const table = await made(some(2));
    await world.sql(sql.replaceAll('NAME', table.name));
    expect(await withoutDuckdb(table)).not.toEqual(LEFT);
    expect(await withoutDuckdb(table)).toEqual(await byStatements(table));
  });

  it.each([
    ['rows were deleted', "delete from psyberg.NAME where psyberg_session_id = 'session-0'"],
    ['a column has gone', 'alter table psyberg.NAME drop column status'],
    ['a time is missing', "insert into psyberg.NAME (process_name, psyberg_session_id) values ('a', 'x')"],
    [
      'a time is long ago',
      "insert into psyberg.NAME by name select * replace ('1815-12-10'::timestamptz as created_at) from psyberg.NAME",
    ],
  ])('are left to the statements where %s by hand', async (_what, sql) => {
    const table = await made(some(2));
    await world.sql(sql.replaceAll('NAME', table.name));
    expect(await withoutDuckdb(table)).toEqual(LEFT);
  });

  it('are left to the statements where the table has more rows, or files of columns with fields', async () => {
    const { client } = world.psyberg.internals;
    const many = await made(some(2));
    await world.sql(
      `insert into psyberg.${many.name} by name select s.* from psyberg.${many.name} as s, range(1000)`,
    );
    expect(await withoutDuckdb(many)).toEqual(LEFT);
    const nested = await made(some(1));
    const { schemas, 'current-schema-id': id, 'last-column-id': last } = await metadataOf(nested);
    const { fields } = schemas.find((each) => each['schema-id'] === id) as (typeof schemas)[number];
    const inner = { id: last + 2, name: 'a', type: 'int', required: false };
    const more = {
      id: last + 1,
      name: 'more',
      type: { type: 'struct', fields: [inner] },
      required: false,
    };
    await client.commitTable(nested, {
      requirements: [],
      updates: [
        { action: 'add-schema', schema: { type: 'struct', fields: [...fields, more] } },
        { action: 'set-current-schema', 'schema-id': -1 },
      ],
    } as Parameters<typeof client.commitTable>[1]);
    await world.sql(
      `insert into psyberg.${nested.name} by name select * replace ({a: 1} as more) from psyberg.${nested.name}`,
    );
    expect(await withoutDuckdb(nested)).toEqual(LEFT);
  });

  it('are told by a command that starts no DuckDB', async () => {
    await write(world.psyberg.internals.project.tables.sessionTable, some(2));
    await world.reopen();
    expect(await world.psyberg.history()).toHaveLength(2);
    expect(await world.psyberg.status()).toEqual([]);
    expect(world.psyberg.internals.engineStarted()).toBe(false);
  });
});
