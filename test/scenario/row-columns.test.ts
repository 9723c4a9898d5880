// Goal: rows are compared whole, whatever their columns are called: one by the name that a statement of psyberg gives to a row
// (`data`, `psyberg_row`) stands for itself alone. Method: rows of which only another column changed, in a source, a lookup and a target.
import { expect, it } from 'vitest';
import { expectVerified } from '../support/verified.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const NAMES = ['data', 'counted', 'psyberg_row'] as const;

async function worldOf(column: string): Promise<World> {
  const process = processFile(
    {
      process_name: 'some',
      pattern: 'stateful',
      sources: [
        { table: 'raw.events', event_time: 'ts' },
        { table: 'raw.names', lookup: true, on_change: 'restate' },
      ],
      target: { table: 'facts.some', event_time: 'ts' },
    },
    `select e.id, e.ts, e.${column}, n.name from events as e join names as n using (k)`,
  );
  const world = await worldForTest({ processes: [process] });
  await world.create('raw.events', `id int, ts timestamptz, k int, ${column} varchar`);
  await world.create('raw.names', `k int, name varchar, ${column} varchar`);
  await world.land('raw.names', "select 1, 'one', 'same' union all select 2, 'two', 'same'");
  await world.land(
    'raw.events',
    [1, 2, 3]
      .map((id) => `select ${id}, timestamptz '${hourAt(id)}', ${1 + (id % 2)}, 'same'`)
      .join(' union all '),
  );
  await world.publish('some');
  return world;
}

it.each(NAMES)('a rewrite that changes rows beside a column %s is noticed', async (column) => {
  const world = await worldOf(column);
  await world.changeFiles('raw.events', {
    operation: 'overwrite',
    remove: (files) => files,
    insert: `select case when id = 2 then 20 else id end, ts, k, ${column} from raw.events`,
  });
  await world.publish('some');
  expect(await world.rows('select id from facts.some')).toEqual(['[1]', '[20]', '[3]']);
  await expectVerified(world, 'some');
});

it.each(NAMES)('a lookup that changes beside a column %s is noticed', async (column) => {
  const world = await worldOf(column);
  await world.changeFiles('raw.names', {
    operation: 'overwrite',
    remove: (files) => files,
    insert: `select k, upper(name), ${column} from raw.names`,
  });
  await world.publish('some');
  expect(await world.rows('select distinct name from facts.some')).toEqual(['["ONE"]', '["TWO"]']);
});

it.each(NAMES)('verify sees what differs beside a column %s', async (column) => {
  const world = await worldOf(column);
  await world.changeFiles('facts.some', {
    operation: 'overwrite',
    remove: (files) => files,
    insert: `select id, ts, ${column}, case when id = 2 then 'other' else name end from facts.some`,
  });
  const [found] = await world.psyberg.verify(['some']);
  expect(found).toMatchObject({ status: 'different', missing: '1', extra: '1' });
});
