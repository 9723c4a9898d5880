// Goal: what processes that are gone have left of their sources is known, or refused as unknown, when no snapshot of the
// target tells it any more. Method: somebody else appends, and every snapshot of psyberg expires.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { PsybergError } from '../../src/index.ts';
import type { StartSpec } from '../../src/model/start.ts';
import { events, snapshotIds } from '../support/event-tables.ts';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from '../support/world.ts';

const fileOf = (name: string, pattern: 'stateful' | 'stateless', header: object = {}): ProcessFile =>
  processFile(
    {
      process_name: name,
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.loaded', event_time: 'ts' },
      ...header,
    },
    'select id, ts from e',
  );
async function worldOf(first: ProcessFile, rows: string): Promise<World> {
  const world = await worldForTest({ processes: [first] });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', rows);
  await world.publish(first.header.process_name);
  return world;
}
/** A row of somebody else in hour 0, after which all snapshots before it expire. */
async function forgotten(world: World): Promise<void> {
  await world.sql(`insert into facts.loaded select 900, timestamptz '${hourAt(0)}'`);
  const ids = (await world.history('facts.loaded')).map((snapshot) => snapshot['snapshot-id']);
  await world.expire('facts.loaded', ids.slice(0, -1));
}
async function replaced(world: World, before: string, after: ProcessFile, retire: boolean): Promise<void> {
  if (retire) await world.psyberg.retire(before);
  rmSync(join(world.root, 'processes', `${before}.sql`), { force: true });
  world.writeProcess(after);
  await world.reopen();
}
const at = (snapshotId: bigint | undefined): ReadonlyMap<string, StartSpec> =>
  new Map([['raw.events', { kind: 'snapshot', snapshotId: snapshotId as bigint }]]);
const NOW: ReadonlyMap<string, StartSpec> = new Map([['', { kind: 'now' }]]);
const refusalOf = (asked: Promise<unknown>): Promise<PsybergError> =>
  asked.then(
    (done) => expect.fail(`was not refused: ${JSON.stringify(done).slice(0, 200)}`),
    (error: PsybergError) => error,
  );
const loaded = (world: World) => world.rows('select id, ts from facts.loaded where id < 900');
const inSource = (world: World) => world.rows('select id, ts from raw.events');

it.each([
  ['retired', true],
  ['removed', false],
] as const)('tells what one that was %s owed', async (_how, retire) => {
  const world = await worldOf(
    fileOf('a_load', 'stateful', { catchup: { hours_per_session: 2 } }),
    `select i as id, timestamptz '${hourAt(0)}' + to_hours(i) as ts from range(5) t(i)`,
  );
  const [place] = await snapshotIds(world);
  await replaced(world, 'a_load', fileOf('c_load', 'stateful'), retire);
  await forgotten(world);
  const refused = await refusalOf(world.psyberg.adopt('c_load'));
  expect(refused).toMatchObject({ code: 'adoption-skips-rows', context: { owed_hours: 3 } });
  const { plan } = await world.psyberg.adopt('c_load', at(place));
  expect(plan.owed_hours).toEqual([2, 3, 4].map(hourAt));
  await world.run(['c_load'], { untilComplete: true });
  expect(await loaded(world)).toEqual(await inSource(world));
});

it.each([
  ['retired', true],
  ['removed', false],
] as const)('tells that another has gone on in place of one that was %s', async (_how, retire) => {
  const world = await worldOf(fileOf('a_load', 'stateless'), events(1, 1, 0));
  const [place] = await snapshotIds(world);
  await world.land('raw.events', events(2, 1, 1));
  await replaced(world, 'a_load', fileOf('b_load', 'stateless'), retire);
  await world.psyberg.adopt('b_load', at(place));
  await world.publish('b_load');
  await replaced(world, 'b_load', fileOf('c_load', 'stateless'), retire);
  await forgotten(world);
  expect(await refusalOf(world.psyberg.adopt('c_load', new Map(), { from: 'a_load' }))).toMatchObject({
    code: 'adopt-from-unknown',
  });
  // Nothing is left to go on with: the rows of both are there once.
  await world.psyberg.adopt('c_load');
  await world.land('raw.events', events(3, 1, 1));
  await world.publish('c_load');
  expect(await loaded(world)).toEqual(await inSource(world));
});

it('does not append once more for a stateless process that comes back', async () => {
  const a = fileOf('a_load', 'stateless');
  const world = await worldOf(a, events(1, 1, 0));
  const [place] = await snapshotIds(world);
  await world.land('raw.events', events(2, 1, 1));
  await replaced(world, 'a_load', fileOf('b_load', 'stateless'), false);
  await world.psyberg.adopt('b_load', at(place));
  await world.publish('b_load');
  await world.psyberg.retire('b_load');
  await replaced(world, 'b_load', a, false);
  await forgotten(world);
  expect((await world.run())[0]?.error?.code).toBe('target-not-empty');
  await world.psyberg.retire('a_load');
  await world.psyberg.adopt('a_load');
  await world.land('raw.events', events(3, 1, 1));
  await world.publish('a_load');
  expect(await loaded(world)).toEqual(await inSource(world));
});

it.each([
  ['retired', true],
  ['removed', false],
] as const)(
  'does not go by a watermark table that lacks the last session of one that was %s',
  async (_how, retire) => {
    const world = await worldOf(fileOf('a_load', 'stateless'), events(1, 1, 0));
    const before = (await world.history('psyberg.high_water_mark_table')).at(-1);
    await world.land('raw.events', events(2, 1, 1));
    await world.publish('a_load');
    await forgotten(world);
    // As a catalog may leave it that commits tables one by one.
    await world.rollback('psyberg.high_water_mark_table', before?.['snapshot-id'] as bigint);
    await replaced(world, 'a_load', fileOf('c_load', 'stateless'), retire);
    const refused = await refusalOf(world.psyberg.adopt('c_load'));
    expect(refused).toMatchObject({ code: 'adoption-skips-rows', context: { published_by: 'a_load' } });
    expect(refused.message).toContain('nothing tells any more');
  },
);

it.each([
  ['retired', true],
  ['removed', false],
] as const)(
  'refuses where nothing tells of one that was %s, until somebody says it',
  async (_how, retire) => {
    const world = await worldOf(fileOf('a_load', 'stateless'), events(1, 1, 0));
    await forgotten(world);
    const { client } = world.psyberg.internals;
    await client.dropTable({ namespace: ['psyberg'], name: 'high_water_mark_table' }, { purge: true });
    await replaced(world, 'a_load', fileOf('c_load', 'stateless'), retire);
    const refused = await refusalOf(world.psyberg.adopt('c_load'));
    expect(refused).toMatchObject({ code: 'adoption-skips-rows', context: { published_by: 'a_load' } });
    expect(refused.message).toContain('nothing tells any more');
    await world.psyberg.adopt('c_load', NOW);
    // Said once, it holds.
    await replaced(world, 'c_load', fileOf('d_load', 'stateless'), true);
    await world.psyberg.adopt('d_load');
  },
);
