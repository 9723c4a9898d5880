// Goal: compiled statements select the rows that their pattern promises, and audits find what they promise to.
// Method: the steps of sessions as data, run by DuckDB over plain tables in place of the session's catalog.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compilePlan, describeStatement } from '../../src/compile/index.ts';
import type { Row } from '../../src/engine/index.ts';
import type { FileLayout } from '../../src/model/file-layout.ts';
import type { CompiledPlan, Step } from '../../src/model/plan.ts';
import type { AuditSpec, ProcessSpec } from '../../src/model/process-spec.ts';
import { bindStep } from '../../src/workload/bind-step.ts';
import { type AvroWorld, openAvroWorld } from '../support/avro-table.ts';
import { planOf, type SessionData, specOf } from '../support/session-data.ts';
import { hourAt } from '../support/world.ts';

let world: AvroWorld;
const execute = (sql: string) => world.engine.execute({ sql, parameters: {} });
beforeAll(async () => {
  world = await openAvroWorld();
  await execute("attach ':memory:' as psyberg_session");
  for (const schema of ['sources', 'target', 'staged', 'whole', 'previous', 'straddling'])
    await execute(`create schema psyberg_session.${schema}`);
});
afterAll(() => world.close());

/** Creates tables of the session: `sources.s` and so on, each by a query. */
async function given(tables: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, query] of Object.entries(tables))
    await execute(`create or replace table psyberg_session.${name} as ${query}`);
}

const compile = (data: SessionData): CompiledPlan => compilePlan(planOf(data), specOf(data));
const stepsOf = (plan: CompiledPlan, kind: Step['kind']): Step[] =>
  plan.steps.filter((step) => step.kind === kind);

const destination = (): string => join(world.folder, 'written.parquet');
const run = (step: Step): Promise<Row[]> =>
  world.engine.query(bindStep(step, { 'data-folder': destination(), 'kept-rows': 10 }));

/** The rows that a step writes, as one text each. */
async function written(steps: readonly Step[], columns: string): Promise<unknown[]> {
  rmSync(destination(), { force: true });
  for (const step of steps) await run(step);
  const rows = await world.engine.query<{ row: string }>({
    sql: `select concat_ws(' ', ${columns}) as row from read_parquet($file) order by row`,
    parameters: { file: destination() },
  });
  return rows.map(({ row }) => row);
}

/** One row an hour, from hour 0 to 5 and on the next day, and one without a time. */
const HOURLY = `select i as id, timestamptz '${hourAt(0)}' + to_minutes((i * 60 + 30)::bigint) as ts, 'f' || i as filename
  from (select unnest([0, 1, 2, 3, 4, 5, 26]) as i)
  union all select 99, null, 'f99'`;
const first = { exists: false, baseSnapshotId: undefined as never, eventTime: undefined as never };

describe('an insert', () => {
  const insert = async (data: SessionData, s = HOURLY): Promise<unknown[]> => {
    await given({ 'sources.s': s });
    return written(stepsOf(compile({ ...data, target: first }), 'insert'), 'id');
  };

  it('of a stateful process sees every row of its range, and no other', async () => {
    expect(await insert({ pattern: 'stateful', sources: { s: { added: [1, 3], vtts: 9 } } })).toEqual([
      '1',
      '2',
      '3',
    ]);
  });
  it('of touched hours sees those of these hours alone', async () => {
    const data: SessionData = {
      pattern: 'stateful',
      spec: { hours: 'touched' },
      sources: { s: { added: [1, 3], vtts: 9 } },
    };
    expect(await insert(data)).toEqual(['1', '3']);
  });
  it('of a stateless process sees all that its files hold', async () => {
    const data: SessionData = { pattern: 'stateless', sources: { s: { added: [1], vtts: 9 } } };
    expect(await insert(data)).toEqual(['0', '1', '2', '26', '3', '4', '5', '99']);
  });
  it.each<[string, string, string, string]>([
    ['a timestamp without a zone', 'ts::timestamp', 'timestamp', 'us'],
    ['nanoseconds', 'ts::timestamp::timestamp_ns', 'timestamp_ns', 'ns'],
    ['seconds', 'epoch(ts)::bigint', 'long', 's'],
    ['milliseconds', 'epoch_ms(ts)', 'long', 'ms'],
    ['microseconds', 'epoch_us(ts)', 'long', 'us'],
  ])('compares an event time of %s by its instant', async (_name, ts, eventTimeType, eventTimeUnit) => {
    const hours: SessionData['sources'] = {
      s: { added: [1, 3], vtts: 9, state: { eventTimeType, eventTimeUnit } },
    };
    const rows = `select id, ${ts} as ts, filename from (${HOURLY})`;
    expect(await insert({ pattern: 'stateful', sources: hours }, rows)).toEqual(['1', '2', '3']);
    const touched = { pattern: 'stateful', spec: { hours: 'touched' }, sources: hours } as const;
    expect(await insert(touched, rows)).toEqual(['1', '3']);
  });
  it('sees of a date the whole day beside hours, and its midnight alone', async () => {
    const state = { eventTimeType: 'date', eventTimeUnit: 'day' };
    const days = `select id, ts, 'f' as filename from (values (1, date '2023-09-13'), (2, date '2023-09-14'), (3, date '2023-09-15')) t(id, ts)`;
    const alone: SessionData = { pattern: 'stateful', sources: { s: { added: [5], vtts: 9, state } } };
    expect(await insert(alone, days)).toEqual([]);
    await given({ 'sources.o': HOURLY });
    const beside: SessionData = {
      pattern: 'stateful',
      sources: { s: { vtts: 23, state }, o: { added: [5], vtts: 9 } },
    };
    expect(await insert(beside, days)).toEqual(['2']);
  });
});

