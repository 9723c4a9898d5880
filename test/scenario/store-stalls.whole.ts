// Goal: a store that says nothing, stops in the middle or is late stops a session after a bounded wait with one
// error that names what was waited for and how long, or only makes it slow; nothing is lost or doubled. Method:
// a proxy in front of moto that does so to requests of psyberg and of DuckDB, while three patterns take late
// rows.
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { storedOrphans } from '../support/orphans.ts';
import { storeForTests } from '../support/store-for-tests.ts';
import {
  type AskedOfStore,
  type StoreInterference,
  type StoreProxy,
  startStoreProxy,
} from '../support/store-proxy.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

const store = storeForTests('lake');

let worlds = 0;
async function worldBehind(): Promise<{ readonly world: World; readonly proxy: StoreProxy }> {
  const proxy = await startStoreProxy(store.endpoint);
  onTestFinished(() => proxy.close());
  worlds += 1;
  const warehouse = `s3://lake/stalls-${worlds}`;
  const storage = {
    ...store.settings,
    's3.endpoint': `http://127.0.0.1:${proxy.port}`,
    's3.request-timeout': '1',
  };
  const world = await worldForTest({
    catalog: { warehouse, state: '.psyberg', storage },
    warehouse,
    processes: FOREIGN_PROCESSES,
    files: FOREIGN_FILES,
  });
  await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
    partitionedBy: 'hour(ts)',
  });
  await land(world, 1, 0);
  expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
  return { world, proxy };
}

const land = (world: World, hour: number, first: number): Promise<void> =>
  world.land(
    'raw.events',
    `select i, i % 5, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${first}, ${first + 10}) as t(i)`,
  );

const isList = ({ url }: AskedOfStore): boolean => url.includes('list-type=2');
const isMetadata = ({ url }: AskedOfStore): boolean => url.includes('.metadata.json');
const isData = ({ method, url }: AskedOfStore): boolean => method === 'PUT' && url.includes('.parquet');
const isAvro = ({ method, url }: AskedOfStore): boolean => method !== 'PUT' && url.includes('.avro');

/** Once of every so many requests. */
const each = (nth: number, how: StoreInterference): StoreProxy['interfere'] => {
  let count = 0;
  return () => {
    count += 1;
    return count % nth === 0 ? how : undefined;
  };
};

describe('a store that', () => {
  it.each<readonly [string, NonNullable<StoreProxy['interfere']>]>([
    ['does not say what metadata are', (asked) => (isMetadata(asked) ? 'mute' : undefined)],
    ['has written, and never says so', (asked) => (isData(asked) ? 'lost' : undefined)],
    ['stops in the middle of manifests', (asked) => (isAvro(asked) ? 'half' : undefined)],
  ])('%s is waited for, and named', { timeout: 180_000 }, async (_how, interfere) => {
    const { world, proxy } = await worldBehind();
    await land(world, 0, 10);
    await world.reopen();
    proxy.interfere = interfere;
    const startedMs = performance.now();
    const [record] = await world.run(['event_load']).catch((error: unknown) => [{ status: 'failed', error }]);
    const seconds = (performance.now() - startedMs) / 1000;
    proxy.interfere = undefined;
    expect(record).toMatchObject({
      status: 'failed',
      error: { code: 'storage-unreachable', retryable: true },
    });
    expect(String((record?.error as Error | undefined)?.message)).toMatch(
      /does not go on: (GET|HEAD|PUT) \S+ (was asked 3 times, and the last time nothing came for 1 s|(was waited for in vain|came in part alone): 4 times, each for up to 1 s)/,
    );
    expect(JSON.stringify(record)).not.toContain('test-secret');
    // Three or four waits of a second each, of a handful of requests: writing, DuckDB asks in three ways.
    expect(seconds).toBeLessThan(60);
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    await expectRecomputed(world);
    expect(await storedOrphans(world, store)).toEqual([]);
  });

  it.each<readonly [string, StoreProxy['interfere']]>([
    ['says nothing to every thirtieth request', each(30, 'mute')],
    ['does what every thirtieth request asks, and says nothing', each(30, 'lost')],
    ['stops in the middle of every thirtieth answer', each(30, 'half')],
    ['is late with each list', (asked) => (isList(asked) ? { delayMs: 700 } : undefined)],
  ])('%s makes a session slow, and no more', { timeout: 180_000 }, async (_how, interfere) => {
    const { world, proxy } = await worldBehind();
    await land(world, 0, 10);
    proxy.interfere = interfere;
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    proxy.interfere = undefined;
    await expectRecomputed(world);
    expect(await storedOrphans(world, store)).toEqual([]);
  });
});
