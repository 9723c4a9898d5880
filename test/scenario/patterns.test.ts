// Goal: each pattern finds late data and loads exactly what it should. Method: real landings, sessions
// through the public API, rows and plans asserted.
import { describe, expect, it } from 'vitest';
import { appendProcess, countProcess, EVENTS, events, expectCounts } from '../support/count-events.ts';
import { hourAt, hourNumbers, msAt, processFile, type World, worldForTest } from '../support/world.ts';

describe('a stateless load', () => {
  it('appends the second batch of a partition that is loaded already, and not the first again', async () => {
    const world = await worldForTest({ processes: [appendProcess()] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'landing_hour' });
    await world.land('raw.events', events(0, 10, 1));
    await world.publish('signup_load');
    await world.land('raw.events', events(10, 5, 1));
    const plan = await world.plan('signup_load');
    expect(plan.sources[0]).toMatchObject({
      rows: '5',
      files: 1,
      processing_uris: [{ landing_hour: 1 }],
      detected_by: 'snapshots',
      bounds_from: 'manifest',
    });
    const record = await world.publish('signup_load');
    expect(record).toMatchObject({ rows_read: '5', rows_written: '5', operation: 'append' });
    expect(await world.rows('select id, ts from facts.signups')).toEqual(
      await world.rows('select id, ts from raw.events'),
    );
  });

  it('loads several commits in one session, and none of them twice', async () => {
    const world = await worldForTest({ processes: [appendProcess()] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'landing_hour' });
    await world.land('raw.events', events(0, 10, 1));
    await world.publish('signup_load');
    for (const [first, hour] of [
      [10, 2],
      [20, 0],
      [30, 3],
    ] as const)
      await world.land('raw.events', events(first, 10, hour, 3));
    expect(hourNumbers((await world.plan('signup_load')).hours)).toEqual([0, 2, 3]);
    await world.publish('signup_load');
    expect((await world.run(['signup_load']))[0]).toMatchObject({ status: 'nothing-new', error: null });
    expect(await world.rows('select id, ts from facts.signups')).toEqual(
      await world.rows('select id, ts from raw.events'),
    );
  });

  it('loads rows whose event time is null or in the far future: an append needs no hour', async () => {
    const world = await worldForTest({ processes: [appendProcess()] });
    await world.create('raw.events', EVENTS);
    await world.land(
      'raw.events',
      `${events(0, 2, 1)} union all select 100, null, 1 union all select 101, timestamptz '2200-01-01', 1`,
    );
    await world.publish('signup_load');
    expect(await world.rows('select id, ts from facts.signups')).toEqual(
      await world.rows('select id, ts from raw.events'),
    );
  });

  it('works without any event time', async () => {
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'copy_load',
            pattern: 'stateless',
            sources: [{ table: 'raw.events', alias: 'e' }],
            target: { table: 'facts.copies' },
          },
          'select id from e',
        ),
      ],
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 5, 1));
    await world.publish('copy_load');
    await world.land('raw.events', events(5, 5, 1));
    await world.publish('copy_load');
    expect(await world.rows('select id from facts.copies')).toEqual(
      await world.rows('select id from raw.events'),
    );
  });
});

describe('a stateful load', () => {
  it('overwrites the range of the late hours and leaves the others', async () => {
    const world = await worldForTest({ processes: [countProcess()] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'landing_hour' });
    for (const hour of [0, 1, 2, 3, 4, 5]) await world.land('raw.events', events(hour * 100, 10, hour));
    await world.publish('count_load');
    const before = await world.rows('select psyberg_session_id from psyberg.psyberg_session_f');
    await world.land('raw.events', `${events(600, 4, 3, 6)} union all ${events(700, 10, 5, 6)}`);
    const plan = await world.plan('count_load');
    expect(hourNumbers(plan.hours)).toEqual([3, 4, 5]);
    expect(plan.range).toEqual({ first_hour: hourAt(3), last_hour: hourAt(5) });
    const record = await world.publish('count_load');
    expect(record).toMatchObject({ operation: 'overwrite', rows_written: '3', rows_read: '44' });
    await expectCounts(world);
    expect(await world.rows('select psyberg_session_id from psyberg.psyberg_session_f')).toHaveLength(
      before.length + 1,
    );
    const [head] = (await world.history('facts.counts')).slice(-1);
    expect(head?.summary).toMatchObject({
      operation: 'overwrite',
      'psyberg.process-name': 'count_load',
      'psyberg.session-id': record.psyberg_session_id,
      'total-records': '6',
      'added-records': '3',
      'deleted-records': '3',
    });
  });

  it('with hours: touched recomputes only the hours that changed', async () => {
    const world = await worldForTest({ processes: [countProcess({ header: { hours: 'touched' } })] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
    for (const hour of [0, 1, 2, 3, 4, 5]) await world.land('raw.events', events(hour * 100, 10, hour));
    await world.publish('count_load');
    await world.land('raw.events', events(600, 3, 1));
    await world.land('raw.events', events(700, 3, 4));
    expect(hourNumbers((await world.plan('count_load')).hours)).toEqual([1, 4]);
    expect(await world.publish('count_load')).toMatchObject({ rows_read: '26', rows_written: '2' });
    await expectCounts(world);
  });

  it('takes a date as its 24 hours', async () => {
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'day_load',
            pattern: 'stateful',
            sources: [{ table: 'raw.days', event_time: 'd', alias: 'e' }],
            target: { table: 'facts.days', event_time: 'd' },
          },
          'select d, count(*) as n from e group by 1',
        ),
      ],
    });
    await world.create('raw.days', 'id bigint, d date');
    await world.land('raw.days', "select i, date '2023-09-10' + (i % 5)::int from range(50) t(i)");
    await world.publish('day_load');
    await world.land('raw.days', "select 100, date '2023-09-11'");
    const plan = await world.plan('day_load');
    expect(plan.range).toEqual({ first_hour: '2023-09-11T00:00:00Z', last_hour: '2023-09-11T23:00:00Z' });
    await world.publish('day_load');
    expect(await world.rows('from facts.days')).toEqual(
      await world.rows('select d, count(*) as n from raw.days group by 1'),
    );
  });

  it('recomputes the hours whose rows were removed, and empties an hour that has none left', async () => {
    const world = await worldForTest({ processes: [countProcess()] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
    for (const hour of [0, 1, 2]) await world.land('raw.events', events(hour * 100, 10, hour));
    await world.publish('count_load');
    await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files.slice(1, 2) });
    expect(await world.rows('select count(*) from raw.events')).toEqual(['["20"]']);
    await world.publish('count_load');
    await expectCounts(world);
  });
});

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

