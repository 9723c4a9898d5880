// Goal: a restate of each pattern equals a recompute by the SQL of now in the hours that it is of, what lies
// below takes it up, and what cannot be vouched for is one error that loses nothing. Method: histories with a
// corrected query, audits that fail, kills, sources and targets that others changed.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendProcess, countProcess, EVENTS, events } from '../support/count-events.ts';
import { corrected, hourText, restated } from '../support/restate.ts';
import {
  hourAt,
  hourNumbers,
  type ProcessFile,
  processFile,
  type World,
  worldForTest,
} from '../support/world.ts';

const state = (sql: string): ProcessFile =>
  processFile(
    {
      process_name: 'state_load',
      pattern: 'dimension',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'dims.state', event_time: 'h', partition_by: ['hour(h)'] },
      audits: [{ unique: { columns: ['h'] } }],
    },
    sql,
  );
const TOTAL =
  'select $first_hour::timestamptz as h, coalesce((select max(total) from previous), 0) + (select count(*) from e) as total';
const TOTAL_TWICE = TOTAL.replace('(select count(*) from e)', '2 * (select count(*) from e)');

const code = async (world: World, name: string, options: Parameters<World['psyberg']['restate']>[1]) =>
  (await world.psyberg.restate(name, options))[0]?.error?.code;

async function landed(world: World, hours: readonly number[]): Promise<void> {
  await world.create('raw.events', EVENTS, { partitionedBy: 'landing_hour' });
  for (const each of hours) await world.land('raw.events', events(each * 100, 10, each));
}

describe('a dimension', () => {
  it('is computed from the first restated hour on', async () => {
    const world = await worldForTest({ processes: [state(TOTAL_TWICE)] });
    await landed(world, [0, 1, 2, 3]);
    await world.publish('state_load');
    await world.land('raw.events', events(900, 10, 4));
    await corrected(world, state(TOTAL));
    const [plan] = await world.psyberg.planRestate('state_load', { hours: hourText(2) });
    expect(hourNumbers(plan?.hours ?? [])).toEqual([2, 3]);
    expect(plan?.hours.map(({ reason }) => reason)).toEqual(['restated', 'contiguous']);
    await restated(world, 'state_load', { hours: hourText(2) });
    expect(await world.rows('select total::int from dims.state')).toEqual(['[20]', '[40]', '[50]', '[60]']);
    // Before its first hour it has nothing, and gets nothing.
    await restated(world, 'state_load', { hours: `2023-08-01..${hourText(3)}` });
    expect(await world.rows('select total::int from dims.state')).toEqual(['[10]', '[20]', '[30]', '[40]']);
    const [none] = await world.psyberg.restate('state_load', { hours: '2023-08-01' });
    expect(none).toMatchObject({ status: 'nothing-new', error: null });
    await restated(world, 'state_load', { all: true });
    expect(await world.rows('select total::int from dims.state')).toEqual(['[10]', '[20]', '[30]', '[40]']);
    await world.publish('state_load');
    expect(await world.rows('select total::int from dims.state where total = 50')).toHaveLength(1);
  });
});

describe('lookups', () => {
  it('are read as of their watermark', async () => {
    const named = (sql: string): ProcessFile => ({
      ...countProcess({
        header: {
          sources: [
            { table: 'raw.events', event_time: 'ts', alias: 'e' },
            { table: 'raw.names', lookup: true, alias: 'names' },
          ],
        },
      }),
      sql,
    });
    const sql =
      "select date_trunc('hour', ts) as h, count(*) as n, (select max(name) from names) as name from e group by 1";
    const world = await worldForTest({ processes: [named(sql)] });
    await landed(world, [0, 1]);
    await world.create('raw.names', 'name varchar');
    await world.land('raw.names', "select 'a'");
    await world.publish('count_load');
    await world.land('raw.names', "select 'b'");
    await corrected(world, named(sql.replace('count(*)', '2 * count(*)')));
    await restated(world, 'count_load', { all: true });
    expect(await world.rows('select n::int, name from facts.counts')).toEqual(['[20,"a"]', '[20,"a"]']);
  });
});

