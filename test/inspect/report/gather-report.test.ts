// Goal: a report says what tables and metadata say, the same as `status`, `history` and `tables`, and what is
// damaged costs no more than its own part. Method: a real warehouse with late rows, then a file overwritten.
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WarehouseReport } from '../../../src/index.ts';
import { reportHtml } from '../../../src/report/page/report-html.ts';
import { createWorld, hourAt, processFile, type World } from '../../support/world.ts';

const source = { table: 'raw.arrivals', event_time: 'ts', alias: 'a' };
const PROCESSES = [
  processFile(
    {
      process_name: 'facts_load',
      pattern: 'stateless',
      sources: [source],
      target: { table: 'facts.fact', event_time: 'ts', partition_by: ['hour(ts)'] },
      audits: [{ not_null: { columns: ['id'] }, severity: 'warn' }],
    },
    'select nullif(id, 3) as id, ts from a',
  ),
  processFile(
    {
      process_name: 'hours_load',
      pattern: 'stateful',
      hours: 'touched',
      sources: [{ table: 'facts.fact', event_time: 'ts', alias: 'f' }],
      target: { table: 'facts.per_hour', event_time: 'hour', partition_by: ['hour(hour)'] },
    },
    "select date_trunc('hour', ts) as hour, count(*) as n from f group by all",
  ),
  processFile(
    {
      process_name: 'never_load',
      pattern: 'stateless',
      sources: [{ ...source, table: 'raw.not_there' }],
      target: { table: 'facts.never' },
    },
    'select * from a',
  ),
];

