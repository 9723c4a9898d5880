// Goal: a stateful process publishes no row of an hour in which no source has a row: whether that hour is computed hangs
// on what comes when. Method: a calendar beside events, as a series and as a lookup; rows that a window, a date or a day
// brings are no such rows; with one file for all hours, where its first and last hour do not tell it.
import { expect, it } from 'vitest';
import type { RunRecord } from '../../src/index.ts';
import { expectVerified } from '../support/verified.ts';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from '../support/world.ts';

const EVENTS = { table: 'raw.events', event_time: 'ts' };
const counts = (sql: string, more: object = {}): ProcessFile =>
  processFile(
    {
      process_name: 'counts',
      pattern: 'stateful',
      sources: [EVENTS],
      target: { table: 'facts.counts', event_time: 'h', partition_by: ['hour(h)'] },
      ...more,
    },
    sql,
  );
const CALENDAR = `select h, (select count(*) from events where date_trunc('hour', ts) = h) as n
from (select unnest(generate_series($first_hour::timestamptz, $last_hour::timestamptz, interval 1 hour)) as h)`;

const event = (hour: number): string => `select ${hour}, timestamptz '${hourAt(hour)}' + interval 5 minute`;
const events = (hours: readonly number[]): string => hours.map(event).join(' union all ');

async function worldOf(process: ProcessFile, hours: readonly number[]): Promise<World> {
  const world = await worldForTest({ processes: [process] });
  await world.create('raw.events', 'id int, ts timestamptz');
  await world.land('raw.events', events(hours));
  return world;
}

const session = async (world: World): Promise<RunRecord | undefined> => (await world.run())[0];

it('refuses rows of hours without an event, in the first session and when the events of an hour went', async () => {
  const world = await worldOf(counts(CALENDAR), [2, 4, 5]);
  expect(await session(world)).toMatchObject({
    status: 'refused',
    error: { code: 'rows-without-source', context: { hours: [hourAt(3)] } },
  });
  expect(await world.leftovers()).toEqual([]);
  await world.land('raw.events', event(3));
  expect(await session(world)).toMatchObject({ status: 'published' });
  await expectVerified(world, 'counts');
  await world.sql('delete from raw.events where id = 2');
  expect(await session(world)).toMatchObject({
    status: 'refused',
    error: { code: 'rows-without-source', context: { hours: [hourAt(2)] } },
  });
});

it('refuses what a calendar that is a lookup adds, and takes the same query where it is joined', async () => {
  const sources = [EVENTS, { table: 'raw.calendar', lookup: true }];
  const joined = (join: string): ProcessFile =>
    counts(
      `select c.h, count(e.id) as n from calendar as c ${join} events as e on date_trunc('hour', e.ts) = c.h
where c.h >= $range_start and c.h < $range_end group by all`,
      { sources },
    );
  const world = await worldOf(joined('left join'), [2, 4]);
  await world.create('raw.calendar', 'h timestamptz');
  await world.land(
    'raw.calendar',
    `select unnest(generate_series(timestamptz '${hourAt(0)}', timestamptz '${hourAt(9)}', interval 1 hour))`,
  );
  expect(await session(world)).toMatchObject({ error: { code: 'rows-without-source' } });
  world.writeProcess(joined('join'));
  await world.reopen();
  expect(await session(world)).toMatchObject({ status: 'published', rows_written: '2' });
  await expectVerified(world, 'counts');
});

it('takes rows of hours that a window reaches', async () => {
  const world = await worldOf(
    counts(
      `select date_trunc('hour', ts) + to_hours(i::int) as h, count(*) as n from events, range(2) as t(i) group by 1`,
      { sources: [{ ...EVENTS, window: { before: '1h' } }] },
    ),
    [2, 4, 8],
  );
  expect(await session(world)).toMatchObject({ status: 'published', rows_written: '5' });
  await expectVerified(world, 'counts');
});

it('does not count rows of a window with a key, which reach hours of others only', async () => {
  const world = await worldOf(
    counts(`select date_trunc('hour', ts) as h, count(*) as n from others group by 1`, {
      sources: [EVENTS, { table: 'raw.others', event_time: 'ts', window: { before: '2h', key: 'id' } }],
    }),
    [2, 4, 6],
  );
  await world.create('raw.others', 'id int, ts timestamptz');
  await world.land('raw.others', events([4, 6]));
  expect(await session(world)).toMatchObject({ status: 'published' });
  await world.land('raw.others', `${event(3)} union all ${event(5)}`);
  await world.land('raw.events', `select 3, ts from (${event(4)}) as t(id, ts)`);
  await session(world);
  await world.land('raw.events', event(7));
  await world.land('raw.others', events([8]));
  await session(world);
  await world.land('raw.events', event(9));
  await world.land('raw.others', events([9]));
  expect(await session(world)).toMatchObject({
    status: 'refused',
    error: { code: 'rows-without-source' },
  });
});

it('takes rows of a day that has a row, in a target of dates and in a process of days', async () => {
  const byDay = counts(`select ts::date as h, count(*) as n from events group by 1`, {
    target: { table: 'facts.counts', event_time: 'h', partition_by: ['h'] },
  });
  const world = await worldOf(byDay, [2, 9, 30, 50]);
  expect(await session(world)).toMatchObject({ status: 'published', rows_written: '3' });
  const ofDays = await worldOf({ ...byDay, header: { ...byDay.header, grain: 'day' } }, [2, 9, 30, 71]);
  expect(await session(ofDays)).toMatchObject({ status: 'published', rows_written: '3' });
  await expectVerified(ofDays, 'counts');
});

it('takes rows that a date brings into each hour of its day', async () => {
  const world = await worldOf(
    counts(
      `select date_trunc('hour', e.ts) as h, count(*) as n from events as e join prices as p on p.d = e.ts::date
group by 1 union all select d + interval 20 hour, 1 from prices`,
      {
        sources: [EVENTS, { table: 'raw.prices', event_time: 'd' }],
      },
    ),
    [2, 4, 22, 47],
  );
  await world.create('raw.prices', 'd date, price int');
  await world.land('raw.prices', "select date '2023-09-14', 1 union all select date '2023-09-15', 2");
  expect(await session(world)).toMatchObject({ status: 'published' });
});
