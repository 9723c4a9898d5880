// Goal: statistics that are missing or look wrong are not believed. Method: real tables whose manifests are
// restated in place.
import { describe, expect, it } from 'vitest';
import { hoursLoad, hoursTarget, worldWithNews } from '../support/hours-world.ts';
import { restateColumn, type StatedStatistics } from '../support/manifest-bounds.ts';
import { hourAt, hourNumbers, msAt, worldForTest } from '../support/world.ts';

describe('statistics that cannot be right', () => {
  const micros = (hour: number): string => `iceberg_bytes(${msAt(hour) * 1000}, 8)`;
  const cases: readonly (readonly [string, StatedStatistics])[] = [
    ['are missing', { nulls: '0' }],
    ['are [0, 0]', { lower: 'iceberg_bytes(0, 8)', upper: 'iceberg_bytes(0, 8)', nulls: '0' }],
    ['have the lower bound above the upper one', { lower: micros(9), upper: micros(5), nulls: '0' }],
    ['are cut off', { lower: "unhex('00')", upper: "unhex('01')", nulls: '0' }],
    ['are of a file of NULLs', { lower: micros(9), upper: micros(9), nulls: '2' }],
    ['do not count NULLs', { lower: micros(5), upper: micros(7) }],
  ];
  it.each(cases)('%s: the column itself is read', async (_name, stated) => {
    const { world } = await worldWithNews({});
    await restateColumn(world, 'raw.events', 'ts', stated);
    const plan = await world.plan('hours_load');
    expect(plan.sources[0]).toMatchObject({
      bounds_from: 'scan',
      first_hour: hourAt(5),
      last_hour: hourAt(7),
      null_event_times: '0',
    });
    await world.publish('hours_load');
    expect(await hoursTarget(world)).toEqual(['["1"]', '["5"]', '["7"]']);
  });

  it('are nanoseconds at most 2 s from another hour: the column itself is read, and the load does not skip the file', async () => {
    const nanos = (hour: number): string => `make_timestamp_ns(${msAt(hour)}000000)`;
    const query = 'select id, ts::timestamp as ts from e where ts >= $range_start';
    const { world } = await worldWithNews({
      columns: 'id bigint, ts timestamp_ns',
      value: nanos,
      query,
      formatVersion: '3',
    });
    const off = `iceberg_bytes(${msAt(5) * 1_000_000 - 1_500_000_000}, 8)`;
    await restateColumn(world, 'raw.events', 'ts', { lower: off, upper: off, nulls: '0' });
    expect((await world.plan('hours_load')).sources[0]).toMatchObject({
      bounds_from: 'scan',
      first_hour: hourAt(5),
      last_hour: hourAt(7),
    });
    await world.publish('hours_load');
    expect(await hoursTarget(world)).toEqual(['["1"]', '["5"]', '["7"]']);
  });

  it('contradict the partition: the column itself is read', async () => {
    const { world } = await worldWithNews({ partitionedBy: 'month(ts)' });
    // As a writer in another time zone, or with seconds for microseconds, would have stated them.
    await restateColumn(world, 'raw.events', 'ts', {
      lower: `iceberg_bytes(${msAt(5)}, 8)`,
      upper: `iceberg_bytes(${msAt(7)}, 8)`,
      nulls: '0',
    });
    expect((await world.plan('hours_load')).sources[0]).toMatchObject({
      bounds_from: 'scan',
      first_hour: hourAt(5),
      last_hour: hourAt(7),
    });
    await world.publish('hours_load');
    expect(await hoursTarget(world)).toEqual(['["1"]', '["5"]', '["7"]']);
  });

  const short = `iceberg_bytes(${msAt(5) / 1000}, 4)`;
  it.each([
    [
      'are of another unit',
      { lower: `iceberg_bytes(${msAt(5)}, 8)`, upper: `iceberg_bytes(${msAt(5)}, 8)`, nulls: '0' },
    ],
    ['are of 4 bytes', { lower: short, upper: short, nulls: '0' }],
  ])('%s, and a table of so many files is narrowed: the file is read', async (_name, stated) => {
    const { world, land } = await worldWithNews({ partitionedBy: 'hour(ts)' });
    await world.land(
      'raw.events',
      `select 1000 + i, timestamptz '${hourAt(-1)}' - to_hours(i) from range(210) as t(i)`,
    );
    await world.publish('hours_load');
    await land([8, `timestamptz '${hourAt(8)}'`]);
    await restateColumn(world, 'raw.events', 'ts', stated);
    expect(hourNumbers((await world.plan('hours_load')).hours)).toEqual([8]);
    expect(await world.publish('hours_load')).toMatchObject({ rows_read: '1', rows_written: '1' });
    expect(await world.rows('select id, ts from facts.hours')).toEqual(
      await world.rows('select id, ts from raw.events'),
    );
  });

  it('of a target contradict its partition: its rows are replaced all the same', async () => {
    const process = hoursLoad();
    const world = await worldForTest({
      processes: [
        {
          ...process,
          header: {
            ...process.header,
            target: { table: 'facts.hours', event_time: 'ts', partition_by: ['hour(ts)'] },
          },
        },
      ],
    });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', `select 1, timestamptz '${hourAt(1)}'`);
    await world.publish('hours_load');
    await restateColumn(world, 'facts.hours', 'ts', {
      lower: `iceberg_bytes(${msAt(1)}, 8)`,
      upper: `iceberg_bytes(${msAt(1)}, 8)`,
      nulls: '0',
    });
    await world.land('raw.events', `select 2, timestamptz '${hourAt(1)}'`);
    await world.publish('hours_load');
    expect(await hoursTarget(world)).toEqual(['["1"]', '["2"]']);
  });

  it('are not needed in a partition of an hour', async () => {
    const { world } = await worldWithNews({ partitionedBy: 'hour(ts)' });
    await restateColumn(world, 'raw.events', 'ts', {});
    const plan = await world.plan('hours_load');
    expect(plan.sources[0]?.bounds_from).toBe('partition');
    expect(hourNumbers(plan.hours)).toEqual([5, 7]);
  });
});