/** `count` rows of an event hour that land in another. */
const arriving = (first: number, count: number, { hour, landed }: { hour: number; landed: number }): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts, date '2023-09-14' as landing_date, ${landed} as landing_hour from range(${first}, ${first + count}) t(i)`;

let world: World;
let empty: WarehouseReport;
let report: WarehouseReport;
beforeAll(async () => {
  world = await createWorld({ processes: PROCESSES });
  await world.create('raw.arrivals', 'id bigint, ts timestamptz, landing_date date, landing_hour integer', {
    partitionedBy: 'landing_date, landing_hour',
  });
  empty = await world.psyberg.report();
  await world.land('raw.arrivals', arriving(0, 50, { hour: 5, landed: 5 }));
  await world.run(['facts_load', 'hours_load']);
  await world.land(
    'raw.arrivals',
    `${arriving(100, 30, { hour: 9, landed: 9 })} union all ${arriving(200, 7, { hour: 8, landed: 9 })} union all ${arriving(300, 4, { hour: 5, landed: 9 })}`,
  );
  await world.run(['facts_load', 'hours_load']);
  report = await world.psyberg.report();
});
afterAll(() => world.close());

const processOf = ({ processes }: WarehouseReport, name: string) =>
  processes.find(({ process_name }) => process_name === name);

describe('a report', () => {
  it('of a warehouse without sessions, and of a process that never published, is whole', () => {
    expect(empty).toMatchObject({ sessions: [], problems: [], older_sessions: 0, sources: [] });
    expect(empty.processes.map(({ status }) => status?.last_session)).toEqual([null, null, null]);
    expect(processOf(report, 'never_load')).toMatchObject({ columns: [], writes: [], savings: null });
  });
  it('counts late rows to the row, also those of files of several hours', () => {
    expect(report.problems).toEqual([]);
    expect(report.sources.map(({ table, made_by }) => [table, made_by])).toEqual([
      ['raw.arrivals', null],
      ['facts.fact', 'facts_load'],
    ]);
    expect(report.sources[0]).toMatchObject({
      landed_by: 'partitions',
      landed_fields: ['landing_date', 'landing_hour'],
      late_rows: 11,
      delay_hours: { p50: 0, p90: 1, p95: 1, p99: 4, max: 4 },
      rows: { total: 91, in_one_hour: 50, counted: 41, spread: 0 },
    });
    expect(report.sources[0]?.lookbacks.map(({ rows }) => rows)).toEqual([4, 4, 0, 0]);
    // Its hours are of 2023, its commits of now.
    expect(report.sources[1]).toMatchObject({ landed_by: 'commits', filled_from_history: true });
  });
  it('says the same as status, history and tables', async () => {
    expect(report.processes.map(({ status }) => status)).toEqual(await world.psyberg.status());
    expect(report.sessions).toEqual(await world.psyberg.history());
    expect(report.tables.map(({ table, rows, bytes }) => [table, rows, bytes])).toEqual(
      (await world.psyberg.tables()).map(({ table, rows, bytes }) => [table, rows, bytes]),
    );
    expect(report.tables.find(({ table }) => table === 'raw.arrivals')).toMatchObject({
      snapshots: 2,
      partitioned_by: ['landing_date', 'landing_hour'],
    });
  });
  it('has the hours that each session wrote, what they were before, and why', () => {
    const [first, second] = processOf(report, 'hours_load')?.writes ?? [];
    const span = (hour: number, change: string) => ({
      first_hour: hourAt(hour),
      last_hour: hourAt(hour),
      change,
    });
    expect(first).toMatchObject({ hours: [span(5, 'written')], known_from: 'record', reopened: [] });
    expect(second?.hours).toEqual([
      span(5, 'rewritten'),
      { first_hour: hourAt(8), last_hour: hourAt(9), change: 'written' },
    ]);
    expect(second?.reopened).toEqual([[hourAt(5), hourAt(5)]]);
    expect(second?.causes).toMatchObject([{ source: 'facts.fact', partitions: 3 }]);
    expect(processOf(report, 'facts_load')?.writes[1]?.hours[0]).toEqual(span(5, 'added'));
  });
  it('compares what sessions read with lookbacks, and shows the rows of audits that warned', () => {
    const facts = processOf(report, 'facts_load');
    expect(facts?.savings).toMatchObject({ sessions: 1, rows_read: 41 });
    expect(facts?.savings?.lookbacks.map((each) => [each.rows_read, each.missed_rows])).toEqual([
      [37, 4],
      [37, 4],
      [91, 0],
      [91, 0],
    ]);
    expect(facts?.failing_audits).toMatchObject([
      { audit_name: 'not_null', severity: 'warn', failing_rows: '1', is_current: false },
    ]);
    expect(facts?.failing_audits[0]?.sample[0]).toContain('"id":null');
  });
  it('has what each session took, stage by stage, and the files that it read anew and wrote', () => {
    const facts = processOf(report, 'facts_load');
    const own = report.sessions.filter((each) => each.process_name === 'facts_load');
    expect(facts?.stages.map((each) => each.psyberg_session_id)).toEqual(
      own.map((each) => each.psyberg_session_id).toReversed(),
    );
    for (const { init, load, audit, publish } of facts?.stages ?? []) {
      expect(Math.min(load, publish)).toBeGreaterThan(0);
      // What the writer has counted answers its audits in less than a millisecond.
      expect(Math.min(init, audit)).toBeGreaterThanOrEqual(0);
    }
    // The second of them is the newer one, and comes first.
    expect(own.map((each) => [each.new_files, each.files_written])).toEqual([
      ['1', '3'],
      ['1', '1'],
    ]);
    expect(own.every((each) => Number(each.new_bytes) > 0 && Number(each.bytes_written) > 0)).toBe(true);
    expect(facts?.savings?.bytes_read).toBe(Number(own[0]?.new_bytes));
  });
  it('since a moment leaves out what was before it', async () => {
    const later = await world.psyberg.report({ sinceMs: Date.now() + 60_000 });
    expect(later).toMatchObject({ sessions: [], older_sessions: report.sessions.length });
    expect(later.sources.every(({ cells }) => cells.length === 0)).toBe(true);
  });
});

it('damaged metadata of one table is named, and the rest is there', async () => {
  const folder = join(world.warehouse, 'facts', 'per_hour', 'metadata');
  for (const file of readdirSync(folder))
    if (file.endsWith('.json') && statSync(join(folder, file)).isFile())
      writeFileSync(join(folder, file), '{"a":');
  await world.reopen();
  const damaged = await world.psyberg.report();
  expect(damaged.problems.map(({ subject }) => subject)).toContain('facts.per_hour');
  expect(processOf(damaged, 'hours_load')?.status).toBeNull();
  expect(processOf(damaged, 'facts_load')?.status).toEqual(processOf(report, 'facts_load')?.status);
  expect(damaged.sources[0]).toEqual(report.sources[0]);
  const page = await reportHtml(damaged);
  expect(page).toContain('What could not be read');
  expect(page).toContain('cannot be read');
});