describe('a stateless process', () => {
  it('over files reads what its ledger has, and refuses files that are gone', async () => {
    const load = (sql: string): ProcessFile =>
      processFile(
        {
          process_name: 'orders_load',
          pattern: 'stateless',
          sources: [{ files: 'landing/*.jsonl', alias: 'orders', event_time: 'ts' }],
          target: { table: 'raw.orders', event_time: 'ts' },
          audits: ['source_to_target_count'],
        },
        sql,
      );
    const world = await worldForTest({ processes: [load('select id * 2 as id, ts from orders')] });
    const put = (file: string, ...hours: number[]): void => {
      mkdirSync(join(world.root, 'landing'), { recursive: true });
      writeFileSync(
        join(world.root, 'landing', file),
        hours.map((each) => `${JSON.stringify({ id: each, ts: hourAt(each) })}\n`).join(''),
      );
    };
    put('a.jsonl', 1, 2);
    await world.publish('orders_load');
    put('b.jsonl', 2, 3);
    await world.publish('orders_load');
    put('c.jsonl', 2);
    await corrected(world, load('select id, ts from orders'));
    const ledger = 'select path, session_number from psyberg.psyberg_file_f';
    const before = await world.rows(ledger);
    await restated(world, 'orders_load', { hours: hourText(2) });
    expect(await world.rows('select id::int from raw.orders')).toEqual(['[2]', '[2]', '[2]', '[6]']);
    await restated(world, 'orders_load', { all: true });
    expect(await world.rows('select id::int from raw.orders')).toEqual(['[1]', '[2]', '[2]', '[3]']);
    expect(await world.rows(ledger)).toEqual(before);
    await world.publish('orders_load');
    expect(await world.rows('select id::int from raw.orders')).toHaveLength(5);
    rmSync(join(world.root, 'landing', 'a.jsonl'));
    expect(await code(world, 'orders_load', { hours: hourText(3) })).toBe('restate-source-gone');
  });

  it('takes rows to the hour where the new SQL puts them with --all, and refuses to lose them by hours', async () => {
    const world = await worldForTest({ processes: [appendProcess()] });
    await landed(world, [1, 2]);
    await world.publish('signup_load');
    await corrected(world, { ...appendProcess(), sql: 'select id, ts + interval 5 hour as ts from e' });
    expect(await code(world, 'signup_load', { hours: hourText(1) })).toBe('rows-outside-hours');
    await restated(world, 'signup_load', { all: true });
    expect(await world.rows('select id, ts from facts.signups')).toEqual(
      await world.rows('select id, ts + interval 5 hour from raw.events'),
    );
  });

  it('keeps rows whose source rows were let go', async () => {
    const world = await worldForTest({ processes: [appendProcess({ on_source_change: 'append-added' })] });
    await landed(world, [0, 1, 2]);
    await world.publish('signup_load');
    await world.sql('delete from raw.events where landing_hour = 0');
    await world.land('raw.events', events(500, 10, 2));
    await world.publish('signup_load');
    const [record] = await world.psyberg.restate('signup_load', { all: true });
    expect(record?.error).toMatchObject({ code: 'restate-hours-gone', kind: 'refused' });
    expect(record?.error?.hint).toContain(`--hours ${hourText(1)}..${hourText(2)}`);
    await restated(world, 'signup_load', { hours: `${hourText(1)}..${hourText(2)}` });
    expect(await world.rows('select id from facts.signups')).toHaveLength(40);
  });
});

describe('what lies below', () => {
  const copies = (sql = 'select h, n from c'): ProcessFile =>
    processFile(
      {
        process_name: 'copy_load',
        pattern: 'stateless',
        sources: [{ table: 'facts.counts', event_time: 'h', alias: 'c' }],
        target: { table: 'facts.copies', event_time: 'h' },
        audits: [{ expression: { sql: 'n < 1000' } }],
      },
      sql,
    );
  const sums = processFile(
    {
      process_name: 'sum_load',
      pattern: 'dimension',
      sources: [{ table: 'facts.copies', event_time: 'h', alias: 'c' }],
      target: { table: 'dims.sums', event_time: 'h' },
    },
    'select $first_hour::timestamptz as h, coalesce((select max(n) from previous), 0) + coalesce((select sum(n) from c), 0) as n',
  );
  const counts = (factor: number): ProcessFile => ({
    ...countProcess(),
    sql: `select date_trunc('hour', ts) as h, ${factor} * count(*) as n from e group by 1`,
  });

  it('stops at an audit that fails, and goes on there', async () => {
    const world = await worldForTest({ processes: [counts(1), copies(), sums] });
    await landed(world, [0, 1, 2]);
    await world.run();
    await corrected(world, counts(200));
    const options = { hours: hourText(1), downstream: true, reason: 'too few' };
    const first = await world.psyberg.restate('count_load', options);
    expect(first).toMatchObject([
      { status: 'published' },
      { status: 'audit-failed', process_name: 'copy_load', trigger: 'restate' },
      { status: 'failed', process_name: 'sum_load', error: { code: 'upstream-failed' } },
    ]);
    expect(first[2]?.error?.hint).toContain('--downstream');
    expect(await world.rows('select n::int from facts.copies')).toEqual(['[10]', '[10]', '[10]']);
    await corrected(
      world,
      copies('select h, n // 100 as n from c where n > 10 union all select h, n from c where n <= 10'),
    );
    const second = await world.psyberg.restate('count_load', options);
    expect(second).toMatchObject([
      { status: 'nothing-new' },
      { status: 'published', operation: 'overwrite' },
      { status: 'published' },
    ]);
    expect(await world.rows('select n::int from dims.sums')).toEqual(['[10]', '[30]', '[40]']);
    const why = (await world.psyberg.history()).map(({ process_name: name, trigger, reason }) => [
      name,
      trigger,
      reason,
    ]);
    expect(why.slice(0, 2)).toEqual([
      ['sum_load', 'restate', 'too few'],
      ['copy_load', 'restate', 'too few'],
    ]);
    expect((await world.run()).map(({ status }) => status)).toEqual([
      'nothing-new',
      'nothing-new',
      'nothing-new',
    ]);
  });

  it('is nothing to do where no process is behind: who asks again gets it again', async () => {
    const world = await worldForTest({ processes: [counts(1), copies(), sums] });
    await landed(world, [0, 1]);
    await world.run();
    await corrected(world, counts(2));
    const options = { all: true, downstream: true };
    await world.psyberg.restate('count_load', options);
    const again = await world.psyberg.restate('count_load', options);
    expect(again.map(({ status }) => status)).toEqual(['published', 'nothing-new', 'nothing-new']);
  });
});

