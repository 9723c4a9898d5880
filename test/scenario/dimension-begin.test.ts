// Goal: a dimension begins with the first row of its sources, whatever came and went in whatever order. Method: queries
// that return a row for an hour without any, the earliest hours deleted in every way, and after each session the target
// held against plain SQL over the source, and verified; overwrites and rollbacks are in dimension-begin-changes.whole.ts.
import { expect, it } from 'vitest';
import { expectVerified } from '../support/verified.ts';
import { hourAt, hourNumbers, worldForTest } from '../support/world.ts';
import { COUNTS, event, expectRight, fourHours, GAPS, HOURS, hoursOf, process } from './counted-hours.ts';

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
