// Goal: what a process of days takes for a whole day, and what is refused. Method: sessions on real tables, at hours of
// the tests' day.
import { describe, expect, it } from 'vitest';
import { byDay, land, total, worldOf } from '../support/day-world.ts';
import { hourAt, worldForTest } from '../support/world.ts';

describe('a process of days', () => {
  it('knows that a date is complete when its day is over, without a later row', async () => {
    const world = await worldForTest({
      processes: [
        byDay(
          { sources: [{ table: 'raw.prices', event_time: 'd' }] },
          'select d as day, count(*)::integer as n from prices group by all',
        ),
      ],
    });
    await world.create('raw.prices', 'd date');
    world.nowMs = Date.parse(hourAt(9));
    await world.land('raw.prices', `select date '2023-09-14'`);
    const [waiting] = await world.run();
    expect(waiting).toMatchObject({ status: 'waiting', owed_hours: [hourAt(0)] });
    world.nowMs = Date.parse(hourAt(24));
    await world.publish('by_day_load');
    expect(await world.rows('select n from facts.by_day')).toEqual(['[1]']);
  });

  it('takes any time of its days, and refuses others', async () => {
    const query = (time: string): string =>
      `select ${time} as day, count(*)::integer as n from events group by all`;
    const midnight = `date_trunc('day', ts)`;
    const world = await worldOf(
      byDay(
        { target: { table: 'facts.by_day', event_time: 'day', partition_by: ['hour(day)'] } },
        query(midnight),
      ),
    );
    await land(world, -47, -25, 5);
    await world.publish('by_day_load');
    await land(world, -40);
    await world.publish('by_day_load');
    expect(await world.rows('select n from facts.by_day')).toEqual(['[3]']);
    world.writeProcess(byDay({}, query(`${midnight} + interval 30 hour`)));
    await world.reopen();
    await land(world, -41);
    const [refused] = await world.run();
    expect(refused?.error).toMatchObject({
      code: 'rows-outside-hours',
      message: expect.stringContaining('outside these days'),
      hint: expect.stringContaining('the day of the source rows'),
    });
  });

  it('may be of hours again, but not a dimension', async () => {
    const world = await worldOf(byDay(), total());
    await land(world, -47, -25, 5);
    await world.run();
    world.writeProcess(byDay({ grain: 'hour' }));
    world.writeProcess(total({ grain: 'hour' }));
    await world.reopen();
    await land(world, 6);
    const [hourly, refused] = await world.run();
    expect(hourly).toMatchObject({ status: 'published', range: { last_hour: hourAt(6) } });
    expect(refused?.error).toMatchObject({ code: 'grain-changed' });
    expect(refused?.error?.hint).toContain('write grain: day');
  });
});
