// Goal: a session asks its store for little, and where nothing is new for nothing. Method: a proxy in front of
// moto that counts; the numbers are those of today, so that what adds a request shows.
import { describe, expect, it, onTestFinished } from 'vitest';
import { examine } from '../../src/inspect/doctor.ts';
import { objectStore } from '../../src/objects/object-store.ts';
import { type ProxiedRequest, startDelayedProxy } from '../support/delayed-proxy.ts';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { storeForTests } from '../support/store-for-tests.ts';
import { hourAt, tableId, type World, worldForTest } from '../support/world.ts';

const store = storeForTests('lake');

const land = (world: World, hours: readonly number[], first: number): Promise<void> =>
  world.land(
    'raw.events',
    `select i, i % 5, timestamptz '${hourAt(0)}' + to_hours([${hours}][i % ${hours.length} + 1]) + to_seconds(i % 3600) from range(${first}, ${first + 30}) as t(i)`,
  );

const ofKind = (requests: readonly ProxiedRequest[], kind: RegExp): number =>
  requests.filter(({ method, path }) => kind.test(`${method} ${path}`)).length;

describe('a warehouse in a store', { timeout: 120_000 }, () => {
  it('is asked once for a file, and not for the length of a manifest', async () => {
    const proxy = await startDelayedProxy(store.endpoint);
    onTestFinished(() => proxy.close());
    const warehouse = 's3://lake/counted';
    const world = await worldForTest({
      catalog: {
        warehouse,
        state: '.psyberg',
        storage: { ...store.settings, 's3.endpoint': proxy.uri },
      },
      warehouse,
      processes: FOREIGN_PROCESSES,
      files: FOREIGN_FILES,
    });
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
      partitionedBy: 'hour(ts)',
    });
    await land(world, [0, 1, 2, 3, 4, 5], 0);
    await world.run();
    await land(world, [0, 3, 6], 30);
    // Another process, as a scheduler starts one: it has read nothing yet.
    for (const [name, most] of [
      ['event_load', 27],
      ['count_load', 48],
      ['state_load', 47],
    ] as const) {
      await world.reopen();
      proxy.taken();
      await world.publish(name);
      const { requests } = proxy.taken();
      const counted = new Map<string, number>();
      for (const { method, path } of requests)
        counted.set(`${method} ${path}`, (counted.get(`${method} ${path}`) ?? 0) + 1);
      expect(
        [...counted].filter(([, times]) => times > 1),
        name,
      ).toEqual([]);
      // What sessions of this machine have written of state tables, lists and manifests lies here, too.
      expect(ofKind(requests, /^GET \S+\/psyberg\//), name).toBe(0);
      expect(ofKind(requests, /^HEAD /), name).toBe(0);
      // Those that this machine has written lie here, too.
      expect(ofKind(requests, /^GET .*metadata\.json$/), name).toBe(0);
      expect(requests.length, name).toBeLessThanOrEqual(most);
      // DuckDB's threads wait for files side by side; what psyberg asks itself comes over one connection.
      const own = requests.filter(({ isOfDuckdb }) => !isOfDuckdb);
      expect(new Set(own.map(({ connection }) => connection)).size, name).toBe(1);
    }
    await expectRecomputed(world);
    await world.reopen();
    proxy.taken();
    expect((await world.run()).map(({ status }) => status)).toEqual(Array(3).fill('nothing-new'));
    expect(proxy.taken().requests).toEqual([]);
  });

  it('is whole here and for others: a metadata file that is lost is missed, and the next commit writes one', async () => {
    const warehouse = 's3://lake/lost';
    const world = await worldForTest({
      catalog: { warehouse, state: '.psyberg', storage: store.settings },
      warehouse,
      processes: FOREIGN_PROCESSES,
      files: FOREIGN_FILES,
    });
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    await land(world, [0], 0);
    await world.run();
    const missed = async () =>
      (await examine({ project: world.root })).filter(({ status }) => status === 'fail');
    expect(await missed()).toEqual([]);
    const loaded = await world.psyberg.internals.client.loadTable(tableId('facts.event_fact'));
    const location = loaded?.metadataLocation ?? '';
    await objectStore(() => store.settings).remove([location]);
    expect(await missed()).toEqual([
      {
        name: 'facts.event_fact',
        status: 'fail',
        message: expect.stringContaining(location),
        hint: expect.stringContaining('restore'),
      },
    ]);
    await world.reopen();
    await land(world, [1], 30);
    await world.run();
    await expectRecomputed(world);
    expect(await missed()).toEqual([]);
  });
});
