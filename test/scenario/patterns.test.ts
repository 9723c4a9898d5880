// Goal: each pattern finds late data and loads exactly what it should. Method: real landings, sessions
// through the public API, rows and plans asserted.
import { describe, expect, it } from 'vitest';
import { appendProcess, countProcess, EVENTS, events, expectCounts } from '../support/count-events.ts';
import { hourAt, hourNumbers, processFile, worldForTest } from '../support/world.ts';

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

describe('rows that came and were updated between two sessions', () => {
  /** Of each hour a row: `v` is 1 in `updated`. */
  const rowsOf = (hours: readonly number[], updated: readonly number[] = []): string =>
    `select * from (values ${hours.map((hour) => `(${hour}::bigint, ${updated.includes(hour) ? 1 : 0}, timestamptz '${hourAt(hour)}')`).join(', ')})`;

  it('are loaded in all hours of a file that was written anew, however often, and go with it', async () => {
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'p',
            pattern: 'stateful',
            sources: [{ table: 'raw.events', event_time: 'ts' }],
            target: { table: 'facts.p', event_time: 'ts' },
          },
          'select id, v, ts from events',
        ),
      ],
    });
    await world.create('raw.events', 'id bigint, v integer, ts timestamptz');
    const written = async (remove: number, insert: string | undefined): Promise<void> =>
      world.changeFiles('raw.events', {
        operation: insert === undefined ? 'delete' : 'overwrite',
        remove: (files) => files.filter((file) => file.rows === BigInt(remove)),
        ...(insert === undefined ? {} : { insert }),
      });
    const session = async (): Promise<void> => {
      await world.publish('p');
      expect(await world.rows('from facts.p')).toEqual(await world.rows('from raw.events'));
    };
    await world.land('raw.events', rowsOf([0]));
    await session();
    const before = (await world.history('raw.events')).at(-1)?.['snapshot-id'] as bigint;
    await world.land('raw.events', rowsOf([3, 4, 5]));
    await written(3, rowsOf([3, 4, 5], [3]));
    await session();
    for (const updated of [[4], [4, 5], [5]]) await written(3, rowsOf([3, 4, 5], updated));
    await session();
    await written(3, rowsOf([3, 4, 5], [3]));
    await written(3, undefined);
    await session();
    await world.land('raw.events', rowsOf([3, 4, 5]));
    await session();
    await written(3, rowsOf([3, 4, 5], [3]));
    await session();
    await world.rollback('raw.events', before);
    await session();
  });
});
