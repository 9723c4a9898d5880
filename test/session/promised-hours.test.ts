// Goal: no hour counts as complete whose rows are not in the snapshot that a session reads, whatever was
// announced. Method: providers of VTTS that move on while a session opens its source; signals of targets that
// were rolled back, or dropped and made anew, or that lack earlier hours.
import { expect, it, onTestFinished } from 'vitest';
import { open } from '../support/open-project.ts';
import { hourAt, hourNumbers, processFile, type World, worldForTest } from '../support/world.ts';

const HOUR = Date.parse(hourAt(0)) / 3_600_000;
const row = (hour: number): string => `select ${hour} as id, timestamptz '${hourAt(hour)}' as ts`;
const above = (catchup: object = {}) =>
  processFile(
    {
      process_name: 'above',
      pattern: 'stateful',
      ...(Object.keys(catchup).length === 0 ? {} : { catchup }),
      sources: [{ table: 'raw.a', event_time: 'ts' }],
      target: { table: 'facts.above', event_time: 'ts' },
    },
    "select date_trunc('hour', ts) as ts, count(*) as n from a group by all",
  );
const below = (vtts: unknown) =>
  processFile(
    {
      process_name: 'below',
      pattern: 'stateful',
      sources: [
        { table: 'facts.above', event_time: 'ts', alias: 'x', vtts },
        { table: 'raw.b', event_time: 'ts' },
      ],
      target: { table: 'facts.below', event_time: 'ts' },
    },
    "select b.id, b.ts, x.n from b left join x on x.ts = date_trunc('hour', b.ts)",
  );

async function begun(catchup: object = {}, vtts: unknown = 'signal'): Promise<World> {
  const world = await worldForTest({ processes: [above(catchup), below(vtts)] });
  for (const table of ['raw.a', 'raw.b']) await world.create(table, 'id int, ts timestamptz');
  await world.create('aux.complete', 't timestamptz');
  return world;
}
const land = async (world: World, ...hours: readonly number[]): Promise<void> => {
  for (const table of ['raw.a', 'raw.b']) await world.land(table, hours.map(row).join(' union all '));
};
const announced = async (world: World): Promise<number[]> =>
  hourNumbers((await world.psyberg.signals({ table: 'facts.above' })).map(({ hour }) => hour));

it.each([
  ['a query', { sql: 'select max(t) from aux.complete' }],
  ['the signals of the process above', 'signal'],
])('%s is asked before the source is pinned', async (_what, vtts) => {
  const world = await begun({}, vtts);
  const { client } = world.psyberg.internals;
  const other = await open({ project: world.root });
  onTestFinished(() => other.close());
  const completes = (hour: number) =>
    other.sql(`insert into aux.complete values (timestamptz '${hourAt(hour + 1)}')`);
  await land(world, 0);
  await completes(0);
  await world.run();
  await land(world, 1);
  const loadTableToRead = client.loadTableToRead;
  let moves = 1;
  // What a session of `below` has just loaded moves on.
  Object.assign(client, {
    loadTableToRead: async (id: Parameters<typeof loadTableToRead>[0]) => {
      const loaded = await loadTableToRead(id);
      if (id.name === 'above' && moves-- > 0) {
        await other.run(['above']);
        await completes(1);
      }
      return loaded;
    },
  });
  expect((await world.run(['below']))[0]).toMatchObject({ status: 'waiting' });
  expect((await world.run(['below']))[0]).toMatchObject({ status: 'published' });
  expect(await world.rows('select id, n from facts.below')).toEqual(['[0,"1"]', '[1,"1"]']);
});

it('a query that need not be asked promises nothing where rows come in before the source is pinned', async () => {
  const told = processFile(
    {
      process_name: 'told',
      pattern: 'stateful',
      sources: [{ table: 'raw.a', event_time: 'ts', vtts: { sql: 'select max(t) from aux.complete' } }],
      target: { table: 'facts.told', event_time: 'ts' },
    },
    "select date_trunc('hour', ts) as ts, count(*) as n from a group by all",
  );
  const world = await worldForTest({ processes: [told] });
  await world.create('raw.a', 'id int, ts timestamptz');
  await world.create('aux.complete', 't timestamptz');
  const other = await open({ project: world.root });
  onTestFinished(() => other.close());
  const lands = async (hour: number): Promise<void> => {
    await other.sql(`insert into raw.a ${row(hour)}`);
    await other.sql(`insert into aux.complete values (timestamptz '${hourAt(hour + 1)}')`);
  };
  await lands(0);
  await world.run();
  const { client } = world.psyberg.internals;
  const loadTableToRead = client.loadTableToRead;
  let moves = 1;
  Object.assign(client, {
    loadTableToRead: async (id: Parameters<typeof loadTableToRead>[0]) => {
      if (id.name !== 'a' || moves-- <= 0) return loadTableToRead(id);
      await lands(1);
      const loaded = await loadTableToRead(id);
      await lands(2);
      return loaded;
    },
  });
  expect((await world.run())[0]).toMatchObject({ status: 'waiting' });
  expect((await world.run())[0]).toMatchObject({ status: 'published' });
  expect(await world.rows('select ts, n from facts.told')).toHaveLength(3);
});

it('signals of a target that was dropped, or rolled back, hold as far as the one that is there', async () => {
  const world = await begun({ hours_per_session: 2 });
  const waits = (hour: number) =>
    world.psyberg.waitForSignal({ table: 'facts.above', hour: HOUR + hour, timeoutMs: 0 });
  await land(world, 0, 1, 2, 3);
  await world.run(['above'], { untilComplete: true });
  await world.rollback('facts.above', (await world.history('facts.above'))[0]?.['snapshot-id'] as bigint);
  expect((await world.plan('below')).sources[0]).toMatchObject({ vtts_hour: hourAt(1) });
  await world.sql('drop table facts.above');
  expect(await waits(1)).toMatchObject({ complete: false, complete_to_hour: null });
  await world.run();
  expect(await announced(world)).toContain(3);
  expect(await world.rows('select id, n from facts.below')).toEqual(['[0,"1"]', '[1,"1"]']);
  expect(await waits(3)).toMatchObject({ complete: false, complete_to_hour: hourAt(1) });
  await world.run(undefined, { untilComplete: true });
  expect(await waits(3)).toMatchObject({ complete: true });
  expect(await world.rows('select id, n from facts.below')).toHaveLength(4);
});

it('a target that lacks earlier hours is not announced, whatever the header says by then', async () => {
  const world = await begun({ hours_per_session: 2, order: 'newest' });
  await land(world, 0, 1, 2, 3, 4, 5);
  await world.run(['above']);
  world.writeProcess(above({ hours_per_session: 2 }));
  await world.reopen();
  await world.run(['above']);
  expect(await announced(world)).toEqual([]);
  await world.run(['above']);
  expect(await announced(world)).toEqual([5]);
});
