// Goal: a dimension begins with the first row of its sources, whatever came and went in whatever order. Method: queries
// that return a row for an hour without any, the earliest hours deleted in every way, and after each session the target
// held against plain SQL over the source, and verified.
import { expect, it } from 'vitest';
import { expectVerified } from '../support/verified.ts';
import {
  hourAt,
  hourNumbers,
  type ProcessFile,
  processFile,
  type World,
  worldForTest,
} from '../support/world.ts';

const process = (name: string, sql: string, more: object = {}): ProcessFile =>
  processFile(
    {
      process_name: name,
      pattern: 'dimension',
      sources: [{ table: 'raw.events', event_time: 'ts' }],
      target: { table: `dims.${name}`, event_time: 'h', partition_by: ['hour(h)'] },
      ...more,
    },
    sql,
  );

/** A row for every hour, and how many rows there were so far. */
const COUNTS = process(
  'counts',
  `select $range_start::timestamptz as h, count(*) as n, count(*) + coalesce((select max(total) from previous), 0) as total
from events`,
);
/** A row for every hour in which nothing happened. */
const GAPS = process(
  'gaps',
  'select $range_start::timestamptz as h, n from (select count(*) as n from events) where n = 0',
);

const HOURS = (upTo: number): string =>
  `(select unnest(generate_series(date_trunc('hour', min(ts)), timestamptz '${hourAt(upTo)}', interval 1 hour)) as h from raw.events)`;
const counted = (upTo: number): string =>
  `select h, (select count(*) from raw.events where date_trunc('hour', ts) = h) as n, (select count(*) from raw.events where ts < h + interval 1 hour) as total from ${HOURS(upTo)}`;

async function expectRight(world: World, upTo: number): Promise<void> {
  await world.run();
  const wanted = counted(upTo);
  expect(await world.rows('select h, n, total from dims.counts')).toEqual(await world.rows(wanted));
  expect(await world.rows('select h, n from dims.gaps')).toEqual(
    await world.rows(`select h, n from (${wanted}) where n = 0`),
  );
  await expectVerified(world, 'counts');
  await expectVerified(world, 'gaps');
}

const event = (id: number, hour: number): string =>
  `select ${id}, timestamptz '${hourAt(hour)}' + interval 5 minute`;

const hoursOf = async (world: World): Promise<number[]> =>
  hourNumbers(
    (await world.sql('select h::varchar as h from dims.counts order by h')).map(({ h }) => String(h)),
  );

/** Rows in hours 2, 3, 6 and 8, a file each. */
async function fourHours(options: { readonly formatVersion?: string } = {}): Promise<World> {
  const world = await worldForTest({ processes: [COUNTS, GAPS] });
  await world.create('raw.events', 'id int, ts timestamptz', options);
  for (const hour of [2, 3, 6, 8]) await world.land('raw.events', event(hour, hour));
  await expectRight(world, 8);
  return world;
}

it('begins later when its first hours are deleted, and earlier when a row comes before all', async () => {
  const world = await fourHours();
  await world.sql('delete from raw.events where id in (2, 3)');
  const plan = await world.plan('counts');
  expect(plan.hours.map(({ hour, empty }) => [hourNumbers([hour])[0], empty ?? false])).toEqual([
    [2, true],
    [3, true],
    [4, true],
    [5, true],
    [6, false],
    [7, false],
    [8, false],
  ]);
  expect(plan.explain()).toContain('no source has a row of it or of an earlier hour');
  await expectRight(world, 8);
  expect(await hoursOf(world)).toEqual([6, 7, 8]);
  // Between the hours that were taken off, then before all that ever were.
  for (const hour of [4, 1]) {
    await world.land('raw.events', event(90 + hour, hour));
    await expectRight(world, 8);
    expect((await hoursOf(world))[0]).toBe(hour);
  }
});

it('announces the hours that it takes off', async () => {
  const world = await fourHours();
  await world.sql('delete from raw.events where id in (2, 3)');
  await world.publish('counts');
  expect((await world.psyberg.signals({ limit: 2 })).map(({ kind, hours }) => [kind, hours])).toEqual([
    ['complete', null],
    ['reopened', [[hourAt(2), hourAt(8)]]],
  ]);
});

