// Goal: a process of days and those around it do what they say, on real tables: a day waits until it is over, a late row
// changes its day alone, and a dimension runs once a day. Method: a chain of an hourly table, a daily target and its
// consumers. More is in days.whole.ts.
import { describe, expect, it } from 'vitest';
import { byDay, DAY_AND_HOUR, land, total, worldOf } from '../support/day-world.ts';
import { hourAt, hourNumbers } from '../support/world.ts';

describe('a process of days', () => {
  it('waits for whole days, hands them on, and is recomputed by days', async () => {
    const world = await worldOf(byDay(), total(), DAY_AND_HOUR);
    await land(world, -47, -25, -10, 5);
    const first = await world.run();
    expect(first.map(({ status, error }) => [status, error])).toEqual(first.map(() => ['published', null]));
    expect(first[0]).toMatchObject({
      grain: 'day',
      range: { first_hour: hourAt(-48), last_hour: hourAt(-1) },
      owed_hours: [hourAt(0)],
      held_back_by: 'raw.events',
    });
    expect(await world.rows('select day::varchar, n from facts.by_day')).toEqual(
      await world.rows(`from (values ('2023-09-12', 2), ('2023-09-13', 1))`),
    );
    expect(await world.rows('select day::varchar, n, seen from facts.total')).toEqual(
      await world.rows(`from (values ('2023-09-12', 2, 1), ('2023-09-13', 3, 2))`),
    );
    // An hourly process of both is complete to the last hour of the newest day.
    expect(await world.rows('select id, of_day from facts.share')).toEqual(
      await world.rows('from (values (-47, 2), (-25, 2), (-10, 1))'),
    );
    expect(
      await world.rows('select signal_name, vtts_utc_dateint, vtts_utc_hour from psyberg.psyberg_signal'),
    ).toEqual(
      await world.rows(
        `select table_name, 20230913, 23 from (values ('facts.by_day'), ('facts.total'), ('facts.share')) as tables(table_name)`,
      ),
    );

    await land(world, -30);
    const plan = await world.plan('by_day_load');
    expect(hourNumbers(plan.hours)).toEqual([-48]);
    expect(hourNumbers(plan.owed_hours)).toEqual([0]);
    const late = await world.run();
    expect(late.map(({ range }) => range?.first_hour)).toEqual([hourAt(-48), hourAt(-48), hourAt(-48)]);
    const { query } = await world.plan('total_load');
    expect(query).toBeUndefined();
    expect(await world.rows('select n, seen from facts.total')).toEqual(
      await world.rows('from (values (3, 1), (4, 2))'),
    );

    // The last hour makes the day whole, also of rows that came before.
    await land(world, 23);
    await world.run();
    expect(await world.rows('select n from facts.by_day')).toEqual(['[1]', '[2]', '[3]']);
    expect((await world.plan('by_day_load')).owed_hours).toEqual([]);
  });
});