describe('what cannot be restated', () => {
  it('is said, and nothing is lost', async () => {
    const world = await worldForTest({ processes: [countProcess()] });
    await landed(world, [0, 1, 2]);
    expect(await code(world, 'count_load', { hours: hourText(1) })).toBe('restate-hours-beyond');
    expect((await world.psyberg.restate('count_load', { all: true }))[0]).toMatchObject({
      status: 'nothing-new',
      error: null,
    });
    await world.publish('count_load');
    const before = await world.rows('from facts.counts');
    const [beyond] = await world.psyberg.restate('count_load', { hours: `${hourText(1)}..${hourText(9)}` });
    expect(beyond).toMatchObject({ status: 'refused', error: { code: 'restate-hours-beyond' } });
    expect(beyond?.error?.hint).toContain(`--hours ${hourText(1)}..${hourText(2)}`);
    expect((await world.psyberg.restate('count_load', { changedSql: true }))[0]?.status).toBe('nothing-new');
    for (const wrong of [{}, { all: true, changedSql: true }, { hours: hourText(1), all: true }])
      await expect(world.psyberg.restate('count_load', wrong)).rejects.toMatchObject({ code: 'usage' });
    await expect(world.psyberg.restate('count_load', { hours: 'soon' })).rejects.toMatchObject({
      code: 'hours-invalid',
    });
    await expect(world.psyberg.restate('none', { all: true })).rejects.toMatchObject({
      code: 'process-unknown',
    });
    expect(await world.rows('from facts.counts')).toEqual(before);
  });

  it('hours that a foreign writer changed', async () => {
    const world = await worldForTest({ processes: [countProcess()] });
    await landed(world, [0, 1, 2]);
    await world.publish('count_load');
    await world.sql(`insert into facts.counts select timestamptz '${hourAt(1)}', 5, 5`);
    expect(await code(world, 'count_load', { hours: hourText(1) })).toBe('restate-target-changed');
    await restated(world, 'count_load', { hours: hourText(2) });
  });

  it('a source whose snapshot was expired, or that is new to the process', async () => {
    const world = await worldForTest({
      processes: [countProcess({ source: { protect: false } })],
    });
    await landed(world, [0, 1]);
    await world.publish('count_load');
    const [watermark] = (await world.history('raw.events')).slice(-1);
    await world.land('raw.events', events(900, 1, 1));
    await world.expire('raw.events', [watermark?.['snapshot-id'] ?? 0n]);
    expect(await code(world, 'count_load', { all: true })).toBe('restate-source-gone');
    await corrected(
      world,
      countProcess({
        header: {
          sources: [
            { table: 'raw.events', event_time: 'ts', alias: 'e' },
            { table: 'raw.more', event_time: 'ts', alias: 'm' },
          ],
        },
      }),
    );
    await world.create('raw.more', EVENTS);
    await world.publish('count_load').catch(() => undefined);
    expect(await code(world, 'count_load', { hours: hourText(1) })).toMatch(/^restate-source-/);
  });

  it('a target whose rows are of others too', async () => {
    const world = await worldForTest({
      processes: [
        processFile(
          {
            ...appendProcess().header,
            target: { table: 'facts.signups', event_time: 'ts', existing_rows: 'keep' },
          },
          appendProcess().sql,
        ),
      ],
    });
    await landed(world, [0]);
    await world.publish('signup_load');
    expect(await code(world, 'signup_load', { all: true })).toBe('restate-shared-target');
  });
});

describe('the session table of an earlier release', () => {
  it('is read as it is, and gets its columns with the next session', async () => {
    const world = await worldForTest({ processes: [countProcess()] });
    await landed(world, [0]);
    await world.publish('count_load');
    await world.sql('alter table psyberg.psyberg_session_f drop column trigger');
    await world.sql('alter table psyberg.psyberg_session_f drop column reason');
    await world.reopen();
    expect(await world.psyberg.history()).toMatchObject([{ trigger: 'changes', reason: null }]);
    await restated(world, 'count_load', { all: true, reason: 'why not' });
    expect(await world.psyberg.history()).toMatchObject([
      { trigger: 'restate', reason: 'why not' },
      { trigger: 'changes', reason: null },
    ]);
  });
});
