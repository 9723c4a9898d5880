// Goal: rows without an event time and rows of the future are counted and reported, and nothing moves where a file
// cannot be read. Method: such rows among others, before and after their time has come.
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hoursTarget, worldWithNews } from '../support/hours-world.ts';
import { restateColumn } from '../support/manifest-bounds.ts';
import { hourAt, hourNumbers, msAt } from '../support/world.ts';

describe('rows without an event time', () => {
  it('are counted and reported, and the others load', async () => {
    const { world, land } = await worldWithNews({});
    await land([98, 'null'], [99, 'null']);
    const plan = await world.plan('hours_load');
    expect(plan.sources[0]).toMatchObject({ null_event_times: '2', rows: '4' });
    expect(plan.explain()).toContain('2 rows without an event time: skipped');
    expect(await world.publish('hours_load')).toMatchObject({ skipped_null_event_times: '2' });
    expect(await hoursTarget(world)).toEqual(['["1"]', '["5"]', '["7"]']);
    expect((await world.run())[0]?.status).toBe('nothing-new');
  });

  it('refuse where the source says so, and nothing moves', async () => {
    const { world, land } = await worldWithNews({ source: { nulls: 'refuse' } });
    await land([99, 'null']);
    expect((await world.run())[0]).toMatchObject({
      status: 'refused',
      error: {
        code: 'null-event-times',
        kind: 'refused',
        context: {
          table: 'raw.events',
          snapshot_id: expect.any(String),
          file: expect.stringContaining('.parquet'),
          rows: '1',
        },
      },
    });
    expect(await hoursTarget(world)).toEqual(['["1"]']);
  });
});

describe('rows of the future', () => {
  it('are set aside beyond future_tolerance, reported, and loaded once their time has come, also when nothing else is new', async () => {
    const { world, land } = await worldWithNews({ source: { future_tolerance: '30m' } });
    world.nowMs = msAt(7.75);
    await land(
      [8, `timestamptz '${hourAt(8)}'`],
      [9, `timestamptz '${hourAt(9)}'`],
      [30, `timestamptz '${hourAt(30)}'`],
    );
    const plan = await world.plan('hours_load');
    expect(plan.sources[0]).toMatchObject({
      future_rows: '2',
      future_hours: [hourAt(9), hourAt(30)],
      newest_hour: hourAt(8),
    });
    expect(plan.explain()).toContain('2 rows of the future');
    await world.publish('hours_load');
    expect(await hoursTarget(world)).toEqual(['["1"]', '["5"]', '["7"]', '["8"]']);
    world.nowMs = msAt(9.1);
    expect((await world.publish('hours_load')).owed_hours).toEqual([hourAt(30)]);
    expect(await hoursTarget(world)).toEqual(['["1"]', '["5"]', '["7"]', '["8"]', '["9"]']);
    world.nowMs = msAt(30);
    expect((await world.publish('hours_load')).owed_hours).toEqual([]);
    expect(await hoursTarget(world)).toContain('["30"]');
  });

  it('begin with the hour after that in which the clock plus the tolerance lies', async () => {
    const { world, land } = await worldWithNews({});
    world.nowMs = msAt(8) + 60_000;
    await land([9, `timestamptz '${hourAt(9)}' + interval 59 minutes`], [10, `timestamptz '${hourAt(10)}'`]);
    expect((await world.plan('hours_load')).sources[0]).toMatchObject({
      future_rows: '1',
      future_hours: [hourAt(10)],
      newest_hour: hourAt(9),
    });
  });

  it('in a wrong unit are set aside as well', async () => {
    const { world, land } = await worldWithNews({
      columns: 'id bigint, ts bigint',
      value: (hour) => `${msAt(hour)}`,
      source: { event_time_unit: 'epoch_ms' },
      query: 'select id, make_timestamptz(ts * 1000) as ts from e',
    });
    await land([8, `${msAt(8)}`], [9, `${msAt(9)}000000`]);
    const plan = await world.plan('hours_load');
    // The one file of the first landing spans 5..7.
    expect(hourNumbers(plan.hours)).toEqual([5, 6, 7, 8]);
    expect(plan.sources[0]?.future_rows).toBe('1');
  });
});

describe('a data file that cannot be read', () => {
  it('is named, with its snapshot, and nothing moves', async () => {
    const { world } = await worldWithNews({});
    await restateColumn(world, 'raw.events', 'ts', {});
    const [file = ''] = (await world.sql('select filename from raw.events where id = 5')).map((row) =>
      String(row['filename']),
    );
    rmSync(file);
    expect((await world.run())[0]).toMatchObject({
      status: 'refused',
      error: {
        code: 'source-unreadable',
        kind: 'refused',
        context: { table: 'raw.events', snapshot_id: expect.stringMatching(/^\d+$/), file },
      },
    });
  });
});
