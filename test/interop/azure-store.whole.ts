// Goal: tables in Azure's store, behind a catalog of somebody else, mean the same; and who has no key there is
// told so. Method: the story of every catalog, where the catalog names its places `abfss:`, over Azurite with
// DuckDB's extension and a secret of the user's own, as the guide says.
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { examine } from '../../src/inspect/doctor.ts';
import type { StorageSettings } from '../../src/model/storage-settings.ts';
import { azureStore } from '../../src/objects/azure-store.ts';
import {
  expectRecomputed,
  FOREIGN_FILES,
  FOREIGN_PROCESSES,
  playForeignScenario,
} from '../support/foreign-scenario.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { foreignOrphans } from '../support/orphans.ts';
import { spawnSessions } from '../support/spawn.ts';
import { hourAt, tableId, type World, worldForTest } from '../support/world.ts';
import { type AzureStore, extensionsWithAzure, startAzurite } from './azurite.ts';

/** Where Azurite is not there yet. */
const INSTALL_MS = 600_000;

let store: AzureStore;
let extensions: string;
beforeAll(async () => {
  [store, extensions] = await Promise.all([startAzurite(), extensionsWithAzure()]);
  await store.makeContainer('lake');
  // What follows is of this process alone.
  process.env['PSYBERG_EXTENSION_DIRECTORY'] = extensions;
}, INSTALL_MS);
afterAll(() => store?.close());

/** A home folder, where DuckDB looks for persistent secrets; with one where `connectionString` is given. */
async function atHome(connectionString?: string): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'psyberg-home-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  process.env['HOME'] = home;
  if (connectionString === undefined) return;
  const instance = await DuckDBInstance.create(':memory:', { extension_directory: extensions });
  const connection = await instance.connect();
  await connection.run(`create persistent secret lake (type azure, connection_string '${connectionString}')`);
  connection.closeSync();
  instance.closeSync();
}

async function worldIn(
  place: string,
  {
    storage,
    vended,
  }: {
    readonly storage?: Readonly<Record<string, string>>;
    readonly vended?: Readonly<Record<string, string>>;
  } = {},
): Promise<World> {
  const inner = await startForeignServer();
  onTestFinished(() => inner.close());
  const server = await startForeignServer({
    inner: inner.uri,
    shownAs: { inner: inner.warehouse, outer: place },
    ...(vended === undefined ? {} : { tableResult: { config: vended } }),
  });
  onTestFinished(() => server.close());
  return worldForTest({
    catalog: { uri: server.uri, ...(storage === undefined ? {} : { storage }) },
    warehouse: place,
    processes: FOREIGN_PROCESSES,
    files: FOREIGN_FILES,
  });
}

/** Settings that open the store, and those that say where it is alone. */
function waysIn(): Readonly<Record<'connection' | 'key' | 'sas' | 'nearby', StorageSettings>> {
  const { name, key, suffix } = store.account;
  const nearby = { 'adls.blob-storage-authority': `.blob.${suffix}`, 'adls.blob-storage-scheme': 'http' };
  return {
    connection: { 'adls.connection-string': store.connectionString },
    key: { ...nearby, 'adls.account-name': name, 'adls.account-key': key },
    sas: { ...nearby, 'adls.sas-token': store.sas() },
    nearby,
  };
}

describe("blobs of Azure's store", () => {
  it.each(['connection', 'key', 'sas'] as const)(
    'are written, read, listed and deleted by %s',
    async (way) => {
      const blobs = azureStore(() => waysIn()[way]);
      const folder = `${store.location('lake')}/blobs of ${way}`;
      const odd = [`${folder}/odd (1)/it's = a+b & c~d %25.txt`, `${folder}/ä€/<x>`];
      for (const place of odd) {
        expect(await blobs.writeNew(place, 'first')).toBe(true);
        expect(await blobs.writeNew(place, 'second')).toBe(false);
        expect(String(await blobs.read(place))).toBe('first');
      }
      expect((await blobs.list(`${folder}/`)).map(({ location, bytes }) => [location, bytes]).sort()).toEqual(
        odd.map((place) => [place, 5]).sort(),
      );
      await blobs.remove([...odd, `${folder}/never`]);
      expect(await blobs.list(`${folder}/`)).toEqual([]);
      expect(await Promise.all(odd.map(blobs.exists))).toEqual([false, false]);
    },
  );
});

