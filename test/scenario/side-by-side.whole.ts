// Goal: processes that run side by side do what they do one after the other. Method: the same landings in
// two worlds, one run with one job and one with three; then a failure, a failed audit and an interrupt.
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/model/run-record.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';
const events = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${first}, ${first + count}) t(i)`;

const load = (
  name: string,
  pattern: 'stateless' | 'stateful' | 'dimension',
  sources: readonly string[],
  { sql, audits = ['source_to_target_count'] }: { readonly sql?: string; readonly audits?: unknown[] } = {},
) =>
  processFile(
    {
      process_name: `${name}_load`,
      pattern,
      sources: sources.map((table, index) => ({ table, event_time: 'ts', alias: `s${index}` })),
      target: { table: `facts.${name}`, event_time: 'ts', partition_by: ['hour(ts)'] },
      audits,
    },
    sql ?? 'select id, ts from s0',
  );

/** Two branches that meet: a -> c, b -> d, both -> e (hour by hour). */
const PROCESSES = [
  load('a', 'stateless', ['raw.one']),
  load('b', 'stateful', ['raw.two']),
  load('c', 'stateful', ['facts.a']),
  load('d', 'stateful', ['facts.b', 'raw.two'], {
    sql: 'select id, ts from s0 where id in (select id from s1)',
    audits: [],
  }),
  load('e', 'dimension', ['facts.c', 'facts.d'], {
    sql: `select $first_hour::timestamptz as ts, coalesce((select max(id) from previous), 0) + count(*) as id
          from (from s0 union all by name from s1)`,
    audits: [],
  }),
];

async function landed(extra: readonly ReturnType<typeof load>[] = []): Promise<World> {
  const world = await worldForTest({ processes: [...PROCESSES, ...extra] });
  await world.create('raw.one', EVENTS);
  await world.create('raw.two', EVENTS);
  await world.land('raw.one', `${events(0, 100, 0)} union all ${events(100, 100, 1)}`);
  await world.land('raw.two', `${events(0, 100, 0)} union all ${events(50, 100, 2)}`);
  return world;
}

const told = (records: readonly RunRecord[]) =>
  records.map(
    ({ process_name: name, status, rows_read, rows_written, range, owed_hours, error, audits }) => ({
      name,
      status,
      rows_read,
      rows_written,
      range,
      owed_hours,
      error: error?.code,
      audits: audits.map((audit) => audit.status),
    }),
  );
const tables = async (world: World) =>
  Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map((name) =>
      world.rows(`select * from facts.${name}`).catch((error: unknown) => (error as { code: string }).code),
    ),
  );
const stateOf = (world: World) =>
  Promise.all([
    world.rows('select process_name, src_table, owed_hours from psyberg.high_water_mark_table'),
    world.rows('select process_name, status, src_table, rows_written from psyberg.psyberg_session_f'),
    world.rows(
      'select process_name, signal_name, vtts_utc_dateint, vtts_utc_hour from psyberg.psyberg_signal',
    ),
  ]);

describe('three jobs', { timeout: 240_000 }, () => {
  it('give the rows, the records and the state of one, in the same order; twice', async () => {
    const [one, three] = [await landed(), await landed()];
    for (const round of [0, 1]) {
      const heard: string[] = [];
      const onRecord = (record: RunRecord): unknown => heard.push(record.process_name);
      const [alone, beside] = [await one.run(), await three.run(undefined, { jobs: 3, onRecord })];
      expect(told(beside)).toEqual(told(alone));
      expect(alone.map(({ status }) => status)).toEqual(Array(5).fill('published'));
      expect(heard).toEqual(alone.map((record) => record.process_name));
      expect(await tables(three)).toEqual(await tables(one));
      expect(await stateOf(three)).toEqual(await stateOf(one));
      if (round === 1) break;
      for (const world of [one, three]) {
        await world.land('raw.one', `${events(300, 20, 1)} union all ${events(400, 20, 2)}`);
        await world.land('raw.two', `${events(300, 20, 0)} union all ${events(400, 20, 3)}`);
      }
    }
    expect(await three.leftovers()).toEqual([]);
    // One branch has an hour more than the other.
    expect((await three.run(undefined, { jobs: 2 })).map(({ status }) => status)).toEqual([
      ...Array(4).fill('nothing-new'),
      'waiting',
    ]);
  });

  it('tell steps of a process together, in the order of one', async () => {
    const world = await landed();
    const steps: string[] = [];
    await world.reopen({ onStep: (step) => steps.push(step.split(':')[0] as string) });
    await world.run(undefined, { jobs: 3 });
    const names = steps.filter((name) => name.endsWith('_load'));
    expect(names.filter((name, index) => name !== names[index - 1])).toEqual([
      'a_load',
      'b_load',
      'c_load',
      'd_load',
      'e_load',
    ]);
  });

  it.each<[string, ReturnType<typeof load>, RunRecord['status']]>([
    [
      'an audit fails',
      load('b', 'stateful', ['raw.two'], { audits: [{ row_count: { max: 1 } }] }),
      'audit-failed',
    ],
    [
      'a query fails',
      load('b', 'stateful', ['raw.two'], { sql: "select id, error('no')::timestamptz as ts from s0" }),
      'failed',
    ],
  ])('stop only what is below where %s', async (_, broken, status) => {
    const world = await landed([broken]);
    const records = await world.run(undefined, { jobs: 3 });
    expect(told(records).map((each) => [each.name, each.status, each.error === 'upstream-failed'])).toEqual([
      ['a_load', 'published', false],
      ['b_load', status, false],
      ['c_load', 'published', false],
      ['d_load', 'failed', true],
      ['e_load', 'failed', true],
    ]);
    expect(await world.leftovers()).toEqual([]);
    world.writeProcess(PROCESSES[1] as ReturnType<typeof load>);
    await world.reopen();
    expect((await world.run(undefined, { jobs: 3 })).map((record) => record.status)).toEqual([
      'nothing-new',
      'published',
      'nothing-new',
      'published',
      'published',
    ]);
  });

  it.each(['load insert', 'audit count_sources', 'publish publish'])(
    'are all stopped by an interrupt at %s, and leave nothing',
    async (step) => {
      const world = await landed();
      let interrupted = false;
      await world.reopen({
        onStep: (message) => {
          if (interrupted || !message.endsWith(step)) return;
          interrupted = true;
          world.psyberg.interrupt();
        },
      });
      const records = await world.run(undefined, { jobs: 3 });
      expect(interrupted).toBe(true);
      expect(records.length).toBeLessThan(5);
      for (const { status, error } of records)
        expect(status === 'published' || error?.code === 'interrupted').toBe(true);
      expect(await world.leftovers()).toEqual([]);
      await world.reopen({});
      await world.run(undefined, { jobs: 3 });
      const expected = await landed();
      await expected.run();
      expect(await tables(world)).toEqual(await tables(expected));
      expect(await world.leftovers()).toEqual([]);
    },
  );

  it('run a plan of the whole DAG, what follows behind what it follows', async () => {
    const world = await landed();
    const plans = await world.psyberg.plan();
    expect(plans.map(({ status }) => status)).toEqual(['work', 'work', 'follows', 'follows', 'follows']);
    const records = await world.run(undefined, { plans, jobs: 3 });
    expect(told(records).map(({ status, error }) => [status, error])).toEqual(
      Array(5).fill(['published', undefined]),
    );
  });

  it('may be more than the threads that wait for DuckDB', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
    const world = await worldForTest({
      processes: names.map((name, index) =>
        load(name, index % 2 === 0 ? 'stateless' : 'stateful', ['raw.one']),
      ),
    });
    await world.create('raw.one', EVENTS);
    for (const round of [0, 1]) {
      await world.land('raw.one', events(round * 100, 100, round));
      const records = await world.run(undefined, { jobs: 12 });
      expect(told(records).map(({ status, error }) => [status, error])).toEqual(
        Array(12).fill(['published', undefined]),
      );
    }
    for (const name of names)
      expect(await world.rows(`select count(*), sum(id) from facts.${name}`)).toEqual(['["200","19900"]']);
    expect(await world.rows('select count(*) from psyberg.psyberg_session_f')).toEqual(['["24"]']);
    expect(await world.leftovers()).toEqual([]);
  });

  it('are 1 to 64', async () => {
    const world = await landed();
    for (const jobs of [0, 65, 1.5, Number.NaN])
      await expect(world.run(undefined, { jobs })).rejects.toMatchObject({ code: 'usage' });
  });
});
