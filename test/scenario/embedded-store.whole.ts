// Goal: the embedded catalog with its warehouse in an object store means what it means in a folder. Method: the
// same stories as on disk, on moto; every object there is either reached by a table or a failure.
import { describe, expect, it } from 'vitest';
import {
  expectRecomputed,
  FOREIGN_FILES,
  FOREIGN_PROCESSES,
  playForeignScenario,
} from '../support/foreign-scenario.ts';
import { storedOrphans } from '../support/orphans.ts';
import { storeForTests } from '../support/store-for-tests.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

const store = storeForTests('lake');

let worlds = 0;
const worldInStore = (scheme = 's3'): Promise<World> => {
  worlds += 1;
  return worldForTest({
    catalog: { warehouse: `${scheme}://lake/w${worlds}`, state: '.psyberg', storage: store.settings },
    warehouse: `${scheme}://lake/w${worlds}`,
    processes: FOREIGN_PROCESSES,
    files: FOREIGN_FILES,
  });
};

const land = (world: World, hour: number, ids: string): Promise<void> =>
  world.land(
    'raw.events',
    `select i, i % 5, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${ids}) as t(i)`,
  );

describe.each(['s3', 'gs'])('a warehouse at %s://', { timeout: 300_000 }, (scheme) => {
  it('takes all three patterns, late rows, a failed audit and single steps', async () => {
    const world = await worldInStore(scheme);
    await playForeignScenario(world);
    expect(await storedOrphans(world, store)).toEqual([]);
    await world.reopen();
    await land(world, 0, '500, 510');
    expect((await world.run()).map(({ status }) => status)).toEqual(Array(3).fill('published'));
    await expectRecomputed(world);
    expect(await storedOrphans(world, store)).toEqual([]);
  });
});

describe('a warehouse in a store', { timeout: 300_000 }, () => {
  it('is kept small: files put together, snapshots expired, orphans removed, and nothing else', async () => {
    const world = await worldInStore();
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
      partitionedBy: 'hour(ts)',
    });
    for (const ids of ['0, 10', '10, 20', '20, 30']) {
      await land(world, 1, ids);
      await land(world, 2, ids);
      expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    }
    // A crashed writer's, a file of nobody, and what a dropped table left.
    const { folder } = { folder: world.warehouse.replace('s3://lake/', '') };
    await store.put('lake', `${folder}/raw/events/data/lost.parquet`, 'x');
    await store.put('lake', `${folder}/raw/events/metadata/snap-1-lost.avro`, 'x');
    await store.put('lake', `${folder}/raw/events/data/readme.txt`, 'x');
    const dry = await world.psyberg.maintain([], {
      dryRun: true,
      olderThanMs: 0,
      orphanGraceMs: 1,
      force: true,
    });
    expect(dry.tables.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(await storedOrphans(world, store)).toHaveLength(3);
    const { tables } = await world.psyberg.maintain([], {
      olderThanMs: 0,
      orphanGraceMs: 1,
      force: true,
    });
    expect(tables.flatMap(({ error }) => error ?? [])).toEqual([]);
    const raw = tables.find(({ table }) => table === 'raw.events');
    expect(raw).toMatchObject({
      compacted: { files_before: 6, files_after: 2 },
      orphans: { data_files: 1, manifest_lists: 1 },
      reported: { unknown_files: 1 },
    });
    expect(raw?.expired?.snapshots).toBeGreaterThan(0);
    expect(await storedOrphans(world, store)).toEqual([`${world.warehouse}/raw/events/data/readme.txt`]);
    await land(world, 1, '30, 40');
    expect((await world.run()).map(({ status }) => status)).toEqual(Array(3).fill('published'));
    await expectRecomputed(world);
  });

  it('is left without a table that is dropped with its files', async () => {
    const world = await worldInStore();
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    await land(world, 1, '0, 10');
    await world.psyberg.internals.client.dropTable({ namespace: ['raw'], name: 'events' }, { purge: true });
    expect(await store.list('lake', world.warehouse.replace('s3://lake/', ''))).toEqual([]);
  });
});
