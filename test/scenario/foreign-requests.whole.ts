// Goal: a session asks a foreign catalog for each table once, and what others commit meanwhile is found out
// all the same. Method: a catalog that counts what it is asked; another client's commits in the middle of
// sessions.
import { expect, it, onTestFinished } from 'vitest';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { type ForeignManners, startForeignServer } from '../support/foreign-server.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

async function worldInFrontOf(manners: ForeignManners) {
  const foreign = await startForeignServer(manners);
  onTestFinished(() => foreign.close());
  const world = await worldForTest({
    catalog: { uri: foreign.uri },
    processes: FOREIGN_PROCESSES,
    files: FOREIGN_FILES,
  });
  await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
    partitionedBy: 'hour(ts)',
  });
  return { foreign, world };
}

const land = (world: World, hour: number, ids: string): Promise<void> =>
  world.land(
    'raw.events',
    `select i, i % 5, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${ids}) as t(i)`,
  );

it('few requests a session, one a table where nothing is new', { timeout: 60_000 }, async () => {
  const { foreign, world } = await worldInFrontOf({});
  await land(world, 1, '0, 10');
  await world.run();
  await land(world, 0, '10, 20');
  for (const { header } of FOREIGN_PROCESSES) {
    const before = foreign.calls.length;
    await world.publish(header.process_name);
    const asked = foreign.calls.slice(before);
    // Five tables, the commit, a look at what became of it, and the tag on the source.
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toHaveLength(8);
  }
  await expectRecomputed(world);
  for (const { header } of FOREIGN_PROCESSES) {
    const before = foreign.calls.length;
    await world.plan(header.process_name);
    const asked = foreign.calls.slice(before).map(({ path }) => path);
    expect(asked).toHaveLength(new Set(asked).size);
    expect(asked.length).toBeLessThanOrEqual(4);
  }
});

it('and a target that others wrote to meanwhile is found out', { timeout: 60_000 }, async () => {
  const { foreign, world } = await worldInFrontOf({});
  await land(world, 1, '0, 10');
  await world.run();
  // A second machine: another project in front of the same catalog, which publishes first.
  const other = await worldForTest({
    catalog: { uri: foreign.uri },
    processes: FOREIGN_PROCESSES,
    files: FOREIGN_FILES,
  });
  for (const round of [1, 2, 3]) {
    await land(world, 0, `${round * 10}, ${round * 10 + 10}`);
    const both = await Promise.all([world.run(), other.run()]);
    for (const record of both.flat()) expect(record.error, record.process_name).toBeNull();
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    await expectRecomputed(world);
  }
});
