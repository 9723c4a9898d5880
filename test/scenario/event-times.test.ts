// Goal: hours come out right whatever the event times of sources and targets are, and however far each source is
// complete. Method: real landings, sessions through the public API, rows and plans asserted.
import { describe, expect, it } from 'vitest';
import { appendProcess, countProcess, EVENTS, events, expectCounts } from '../support/count-events.ts';
import { expectVerified } from '../support/verified.ts';
import { hourAt, hourNumbers, msAt, processFile, type World, worldForTest } from '../support/world.ts';

describe('sources of different completeness', () => {
  const joined = processFile(
    {
      process_name: 'join_load',
      pattern: 'stateful',
      sources: [
        { table: 'raw.events', event_time: 'ts', alias: 'e' },
        { table: 'raw.others', event_time: 'ts', alias: 'o' },
      ],
      target: { table: 'facts.joined', event_time: 'ts', partition_by: ['hour(ts)'] },
    },
    'select e.id, e.ts, o.id is not null as matched from e left join o using (id)',
  );

  it('keeps the hours above the least complete source owed, and pays them exactly once', async () => {
    const world = await worldForTest({ processes: [joined] });
    await world.create('raw.events', EVENTS);
    await world.create('raw.others', EVENTS);
    await world.land('raw.events', `${events(0, 10, 0)} union all ${events(10, 10, 1)}`);
    await world.land('raw.others', events(0, 5, 0));
    const first = await world.publish('join_load');
    expect(first).toMatchObject({ held_back_by: 'raw.others' });
    expect(hourNumbers(first.owed_hours)).toEqual([1]);
    expect(await world.rows('select count(*) from facts.joined')).toEqual(['["10"]']);
    // Nothing new but the debt: it waits.
    const [waiting] = await world.run(['join_load']);
    expect(waiting).toMatchObject({
      status: 'waiting',
      held_back_by: 'raw.others',
      published_snapshot_id: null,
    });
    // A late row in hour 0 is paid; hour 1 and the new hour 2 stay owed across the session.
    await world.land('raw.events', `${events(20, 1, 0)} union all ${events(30, 1, 2)}`);
    expect(hourNumbers((await world.publish('join_load')).owed_hours)).toEqual([1, 2]);
    await world.land('raw.others', events(10, 3, 2));
    const paid = await world.plan('join_load');
    expect(hourNumbers(paid.hours)).toEqual([1, 2]);
    expect(paid.hours.map((hour) => hour.reason)).toEqual(['owed', 'changed']);
    expect((await world.publish('join_load')).owed_hours).toEqual([]);
    expect((await world.run(['join_load']))[0]?.status).toBe('nothing-new');
    expect(await world.rows('from facts.joined')).toEqual(
      await world.rows(
        'select e.id, e.ts, o.id is not null as matched from raw.events e left join raw.others o using (id)',
      ),
    );
    expect(await world.rows('select src_table, owed_hours from psyberg.high_water_mark_table')).toEqual([
      '["raw.events","[]"]',
      '["raw.others","[]"]',
    ]);
  });

  it('waits while a source has no rows at all', async () => {
    const world = await worldForTest({ processes: [joined] });
    await world.create('raw.events', EVENTS);
    await world.create('raw.others', EVENTS);
    await world.land('raw.events', events(0, 10, 0));
    expect((await world.run(['join_load']))[0]).toMatchObject({ status: 'waiting', error: null });
    await world.land('raw.others', events(0, 10, 0));
    expect(await world.publish('join_load')).toMatchObject({ rows_written: '10' });
  });

  it('waits for a source that another process of the project will create, and refuses one that nobody will', async () => {
    const downstream = processFile(
      {
        process_name: 'down_load',
        pattern: 'stateful',
        sources: [{ table: 'facts.signups', event_time: 'ts', alias: 's' }],
        target: { table: 'facts.down', event_time: 'ts' },
      },
      'select id, ts from s',
    );
    const world = await worldForTest({ processes: [appendProcess(), downstream] });
    await world.create('raw.events', EVENTS);
    expect((await world.plan('down_load')).status).toBe('waiting');
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'waiting']);
    await world.psyberg.internals.client.dropTable({ namespace: ['raw'], name: 'events' });
    const records = await world.run();
    expect(records.map((record) => [record.status, record.error?.code])).toEqual([
      ['failed', 'source-missing'],
      ['failed', 'upstream-failed'],
    ]);
  });
});

