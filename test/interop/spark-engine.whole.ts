// Goal: a process on Spark means what the same process on DuckDB means, session by session. Method: twins,
// one on each engine, over the same sources; rows of both are compared after each landing, and what is left
// behind is looked for.
import { beforeAll, describe, expect, it } from 'vitest';
import type { RestateOptions } from '../../src/index.ts';
import { orphans } from '../support/orphans.ts';
import { hourAt, type ProcessFile, processFile } from '../support/world.ts';
import { missingJava } from './java/java.ts';
import { startRecordingProxy } from './spark/recording-proxy.ts';
import { sharedSpark } from './spark/shared.ts';
import { type Twin, twins } from './spark/worlds.ts';
import { COUNTED, EVENTS, events, expectTwins, RUNNING, TARGET, withSpark, worldOf } from './spark-twins.ts';

const missing = await missingJava();
beforeAll(async () => {
  if (missing === undefined) await sharedSpark();
}, 600_000);

const APPENDED: Twin = {
  name: 'appended',
  header: {
    pattern: 'stateless',
    sources: [EVENTS],
    target: { partition_by: ['bucket(4, id)'] },
    audits: [
      'source_to_target_count',
      { not_null: { columns: ['id'] } },
      { unique: { columns: ['id'], over: 'target' } },
      { accepted_values: { column: 'kind', values: [0, 1, 2] } },
      { no_missing_events: { source: 'e', key: 'id' } },
      { expression: { sql: 'id >= 0' } },
      { row_count: { min: 1 } },
    ],
  },
  duckdb: 'select id, ts, kind, $process_name is not null as named from e',
};
const JOINED: Twin = {
  name: 'joined',
  header: {
    pattern: 'stateful',
    hours: 'touched',
    sources: [
      EVENTS,
      { table: 'raw.marks', event_time: 'ts', alias: 'm', window: { before: '2h', key: 'id' } },
      { table: 'raw.kinds', alias: 'k', lookup: true },
    ],
    target: { event_time: 'ts', partition_by: ['hour(ts)'] },
    audits: [{ relationships: { column: 'kind', to: 'k', to_column: 'kind' } }],
  },
  duckdb:
    'select e.id, e.ts, e.kind, k.name, count(m.id) as marks from e join k on k.kind = e.kind left join m on m.id = e.id and m.ts <= e.ts group by all',
};
describe.skipIf(missing !== undefined)('a process on Spark', () => {
  it('holds after each session what its twin on DuckDB holds', { timeout: 600_000 }, async () => {
    const names = ['appended', 'counted', 'joined', 'running'];
    const proxy = await startRecordingProxy();
    const world = await withSpark(await worldOf([APPENDED, COUNTED, JOINED, RUNNING]), {
      catalog_uri: proxy.uri,
    });
    proxy.passTo(world.psyberg.internals.catalog.uri);
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint', { partitionedBy: 'hour(ts)' });
    await world.create('raw.marks', 'id bigint, ts timestamptz');
    await world.create('raw.kinds', 'kind bigint, name varchar');
    await world.land('raw.kinds', "select range as kind, 'kind ' || range as name from range(3)");
    await world.land(
      'raw.events',
      [0, 1, 2, 3].map((hour) => events(hour * 10, 5, hour)).join(' union all '),
    );
    await world.land('raw.marks', `select 11 as id, timestamptz '${hourAt(0)}' as ts`);
    await expectTwins(world, names);
    // Late rows of an hour between, then a late mark that reaches two hours on through its window.
    await world.land('raw.events', events(100, 3, 1));
    await expectTwins(world, names);
    await world.land('raw.marks', `select 20 as id, timestamptz '${hourAt(1)}' as ts`);
    await expectTwins(world, names);
    // Rows taken back: the stateless one would have to take them back as well, and is refused on both
    // engines.
    await world.sql('delete from raw.events where id in (1, 12)');
    const records = await world.run(['counted_spark', 'joined_spark', 'counted_duckdb', 'joined_duckdb']);
    expect(records.map(({ status }) => status)).toEqual(['published', 'published', 'published', 'published']);
    for (const name of ['counted', 'joined'])
      expect(await world.rows(`from facts.${name}_spark`)).toEqual(
        await world.rows(`from facts.${name}_duckdb`),
      );
    // What was read of the target's history says the same of both: their files are the session's.
    const [bySpark, byDuckDb] = [
      await world.history('facts.counted_spark'),
      await world.history('facts.counted_duckdb'),
    ];
    expect(bySpark.map(({ summary }) => [summary?.['added-records'], summary?.['deleted-records']])).toEqual(
      byDuckDb.map(({ summary }) => [summary?.['added-records'], summary?.['deleted-records']]),
    );
    // A Spark elsewhere has no folder of this project but those of tables: whatever it is told lies there.
    await proxy.close();
    const told = proxy.answers.join('\n');
    expect(told).toMatch(/metadata\/psyberg_appended_spark_\d+\/changes-e-/);
    expect(told).not.toContain('.psyberg');
    expect(await orphans(world)).toEqual([]);
  });

  it('restates what it appended as its twin does, and refuses rows of other hours', {
    timeout: 300_000,
  }, async () => {
    const target = { event_time: 'ts', partition_by: ['hour(ts)'] };
    const header = { pattern: 'stateless', sources: [EVENTS], target };
    const world = await withSpark(
      await worldOf([
        { name: 'plain', header, duckdb: 'select id, ts from e' },
        {
          name: 'moved',
          header,
          duckdb: 'select id, ts + interval 1 hour as ts from e',
          spark: "select id, ts + interval '1' hour as ts from e",
        },
      ]),
    );
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint');
    await world.land('raw.events', [0, 1, 2].map((hour) => events(hour * 10, 5, hour)).join(' union all '));
    await world.land('raw.events', 'select 99 as id, null::timestamptz as ts, 0 as kind');
    await expectTwins(world, ['plain', 'moved']);
    const restated = async (name: string, asked: RestateOptions) => {
      const outcomes = [];
      for (const engine of ['duckdb', 'spark'] as const) {
        const [record] = await world.psyberg.restate(`${name}_${engine}`, asked);
        outcomes.push([record?.status, record?.error?.code ?? null, record?.rows_written]);
      }
      expect(outcomes[1]).toEqual(outcomes[0]);
      expect(await world.rows(`from facts.${name}_spark`)).toEqual(
        await world.rows(`from facts.${name}_duckdb`),
      );
      return outcomes[0];
    };
    const hours = '2023-09-14T01..2023-09-14T01';
    expect(await restated('plain', { hours })).toEqual(['published', null, '5']);
    expect(await restated('moved', { hours })).toEqual(['refused', 'rows-outside-hours', expect.anything()]);
    // With the row that lies in no hour.
    for (const name of ['plain', 'moved'])
      expect(await restated(name, { all: true })).toEqual(['published', null, '16']);
    expect(await world.leftovers()).toEqual([]);
  });

  it('restates no date into a column of times but at its midnight, as its twin does', {
    timeout: 300_000,
  }, async () => {
    const target = { event_time: 'ts', partition_by: ['hour(ts)'] };
    const header = { pattern: 'stateless', sources: [EVENTS], target };
    const world = await withSpark(
      await worldOf([
        {
          name: 'dated',
          header,
          duckdb: "select id, date_trunc('day', ts at time zone 'UTC') as ts from e",
          spark: "select id, cast(date_trunc('day', ts) as timestamp_ntz) as ts from e",
        },
      ]),
    );
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint');
    await world.land('raw.events', [0, 1, 2].map((hour) => events(hour * 10, 5, hour)).join(' union all '));
    await expectTwins(world, ['dated']);
    const dates: Twin = {
      name: 'dated',
      header,
      duckdb: "select id, (ts at time zone 'UTC')::date as ts from e",
      spark: 'select id, cast(ts as date) as ts from e',
    };
    for (const process of twins(dates)) world.writeProcess(process);
    await world.reopen();
    for (const engine of ['duckdb', 'spark'] as const) {
      const hours = '2023-09-14T01..2023-09-14T01';
      const [record] = await world.psyberg.restate(`dated_${engine}`, { hours });
      expect([record?.status, record?.error?.code], String(record?.error?.message)).toEqual([
        'refused',
        'rows-outside-hours',
      ]);
      expect(await world.rows(`select count(*) from facts.dated_${engine}`)).toEqual(['["15"]']);
    }
  });

  it('stops where an hour comes out as stored, and goes on with the next that changed, as its twin does', {
    timeout: 300_000,
  }, async () => {
    const newest = (hour: string): string =>
      `select ${hour} as hour, greatest(coalesce(max(e.id), 0), (select coalesce(max(top), 0) from previous)) as top, count(*) as n, cast('nan' as double) as d, array(1.5, null) as l from e`;
    const duckdb = newest("$range_start at time zone 'UTC'").replace('array(1.5, null)', '[1.5, null]');
    const world = await withSpark(
      await worldOf([{ name: 'newest', header: RUNNING.header, duckdb, spark: newest('$range_start') }]),
    );
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint');
    await world.land(
      'raw.events',
      [0, 1, 2, 5, 6, 7, 8, 9].map((hour) => events(hour * 10, 5, hour)).join(' union all '),
    );
    await expectTwins(world, ['newest']);
    const computed = async (): Promise<(string | undefined)[]> => {
      const found = [];
      for (const engine of ['duckdb', 'spark'])
        found.push((await world.history(`facts.newest_${engine}`)).at(-1)?.summary?.['added-records']);
      return found;
    };
    // Late rows that change no later hour, in two hours apart: each settles at once.
    await world.land('raw.events', events(3, 2, 1));
    await world.land('raw.events', events(55, 1, 7));
    await expectTwins(world, ['newest']);
    expect(await computed()).toEqual(['4', '4']);
    // One that is the newest from its hour on, until hour 7 has a newer one.
    await world.land('raw.events', events(66, 1, 5));
    await expectTwins(world, ['newest']);
    expect(await computed()).toEqual(['3', '3']);
    // Nothing settles.
    await world.land('raw.events', events(1000, 1, 0));
    await expectTwins(world, ['newest']);
    expect(await computed()).toEqual(['10', '10']);
    const plan = await world.psyberg.restate('newest_spark', { hours: '2023-09-14T02..2023-09-14T02' });
    expect(plan[0]).toMatchObject({ status: 'published' });
    expect((await computed())[1]).toBe('1');
  });

  it('is restated together with those behind it, in one commit, or not at all', {
    timeout: 300_000,
  }, async () => {
    const behind = (audits: readonly unknown[]): ProcessFile =>
      processFile(
        {
          process_name: 'behind',
          engine: 'spark',
          pattern: 'stateful',
          sources: [
            { table: 'facts.counted_spark', event_time: 'hour', alias: 'c', vtts: { from: 'signal' } },
          ],
          target: { table: 'facts.behind', ...TARGET },
          audits,
        },
        'select hour, n * 10 as tens from c',
      );
    const world = await withSpark(await worldOf([COUNTED]));
    world.writeProcess(behind([]));
    await world.reopen();
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint');
    await world.land('raw.events', [0, 1, 2].map((hour) => events(hour * 10, 5, hour)).join(' union all '));
    await world.run(['counted_spark', 'behind']);
    const counted = (factor: number): ProcessFile => {
      const [, spark] = twins({
        ...COUNTED,
        spark: COUNTED.duckdb.replace('count(*)', `count(*) * ${factor}`),
      });
      return spark as ProcessFile;
    };
    const restated = async (): Promise<[string | undefined, string | undefined][]> =>
      (
        await world.psyberg.restate('counted_spark', {
          hours: '2023-09-14T01..2023-09-14T01',
          downstream: true,
          atomic: true,
        })
      ).map(({ process_name: name, status }) => [name, status]);
    const tens = () => world.rows('select tens from facts.behind');
    world.writeProcess(counted(2));
    await world.reopen();
    expect(await restated()).toEqual([
      ['counted_spark', 'published'],
      ['behind', 'published'],
    ]);
    expect(await tens()).toEqual(['["100"]', '["50"]', '["50"]']);
    const before = await world.rows('from facts.counted_spark');
    world.writeProcess(counted(3));
    world.writeProcess(behind([{ expression: { sql: 'tens < 120' } }]));
    await world.reopen();
    expect((await restated()).map(([, status]) => status)).toContain('audit-failed');
    expect([await world.rows('from facts.counted_spark'), (await tens())[0]]).toEqual([before, '["100"]']);
    expect(await world.leftovers()).toEqual([]);
  });
});
