// Goal: a Spark on other machines means what one on this machine means: it has the files of tables alone, it
// cannot call back, it stands behind TLS, it is full. Method: one Spark, one kind of distance after the other;
// targets are compared with the recompute after each landing, and what is left behind is looked for.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type CatalogOptions, type CatalogServer, startCatalog } from '../../src/catalog/index.ts';
import { examine } from '../../src/inspect/doctor.ts';
import { openSparkSession } from '../../src/workload/spark/connect/client.ts';
import { parseRemote } from '../../src/workload/spark/connect/remote.ts';
import { type ObjectStore, startObjectStore } from '../support/moto.ts';
import { foreignOrphans, orphans, storedOrphans } from '../support/orphans.ts';
import { spawnSessions } from '../support/spawn.ts';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from '../support/world.ts';
import { missingJava } from './java/java.ts';
import { type SparkConnectServer, startSparkConnect } from './spark/connect.ts';
import { startTlsProxy } from './spark/tls-proxy.ts';

const missing = await missingJava();

/** Where jars, moto and Spark are not there yet. */
const INSTALL_MS = 600_000;

const EVENTS = { table: 'raw.events', event_time: 'ts', alias: 'e' };
const HOURLY = { event_time: 'hour', partition_by: ['hour(hour)'] };
const PROCESSES: readonly ProcessFile[] = [
  processFile(
    {
      process_name: 'appended',
      pattern: 'stateless',
      engine: 'spark',
      sources: [EVENTS],
      target: { table: 'facts.appended', event_time: 'ts', partition_by: ['hour(ts)'] },
      audits: ['source_to_target_count', { unique: { columns: ['id'], over: 'target' } }],
    },
    'select id, ts from e',
  ),
  processFile(
    {
      process_name: 'counted',
      pattern: 'stateful',
      engine: 'spark',
      sources: [EVENTS],
      // Spark would name the metadata of such a table otherwise, and stage its commits where a `spark.wap.id` is set.
      target: {
        table: 'facts.counted',
        ...HOURLY,
        properties: { 'write.metadata.compression-codec': 'gzip', 'write.wap.enabled': true },
      },
      audits: [{ unique: { columns: ['hour'] } }],
    },
    "select date_trunc('hour', ts) as hour, count(*) as n from e group by 1",
  ),
  processFile(
    {
      process_name: 'running',
      pattern: 'dimension',
      engine: 'spark',
      sources: [EVENTS],
      target: { table: 'facts.running', ...HOURLY },
    },
    'select $range_start as hour, cast((select coalesce(max(total), 0) from previous) + count(*) as bigint) as total from e',
  ),
];
const ONE = PROCESSES.slice(1, 2);

const events = (first: number, count: number, hour: number): string =>
  `select range as id, timestamptz '${hourAt(hour)}' + to_minutes(range % 60) as ts from range(${first}, ${first + count})`;

/** Every target is its SQL over the whole source. */
async function expectRecomputed(world: World): Promise<void> {
  expect(await world.rows('select id, ts from facts.appended')).toEqual(
    await world.rows('select id, ts from raw.events'),
  );
  const counts = "select date_trunc('hour', ts) as hour, count(*) as n from raw.events group by all";
  expect(await world.rows('select hour, n from facts.counted')).toEqual(await world.rows(counts));
  expect(await world.rows('select hour, total from facts.running')).toEqual(
    await world.rows(`select hour, sum(n) over (order by hour)::bigint as total from (${counts})`),
  );
}

async function publishAll(world: World): Promise<void> {
  const records = await world.run();
  expect(records.map(({ status, error }) => [status, error])).toEqual(records.map(() => ['published', null]));
}

/** Three landings: rows of three hours, late rows of the first, and rows of a new hour with late ones. */
async function playStory(world: World, afterEach: () => Promise<void>): Promise<void> {
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  for (const landing of [
    [0, 1, 2].map((hour) => events(hour * 10, 5, hour)).join(' union all '),
    events(100, 3, 0),
    [3, 1].map((hour) => events(200 + hour * 10, 4, hour)).join(' union all '),
  ]) {
    await world.land('raw.events', landing);
    await publishAll(world);
    await expectRecomputed(world);
    expect(await world.leftovers()).toEqual([]);
    await afterEach();
  }
}

/** Rewrites psyberg.yaml, and opens the project anew. */
async function configure(
  world: World,
  catalog: Readonly<Record<string, unknown>>,
  spark: Readonly<Record<string, unknown>>,
  onStep: (message: string) => void = () => undefined,
): Promise<void> {
  world.write(
    'psyberg.yaml',
    `name: world\ncatalog: ${JSON.stringify(catalog)}\nengines: ${JSON.stringify({ spark })}\n`,
  );
  await world.reopen({ onStep });
}

