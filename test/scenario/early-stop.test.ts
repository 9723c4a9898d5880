// Goal: a dimension stops where its state is again what the target has, and only there: whatever comes in whatever
// order, the target is the same SQL over all hours. Method: a state that settles (an account is active for three
// hours after an event), late rows and deletes in several places, and after each session a recompute by plain SQL.
import { expect, it } from 'vitest';
import { hourAt, hourNumbers, processFile, type World, worldForTest } from '../support/world.ts';

const ACTIVE = processFile(
  {
    process_name: 'active_load',
    pattern: 'dimension',
    sources: [{ table: 'raw.events', event_time: 'ts' }],
    target: { table: 'dims.active', event_time: 'h', partition_by: ['hour(h)'] },
  },
  `select $first_hour::timestamptz as h, id, max(hours_left) as hours_left
from (select id, 3 as hours_left from events union all select id, hours_left - 1 from previous where hours_left > 1)
group by all`,
);

const event = (id: number, hour: number): string =>
  `select ${id}, timestamptz '${hourAt(hour)}' + interval 5 minute`;

/** What the state is by the events alone. */
const expected = (upTo: number): string => `
  select h, id, max(3 - age)::int as hours_left
  from (select timestamptz '${hourAt(0)}' + to_hours(i::int) as h from range(${upTo + 1}) as t(i)) as hours
  join raw.events as e on e.ts < h + interval 1 hour and e.ts >= h - interval 2 hour,
  lateral (select date_diff('hour', date_trunc('hour', e.ts), h) as age) as ages
  group by all`;

async function publishEqual(world: World, upTo: number): Promise<number[]> {
  const record = await world.publish('active_load');
  expect(await world.rows('select h, id, hours_left from dims.active')).toEqual(
    await world.rows(expected(upTo)),
  );
  const { range } = record;
  return range === null ? [] : hourNumbers([range.first_hour, range.last_hour]);
}

const signals = async (world: World): Promise<unknown[]> =>
  (await world.psyberg.signals({ limit: 2 })).map(({ kind, hour, hours }) => [kind, hour, hours]);

async function twelveHours(): Promise<World> {
  const world = await worldForTest({ processes: [ACTIVE] });
  await world.create('raw.events', 'id int, ts timestamptz');
  await world.land(
    'raw.events',
    Array.from({ length: 24 }, (_, hour) => event(hour % 5, hour)).join(' union all '),
  );
  expect(await publishEqual(world, 23)).toEqual([0, 23]);
  return world;
}

it('stops where the state settles, and announces what changed', async () => {
  const world = await twelveHours();
  await world.land('raw.events', event(77, 2));
  const plan = await world.plan('active_load');
  expect(plan.explain()).toContain('may stop early');
  expect(hourNumbers(plan.hours)).toHaveLength(22);
  // Three hours have the account, the fourth is as it was.
  expect(await publishEqual(world, 23)).toEqual([2, 5]);
  const [published] = (await world.history('dims.active')).toReversed();
  expect(published?.summary).toMatchObject({ 'deleted-data-files': '4', 'added-data-files': '4' });
  expect(await signals(world)).toEqual([
    ['complete', hourAt(23), null],
    ['reopened', hourAt(2), [[hourAt(2), hourAt(4)]]],
  ]);
  expect((await world.psyberg.history('active_load', { limit: 1 }))[0]).toMatchObject({
    first_hour: hourAt(2),
    last_hour: hourAt(5),
  });
  // An event that says what the state says already changes nothing after its hour.
  await world.land('raw.events', event(2, 2));
  expect(await publishEqual(world, 23)).toEqual([2, 2]);
  expect(await signals(world)).toEqual([
    ['complete', hourAt(23), null],
    ['reopened', hourAt(2), [[hourAt(2), hourAt(4)]]],
  ]);
});

it('goes on with the next hour that changed, from the stored state or from its own', async () => {
  const world = await twelveHours();
  // Settles between 1 and 10; 11 goes on from 10; 24 is new and goes on from what was stored of 23.
  await world.land(
    'raw.events',
    [event(80, 1), event(81, 10), event(82, 11), event(83, 24)].join(' union all '),
  );
  expect(await publishEqual(world, 24)).toEqual([1, 24]);
  expect(await signals(world)).toEqual([
    ['complete', hourAt(24), null],
    [
      'reopened',
      hourAt(1),
      [
        [hourAt(1), hourAt(3)],
        [hourAt(10), hourAt(13)],
      ],
    ],
  ]);
  // Rows that go away again, and one that replaces another in the same hour.
  await world.sql('delete from raw.events where id in (80, 82)');
  await world.land('raw.events', event(84, 11));
  expect(await publishEqual(world, 24)).toEqual([1, 14]);
});

it('reads what it stops at: a state of as many other rows does not stop, nor one that differs in a sign', async () => {
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'state_load',
          pattern: 'dimension',
          sources: [{ table: 'raw.events', event_time: 'ts' }],
          target: { table: 'dims.state', event_time: 'h', partition_by: ['hour(h)'] },
        },
        // The last event's id decides, for ever; the sign of a zero is all that events of even ids leave.
        `select $first_hour::timestamptz as h,
  coalesce((select if(max(id) % 2 = 0, '-0'::double, '0'::double) from events having count(*) > 0), (select any_value(sign) from previous), '0'::double) as sign`,
      ),
    ],
  });
  await world.create('raw.events', 'id int, ts timestamptz');
  await world.land('raw.events', [event(1, 0), event(1, 6)].join(' union all '));
  await world.publish('state_load');
  await world.land('raw.events', event(2, 2));
  expect(hourNumbers([(await world.publish('state_load')).range?.last_hour ?? ''])).toEqual([6]);
  expect(
    await world.rows(
      "select h, sign::varchar as sign from dims.state where h < timestamptz '2023-09-14 06:00:00+00' and h > timestamptz '2023-09-14 01:00:00+00' and sign::varchar <> '-0.0'",
    ),
  ).toEqual([]);
});

it('goes on from step to step of another process with the hours that were computed', async () => {
  const world = await twelveHours();
  await world.land('raw.events', [event(90, 3), event(91, 20)].join(' union all '));
  const step = { processName: 'active_load', psybergSessionId: '20991231000000' };
  await world.psyberg.session.init(step);
  expect((await world.psyberg.session.load(step)).range).toEqual({
    first_hour: hourAt(3),
    last_hour: hourAt(23),
  });
  await world.psyberg.session.audit(step);
  expect(await world.psyberg.session.publish(step)).toMatchObject({ status: 'published' });
  expect(await world.rows('select h, id, hours_left from dims.active')).toEqual(
    await world.rows(expected(23)),
  );
  expect(await signals(world)).toEqual([
    ['complete', hourAt(23), null],
    [
      'reopened',
      hourAt(3),
      [
        [hourAt(3), hourAt(5)],
        [hourAt(20), hourAt(22)],
      ],
    ],
  ]);
});