describe('a dimension', () => {
  const state = (header: object = {}) =>
    processFile(
      {
        process_name: 'state_load',
        pattern: 'dimension',
        sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
        target: { table: 'dims.state', event_time: 'h', partition_by: ['hour(h)'] },
        audits: [{ unique: { columns: ['h', 'id'] } }],
        ...header,
      },
      `select $first_hour::timestamptz as h, id, count(*) as seen from (select id, 1 from e union all select p.id, 1 from previous p, range(p.seen)) group by 2`,
    );
  /**
   * Per hour and id the number of events up to that hour: the state that hour by hour computation must reach.
   */
  const expected = (upTo: number) =>
    `select h.h, e.id, count(*) as seen from (select timestamptz '${hourAt(0)}' + to_hours(i::int) as h from range(${upTo + 1}) t(i)) h join raw.events e on e.ts < h.h + interval 1 hour group by all`;

  it('computes hour by hour from previous; a late fact recomputes to the end', async () => {
    const world = await worldForTest({ processes: [state()] });
    await world.create('raw.events', EVENTS);
    for (const hour of [0, 1, 2, 3]) await world.land('raw.events', events(hour, 3, hour));
    const first = await world.plan('state_load');
    expect(first.steps.filter((step) => step.stage === 'load').map((step) => step.name)).toEqual([
      'begin_hours',
      `read_ahead e ${hourAt(0)}`,
      ...[0, 1, 2, 3].map((hour) => `compute_hour ${hourAt(hour)}`),
      'end_hours',
      'insert',
    ]);
    await world.publish('state_load');
    expect(await world.rows('select h, id, seen from dims.state')).toEqual(await world.rows(expected(3)));
    await world.land('raw.events', events(0, 2, 1, 4));
    expect(hourNumbers((await world.plan('state_load')).hours)).toEqual([1, 2, 3]);
    await world.publish('state_load');
    expect(await world.rows('select h, id, seen from dims.state')).toEqual(await world.rows(expected(3)));
    await world.land('raw.events', events(7, 2, 4));
    expect(hourNumbers((await world.plan('state_load')).hours)).toEqual([4]);
    await world.publish('state_load');
    expect(await world.rows('select h, id, seen from dims.state')).toEqual(await world.rows(expected(4)));
  });

  it('carries the state through hours without events', async () => {
    const world = await worldForTest({ processes: [state()] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 2, 0));
    await world.publish('state_load');
    await world.land('raw.events', events(5, 1, 4));
    expect(
      hourNumbers(
        await world
          .publish('state_load')
          .then((record) => [record.range?.first_hour as string, record.range?.last_hour as string]),
      ),
    ).toEqual([1, 4]);
    expect(await world.rows('select h, id, seen from dims.state')).toEqual(await world.rows(expected(4)));
  });

  it('reaches back no further than catchup.threshold_hours; what lies below stays owed and listed', async () => {
    const world = await worldForTest({ processes: [state({ catchup: { threshold_hours: 2 } })] });
    await world.create('raw.events', EVENTS);
    await world.land(
      'raw.events',
      [0, 1, 2, 3, 4, 5].map((hour) => events(hour, 2, hour)).join(' union all '),
    );
    expect((await world.publish('state_load')).range).toEqual({
      first_hour: hourAt(0),
      last_hour: hourAt(5),
    });
    await world.land('raw.events', `${events(20, 1, 1, 6)} union all ${events(30, 1, 6)}`);
    const record = await world.publish('state_load');
    expect(record.range).toEqual({ first_hour: hourAt(5), last_hour: hourAt(6) });
    expect(hourNumbers(record.owed_hours).at(0)).toBe(1);
    expect((await world.run(['state_load']))[0]).toMatchObject({ status: 'nothing-new' });
  });
});