describe('a date and a timestamp in one process', () => {
  const PRICED = 'select e.id, p.price from raw.events e left join raw.prices p on p.d = e.ts::date';
  const dayAndHour = async (vtts: object = {}): Promise<World> => {
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'day_and_hour_load',
            pattern: 'stateful',
            sources: [
              { table: 'raw.events', event_time: 'ts', alias: 'e' },
              { table: 'raw.prices', event_time: 'd', alias: 'p', ...vtts },
            ],
            target: { table: 'facts.priced', event_time: 'ts' },
          },
          'select e.id, e.ts, p.price from e left join p on p.d = e.ts::date',
        ),
      ],
    });
    await world.create('raw.events', EVENTS);
    await world.create('raw.prices', 'd date, price int');
    return world;
  };

  it('see the rows of each other: a date counts for every hour of its day', async () => {
    const world = await dayAndHour();
    await world.land('raw.events', events(0, 3, 5));
    await world.land('raw.prices', "select date '2023-09-14', 100");
    await world.run();
    await world.land('raw.events', events(10, 3, 5));
    await world.run();
    await world.land('raw.prices', "select date '2023-09-15', 120");
    await world.run();
    expect(await world.rows('select id, price from facts.priced')).toEqual(await world.rows(PRICED));
  });

  it('a date of today changes the hours that it has had, and later the others', async () => {
    const world = await dayAndHour({ vtts: { sql: `select timestamptz '${hourAt(40)}'` } });
    world.nowMs = msAt(9.5);
    await world.land('raw.prices', "select date '2023-09-13', 90");
    await world.land(
      'raw.events',
      `${events(0, 3, 0)} union all ${events(10, 3, 5)} union all ${events(20, 3, 8)}`,
    );
    await world.publish('day_and_hour_load');
    await world.land('raw.prices', "select date '2023-09-14', 100");
    const plan = await world.plan('day_and_hour_load');
    expect(hourNumbers(plan.hours)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(plan.hours[5]).toMatchObject({ reason: 'changed', cause_count: 1 });
    expect(hourNumbers(plan.owed_hours)).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]);
    await world.publish('day_and_hour_load');
    expect(await world.rows('select id, price from facts.priced')).toEqual(await world.rows(PRICED));
    await world.land('raw.events', events(30, 3, 12));
    world.nowMs = msAt(25);
    await world.publish('day_and_hour_load');
    expect(await world.rows('select id, price from facts.priced')).toEqual(await world.rows(PRICED));
  });

  it('with bounds as its VTTS a date of today is complete to its midnight, and to its end the day after', async () => {
    const world = await dayAndHour();
    world.nowMs = msAt(9.5);
    await world.land('raw.prices', "select date '2023-09-14', 100");
    await world.land('raw.events', `${events(0, 3, 0)} union all ${events(10, 3, 5)}`);
    await world.publish('day_and_hour_load');
    const noon = async (): Promise<string | null | undefined> =>
      (await world.plan('day_and_hour_load')).sources[1]?.vtts_hour;
    expect(await noon()).toBe(hourAt(0));
    world.nowMs = msAt(12);
    expect(await noon()).toBe(hourAt(0));
    world.nowMs = msAt(25);
    expect(await noon()).toBe(hourAt(23));
    await world.land('raw.events', events(20, 3, 24));
    await world.publish('day_and_hour_load');
    expect(await world.rows('select id, price from facts.priced')).toEqual(
      await world.rows(`${PRICED} where e.id < 20`),
    );
  });
});

describe('valid-to timestamps', () => {
  const land = async (world: World): Promise<void> => {
    await world.create('raw.events', EVENTS);
    for (const hour of [0, 1, 2, 3]) await world.land('raw.events', events(hour * 10, 5, hour));
  };

  it('bounds: the newest hour that has rows', async () => {
    const world = await worldForTest({ processes: [countProcess({ source: { vtts: 'bounds' } })] });
    await land(world);
    expect((await world.plan('count_load')).sources[0]?.vtts_hour).toBe(hourAt(3));
  });

  it('signal: what the process that writes the source has announced', async () => {
    const upstream = processFile(
      {
        process_name: 'signup_load',
        pattern: 'stateful',
        sources: [
          { table: 'raw.events', event_time: 'ts', alias: 'e' },
          { table: 'raw.others', event_time: 'ts', alias: 'o' },
        ],
        target: { table: 'facts.signups', event_time: 'ts' },
      },
      'select id, ts from e',
    );
    const downstream = countProcess({ source: { table: 'facts.signups', vtts: 'signal' } });
    const world = await worldForTest({ processes: [upstream, downstream] });
    await world.create('raw.others', EVENTS);
    await land(world);
    await world.land('raw.others', events(0, 1, 1));
    await world.run();
    await expectCounts(world, hourAt(1));
    expect(
      await world.rows(
        "select vtts_utc_dateint, vtts_utc_hour, kind from psyberg.psyberg_signal where signal_name = 'facts.signups'",
      ),
    ).toEqual(['[20230914,1,"complete"]']);
    await world.land('raw.others', events(0, 1, 3));
    await world.run();
    await expectCounts(world);
  });

  it('a dimension with one source goes on when only its signal has moved', async () => {
    const dimension = processFile(
      {
        process_name: 'state_load',
        pattern: 'dimension',
        sources: [
          {
            table: 'raw.events',
            event_time: 'ts',
            alias: 'e',
            vtts: { sql: 'select max(valid_to) from lake.raw.completeness' },
          },
        ],
        target: { table: 'dims.state', event_time: 'h' },
      },
      'select $first_hour::timestamptz as h, coalesce((select max(total) from previous), 0) + (select count(*) from e) as total',
    );
    const world = await worldForTest({ processes: [dimension] });
    await world.create('raw.completeness', 'valid_to timestamp');
    await world.land('raw.completeness', "select timestamp '2023-09-14 02:00:00'");
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', `${events(0, 3, 0)} union all ${events(10, 4, 1)}`);
    await world.publish('state_load');
    await world.land('raw.completeness', "select timestamp '2023-09-14 04:00:00'");
    await world.publish('state_load');
    expect(await world.rows('select hour(h), total from dims.state')).toEqual([
      '["0","3"]',
      '["1","7"]',
      '["2","7"]',
      '["3","7"]',
    ]);
  });
});

