// Goal: sessions over tables in an object store, whoever says how it is reached. Method: Apache Iceberg's own
// REST catalog over S3FileIO and moto, behind a server that hands settings out as catalogs elsewhere do.
import { readdirSync, utimesSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { examine } from '../../src/inspect/doctor.ts';
import { type JavaCatalogServer, startJavaCatalog } from '../interop/java/catalog-server.ts';
import { missingJava } from '../interop/java/java.ts';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { type ForeignManners, startForeignServer } from '../support/foreign-server.ts';
import { foreignOrphans } from '../support/orphans.ts';
import { spawnSessions } from '../support/spawn.ts';
import { storeForTests } from '../support/store-for-tests.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

const missing = await missingJava();
if (missing !== undefined) console.warn(`skipped: a catalog over an object store: ${missing}`);

/** Where moto and the jars of the catalog are not there yet. */
const INSTALL_MS = 300_000;

describe.skipIf(missing !== undefined)('tables in an object store', () => {
  const store = storeForTests('lake');

  async function catalogOver(scheme: 's3' | 's3a', folder: string): Promise<JavaCatalogServer> {
    return startJavaCatalog({
      warehouse: `${scheme}://lake/${folder}`,
      'io-impl': 'org.apache.iceberg.aws.s3.S3FileIO',
      ...store.settings,
    });
  }

  async function worldOver(
    inner: string,
    manners: ForeignManners,
    ofProject: Readonly<Record<string, unknown>> = {},
  ): Promise<World> {
    const foreign = await startForeignServer({ ...manners, inner });
    onTestFinished(() => foreign.close());
    return worldForTest({
      catalog: { uri: foreign.uri, ...ofProject },
      processes: FOREIGN_PROCESSES,
      files: FOREIGN_FILES,
    });
  }

  async function expectPublished(world: World): Promise<void> {
    expect((await world.run()).map((record) => [record.status, record.error])).toEqual(
      Array(3).fill(['published', null]),
    );
    await expectRecomputed(world);
  }

  const keys = (): Record<string, string> => only(store.settings, /access-key/);
  const place = (): Record<string, string> => only(store.settings, /endpoint|path-style|region/);

  describe('of one catalog, late rows after late rows', () => {
    let server: JavaCatalogServer;
    beforeAll(async () => {
      server = await catalogOver('s3', 'one');
    }, INSTALL_MS);
    afterAll(() => server?.close());

    it.each([
      ['psyberg.yaml, the catalog says nothing', () => ({ ofProject: { storage: store.settings } })],
      ['the config of each table', () => ({ tableResult: { config: store.settings } })],
      [
        'keys in storage credentials, the endpoint in the config',
        () => ({
          tableResult: {
            config: place(),
            'storage-credentials': [{ prefix: 's3://lake/', config: keys() }],
          },
        }),
      ],
      ['/v1/config, as overrides', () => ({ config: { overrides: store.settings } })],
      [
        '/v1/config for the endpoint, psyberg.yaml for the keys, no credentials asked for',
        () => ({
          config: { defaults: place() },
          ofProject: { storage: keys(), access_delegation: 'none' },
        }),
      ],
      [
        '/v1/config for the endpoint, this machine for the keys',
        () => {
          vi.stubEnv('AWS_PROFILE', undefined);
          vi.stubEnv('AWS_ACCESS_KEY_ID', 'of-this-machine');
          vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test-secret');
          onTestFinished(() => void vi.unstubAllEnvs());
          return { config: { defaults: place() }, ofProject: { storage: { credentials: 'chain' } } };
        },
      ],
    ] as const)('are reached by what stands in %s', async (_how, given) => {
      const { ofProject = {}, ...manners } = given() as ForeignManners & {
        ofProject?: Readonly<Record<string, unknown>>;
      };
      const world = await worldOver(server.uri, manners, ofProject);
      if (sessions === 0)
        await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
          partitionedBy: 'hour(ts)',
        });
      await land(world, sessions === 0 ? 1 : 0, `${sessions * 10}, ${sessions * 10 + 10}`);
      sessions += 1;
      await expectPublished(world);
    });
    let sessions = 0;

    it.each([
      ['without keys', () => place(), 'storage-unreachable'],
      [
        'at an address that nobody has',
        () => ({ 's3.endpoint': 'http://127.0.0.1:9' }),
        'storage-unreachable',
      ],
      ['with keys that it refuses', async () => ({ 's3.endpoint': await refusingStore() }), 'storage-denied'],
    ] as const)('and nothing is lost where the store is asked %s', async (_how, changed, code) => {
      const world = await worldOver(server.uri, {}, { storage: store.settings });
      await land(world, 0, `${sessions * 10}, ${sessions * 10 + 10}`);
      sessions += 1;
      const given = await changed();
      const whole = Object.hasOwn(given, 's3.access-key-id') || Object.keys(given).length === 1;
      const lost = await worldOver(
        server.uri,
        {},
        { storage: whole ? { ...store.settings, ...given } : given },
      );
      const [record] = await lost.run(['event_load']);
      expect(record).toMatchObject({ status: 'failed', error: { code } });
      expect(JSON.stringify(record)).not.toContain('test-secret');
      await expectPublished(world);
    });
  });

  it('leave nothing behind, and a killed session nothing for longer than a day', async () => {
    const server = await catalogOver('s3', 'left');
    onTestFinished(() => server.close());
    const world = await worldOver(server.uri, { tableResult: { config: store.settings } });
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
      partitionedBy: 'hour(ts)',
    });
    for (const hour of [1, 0]) {
      await land(world, hour, `${hour * 10}, ${hour * 10 + 10}`);
      await expectPublished(world);
    }
    const checks = await examine({ project: world.root });
    expect(checks.filter(({ name }) => name === 'storage')).toEqual([
      {
        name: 'storage',
        status: 'ok',
        message: expect.stringMatching(
          /^s3:\/\/lake: an object was written, read, listed and deleted; .*s3\.access-key-id \(the table's config\).*s3\.endpoint http:\/\/127\.0\.0\.1:\d+ \(the table's config\)/,
        ),
        hint: null,
      },
    ]);
    expect(JSON.stringify(checks)).not.toContain('test-secret');
    expect(await foreignOrphans(world, store, 'lake')).toEqual([]);
    await land(world, 0, '20, 30');
    const processes = ['event_load'];
    const killed = await spawnSessions(world.root, { processes, killAtCommit: { commit: 2, after: false } });
    expect(killed.killed).toBe(true);
    await expectPublished(world);
    // Another machine might be at work under the same name.
    const left = await foreignOrphans(world, store, 'lake');
    expect(left.length).toBeGreaterThan(0);
    expect(left.filter((file) => !file.includes('psyberg_event_load_'))).toEqual([]);
    const notes = join(world.root, '.psyberg', 'sweeps');
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    for (const note of readdirSync(notes)) utimesSync(join(notes, note), yesterday, yesterday);
    await land(world, 1, '30, 40');
    await expectPublished(world);
    expect(readdirSync(notes)).toEqual([]);
    expect(await foreignOrphans(world, store, 'lake')).toEqual([]);
  });

  it('under s3a, one table at a time', async () => {
    const server = await catalogOver('s3a', 'hadoop');
    onTestFinished(() => server.close());
    const world = await worldOver(server.uri, { oneTableAtATime: true }, { storage: store.settings });
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
      partitionedBy: 'hour(ts)',
    });
    for (const hour of [1, 0]) {
      await land(world, hour, '0, 10');
      await expectPublished(world);
    }
  });
});

/** A store that lets nobody in. */
async function refusingStore(): Promise<string> {
  const server = createServer((_request, response) => {
    response.statusCode = 403;
    response.end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function land(world: World, hour: number, ids: string): Promise<void> {
  return world.land(
    'raw.events',
    `select i, i % 5, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${ids}) as t(i)`,
  );
}

const only = (settings: Readonly<Record<string, string>>, keys: RegExp): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => keys.test(key)));
