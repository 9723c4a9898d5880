// Goal: where a threshold leaves the first hours of a dimension, or rows before all others, the hours that begin or end
// with them are owed, too: plan, status and verify agree, nothing is dropped, and a restate makes the target its SQL over
// whole tables. Method: queries that return a row for an hour without any; the first rows deleted in several ways, or
// rows before all others landed; what is verified after each session, and compared with plain SQL after the restate.
import { describe, expect, it } from 'vitest';
import { expectVerified } from '../support/verified.ts';
import { hourAt, hourNumbers, processFile, type World, worldForTest } from '../support/world.ts';

const process = (name: string, sql: string, more: object = {}) =>
  processFile(
    {
      process_name: name,
      pattern: 'dimension',
      sources: [{ table: 'raw.events', event_time: 'ts' }],
      target: { table: `dims.${name}`, event_time: 'h', partition_by: ['hour(h)'] },
      catchup: { threshold_hours: 2 },
      ...more,
    },
    sql,
  );
const COUNTS = process(
  'counts',
  `select $range_start::timestamptz as h, count(*) as n, count(*) + coalesce((select max(total) from previous), 0) as total
from events`,
);
const GAPS = process(
  'gaps',
  'select $range_start::timestamptz as h, n from (select count(*) as n from events) where n = 0',
);
const NAMES = ['counts', 'gaps'];
const event = (id: number, hour: number): string =>
  `select ${id}, timestamptz '${hourAt(hour)}' + interval 5 minute`;

/** Rows in hours 2, 3, 6 and 8, whose id is their hour. */
async function loaded(): Promise<World> {
  const world = await worldForTest({ processes: [COUNTS, GAPS] });
  await world.create('raw.events', 'id int, ts timestamptz');
  for (const hour of [2, 3, 6, 8]) await world.land('raw.events', event(hour, hour));
  await world.run();
  return world;
}

const owedOf = async (world: World, name: string): Promise<number[]> =>
  hourNumbers(
    (await world.psyberg.status()).find((each) => each.process_name === name)?.beyond_threshold?.hours ?? [],
  );

async function expectRestated(world: World, upTo: number): Promise<void> {
  for (const name of NAMES) {
    expect((await world.psyberg.restate(name, { all: true }))[0]).toMatchObject({ status: 'published' });
    expect(await owedOf(world, name)).toEqual([]);
    expect((await expectVerified(world, name)).owed_hours).toEqual([]);
  }
  const wanted = `with hours as (select unnest(generate_series(date_trunc('hour', min(ts)), timestamptz '${hourAt(upTo)}', interval 1 hour)) as h from raw.events)
select h, (select count(*) from raw.events where date_trunc('hour', ts) = h) as n, (select count(*) from raw.events where ts < h + interval 1 hour) as total from hours`;
  expect(await world.rows('select h, n, total from dims.counts')).toEqual(await world.rows(wanted));
  expect(await world.rows('select h, n from dims.gaps')).toEqual(
    await world.rows(`select h, n from (${wanted}) where n = 0`),
  );
}

describe('of the first hours, further back than the threshold', () => {
  it.each([
    { gone: [2], owed: [2] },
    { gone: [2, 3], owed: [2, 3, 4, 5] },
    { gone: [2, 3, 6], owed: [2, 3, 4, 5, 6] },
    { gone: [3], owed: [3] },
  ])('rows of $gone are deleted', async ({ gone, owed }) => {
    const world = await loaded();
    await world.sql(`delete from raw.events where id in (${gone.join()})`);
    await world.run();
    expect(await owedOf(world, 'counts')).toEqual(owed);
    for (const name of NAMES) await expectVerified(world, name);
    expect(hourNumbers((await expectVerified(world, 'counts')).owed_hours)).toEqual(owed);
    expect((await world.psyberg.plan()).map(({ status }) => status)).toEqual(['nothing-new', 'nothing-new']);
    await world.land('raw.events', event(9, 9));
    await world.run();
    for (const name of NAMES) await expectVerified(world, name);
    expect(await owedOf(world, 'counts')).toEqual(owed);
    await expectRestated(world, 9);
  });

  it('all rows are deleted: what is owed is named, and goes when rows come back', async () => {
    const world = await loaded();
    await world.sql('delete from raw.events');
    await world.run();
    expect(await owedOf(world, 'counts')).toEqual([2, 3, 4, 5, 6]);
    for (const name of NAMES) await expectVerified(world, name);
    await world.land('raw.events', event(9, 9));
    await world.run();
    for (const name of NAMES) await expectVerified(world, name);
    await expectRestated(world, 9);
  });

  it('rows come before all others', async () => {
    const world = await loaded();
    await world.land('raw.events', event(-3, -3));
    await world.run();
    expect(await owedOf(world, 'counts')).toEqual([-3, -2, -1, 0, 1]);
    for (const name of NAMES) await expectVerified(world, name);
    await expectRestated(world, 8);
  });

  it('some hours are restated, and those before them stay owed', async () => {
    const world = await loaded();
    await world.sql('delete from raw.events where id in (2, 3)');
    await world.run();
    await world.psyberg.restate('counts', { hours: '2023-09-14T04' });
    expect(await owedOf(world, 'counts')).toEqual([2, 3]);
    await expectVerified(world, 'counts');
    await expectRestated(world, 8);
  });
});

it('a stateful process computes again, when it is asked to, owed hours whose rows are all gone', async () => {
  const world = await worldForTest({
    processes: [
      process('hourly', "select date_trunc('hour', ts) as h, count(*) as n from events group by all", {
        pattern: 'stateful',
      }),
    ],
  });
  await world.create('raw.events', 'id int, ts timestamptz');
  for (const hour of [2, 3, 6, 8]) await world.land('raw.events', event(hour, hour));
  await world.run();
  await world.sql('delete from raw.events where id in (2, 3)');
  await world.run();
  expect(await owedOf(world, 'hourly')).toEqual([2, 3]);
  expect((await world.psyberg.restate('hourly', { all: true }))[0]).toMatchObject({ status: 'published' });
  await expectVerified(world, 'hourly');
  expect(await world.rows('select h, n from dims.hourly')).toEqual(
    await world.rows("select date_trunc('hour', ts) as h, count(*) as n from raw.events group by all"),
  );
});
