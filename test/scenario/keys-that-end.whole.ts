// Goal: keys that come with tables and end in the middle of a session are renewed before they do, for DuckDB's
// requests as for psyberg's. Method: a catalog that hands out keys for a few seconds, and
// a store that takes each for so long and no longer (by a proxy in front of moto).
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { type ForeignManners, startForeignServer } from '../support/foreign-server.ts';
import { storeForTests } from '../support/store-for-tests.ts';
import { type StoreProxy, startStoreProxy } from '../support/store-proxy.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

const store = storeForTests('lake');

let worlds = 0;
interface ShortLived {
  readonly world: World;
  readonly proxy: StoreProxy;
  /** How long those hold that are handed out from now on. */
  readonly keys: { lifeMs: number };
  /** Requests with a key that had ended. */
  readonly refused: string[];
}

/** `vended`: where in the answer of a table its keys stand. */
async function worldOfShortKeys(vended: 'config' | 'storage-credentials'): Promise<ShortLived> {
  const proxy = await startStoreProxy(store.endpoint);
  const refused: string[] = [];
  worlds += 1;
  const place = {
    's3.endpoint': `http://127.0.0.1:${proxy.port}`,
    's3.path-style-access': 'true',
    'client.region': 'us-east-1',
  };
  const keys = { lifeMs: 600_000 };
  const handedOut = (): Record<string, string> => ({
    // Its name says how long it holds.
    's3.access-key-id': `key-${Date.now() + keys.lifeMs}`,
    's3.secret-access-key': 'never-to-be-seen',
    's3.session-token': 'never-to-be-seen-too',
    's3.session-token-expires-at-ms': String(Date.now() + keys.lifeMs),
  });
  const manners: ForeignManners = {
    store: { warehouse: `s3://lake/keys-${worlds}`, storage: store.settings },
    get tableResult() {
      return vended === 'config'
        ? { config: { ...place, ...handedOut() } }
        : { config: place, 'storage-credentials': [{ prefix: 's3://lake/', config: handedOut() }] };
    },
  };
  const foreign = await startForeignServer(manners);
  onTestFinished(async () => {
    await foreign.close();
    await proxy.close();
  });
  const world = await worldForTest({
    catalog: { uri: foreign.uri },
    processes: FOREIGN_PROCESSES,
    files: FOREIGN_FILES,
  });
  proxy.interfere = ({ method, url, keyId = '' }) => {
    if (Date.now() <= Number(keyId.replace('key-', ''))) return undefined;
    refused.push(`${method} ${url} ${keyId}`);
    return { status: 400, code: 'ExpiredToken' };
  };
  return { world, proxy, keys, refused };
}

describe.each(['config', 'storage-credentials'] as const)('keys in the %s of a table', (vended) => {
  it('are renewed as often as a session needs them', { timeout: 240_000 }, async () => {
    const { world, proxy, keys, refused } = await worldOfShortKeys(vended);
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
      partitionedBy: 'hour(ts)',
    });
    const land = (first: number): Promise<void> =>
      world.land(
        'raw.events',
        `select i + ${first} as id, i % 5, timestamptz '${hourAt(0)}' + to_hours(i % 3) from range(30) as t(i)`,
      );
    await land(0);
    const startedMs = performance.now();
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    // Shorter than a run, and long enough for a statement: they are renewed in the middle of their life.
    keys.lifeMs = Math.max(2_000, (performance.now() - startedMs) * 0.6);
    await land(100);
    proxy.asked.length = 0;
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    expect(refused).toEqual([]);
    expect(new Set(proxy.asked.map(({ keyId }) => keyId)).size).toBeGreaterThan(2);
    await expectRecomputed(world);
    expect(await world.leftovers()).toEqual([]);
  });
});

it('keys that end sooner than a slow store answers end a session with one error, in time', {
  timeout: 240_000,
}, async () => {
  const { world, proxy, keys } = await worldOfShortKeys('config');
  await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
    partitionedBy: 'hour(ts)',
  });
  const land = (first: number): Promise<void> =>
    world.land(
      'raw.events',
      `select i + ${first} as id, i % 5, timestamptz '${hourAt(0)}' + to_hours(i % 6) from range(60) as t(i)`,
    );
  await land(0);
  expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
  await land(100);
  const { interfere } = proxy;
  keys.lifeMs = 4_000;
  proxy.interfere = (asked) => interfere?.(asked) ?? { delayMs: 500 };
  // One thread, so that a statement waits for each file; and once more after one that was refused.
  await world.reopen({ threads: 1 });
  for (const _try of [1, 2, 3]) {
    const startedMs = performance.now();
    const failed = (await world.run()).filter(({ error }) => error !== null);
    expect(performance.now() - startedMs).toBeLessThan(60_000);
    expect(failed[0]?.error?.code).toBe('storage-denied');
    expect(failed.slice(1).map(({ error }) => error?.code)).toEqual(
      failed.slice(1).map(() => 'upstream-failed'),
    );
  }
  keys.lifeMs = 600_000;
  proxy.interfere = interfere;
  await world.reopen();
  expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
  await expectRecomputed(world);
});
