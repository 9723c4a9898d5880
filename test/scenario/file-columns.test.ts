// Goal: a column that is called as DuckDB calls a row's file hides nothing from psyberg: rows that were deleted are noticed, rows
// that stay are kept, and a compaction loses none. Method: tables with such columns, of several letters, through whole runs.
import { expect, it } from 'vitest';
import { expectVerified } from '../support/verified.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const TARGETS = {
  stateless: 'select id, ts, {} from events',
  stateful: 'select ts, {}, count(*) as n from events group by all',
  dimension:
    "select $first_hour at time zone 'UTC' as ts, {}, sum(n) as n from (select {}, count(*) as n from events group by all union all by name select {}, n from previous) group by all",
} as const;

async function worldOf(pattern: keyof typeof TARGETS, column: string, more: object = {}): Promise<World> {
  const process = processFile(
    {
      process_name: 'some',
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', ...more }],
      target: { table: 'facts.some', event_time: 'ts' },
    },
    TARGETS[pattern].replaceAll('{}', column),
  );
  const world = await worldForTest({ processes: [process] });
  await world.create('raw.events', `id int, ts timestamptz, ${column} varchar`);
  return world;
}
const event = (id: number, hour: number): string =>
  `select ${id}, timestamptz '${hourAt(hour)}' + to_minutes(${id}), 'f${id % 2}'`;
const landed = (world: World): Promise<void> =>
  world.land('raw.events', [event(1, 0), event(2, 0), event(3, 1), event(4, 2)].join(' union all '));

it.each([
  ['stateful', 'filename'],
  ['stateful', 'FileName'],
  ['stateful', 'file_row_number'],
  ['dimension', 'filename'],
] as const)('a %s process notices rows that were deleted beside a column %s', async (pattern, column) => {
  const world = await worldOf(pattern, column);
  await landed(world);
  await world.publish('some');
  await world.sql('delete from raw.events where id = 2');
  await world.publish('some');
  await world.sql('update raw.events set id = 30 where id = 3');
  await world.land('raw.events', event(5, 3));
  await world.publish('some');
  await expectVerified(world, 'some');
});

it('a stateless process is refused where rows were deleted beside a column filename', async () => {
  const world = await worldOf('stateless', 'filename');
  await landed(world);
  await world.publish('some');
  await world.sql('delete from raw.events where id = 2');
  const [record] = await world.run();
  expect(record).toMatchObject({ status: 'refused', error: { code: 'source-changed' } });
});

it.each(['filename', 'path', 'group_id'])(
  'a compaction keeps the rows of a table with a column %s',
  async (column) => {
    const world = await worldOf('stateless', column, { on_source_change: 'append-added' });
    await landed(world);
    await world.land('raw.events', event(5, 3));
    await world.sql('delete from raw.events where id in (2, 4)');
    const before = await world.rows('from raw.events');
    await world.publish('some');
    await world.psyberg.maintain(['raw.events'], { only: ['compact'] });
    const last = (await world.history('raw.events')).at(-1);
    expect(last?.summary).toMatchObject({ operation: 'replace' });
    expect(await world.rows('from raw.events')).toEqual(before);
  },
);
