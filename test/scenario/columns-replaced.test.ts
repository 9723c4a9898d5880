// Goal: a column of a source that another takes the name of changes rows that were loaded, without a snapshot; a session
// notices, whatever the pattern, and only where its query names the column. Method: columns dropped and added again, and
// two that swap their names; then a restate of all hours, or of some.
import { expect, it } from 'vitest';
import { expectVerified } from '../support/verified.ts';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from '../support/world.ts';

const process = (pattern: string, columns: string): ProcessFile =>
  processFile(
    {
      process_name: 'p',
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts' }],
      target: { table: 'facts.p', event_time: 'ts', partition_by: ['hour(ts)'] },
    },
    `select ${columns}, ts from events`,
  );

const event = (hour: number): string =>
  `select ${hour} as id, 'n${hour}' as note, 'o${hour}' as other, timestamptz '${hourAt(hour)}' as ts`;

async function loaded(pattern: string, columns = 'id, note'): Promise<World> {
  const world = await worldForTest({ processes: [process(pattern, columns)] });
  await world.create('raw.events', 'id int, note varchar, other varchar, ts timestamptz, s struct(a int)');
  for (const hour of [2, 4]) await world.land('raw.events', event(hour), 'name');
  await world.publish('p');
  return world;
}

const alter = async (world: World, changes: readonly string[]): Promise<void> => {
  for (const change of changes) await world.sql(`alter table raw.events ${change}`);
};
const AGAIN = ['drop column note', 'add column note varchar'];
const SWAPPED = ['rename column note to t', 'rename column other to note', 'rename column t to other'];

for (const pattern of ['stateless', 'stateful', 'dimension'])
  it(`is refused by a ${pattern} process until all hours are computed again`, async () => {
    const world = await loaded(pattern);
    await alter(world, pattern === 'stateful' ? SWAPPED : AGAIN);
    await world.land('raw.events', event(6), 'name');
    const refused = {
      status: 'refused',
      error: { code: 'columns-replaced', context: { columns: ['note'] } },
    };
    expect((await world.run())[0]).toMatchObject(refused);
    // Some hours are not all.
    await world.psyberg.restate('p', { hours: '2023-09-14T04' });
    expect((await world.run())[0]).toMatchObject(refused);
    expect((await world.psyberg.restate('p', { all: true }))[0]).toMatchObject({ status: 'published' });
    await expectVerified(world, 'p');
    expect((await world.run())[0]).toMatchObject({ status: 'published' });
    await expectVerified(world, 'p');
  });

it('is nothing to a query that does not name it, nor are columns that only came, went or grew', async () => {
  const world = await loaded('stateful', 'count(*) over () as n, id::bigint as id');
  await alter(world, [...AGAIN, 'drop column other', 'alter column id type bigint', 'add column more int']);
  await world.land('raw.events', `select 6 as id, timestamptz '${hourAt(6)}' as ts`, 'name');
  expect((await world.run())[0]).toMatchObject({ status: 'published' });
  await alter(world, ['rename column s to more_of_it']);
  expect((await world.run())[0]).toMatchObject({ status: 'nothing-new' });
});

it('is nothing to a query that gives another column that name', async () => {
  const world = await loaded('stateless', 'other as note, other as "NOTE_2"');
  await alter(world, AGAIN);
  await world.land('raw.events', event(6), 'name');
  expect((await world.run())[0]).toMatchObject({ status: 'published' });
  await expectVerified(world, 'p');
});

it('is noticed by a query with a star', async () => {
  const world = await loaded('stateful', '* exclude (ts, s)');
  await alter(world, AGAIN);
  expect((await world.run())[0]).toMatchObject({ error: { code: 'columns-replaced' } });
});