describe('what is carried over', () => {
  const layout: FileLayout = {
    location: '/w',
    dataFolder: '/w/data',
    specId: 0,
    columns: [
      { id: 1, name: 'id', type: 'long' },
      { id: 2, name: 'ts', type: 'timestamptz' },
    ],
    partition: [],
    compression: 'snappy',
  };
  it('is every row of such a file that lies in no replaced hour, also without a time', async () => {
    await given({ 'straddling.some': `select id, ts from (${HOURLY})` });
    const plan = compile({
      pattern: 'stateful',
      spec: { hours: 'touched' },
      sources: { s: { added: [1, 3], vtts: 9 } },
      target: { layout },
    });
    expect(await written(stepsOf(plan, 'carry-over'), 'id')).toEqual(['0', '2', '26', '4', '5', '99']);
  });
  it('is written with its row id from version 3 on', async () => {
    await given({
      'straddling.some': `select id, ts, id + 100 as _row_id, 7::bigint as _last_updated_sequence_number from (${HOURLY})`,
    });
    const plan = compile({
      pattern: 'stateful',
      sources: { s: { added: [1, 5], vtts: 9 } },
      target: { layout, formatVersion: 3 },
    });
    expect(await written(stepsOf(plan, 'carry-over'), 'id, _row_id, _last_updated_sequence_number')).toEqual([
      '0 100 7',
      '26 126 7',
      '99 199 7',
    ]);
  });
});

it('a dimension computes each hour from the one before, the first from the target', async () => {
  await given({
    'sources.s': HOURLY,
    'target.some': `select 0::bigint as seen, timestamptz '${hourAt(0)}' as ts`,
    'previous.some': `select 40::bigint as seen, timestamptz '${hourAt(1)}' as ts
      union all select 70, timestamptz '${hourAt(0)}'`,
  });
  const plan = compile({
    pattern: 'dimension',
    completeTo: 3,
    sources: { s: { added: [2], vtts: 4 } },
    spec: {
      sql: 'select coalesce((select max(seen) from previous), 0) + count(*) as seen, $range_start::timestamptz as ts from s',
    },
  });
  const steps = [
    ...stepsOf(plan, 'begin-hours'),
    ...stepsOf(plan, 'compute-hour'),
    ...stepsOf(plan, 'insert'),
  ];
  expect(await written(steps, "seen, strftime(ts, '%H')")).toEqual(['41 02', '42 03', '43 04']);
});

it('the columns of a query are asked for without a row, in any pattern', async () => {
  await given({ 'sources.s': HOURLY, 'previous.some': 'select 1 as id, now() as ts' });
  for (const pattern of ['stateless', 'stateful', 'dimension'] as const) {
    const data: SessionData = { pattern, completeTo: 3, sources: { s: { added: [2], vtts: 4 } } };
    const bare = describeStatement(planOf(data), specOf(data));
    const { columns, rows } = await world.engine.table(bindStep({ name: 'columns', ...bare }, {}));
    expect(columns.map(({ name }) => name)).toEqual(['id', 'ts', 'filename']);
    expect(rows).toEqual([]);
  }
});