describe("tables in Azure's store", { timeout: 300_000 }, () => {
  it('are loaded, audited and published as everywhere', async () => {
    await atHome(store.connectionString);
    await playForeignScenario(await worldIn(`${store.location('lake')}/story`));
    expect((await store.list('lake')).filter((name) => /^story\/.*\.parquet$/.test(name))).not.toEqual([]);
  });

  it('are refused where the key is wrong, or the container is not there, and no table is called damaged', async () => {
    const wrong = Buffer.alloc(64, 'a').toString('base64');
    await atHome(store.connectionString.replace(/AccountKey=[^;]+/, `AccountKey=${wrong}`));
    const locked = await worldIn(`${store.location('lake')}/locked`);
    await locked.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    const row = "select 1, 1, timestamptz '2023-09-14'";
    await expect(locked.land('raw.events', row)).rejects.toMatchObject({
      code: 'storage-denied',
      kind: 'usage',
      hint: expect.stringContaining('type azure'),
    });
    await atHome(store.connectionString);
    const nowhere = await worldIn(`${store.location('nowhere')}/w`);
    await nowhere.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    // Now and then DuckDB's extension reads something else in place of the answer.
    await expect(nowhere.land('raw.events', row)).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:bucket-missing|storage-unreachable)$/),
    });
    const blobs = azureStore(() => waysIn().connection);
    await expect(blobs.list(`${store.location('nowhere')}/w/`)).rejects.toMatchObject({
      code: 'bucket-missing',
    });
  });

  it("are reached by what catalog.storage or the catalog says, in Iceberg's names", async () => {
    await atHome();
    const { connection, key, nearby } = waysIn();
    const sas = store.sas();
    const ways = {
      connection: { storage: connection },
      key: { storage: key },
      sas: { storage: nearby, vended: { 'adls.sas-token': sas } },
      'sas of its account': { storage: nearby, vended: { [`adls.sas-token.${store.account.name}`]: sas } },
    };
    for (const [way, said] of Object.entries(ways)) {
      const world = await worldIn(`${store.location('lake')}/${way.replaceAll(' ', '-')}`, said);
      await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
      // What came with a table is known once it was asked for.
      await world.psyberg.internals.client.loadTable(tableId('raw.events'));
      await world.land(
        'raw.events',
        "select i, i % 5, timestamptz '2023-09-14 01:00:00Z' from range(10) as t(i)",
      );
      expect(
        (await world.run()).map(({ error }) => error),
        way,
      ).toEqual([null, null, null]);
      await expectRecomputed(world);
    }
  });

  it('lose what a killed session has left there, a day later', async () => {
    await atHome();
    const place = `${store.location('lake')}/killed`;
    const world = await worldIn(place, {
      storage: waysIn().nearby,
      vended: { 'adls.sas-token': store.sas() },
    });
    const land = (hour: number, ids: string): Promise<void> =>
      world.land(
        'raw.events',
        `select i, i % 5, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${ids}) as t(i)`,
      );
    const orphansThere = async (): Promise<string[]> =>
      (await foreignOrphans(world, store, 'lake', store.location('lake'))).filter((file) =>
        file.startsWith(`${place}/`),
      );
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    await world.psyberg.internals.client.loadTable(tableId('raw.events'));
    await land(1, '0, 10');
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    const checks = await examine({ project: world.root });
    expect(checks.filter(({ name }) => name === 'storage')).toEqual([
      {
        name: 'storage',
        status: 'ok',
        message: expect.stringMatching(
          /^abfss:\/\/lake@\S+: an object was written, read, listed and deleted; .*adls\.sas-token \(the table's config\)/,
        ),
        hint: null,
      },
    ]);
    expect(JSON.stringify(checks)).not.toContain('sig=');
    expect(await orphansThere()).toEqual([]);
    await land(0, '20, 30');
    const killed = await spawnSessions(world.root, {
      processes: ['event_load'],
      killAtCommit: { commit: 2, after: false },
    });
    expect(killed.killed).toBe(true);
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    // Another machine might be at work under the same name.
    const left = await orphansThere();
    expect(left.length).toBeGreaterThan(0);
    expect(left.filter((file) => !file.includes('psyberg_event_load_'))).toEqual([]);
    const notes = join(world.root, '.psyberg', 'sweeps');
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    for (const note of readdirSync(notes)) utimesSync(join(notes, note), yesterday, yesterday);
    await land(1, '30, 40');
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    expect(readdirSync(notes)).toEqual([]);
    expect(await orphansThere()).toEqual([]);
    await expectRecomputed(world);
  });

  it('and the keys of this machine, which are none here, are one error', async () => {
    await atHome();
    process.env['AZURE_CONFIG_DIR'] = process.env['HOME'];
    const world = await worldIn(`${store.location('lake')}/chain`, {
      storage: { credentials: 'chain', 'adls.account-name': store.account.name },
    });
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    const engine = await world.psyberg.internals.engine();
    const secrets = "select provider, scope from duckdb_secrets() where type = 'azure' order by all";
    expect(await engine.query({ sql: secrets, parameters: {} })).toContainEqual({
      provider: 'credential_chain',
      scope: ['abfss://'],
    });
    await expect(world.land('raw.events', "select 1, 1, timestamptz '2023-09-14'")).rejects.toMatchObject({
      code: 'storage-denied',
      kind: 'usage',
      message: expect.not.stringContaining('\n'),
    });
  });
});
