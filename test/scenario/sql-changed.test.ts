// Goal: a changed SQL is told, with exactly the hours that the old one made. Method: one process whose SQL is edited
// between its sessions; what a plan says is compared with the hours as the test knows them.
import { expect, it } from 'vitest';
import { events, overwriteLoad } from '../support/event-tables.ts';
import { hourNumbers, type World, worldForTest } from '../support/world.ts';

const NAME = 'overwrite_load';
const SQL = 'select id, ts from e';

/** Another text of the process's SQL from now on. */
async function edit(world: World, sql: string, source: object = {}): Promise<void> {
  world.writeProcess({ ...overwriteLoad(source), sql });
  await world.reopen();
}
async function told(world: World): Promise<number[] | null> {
  const { sql_changed: changed } = await world.plan(NAME);
  return changed == null ? null : hourNumbers(changed.hours);
}

it('names the hours that the old SQL made until new sessions have replaced them', async () => {
  const world = await worldForTest({ processes: [overwriteLoad()] });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land('raw.events', [0, 1, 2, 3].map((hour) => events(hour * 10, 2, hour)).join(' union all '));
  const first = await world.publish(NAME);
  expect(await told(world)).toBeNull();

  await edit(world, `-- the same\n${SQL.toUpperCase()}`);
  expect(await told(world)).toBeNull();

  await edit(world, `${SQL} where id >= 1`);
  expect(await told(world)).toEqual([0, 1, 2, 3]);
  expect((await world.plan(NAME)).sql_changed?.since_session_id).toBe(first.psyberg_session_id);
  const [status] = await world.psyberg.status([NAME]);
  expect(hourNumbers(status?.sql_changed?.hours ?? [])).toEqual([0, 1, 2, 3]);

  await world.land('raw.events', events(100, 1, 2));
  await world.publish(NAME);
  expect(await told(world)).toEqual([0, 1, 3]);
  const summary = (await world.history('facts.overwritten')).at(-1)?.summary ?? {};
  expect(JSON.parse(summary['psyberg.hours-written'] ?? '')).toEqual([
    ['2023-09-14T02:00:00Z', '2023-09-14T02:00:00Z'],
  ]);
  expect(summary['psyberg.sql-fingerprint']).toMatch(/^[0-9a-f]{64}$/);

  // Back at the first SQL, it is the hour of the second one that is old; with a window all of them are.
  await edit(world, SQL);
  expect(await told(world)).toEqual([2]);
  await edit(world, SQL, { window: { before: '1h' } });
  expect(await told(world)).toEqual([0, 1, 2, 3]);
});

it('a run without news starts no DuckDB for SQL that changed', async () => {
  const world = await worldForTest({ processes: [overwriteLoad()] });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land('raw.events', events(0, 2, 0));
  await world.publish(NAME);
  await edit(world, `${SQL} where id >= 1`);
  const { internals } = world.psyberg;
  expect((await world.run([NAME]))[0]?.status).toBe('nothing-new');
  expect(internals.engineStarted()).toBe(false);
  await world.plan(NAME);
  expect(internals.engineStarted()).toBe(false);
});
