// Goal: a row of a version 3 table has one row id, whatever a query filters by, and keeps it when it is updated
// or carried over. Method: tables with several files in a manifest, filters that leave out files before others;
// the ids of a query without a filter are right.
import { expect, it } from 'vitest';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const idsOf = async (world: World, query: string): Promise<Record<string, unknown>> =>
  Object.fromEntries((await world.sql(query)).map(({ id, row_id }) => [String(id), row_id]));

it('row ids are the same under every filter, and stay when a row is updated', async () => {
  const world = await worldForTest();
  await world.create('raw.events', 'id bigint, k bigint', { partitionedBy: 'k', formatVersion: '3' });
  for (const first of [0, 9])
    await world.land('raw.events', `select i, i % 3 from range(${first}, ${first + 9}) t(i)`);
  const all = await idsOf(world, 'select id, _row_id as row_id from raw.events');
  expect(new Set(Object.values(all)).size).toBe(18);
  for (const filter of [
    'where k = 2',
    'where id > 12',
    'join (select 2 as k) using (k)',
    'where k in (select 2)',
    'order by k desc limit 2',
  ]) {
    const found = await idsOf(world, `select id, _row_id as row_id from raw.events ${filter}`);
    expect(all, filter).toMatchObject(found);
    expect(Object.keys(found).length, filter).toBeGreaterThan(1);
  }
  await world.sql('update raw.events set k = 5 where k = 2');
  await world.sql(
    '/* k */ merge into raw.events as t using (select 1 as k) as s on t.k = s.k when matched then update set k = 6',
  );
  expect(await idsOf(world, 'select id, _row_id as row_id from raw.events')).toEqual(all);
});

it('row ids stay when rows are carried over, and when files are put together', async () => {
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'ids_load',
          pattern: 'stateful',
          sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
          // A file holds the rows of all hours, so what is not recomputed is carried over.
          target: {
            table: 'facts.ids',
            event_time: 'ts',
            partition_by: ['k'],
            properties: { 'format-version': '3' },
          },
        },
        'select id, id % 3 as k, ts, [id] as more from e',
      ),
    ],
  });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  const land = (first: number, hour: string): Promise<void> =>
    world.land(
      'raw.events',
      `select i, timestamptz '${hourAt(0)}' + to_hours((${hour})::integer) from range(${first}, ${first + 12}) t(i)`,
    );
  await land(0, 'i % 4');
  await world.publish('ids_load');
  const query = `select id, _row_id as row_id from facts.ids where ts < timestamptz '${hourAt(2)}'`;
  const before = await idsOf(world, query);
  await land(12, '2');
  await world.publish('ids_load');
  expect(await idsOf(world, query)).toEqual(before);
  const all = await idsOf(world, 'select id, _row_id as row_id from facts.ids');
  expect(new Set(Object.values(all)).size).toBe(24);
  const { tables } = await world.psyberg.maintain(['facts.ids'], { only: ['compact'], force: true });
  expect(tables[0]?.notes).toEqual([]);
  expect(await idsOf(world, 'select id, _row_id as row_id from facts.ids')).toEqual(all);
});
