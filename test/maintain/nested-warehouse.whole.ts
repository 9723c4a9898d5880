// Goal: a warehouse that lies inside another one is never taken for what dropped tables left there. Method: two
// catalogs, one below the other; the outer one is maintained with no grace, on a disk and in a store.
import { describe, expect, it } from 'vitest';
import { appendLoad, events, overwriteLoad } from '../support/event-tables.ts';
import { storeForTests } from '../support/store-for-tests.ts';
import { type World, worldForTest } from '../support/world.ts';

const store = storeForTests('lake');

const inStore = (warehouse: string): Promise<World> =>
  worldForTest({
    catalog: { warehouse, state: '.psyberg', storage: store.settings },
    warehouse,
    processes: [appendLoad(), overwriteLoad()],
  });

async function loaded(world: World): Promise<World> {
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land('raw.events', events(0, 5, 0));
  for (const name of ['append_load', 'overwrite_load']) await world.publish(name);
  return world;
}

describe('a warehouse inside another one', { timeout: 120_000 }, () => {
  it.each(['on a disk', 'in a store'])('%s keeps its tables', async (where) => {
    const isOnDisk = where === 'on a disk';
    const processes = [appendLoad(), overwriteLoad()];
    const outer = await loaded(
      isOnDisk ? await worldForTest({ processes }) : await inStore('s3://lake/outer'),
    );
    const warehouse = `${outer.warehouse}/inner`;
    const inner = await loaded(
      isOnDisk ? await worldForTest({ warehouse, processes }) : await inStore(warehouse),
    );
    const before = await inner.rows('from facts.overwritten');
    await outer.sql('create table raw.dropped as select 1 as i');
    const { location } = await outer.metadata('raw.dropped');
    await outer.psyberg.internals.client.dropTable({ namespace: ['raw'], name: 'dropped' }, { purge: false });
    const { dropped_tables } = await outer.psyberg.maintain(undefined, {
      only: ['orphans'],
      droppedTables: true,
      orphanGraceMs: 1,
      force: true,
    });
    // What it left itself goes.
    expect(dropped_tables).toMatchObject([{ folder: location.replace(/^file:\/\//, ''), deleted: true }]);
    await inner.reopen();
    expect(await inner.rows('from facts.overwritten')).toEqual(before);
    await inner.land('raw.events', events(10, 5, 1));
    await inner.publish('overwrite_load');
  });
});