describe('a row from the future', () => {
  it('is set aside: honest rows load, its hour is owed until its time has come', async () => {
    const world = await worldForTest({ processes: [countProcess()] });
    world.nowMs = msAt(6.5);
    await world.create('raw.events', EVENTS);
    await world.land(
      'raw.events',
      `${events(0, 10, 4)} union all ${events(10, 10, 6)} union all ${events(20, 1, 50)}`,
    );
    const plan = await world.plan('count_load');
    expect(plan.range).toEqual({ first_hour: hourAt(4), last_hour: hourAt(6) });
    expect(hourNumbers(plan.owed_hours)).toEqual([50]);
    expect(plan.sources[0]).toMatchObject({ newest_hour: hourAt(6), bounds_from: 'scan' });
    await world.publish('count_load');
    await expectCounts(world, hourAt(6));
    await world.land('raw.events', events(30, 5, 7));
    world.nowMs = msAt(7.5);
    expect((await world.publish('count_load')).range).toEqual({
      first_hour: hourAt(7),
      last_hour: hourAt(7),
    });
    await expectCounts(world, hourAt(7));
    world.nowMs = msAt(51);
    await world.land('raw.events', events(40, 5, 51));
    expect((await world.publish('count_load')).owed_hours).toEqual([]);
    await expectCounts(world);
  });
});

// In milliseconds, rounded towards zero, such rows would be of the hour after theirs.
it.each([
  ['timestamptz', {}, (us: string) => `make_timestamptz(${us})`, `date_trunc('hour', ts)`],
  ['bigint', { event_time_unit: 'epoch_us' }, (us: string) => us, `date_trunc('hour', make_timestamptz(ts))`],
])('verifies the last microsecond of an hour before 1970, of %s', async (type, source, value, hour) => {
  const counts = processFile(
    {
      process_name: 'counts',
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', ...source }],
      target: { table: 'facts.counts', event_time: 'h' },
    },
    `select ${hour} as h, count(*) as n from events group by 1`,
  );
  const world = await worldForTest({ processes: [counts] });
  await world.create('raw.events', `ts ${type}`);
  const us = 3_600_000_000;
  await world.land('raw.events', `select ${value(`-${9 * us}`)} union all select ${value(`-${5 * us} - 1`)}`);
  await world.publish('counts');
  await expectVerified(world, 'counts');
});

it('refuses the day after, of separate days before 1970', async () => {
  const ofDay = (day: string) =>
    processFile(
      {
        process_name: 'dated',
        pattern: 'stateful',
        hours: 'touched',
        sources: [{ table: 'raw.events', event_time: 'ts' }],
        target: { table: 'facts.dated', event_time: 'd' },
      },
      `select ${day} as d, id from events`,
    );
  const world = await worldForTest({ processes: [ofDay('ts::date + 1')] });
  await world.create('raw.events', 'id int, ts timestamptz');
  await world.land(
    'raw.events',
    "select 1, timestamptz '1969-12-24 05:10:00Z' union all select 2, timestamptz '1969-12-28 23:50:00Z'",
  );
  expect((await world.run())[0]).toMatchObject({ error: { code: 'rows-outside-hours' } });
  world.writeProcess(ofDay('ts::date'));
  await world.reopen();
  expect((await world.run())[0]).toMatchObject({ status: 'published', rows_written: '2' });
});

it.each([
  ['stateful', "select date_trunc('hour', ts) as h, count(*) as n from events group by all"],
  [
    'dimension',
    'select $first_hour as h, coalesce(max(p.n), 0) + (select count(*) from events) as n from (select 1) left join previous as p on true',
  ],
])(
  'verify counts rows before the year 1 as those without an event time, as a %s session does',
  async (pattern, sql) => {
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'counted',
            pattern,
            sources: [{ table: 'raw.events', event_time: 'ts' }],
            target: { table: 'facts.counted', event_time: 'h' },
          },
          sql,
        ),
      ],
    });
    await world.create('raw.events', 'id int, ts timestamp');
    await world.land('raw.events', "select 1, timestamp '0044-03-15 (BC) 12:00:00'");
    await world.land('raw.events', "select 2, timestamp '2023-09-14 01:10:00'");
    await world.publish('counted');
    await expectVerified(world, 'counted');
  },
);