describe('an audit', () => {
  const place = { line: 1, column: 1 };
  const common = { severity: 'block', place } as const;
  const AUDITS: Readonly<Record<string, AuditSpec & Readonly<Record<string, unknown>>>> = {
    count: { ...common, kind: 'source_to_target_count', name: 'count', source: 'o' },
    events: { ...common, kind: 'no_missing_events', name: 'events', source: 's', key: 'k', targetKey: 'key' },
    null: { ...common, kind: 'not_null', name: 'null', columns: ['id', 'key'] },
    staged: { ...common, kind: 'unique', name: 'staged', columns: ['id', 'key'], over: 'staged' },
    target: { ...common, kind: 'unique', name: 'target', columns: ['id'], over: 'target' },
    own: {
      ...common,
      kind: 'sql',
      name: 'own',
      file: '/a.sql',
      sql: "select id from staged where id not in (select id from s) union all select id from target where id = 13 and $process_name = 'some_load'",
      parameters: [],
    },
  };
  const ts = `timestamptz '${hourAt(1)}' as ts`;
  const of = (columns: string, values: string): string =>
    `select *, ${ts}, 'f' as filename from (values ${values}) t(${columns})`;

  interface Found {
    readonly staged: string;
    /** All that the target will hold; default: what is staged. */
    readonly whole?: string;
    readonly pattern?: ProcessSpec['pattern'];
  }
  /** The rows that an audit finds; the source `s` holds the ids 1, 2, 3 with the keys a, b and NULL. */
  const found = async (name: string, { staged, whole = staged, pattern = 'stateless' }: Found) => {
    await given({
      'sources.s': of('id, k', "(1, 'a'), (2, 'b'), (3, null)"),
      'sources.o': of('id, k', "(1, 'a')"),
      'staged.some': of('id, key', staged),
      'whole.some': of('id, key', whole),
    });
    const plan = compile({
      pattern,
      spec: { audits: [AUDITS[name] as AuditSpec] },
      sources: { s: { added: [1], vtts: 9 }, o: { added: [1], vtts: 9 } },
    });
    return run(stepsOf(plan, 'audit')[0] as Step);
  };
  const SAME = "(1, 'a'), (2, 'b'), (3, null)";

  it('of counts compares one source with what is staged', async () => {
    expect(await found('count', { staged: SAME })).toEqual([{ expected: 1n, actual: 3n }]);
  });
  it.each<[string, Found, readonly object[]]>([
    ['events', { staged: SAME }, []],
    ['events', { staged: "(1, 'a'), (2, 'b')" }, [{ missing_key: null }]],
    ['events', { staged: "(1, 'a'), (3, null), (4, null)" }, [{ missing_key: 'b' }]],
    ['null', { staged: "(1, 'a')" }, []],
    [
      'null',
      { staged: "(1, 'a'), (null, 'b'), (3, null)" },
      [
        { id: null, key: 'b' },
        { id: 3, key: null },
      ],
    ],
    ['staged', { staged: "(1, 'a'), (1, 'b'), (2, null), (2, null)" }, []],
    ['staged', { staged: "(1, 'a'), (1, 'a'), (1, 'a')" }, [{ id: 1, key: 'a', occurrences: 3n }]],
    ['target', { staged: "(1, 'a')", whole: "(1, 'a'), (2, 'b'), (2, 'c')" }, []],
    ['target', { staged: "(1, 'a')", whole: "(1, 'a'), (1, 'z')" }, [{ id: 1, occurrences: 2n }]],
    ['target', { staged: "(null, 'a')", whole: "(null, 'a'), (null, 'z')" }, []],
    ['own', { staged: SAME }, []],
    ['own', { staged: "(9, 'a')", whole: "(9, 'a'), (13, 'b')" }, [{ id: 9 }, { id: 13 }]],
  ])('of %s over %j finds what it promises to', async (name, tables, expected) => {
    for (const pattern of ['stateless', 'stateful', 'dimension'] as const) {
      const rows = await found(name, { ...tables, pattern });
      expect(rows, pattern).toHaveLength(expected.length);
      expect(rows, pattern).toEqual(
        expect.arrayContaining(
          expected.map((row) =>
            expect.objectContaining({ ...row, psyberg_bad_rows: BigInt(expected.length) }),
          ),
        ),
      );
    }
  });

  it('keeps no more rows than it was asked for, and counts them all', async () => {
    const rows = await found('null', { staged: Array.from({ length: 25 }, () => '(null, null)').join(', ') });
    expect(rows).toHaveLength(10);
    expect(rows[0]).toMatchObject({ psyberg_bad_rows: 25n });
  });

  it('counts what was read of each file, and what was staged outside of the hours', async () => {
    await given({ 'sources.s': HOURLY, 'staged.some': `select id, ts from (${HOURLY})` });
    const counts = async (data: SessionData) => {
      const plan = compile(data);
      const read = await run(stepsOf(plan, 'count-sources')[0] as Step);
      const [staged] = await run(stepsOf(plan, 'count-staged')[0] as Step);
      return { read: Object.fromEntries(read.map(({ path, rows }) => [path, rows])), staged };
    };
    const sources = { s: { added: [1, 3], vtts: 9 } };
    expect(await counts({ pattern: 'stateful', sources })).toEqual({
      read: { f1: 1n, f2: 1n, f3: 1n },
      staged: { rows_staged: 8n, rows_outside: 5n },
    });
    const some = { s: { added: [0, 3], vtts: 9 } };
    expect(await counts({ pattern: 'stateful', spec: { hours: 'touched' }, sources: some })).toEqual({
      read: { f0: 1n, f3: 1n },
      staged: { rows_staged: 8n, rows_outside: 6n },
    });
    const all = await counts({ pattern: 'stateless', sources });
    expect(Object.keys(all.read)).toHaveLength(8);
    expect(all.staged).toEqual({ rows_staged: 8n, rows_outside: 0n });
  });
});
