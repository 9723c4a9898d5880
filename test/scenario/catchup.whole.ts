// Goal: sessions of bounded size end where one session would have, also when they are killed at any boundary; and a
// dimension goes on behind a late hour. Method: real tables, SIGKILL to a child process that runs several sessions, then
// one run until complete; compared with SQL over whole tables.
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/model/run-record.ts';
import { spawnSessions } from '../support/spawn.ts';
import {
  hourAt,
  hourNumbers,
  type ProcessFile,
  processFile,
  type World,
  worldForTest,
} from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';
/** Rows of an hour. */
const rows = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${first}, ${first + count}) t(i)`;
const SQL = {
  stateful: "select date_trunc('hour', ts) as h, count(*) as n from e group by all",
  dimension:
    'select $range_start::timestamptz as h, count(*) + coalesce((select max(n) from previous), 0) as n from e',
} as const;
type Pattern = keyof typeof SQL;
const LAST = 9;

const worldOf = async (catchup: object): Promise<World> => {
  const world = await worldForTest({
    processes: Object.entries(SQL).map(([pattern, sql]) =>
      processFile(
        {
          process_name: `${pattern}_load`,
          pattern,
          sources: [{ table: 'raw.e', event_time: 'ts', alias: 'e' }],
          target: { table: `facts.${pattern}`, event_time: 'h', partition_by: ['hour(h)'] },
          catchup,
        },
        sql,
      ),
    ),
  });
  await world.create('raw.e', EVENTS, { partitionedBy: 'hour(ts)' });
  await world.land(
    'raw.e',
    Array.from({ length: LAST + 1 }, (_, hour) => rows(hour * 10, 3, hour)).join(' union all '),
  );
  return world;
};
const rangesOf = (records: readonly RunRecord[]): number[][] =>
  records.map(({ range }) => hourNumbers(range === null ? [] : [range.first_hour, range.last_hour]));
const untilComplete = (world: World, pattern: Pattern): Promise<RunRecord[]> =>
  world.psyberg.run([`${pattern}_load`], { untilComplete: true });

async function expectWhole(world: World, pattern: Pattern, what: string): Promise<void> {
  const expected = {
    stateful: "select date_trunc('hour', ts) as h, count(*) as n from raw.e group by all",
    dimension: `select h, (select count(*) from raw.e where ts < h + interval 1 hour) as n
      from (select unnest(generate_series(timestamptz '${hourAt(0)}', timestamptz '${hourAt(LAST)}', interval 1 hour)) as h)`,
  };
  expect(await world.rows(`select h, n from facts.${pattern}`), what).toEqual(
    await world.rows(expected[pattern]),
  );
}

it('a dimension goes on with the hours behind a late one', async () => {
  const world = await worldOf({ hours_per_session: 4 });
  expect(rangesOf(await untilComplete(world, 'dimension'))).toEqual([
    [0, 3],
    [4, 7],
    [8, 9],
  ]);
  await world.land('raw.e', rows(1000, 5, 4));
  const [late] = await world.run(['dimension_load']);
  expect(rangesOf([late as RunRecord])).toEqual([[4, 7]]);
  expect(hourNumbers(late?.owed_hours ?? [])).toEqual([8, 9]);
  await world.land('raw.e', rows(1100, 1, 5));
  expect(rangesOf(await untilComplete(world, 'dimension'))).toEqual([
    [5, 8],
    [9, 9],
  ]);
  await expectWhole(world, 'dimension', 'after late rows');
});

describe('until complete, side by side', () => {
  it('each process goes on session after session, and ends where one session would have', async () => {
    const world = await worldOf({ hours_per_session: 4 });
    const told: string[] = [];
    const records = await world.run(undefined, {
      untilComplete: true,
      jobs: 2,
      onRecord: ({ process_name: name }) => told.push(name),
    });
    const names = ['dimension_load', 'stateful_load'];
    expect(told).toEqual(names.flatMap((name) => [name, name, name]));
    for (const name of names)
      expect(rangesOf(records.filter((each) => each.process_name === name))).toEqual([
        [0, 3],
        [4, 7],
        [8, 9],
      ]);
    for (const pattern of ['stateful', 'dimension'] as const)
      await expectWhole(world, pattern, 'side by side');
  });

  it('days come newest first, and are announced when the oldest is there', async () => {
    const daily = (name: string): ProcessFile =>
      processFile(
        {
          process_name: name,
          pattern: 'stateful',
          grain: 'day',
          sources: [{ table: 'raw.e', event_time: 'ts', alias: 'e' }],
          target: { table: `facts.${name}`, event_time: 'd', partition_by: ['day(d)'] },
          catchup: { hours_per_session: 24, order: 'newest' },
        },
        "select date_trunc('day', ts) as d, count(*) as n from e group by all",
      );
    const world = await worldForTest({ processes: [daily('one'), daily('two')] });
    await world.create('raw.e', EVENTS, { partitionedBy: 'hour(ts)' });
    await world.land('raw.e', [-60, -30, -5, 3].map((hour) => rows(hour * 10, 3, hour)).join(' union all '));
    const records = await world.run(undefined, { untilComplete: true, jobs: 2 });
    expect(rangesOf(records)).toEqual(
      ['one', 'two'].flatMap(() => [
        [-24, -1],
        [-48, -25],
        [-72, -49],
      ]),
    );
    for (const name of ['one', 'two']) {
      expect(await world.rows(`from facts.${name}`)).toEqual(
        await world.rows(
          `select date_trunc('day', ts), count(*) from raw.e where ts < timestamptz '${hourAt(0)}' group by all`,
        ),
      );
      const signals = await world.psyberg.signals({ table: `facts.${name}` });
      expect(signals.map(({ kind, hour }) => [kind, hour])).toEqual([['complete', hourAt(-1)]]);
    }
  });
});

describe('sessions that are killed', () => {
  const KILLS = [
    ...[2, 7, 11, 14, 18, 23, 26].map((killAtStep) => ({ killAtStep })),
    ...[1, 2, 3, 4, 5].flatMap((commit) =>
      [false, true].map((after) => ({ killAtCommit: { commit, after } })),
    ),
  ];

  it.each(['stateful', 'dimension'] as const)(
    '%s: one more run until complete ends them',
    { timeout: 600_000 },
    async (pattern) => {
      const world = await worldOf({ hours_per_session: 4 });
      let killed = 0;
      // Others each day.
      const today = KILLS.filter((_, index) => index % 3 === new Date().getUTCDate() % 3);
      for (const [index, kill] of today.entries()) {
        await world.land(
          'raw.e',
          `${rows(2000 + index * 10, 2, 1)} union all ${rows(2000 + index * 10, 1, 8)}`,
        );
        const attempt = await spawnSessions(world.root, {
          processes: [`${pattern}_load`],
          times: 4,
          ...kill,
        });
        if (attempt.killed) killed += 1;
        // What is left of the sessions before, and rows for an hour that may be owed.
        await world.land('raw.e', rows(3000 + index * 10, 1, 6));
        const records = await untilComplete(world, pattern);
        expect(records.at(-1), JSON.stringify(kill)).toMatchObject({ error: null, owed_hours: [] });
        await expectWhole(world, pattern, JSON.stringify(kill));
      }
      expect(killed).toBeGreaterThan(today.length / 2);
      expect(await world.leftovers()).toEqual([]);
    },
  );
});
