// Goal: a process that gets another pattern loses no row and keeps none of the former one in silence. Method: the
// header of a process that owes hours is changed; then a restate of all hours, as the hint says.
import { expect, it } from 'vitest';
import { hourAt, type ProcessFile, processFile, worldForTest } from '../support/world.ts';

const load = (pattern: string, more: object = {}): ProcessFile =>
  processFile(
    {
      process_name: 'load',
      pattern,
      ...more,
      sources: [{ table: 'raw.events', event_time: 'ts' }],
      target: { table: 'facts.loaded', event_time: 'ts' },
    },
    'select id, ts from events',
  );
const event = (id: number, hour: number): string => `select ${id} as id, timestamptz '${hourAt(hour)}' as ts`;

it('is refused until all hours are computed again; from stateless to stateful it goes on', async () => {
  const world = await worldForTest({ processes: [load('stateful', { catchup: { hours_per_session: 1 } })] });
  const turnInto = async (pattern: string): Promise<void> => {
    world.writeProcess(load(pattern));
    await world.reopen();
  };
  await world.create('raw.events', 'id int, ts timestamptz');
  await world.land('raw.events', `${event(1, 1)} union all ${event(2, 2)} union all select 3, null`);
  expect((await world.publish('load')).owed_hours).toEqual([hourAt(2)]);
  await turnInto('stateless');
  await world.land('raw.events', event(4, 4));
  const refused = { status: 'refused', error: { code: 'pattern-changed' } };
  expect((await world.run())[0]).toMatchObject(refused);
  expect((await world.psyberg.restate('load', { hours: '2023-09-14T01' }))[0]).toMatchObject(refused);
  expect((await world.psyberg.restate('load', { all: true }))[0]).toMatchObject({ status: 'published' });
  await world.publish('load');
  expect(await world.rows('from facts.loaded')).toEqual(await world.rows('from raw.events'));
  await turnInto('stateful');
  await world.sql('delete from raw.events where id = 2');
  await world.publish('load');
  expect(await world.rows('select id from facts.loaded where id is not null')).toEqual(['[1]', '[3]', '[4]']);
  await turnInto('dimension');
  expect((await world.run())[0]).toMatchObject(refused);
  expect((await world.psyberg.restate('load', { all: true }))[0]).toMatchObject({ status: 'published' });
  const ofHours = (table: string) => world.rows(`from ${table} where ts is not null`);
  expect(await ofHours('facts.loaded')).toEqual(await ofHours('raw.events'));
});

it('is refused as well where the target was made by an earlier release, whose snapshots do not name it', async () => {
  const world = await worldForTest({ processes: [load('stateful')] });
  await world.create('raw.events', 'id int, ts timestamptz');
  await world.land('raw.events', event(1, 1));
  await world.publish('load');
  const [made] = await world.history('facts.loaded');
  if (made === undefined) throw new Error('nothing was published');
  const { 'psyberg.pattern': _pattern, ...summary } = made.summary as Record<string, string>;
  const again = {
    ...made,
    'snapshot-id': 7n,
    'parent-snapshot-id': made['snapshot-id'],
    'sequence-number': (made['sequence-number'] ?? 0n) + 1n,
    summary: { operation: 'overwrite', ...summary },
  };
  await world.commit('facts.loaded', [{ action: 'add-snapshot', snapshot: again }]);
  await world.rollback('facts.loaded', 7n);
  await world.expire('facts.loaded', [made['snapshot-id']]);
  await world.land('raw.events', event(2, 2));
  world.writeProcess(load('dimension'));
  await world.reopen();
  expect((await world.run())[0]).toMatchObject({
    status: 'refused',
    error: { code: 'pattern-changed', context: { expected: 'stateful', found: 'dimension' } },
  });
  world.writeProcess(load('stateful'));
  await world.reopen();
  await world.publish('load');
  expect(await world.rows('from facts.loaded')).toEqual(await world.rows('from raw.events'));
});
