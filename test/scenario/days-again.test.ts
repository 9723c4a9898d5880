// Goal: what a process of days computes again is whole days, and the rest stays. Method: a dimension of days that
// settles, with late rows in two places, and a daily table restated by an hour of one day; each beside plain SQL.
import { expect, it } from 'vitest';
import { byDay, land, worldOf } from '../support/day-world.ts';
import { corrected, hourText, restated } from '../support/restate.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

/** An account is active for three days after an event; its row lies in an hour of its own. */
const ACTIVE = processFile(
  {
    process_name: 'active_load',
    pattern: 'dimension',
    grain: 'day',
    sources: [{ table: 'raw.events', event_time: 'ts' }],
    target: { table: 'dims.active', event_time: 'h', partition_by: ['day(h)'] },
  },
  `select $first_hour::timestamptz + to_hours(abs(id) % 24) as h, id, max(days_left) as days_left
from (select id, 3 as days_left from events union all select id, days_left - 1 from previous where days_left > 1)
group by all`,
);

const DAYS = 10;
const EXPECTED = `
  select d + to_hours(abs(id) % 24) as h, id, max(3 - age)::int as days_left
  from (select timestamptz '${hourAt(-24 * DAYS)}' + to_hours(24 * i::int) as d from range(${DAYS}) as t(i)) as days
  join raw.events as e on e.ts < d + interval 24 hour and e.ts >= d - interval 48 hour,
  lateral (select date_diff('hour', date_trunc('day', e.ts), d) // 24 as age) as ages
  group by all`;

const equalsRecompute = async (world: World): Promise<void> =>
  expect(await world.rows('select h, id, days_left from dims.active')).toEqual(await world.rows(EXPECTED));

const reopened = async (world: World): Promise<unknown> =>
  (await world.psyberg.signals({ limit: 2 })).find(({ kind }) => kind === 'reopened')?.hours;

it('a dimension of days stops where a day comes out as stored, and equals a recompute', async () => {
  const world = await worldForTest({ processes: [ACTIVE] });
  await world.create('raw.events', 'id int, ts timestamptz');
  const daily = Array.from({ length: DAYS }, (_, day) => -24 * (day + 1) + ((day * 7) % 23));
  await land(world, ...daily, -1);
  expect(await world.publish('active_load')).toMatchObject({
    range: { first_hour: hourAt(-240), last_hour: hourAt(-1) },
  });
  await equalsRecompute(world);

  // Three days have it, the fourth is as it was; the days up to the next change stay.
  await land(world, -200);
  await land(world, -80);
  const plan = await world.plan('active_load');
  expect(plan.hours.filter(({ unchanged }) => unchanged === true)).toHaveLength(7);
  expect(plan.explain()).toContain('may stop early');
  expect(await world.publish('active_load')).toMatchObject({
    range: { first_hour: hourAt(-216), last_hour: hourAt(-1) },
  });
  await equalsRecompute(world);
  const [published] = (await world.history('dims.active')).toReversed();
  expect(JSON.parse(published?.summary?.['psyberg.hours-written'] ?? '')).toEqual([
    [hourAt(-216), hourAt(-121)],
    [hourAt(-96), hourAt(-1)],
  ]);
  expect(await reopened(world)).toEqual([
    [hourAt(-216), hourAt(-145)],
    [hourAt(-96), hourAt(-25)],
  ]);

  // Step by step, each from what the one before has stored.
  await land(world, -230);
  const step = { processName: 'active_load', psybergSessionId: '20991231000000' };
  await world.psyberg.session.init(step);
  expect((await world.psyberg.session.load(step)).range).toEqual({
    first_hour: hourAt(-240),
    last_hour: hourAt(-145),
  });
  await world.psyberg.session.audit(step);
  expect(await world.psyberg.session.publish(step)).toMatchObject({ status: 'published' });
  await equalsRecompute(world);
  expect(await world.psyberg.verify(['active_load'])).toMatchObject([{ status: 'equal' }]);
});

it('a restate of an hour takes its day, and leaves the others as they are', async () => {
  const counts = (more: string): ReturnType<typeof byDay> =>
    byDay({}, `select ts::date as day, (count(*)${more})::integer as n from events group by all`);
  const world = await worldOf(counts(' - 1'));
  await land(world, -60, -47, -30, -25, -5, -1, 2);
  await world.publish('by_day_load');
  await corrected(world, counts(''));
  const [plan] = await world.psyberg.planRestate('by_day_load', { hours: '2023-09-12' });
  expect(plan).toMatchObject({
    grain: 'day',
    hours: [{ hour: hourAt(-48), reason: 'restated' }],
    sql_changed: { hours: [hourAt(-72), hourAt(-48), hourAt(-24)] },
  });
  const record = await restated(world, 'by_day_load', { hours: hourText(-40) });
  expect(record).toMatchObject({
    range: { first_hour: hourAt(-48), last_hour: hourAt(-25) },
    rows_read: '3',
    rows_written: '1',
  });
  expect(await world.rows('select day::varchar, n from facts.by_day')).toEqual(
    await world.rows(`from (values ('2023-09-11', 0), ('2023-09-12', 3), ('2023-09-13', 1))`),
  );
  expect(await reopened(world)).toEqual([[hourAt(-48), hourAt(-25)]]);
  expect((await world.plan('by_day_load')).owed_hours).toEqual([hourAt(0)]);
  const statusOf = async (hours?: string): Promise<unknown> =>
    (await world.psyberg.verify(['by_day_load'], hours === undefined ? {} : { hours }))[0]?.status;
  expect(await statusOf(hourText(-31))).toBe('equal');
  expect(await statusOf()).toBe('different');
  await restated(world, 'by_day_load', { changedSql: true });
  expect(await statusOf()).toBe('equal');
  const [refused] = await world.psyberg.restate('by_day_load', { hours: '2023-09-13..2023-09-14' });
  expect(refused?.error).toMatchObject({
    code: 'restate-hours-beyond',
    hint: 'restate what it has loaded: --hours 2023-09-13',
  });
});