it('begins later after an overwrite that leaves files of its hours out', async () => {
  const world = await fourHours();
  const first = await world.sql('select filename from raw.events where id = 2');
  await world.changeFiles('raw.events', {
    operation: 'overwrite',
    remove: (files) => files.filter(({ path }) => path === first[0]?.['filename']),
    insert: event(70, 7),
  });
  await expectRight(world, 8);
  expect((await hoursOf(world))[0]).toBe(3);
});

it('begins later after a bad load was rolled back, and its snapshot expired', async () => {
  const world = await fourHours();
  const good = (await world.history('raw.events')).at(-1)?.['snapshot-id'] as bigint;
  await world.land('raw.events', event(9, -5));
  await expectRight(world, 8);
  const bad = (await world.history('raw.events')).at(-1)?.['snapshot-id'] as bigint;
  expect((await hoursOf(world))[0]).toBe(-5);
  await world.rollback('raw.events', good);
  await world.land('raw.events', event(10, 9));
  await expectRight(world, 9);
  await world.expire('raw.events', [bad]);
  await world.sql('delete from raw.events where id = 2');
  await expectRight(world, 9);
  expect((await hoursOf(world))[0]).toBe(3);
});

it('has no hour while its source has no row, and begins again with the next one', async () => {
  const world = await fourHours({ formatVersion: '3' });
  await world.sql('delete from raw.events');
  await world.run();
  expect(await hoursOf(world)).toEqual([]);
  await expectVerified(world, 'counts');
  await world.land('raw.events', event(20, 12));
  await expectRight(world, 12);
  expect(await hoursOf(world)).toEqual([12]);
  await world.land('raw.events', event(21, 5));
  await expectRight(world, 12);
});

it('takes files whose bounds say nothing for what they hold', async () => {
  const world = await worldForTest({ processes: [COUNTS, GAPS] });
  await world.create('raw.events', 'id int, ts timestamptz', { partitionedBy: 'day(ts)' });
  await world.land('raw.events', [event(1, 5), event(2, 9)].join(' union all '));
  await world.sql('delete from raw.events where id = 1');
  await expectRight(world, 9);
  expect(await hoursOf(world)).toEqual([9]);
});

it('computes hours that a lookup changes although no source has rows of them', async () => {
  const byHour = process(
    'priced',
    'select $range_start::timestamptz as h, p.price from prices as p where not exists (from events)',
    {
      sources: [
        { table: 'raw.events', event_time: 'ts' },
        { table: 'raw.prices', lookup: true, on_change: 'restate' },
      ],
    },
  );
  const world = await worldForTest({ processes: [byHour] });
  await world.create('raw.events', 'id int, ts timestamptz');
  await world.create('raw.prices', 'price int');
  await world.land('raw.prices', 'select 1 where false');
  for (const hour of [2, 6]) await world.land('raw.events', event(hour, hour));
  await world.publish('priced');
  await world.land('raw.prices', 'select 7');
  await world.publish('priced');
  expect(await world.rows('select h, price from dims.priced')).toEqual(
    await world.rows(
      `select h, 7::int as price from ${HOURS(6)} where h not in (select date_trunc('hour', ts) from raw.events)`,
    ),
  );
  await expectVerified(world, 'priced');
});

it.each([false, true])('shows no hour before its first one, loaded: %s', async (isLoaded) => {
  const world = await worldForTest({ processes: [COUNTS] });
  await world.create('raw.events', 'id int, ts timestamptz');
  await world.land('raw.events', event(5, 5));
  if (isLoaded) await world.publish('counts');
  const shown = async (hours: string) => {
    const { rows, notes } = await world.psyberg.show('counts', { hours });
    return { rows: rows.length, notes: notes.filter((each) => each.includes('begins with')) };
  };
  expect(await shown('2023-09-14T02..2023-09-14T03')).toEqual({
    rows: 0,
    notes: [
      'no source of counts has a row of these hours or of earlier ones: it begins with 2023-09-14T05:00:00Z',
    ],
  });
  expect(await shown('2023-09-14T04..2023-09-14T05')).toEqual({
    rows: 1,
    notes: ['counts begins with 2023-09-14T05:00:00Z: no source has an earlier row'],
  });
  expect(await shown('2023-09-14T05')).toEqual({ rows: 1, notes: [] });
});
