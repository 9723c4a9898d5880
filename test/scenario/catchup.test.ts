// Goal: a process that limits how it catches up publishes sessions of bounded size, owes the rest, and ends with what
// one session would have made. Method: small worlds of real tables, compared with SQL over whole tables.
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/model/run-record.ts';
import { hourAt, hourNumbers, processFile, type World, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';
/** Rows of an hour. */
const rows = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i) as ts from range(${first}, ${first + count}) t(i)`;
const worldOf = (catchup: object): Promise<World> =>
  worldForTest({
    processes: [
      processFile(
        {
          process_name: 'some_load',
          pattern: 'stateful',
          sources: [{ table: 'raw.e', event_time: 'ts', alias: 'e' }],
          target: { table: 'facts.some', event_time: 'h', partition_by: ['hour(h)'] },
          catchup,
        },
        "select date_trunc('hour', ts) as h, count(*) as n, sum(id) as ids from e group by all",
      ),
    ],
  });
const land = async (world: World, ...landed: readonly string[]): Promise<void> => {
  if (!(await world.psyberg.internals.client.tableExists({ namespace: ['raw'], name: 'e' })))
    await world.create('raw.e', EVENTS, { partitionedBy: 'hour(ts)' });
  await world.land('raw.e', landed.join(' union all '));
};
const HOURLY = [0, 1, 2, 3, 4, 5, 6].map((hour) => rows(hour * 10, 3, hour));
const found = (world: World) => world.rows('select * from facts.some');
const recomputed = (world: World, from = 0) =>
  world.rows(
    `select date_trunc('hour', ts) as h, count(*) as n, sum(id) as ids from raw.e where ts >= timestamptz '${hourAt(from)}' group by all`,
  );
const rangeOf = ({ range }: RunRecord): number[] =>
  hourNumbers(range === null ? [] : [range.first_hour, range.last_hour]);
const untilComplete = (world: World): Promise<RunRecord[]> =>
  world.psyberg.run(['some_load'], { untilComplete: true });

describe('sessions of bounded size', () => {
  it('load a backlog oldest first; what is owed survives rows that come, and a rollback of the target', async () => {
    const world = await worldOf({ hours_per_session: 3 });
    await land(world, ...HOURLY);
    const [first] = await world.run();
    expect(rangeOf(first as RunRecord)).toEqual([0, 2]);
    expect(hourNumbers(first?.owed_hours ?? [])).toEqual([3, 4, 5, 6]);
    expect(first?.catchup).toMatchObject({ session_hours: 3, later_hours: 4, beyond_hours: [] });
    const published = first?.published_snapshot_id as string;
    // One of an hour that is owed, and one of an hour that was loaded.
    await land(world, rows(100, 2, 5), rows(110, 2, 1));
    const [second] = await world.run();
    expect(rangeOf(second as RunRecord)).toEqual([1, 3]);
    await world.rollback('facts.some', BigInt(published));
    const rest = await untilComplete(world);
    expect(rest.map(({ status }) => status)).toEqual(rest.map(() => 'published'));
    expect(rest.at(-1)?.owed_hours).toEqual([]);
    expect(await found(world)).toEqual(await recomputed(world));
    expect((await untilComplete(world)).map(({ status }) => status)).toEqual(['nothing-new']);
  });

  it('load the newest hours first, and announce nothing before the oldest are there', async () => {
    const world = await worldOf({ hours_per_session: 4, order: 'newest' });
    await land(world, ...HOURLY);
    const [first] = await world.run();
    expect(rangeOf(first as RunRecord)).toEqual([3, 6]);
    expect(await world.psyberg.signals()).toEqual([]);
    const [second] = await world.run();
    expect(rangeOf(second as RunRecord)).toEqual([0, 2]);
    const signals = await world.psyberg.signals();
    expect(signals.map(({ kind, hour }) => [kind, hour])).toEqual([['complete', hourAt(6)]]);
    // Announced by now: hour 2 is reopened, and hour 7 is new.
    await land(world, rows(200, 1, 2), rows(210, 1, 7));
    await untilComplete(world);
    expect((await world.psyberg.signals()).slice(0, -1).map(({ kind, hours }) => [kind, hours])).toEqual([
      ['complete', null],
      ['reopened', [[hourAt(2), hourAt(2)]]],
    ]);
    expect(await found(world)).toEqual(await recomputed(world));
  });
});

it('a threshold leaves older hours owed, with their rows, and computes the newest hour to say so', async () => {
  const world = await worldOf({ threshold_hours: 2 });
  await land(world, ...HOURLY);
  expect(rangeOf((await world.run())[0] as RunRecord)).toEqual([0, 6]);
  await land(world, rows(100, 4, 1), rows(200, 1, 3));
  const [late] = await world.run();
  expect(rangeOf(late as RunRecord)).toEqual([6, 6]);
  expect(late?.catchup).toEqual({
    order: 'oldest',
    session_hours: 1,
    later_hours: 0,
    reaches_back_to: hourAt(5),
    beyond_hours: [hourAt(1), hourAt(3)],
    beyond_rows: '11',
    beyond_rows_exact: true,
  });
  const again = await world.psyberg.plan();
  expect(again.map(({ status, owed_hours }) => ({ status, owed: hourNumbers(owed_hours) }))).toEqual([
    { status: 'nothing-new', owed: [1, 3] },
  ]);
  expect((await world.psyberg.status())[0]?.beyond_threshold).toEqual({
    hours: [hourAt(1), hourAt(3)],
    rows: '11',
    exact: true,
  });
  await land(world, rows(300, 1, 6), rows(310, 1, 7));
  expect(rangeOf((await world.run())[0] as RunRecord)).toEqual([6, 7]);
});
