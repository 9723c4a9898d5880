// Goal: a manifest that the store has no more, or does not hand out, is one error with the file's name, also where
// this machine has a copy of it or nobody but DuckDB asks for it: DuckDB by itself would end the process. Method:
// moto behind a proxy; sessions in processes of their own, and statements of a user.
import { describe, expect, it, onTestFinished } from 'vitest';
import { objectStore } from '../../src/objects/object-store.ts';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { spawnSessions } from '../support/spawn.ts';
import { storeForTests } from '../support/store-for-tests.ts';
import { type StoreProxy, startStoreProxy } from '../support/store-proxy.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

const store = storeForTests('lake');

async function worldIn(name: string): Promise<{ readonly world: World; readonly proxy: StoreProxy }> {
  const proxy = await startStoreProxy(store.endpoint);
  onTestFinished(() => proxy.close());
  const warehouse = `s3://lake/${name}`;
  const storage = { ...store.settings, 's3.endpoint': `http://127.0.0.1:${proxy.port}` };
  const world = await worldForTest({
    catalog: { warehouse, state: '.psyberg', storage },
    warehouse,
    processes: FOREIGN_PROCESSES,
    files: FOREIGN_FILES,
  });
  await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  for (const hour of [0, 1]) await land(world, hour);
  return { world, proxy };
}

const land = (world: World, hour: number): Promise<void> =>
  world.land(
    'raw.events',
    `select i, i % 5, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${hour * 10}, ${hour * 10 + 10}) as t(i)`,
  );

async function manifestOf(world: World, table: string): Promise<string> {
  const list = (await world.history(table)).at(-1)?.['manifest-list'];
  const sql = `select manifest_path from read_avro('${list}') order by sequence_number limit 1`;
  const [row] = await (await world.psyberg.internals.engine()).query({ sql, parameters: {} });
  return String(row?.['manifest_path']);
}

describe('a manifest that the store does not hand out', { timeout: 120_000 }, () => {
  it('refuses a session that has a copy of it; once it is back the session goes on', async () => {
    const { world } = await worldIn('copied');
    await world.run();
    await land(world, 2);
    await world.publish('event_load');
    const manifest = await manifestOf(world, 'facts.event_fact');
    const objects = objectStore(() => store.settings);
    const content = (await objects.read(manifest)) as Buffer;
    await objects.remove([manifest]);
    const before = await world.rows('from facts.count_fact');
    const { records } = await spawnSessions(world.root, { processes: ['count_load'] });
    expect(records.map(({ status, error }) => [status, error?.code, error?.message])).toEqual([
      [
        'refused',
        'source-unreadable',
        expect.stringContaining(`the manifest ${manifest} of facts.event_fact`),
      ],
    ]);
    await world.reopen();
    expect(await world.rows('from facts.count_fact')).toEqual(before);
    await objects.writeNew(manifest, content);
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    await expectRecomputed(world);
  });

  it('fails a statement of a user, which works once it does', async () => {
    const { world, proxy } = await worldIn('denied');
    await world.reopen();
    proxy.interfere = ({ method, url }) =>
      method === 'GET' && /-m0\.avro/.test(url) ? { status: 403, code: 'AccessDenied' } : undefined;
    await expect(world.sql('select count(*) from raw.events')).rejects.toMatchObject({
      code: 'storage-denied',
      kind: 'usage',
      hint: expect.stringContaining('check storage'),
    });
    proxy.interfere = undefined;
    const manifestsAsked = async (): Promise<number> => {
      proxy.asked.length = 0;
      expect(await world.sql('select count(*)::int as rows from raw.events')).toEqual([{ rows: 20 }]);
      return proxy.asked.filter(({ url }) => /-m0\.avro/.test(url)).length;
    };
    // Looked at beforehand, once.
    expect(await manifestsAsked()).toBeLessThanOrEqual(4);
    expect(await manifestsAsked()).toBeLessThanOrEqual(2);
  });
});
