// Goal: sessions reach a store behind TLS of its own with the certificates that the project names, psyberg as
// well as DuckDB, whoever keeps the tables; without them both say which setting. Method: an authority made by
// openssl, a proxy that speaks TLS in front of moto, three patterns that take late rows.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Authority, makeAuthority } from '../support/authority.ts';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { storedOrphans } from '../support/orphans.ts';
import { storeForTests } from '../support/store-for-tests.ts';
import { type StoreProxy, startStoreProxy } from '../support/store-proxy.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

const store = storeForTests('lake');

const UNTRUSTED = { code: 'storage-untrusted', hint: expect.stringContaining('ca_file') };

let authority: Authority;
beforeAll(() => {
  authority = makeAuthority();
});
afterAll(() => authority.close());

/** Its endpoint is a host of the certificate, and its keys are those of the store. */
async function behindTls(): Promise<{
  readonly proxy: StoreProxy;
  readonly settings: Readonly<Record<string, string>>;
}> {
  const { cert, key } = authority.sign('server');
  const proxy = await startStoreProxy(store.endpoint, { cert, key });
  onTestFinished(() => proxy.close());
  return { proxy, settings: { ...store.settings, 's3.endpoint': `https://localhost:${proxy.port}` } };
}

const land = (world: World, hour: number, first: number): Promise<void> =>
  world.land(
    'raw.events',
    `select i, i % 5, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${first}, ${first + 10}) as t(i)`,
  );

async function takesLateRows(world: World): Promise<void> {
  await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
    partitionedBy: 'hour(ts)',
  });
  await land(world, 1, 0);
  expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
  await land(world, 0, 10);
  await world.reopen();
  expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
  await expectRecomputed(world);
}

/** Rows have come, and the project trusts another authority: what ends the run of them. */
async function withAnotherAuthority(world: World): Promise<unknown> {
  await land(world, 2, 20);
  const other = makeAuthority();
  onTestFinished(() => other.close());
  const written = readFileSync(join(world.root, 'psyberg.yaml'), 'utf8');
  expect(written).toContain(authority.caFile);
  world.write('psyberg.yaml', written.replace(authority.caFile, other.caFile));
  // Of what this machine has of the store's files nothing is asked for.
  rmSync(join(world.root, '.psyberg', 'metadata'), { recursive: true, force: true });
  await world.reopen();
  return world.run(['event_load']).then(
    ([record]) => record?.error,
    (error: unknown) => error,
  );
}

describe('a store behind TLS', { timeout: 180_000 }, () => {
  it('holds the warehouse of the embedded catalog', async () => {
    const { proxy, settings } = await behindTls();
    const warehouse = 's3://lake/tls';
    const catalog = { warehouse, state: '.psyberg', storage: { ...settings, ca_file: authority.caFile } };
    const world = await worldForTest({
      catalog,
      warehouse,
      processes: FOREIGN_PROCESSES,
      files: FOREIGN_FILES,
    });
    await takesLateRows(world);
    expect(proxy.asked.length).toBeGreaterThan(100);
    expect(await storedOrphans(world, store)).toEqual([]);
    expect(await withAnotherAuthority(world)).toMatchObject(UNTRUSTED);
    for (const query of ['from raw.events', 'create table raw.more (id int)'])
      await expect(world.psyberg.sql(query), query).rejects.toMatchObject(UNTRUSTED);
  });

  it('is where the tables of a foreign catalog lie, which hands out the keys', async () => {
    const { proxy, settings } = await behindTls();
    const foreign = await startForeignServer({
      store: { warehouse: 's3://lake/foreign-tls', storage: store.settings },
      tableResult: { config: settings },
    });
    onTestFinished(() => foreign.close());
    const catalog = { uri: foreign.uri, storage: { ca_file: authority.caFile } };
    const world = await worldForTest({ catalog, processes: FOREIGN_PROCESSES, files: FOREIGN_FILES });
    await takesLateRows(world);
    expect(proxy.asked.length).toBeGreaterThan(50);
    expect(await world.leftovers()).toEqual([]);
    expect(await withAnotherAuthority(world)).toMatchObject(UNTRUSTED);
  });
});
