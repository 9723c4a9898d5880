// Goal: what patterns.test.ts proves, for what tests on values show as well: types of event times, rows that
// are late by years, providers of VTTS. Method: as there.
import { describe, expect, it } from 'vitest';
import { appendProcess, countProcess, EVENTS, events, expectCounts } from '../support/count-events.ts';
import { hourAt, hourNumbers, msAt, processFile, type World, worldForTest } from '../support/world.ts';

describe('a stateless load', () => {
  it('plans only their own hour for rows 400 days late', async () => {
    const world = await worldForTest({ processes: [appendProcess()] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'landing_hour' });
    await world.land('raw.events', events(0, 10, 5));
    await world.publish('signup_load');
    await world.land('raw.events', events(10, 3, -9600, 6));
    const plan = await world.plan('signup_load');
    expect(hourNumbers(plan.hours)).toEqual([-9600]);
    expect(plan.sources[0]).toMatchObject({ rows: '3', processing_uris: [{ landing_hour: 6 }] });
    expect(await world.publish('signup_load')).toMatchObject({ rows_written: '3' });
  });
});

describe('a stateful load', () => {
  const TYPES = [
    ['epoch_ms', 'bigint', 'epoch_ms(ts)', 'epoch_ms'],
    ['epoch_s', 'bigint', 'epoch(ts)::bigint', 'epoch_s'],
    ['epoch_s as int', 'int', 'epoch(ts)::int', 'epoch_s'],
    ['epoch_us', 'bigint', 'epoch_us(ts)', 'epoch_us'],
    ['timestamp', 'timestamp', 'ts::timestamp', undefined],
    ['timestamptz', 'timestamptz', 'ts', undefined],
  ] as const;
  it.each(TYPES)('reads hours from an event time of %s', async (_name, type, expression, unit) => {
    const back =
      unit === undefined
        ? 'happened'
        : unit === 'epoch_s'
          ? 'make_timestamp(happened::bigint * 1000000)'
          : unit === 'epoch_ms'
            ? 'make_timestamp(happened * 1000)'
            : 'make_timestamp(happened)';
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'count_load',
            pattern: 'stateful',
            sources: [
              {
                table: 'raw.typed',
                event_time: 'happened',
                alias: 'e',
                ...(unit === undefined ? {} : { event_time_unit: unit }),
              },
            ],
            target: { table: 'facts.counts', event_time: 'h' },
          },
          `select date_trunc('hour', ${back}) as h, count(*) as n from e group by 1`,
        ),
      ],
    });
    await world.create('raw.typed', `id bigint, happened ${type}`);
    const land = (select: string) =>
      world.land('raw.typed', `select id, ${expression} as happened from (${select})`);
    // The first and the last instant of an hour, also before 1970.
    await land(
      `${events(0, 3600, 4)} union all ${events(3600, 3600, 5)} union all ${events(9000, 2, -500_000)}`,
    );
    await world.publish('count_load');
    await land(events(10_000, 1, 4));
    expect(hourNumbers((await world.plan('count_load')).hours)).toEqual([4]);
    expect(await world.publish('count_load')).toMatchObject({ rows_read: '3601' });
    expect(await world.rows('select h, n from facts.counts')).toEqual(
      await world.rows(`select date_trunc('hour', ${back}) as h, count(*) as n from raw.typed group by 1`),
    );
  });
});

describe('valid-to timestamps', () => {
  const land = async (world: World): Promise<void> => {
    await world.create('raw.events', EVENTS);
    for (const hour of [0, 1, 2, 3]) await world.land('raw.events', events(hour * 10, 5, hour));
  };

  it('property: found through the ancestors, in epoch ms or ISO 8601', async () => {
    const world = await worldForTest({
      processes: [countProcess({ source: { vtts: { property: 'kafka.connect.valid-through-ts' } } })],
    });
    await land(world);
    expect((await world.plan('count_load')).status).toBe('waiting');
    await world.changeFiles('raw.events', {
      operation: 'append',
      insert: events(100, 1, 1),
      summary: { 'kafka.connect.valid-through-ts': String(msAt(2)) },
    });
    await world.land('raw.events', events(200, 1, 0));
    const plan = await world.plan('count_load');
    expect(plan.sources[0]?.vtts_hour).toBe(hourAt(1));
    expect(hourNumbers(plan.hours)).toEqual([0, 1]);
    expect(hourNumbers(plan.owed_hours)).toEqual([2, 3]);
    await world.publish('count_load');
    await expectCounts(world, hourAt(1));
    await world.changeFiles('raw.events', {
      operation: 'append',
      insert: events(300, 1, 4),
      summary: { 'kafka.connect.valid-through-ts': hourAt(4) },
    });
    expect(hourNumbers((await world.publish('count_load')).owed_hours)).toEqual([4]);
    await expectCounts(world, hourAt(3));
  });

  it('sql: a query that gives one timestamp', async () => {
    const world = await worldForTest({
      processes: [
        countProcess({ source: { vtts: { sql: 'select max(valid_to) from lake.raw.completeness' } } }),
      ],
    });
    await land(world);
    await world.create('raw.completeness', 'valid_to timestamp');
    expect((await world.plan('count_load')).status).toBe('waiting');
    await world.land('raw.completeness', "select timestamp '2023-09-14 03:00:00'");
    await world.publish('count_load');
    await expectCounts(world, hourAt(2));
    await world.land('raw.completeness', "select timestamp '2023-09-14 04:59:59'");
    await world.publish('count_load');
    await expectCounts(world);
  });
});