const sparkCheck = async (world: World) =>
  (await examine({ project: world.root })).find(({ name }) => name === 'Spark');

describe.skipIf(missing !== undefined)('a Spark elsewhere', () => {
  let spark: SparkConnectServer;
  let store: ObjectStore;
  /** A catalog that Spark has as `lake`. */
  let lake: CatalogServer;
  const folders: string[] = [];
  const folder = (): string => {
    folders.push(mkdtempSync(join(tmpdir(), 'psyberg-elsewhere-')));
    return folders.at(-1) as string;
  };
  beforeAll(async () => {
    store = await startObjectStore();
    await store.makeBucket('lake');
    lake = await startCatalog({ warehouse: folder(), catalogName: 'lake' });
    spark = await startSparkConnect({
      store: true,
      settings: {
        'spark.sql.catalog.lake': 'org.apache.iceberg.spark.SparkCatalog',
        'spark.sql.catalog.lake.type': 'rest',
        'spark.sql.catalog.lake.uri': lake.uri,
        'spark.sql.catalog.lake.warehouse': 'lake',
        'spark.sql.catalog.lake.token': lake.token,
      },
    });
  }, INSTALL_MS);
  afterAll(async () => {
    await spark?.close();
    await lake?.close();
    await store?.close();
    for (const each of folders) rmSync(each, { recursive: true, force: true });
  });

  const ofForeign = ({ uri, token }: CatalogServer, name: string) => ({ uri, token, warehouse: name });

  it('works on tables in an object store of a foreign catalog, with the keys that it hands out', {
    timeout: 300_000,
  }, async () => {
    const options: CatalogOptions = {
      ...{ warehouse: 's3://lake/tables', state: folder(), catalogName: 'stored' },
      ...{ storage: () => store.settings, vendsStorage: true },
    };
    const foreign = await startCatalog(options);
    onTestFinished(() => foreign.close());
    const catalog = ofForeign(foreign, 'stored');
    const world = await worldForTest({ processes: PROCESSES, catalog });
    await configure(world, catalog, { remote: spark.remote });
    await playStory(world, async () => {
      expect(await foreignOrphans(world, store, 'lake')).toEqual([]);
    });
    expect(await sparkCheck(world)).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(
        /^4\.1\.\d with Iceberg 1\.12\.0; it answers in UTC, with ANSI mode, and reaches the catalog and the files of facts\.appended$/,
      ),
    });
  });

  it('works on a warehouse of psyberg in an object store, with the keys of psyberg.yaml', {
    timeout: 300_000,
  }, async () => {
    const catalog = { warehouse: 's3://lake/own', state: '.psyberg', storage: store.settings };
    const world = await worldForTest({ processes: ONE, catalog, warehouse: 's3://lake/own' });
    await configure(world, catalog, { remote: spark.remote });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    for (const landing of [events(0, 5, 0), events(10, 5, 0)]) {
      await world.land('raw.events', landing);
      await publishAll(world);
    }
    expect(await world.rows('select n from facts.counted')).toEqual(['["10"]']);
    expect(await storedOrphans(world, store)).toEqual([]);
  });

  it('finds tables as files where it cannot call back', { timeout: 300_000 }, async () => {
    const catalog = ofForeign(lake, 'lake');
    const world = await worldForTest({ processes: PROCESSES, catalog });
    const conf = { 'spark.wap.id': 'audited' };
    await configure(world, catalog, { remote: spark.remote, catalog: 'lake', conf });
    await playStory(world, async () => {
      expect(await orphans(world)).toEqual([]);
    });
    expect(await sparkCheck(world)).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(
        /; it answers in UTC, with ANSI mode, and reaches the files of facts\.appended$/,
      ),
    });
    expect(await orphans(world)).toEqual([]);
    // A session that is killed while Spark works, and after it: the next one finds nothing of it.
    const { steps } = await spawnSessions(world.root, { processes: ['counted'] });
    expect(steps.join('\n')).not.toContain('load insert');
    let killed = 0;
    for (const afterMs of [500, 1500]) {
      await world.land('raw.events', events(300 + killed * 10, 3, 1));
      const result = await spawnSessions(world.root, {
        processes: ['counted'],
        onReady: (child) => void setTimeout(() => child.kill('SIGKILL'), afterMs),
      });
      if (result.killed) killed += 1;
      // Where it had published before it was killed, one of the three finds nothing new.
      expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
      await expectRecomputed(world);
      expect(await world.leftovers()).toEqual([]);
      expect(await orphans(world)).toEqual([]);
    }
    expect(killed).toBeGreaterThan(0);
    await configure(world, catalog, { remote: spark.remote, catalog: 'nowhere' });
    await world.land('raw.events', events(400, 1, 0));
    expect((await world.run(['counted']))[0]?.error).toMatchObject({ code: 'spark-catalog-unknown' });
    expect(await world.leftovers()).toEqual([]);
    expect(await orphans(world)).toEqual([]);
  });

  it('waits where it is full, says so, and ends in time', { timeout: 300_000 }, async () => {
    const catalog = { warehouse: 'warehouse' };
    const world = await worldForTest({ processes: ONE });
    const said: string[] = [];
    await configure(world, catalog, { remote: spark.remote });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', events(0, 5, 0));
    await publishAll(world);
    await world.land('raw.events', events(10, 5, 0));
    const other = openSparkSession({ remote: parseRemote(spark.remote) });
    const long = other
      .query({
        sql: 'select count(*) as n from range(0, 100000000, 1, 8) a cross join range(1000) b where a.id % 7 = b.id % 5',
        values: {},
      })
      .catch((error: unknown) => error);
    await new Promise((done) => setTimeout(done, 2000));
    await configure(world, catalog, { remote: spark.remote, timeout: '20s' }, (step) => said.push(step));
    const [record] = await world.run(['counted']);
    expect(record).toMatchObject({ status: 'failed', error: { code: 'spark-timeout', retryable: true } });
    expect(record?.error?.message).toMatch(/has ended for 20 s: 0 of \d+ are done, 0 at work/);
    expect(said.join('\n')).toContain('Spark has no free executor');
    expect(await orphans(world)).toEqual([]);
    expect(await world.leftovers()).toEqual([]);
    await other.interrupt();
    expect(await long).toMatchObject({ code: 'spark-session-lost' });
    await other.close();
    await configure(world, catalog, { remote: spark.remote });
    await publishAll(world);
    expect(await world.rows('select n from facts.counted')).toEqual(['["10"]']);
  });

  it('is reached through TLS by whoever has the token', { timeout: 300_000 }, async () => {
    const proxy = await startTlsProxy(Number(spark.remote.split(':').at(-1)), 'right');
    onTestFinished(() => proxy.close());
    const catalog = { warehouse: 'warehouse' };
    const world = await worldForTest({ processes: ONE });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', events(0, 5, 0));
    const remote = (token: string): string => `sc://127.0.0.1:${proxy.port}/;token=${token}`;
    const failed = async (settings: Readonly<Record<string, unknown>>) => {
      await configure(world, catalog, settings);
      return (await world.run(['counted']))[0]?.error;
    };
    expect(await failed({ remote: remote('right') })).toMatchObject({
      code: 'spark-unreachable',
      hint: expect.stringContaining('ca_file'),
    });
    expect(proxy.refused).toEqual([]);
    const known = { ca_file: proxy.authority };
    const wrong = await failed({ remote: remote('wrong'), ...known });
    expect(wrong).toMatchObject({ code: 'spark-denied' });
    expect(JSON.stringify(wrong)).not.toContain('wrong');
    expect(await failed({ remote: `sc://127.0.0.1:${proxy.port}/;use_ssl=true`, ...known })).toMatchObject({
      code: 'spark-denied',
    });
    expect(await failed({ remote: remote('right'), ca_file: 'nowhere.pem' })).toMatchObject({
      code: 'spark-remote-invalid',
    });
    expect(await world.leftovers()).toEqual([]);
    await configure(world, catalog, { remote: remote('right'), ...known });
    await publishAll(world);
    expect(await world.rows('select n from facts.counted')).toEqual(['["5"]']);
    expect(await sparkCheck(world)).toMatchObject({ status: 'ok' });
  });

  it('that does not reach the catalog is told from one that is away, with both addresses', {
    timeout: 120_000,
  }, async () => {
    const world = await worldForTest({ processes: ONE });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', events(0, 5, 0));
    const catalog = { warehouse: 'warehouse' };
    await configure(world, catalog, { remote: spark.remote, catalog_uri: 'http://127.0.0.1:9' });
    const away = await sparkCheck(world);
    expect(away).toMatchObject({ status: 'fail', hint: expect.stringContaining('catalog_host') });
    expect(away?.message).toContain(spark.remote.replace('sc://', ''));
    expect(away?.message).toMatch(/http:\/\/127\.0\.0\.1:9 \(which listens at http:\/\/127\.0\.0\.1:\d+\)/);
    expect((await world.run(['counted']))[0]?.error).toMatchObject({ code: 'spark-catalog-unreachable' });
    // The port that it has this time.
    await configure(world, catalog, { remote: spark.remote, catalog_uri: 'http://localhost:{port}' });
    await publishAll(world);
    expect(await orphans(world)).toEqual([]);
  });
});
