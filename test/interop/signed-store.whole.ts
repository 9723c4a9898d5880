// Goal: what psyberg and DuckDB sign is what a store that looks at signatures takes, whatever is in a name; and
// keys, clocks and tokens that are wrong are one clear error. Method: versitygw, which answers as AWS does;
// for what it does not look at, a proxy in front of it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { objectStore } from '../../src/objects/object-store.ts';
import { findProjectRoot, readProject } from '../../src/project/read-project.ts';
import { copyProject } from '../../src/workspace/copy-project.ts';
import {
  expectRecomputed,
  FOREIGN_FILES,
  FOREIGN_PROCESSES,
  playForeignScenario,
} from '../support/foreign-scenario.ts';
import { movedClock } from '../support/moved-clock.ts';
import { storedOrphans } from '../support/orphans.ts';
import { spawnSessions } from '../support/spawn.ts';
import { startStoreProxy } from '../support/store-proxy.ts';
import { createWorld, hourAt, type World, type WorldOptions, worldForTest } from '../support/world.ts';
import { missingVersitygw, type SigningStore, startVersitygw } from './versitygw.ts';

const missing = await missingVersitygw();
if (missing !== undefined) console.warn(`skipped: a store that looks at signatures: ${missing}`);

describe.skipIf(missing !== undefined)('a store that looks at signatures', { timeout: 300_000 }, () => {
  let store: SigningStore;
  beforeAll(async () => {
    store = await startVersitygw();
    store.makeBucket('lake');
  });
  afterAll(() => store?.close());

  const optionsAt = (prefix: string): WorldOptions => ({
    catalog: { warehouse: `s3://lake/${prefix}`, state: '.psyberg', storage: store.settings },
    warehouse: `s3://lake/${prefix}`,
    processes: FOREIGN_PROCESSES,
    files: FOREIGN_FILES,
  });
  const land = (world: World, hour: number, ids: string): Promise<void> =>
    world.land(
      'raw.events',
      `select i, i % 5, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${ids}) as t(i)`,
    );
  it('takes all three patterns, late rows and maintenance, under a prefix with odd names', async () => {
    const world = await worldForTest(optionsAt("odd (1)/it's = a+b & c~d"));
    await playForeignScenario(world);
    await land(world, 0, '500, 510');
    expect((await world.run()).map(({ status }) => status)).toEqual(Array(3).fill('published'));
    const { tables } = await world.psyberg.maintain([], { olderThanMs: 0, orphanGraceMs: 1, force: true });
    expect(tables.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(tables.some(({ compacted }) => (compacted?.files_before ?? 0) > 0)).toBe(true);
    await expectRecomputed(world);
    expect(await storedOrphans(world, store)).toEqual([]);
  });

  it('takes a warehouse from a folder, and gives it back', async () => {
    const world = await worldForTest({ processes: FOREIGN_PROCESSES, files: FOREIGN_FILES });
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
      partitionedBy: 'hour(ts)',
    });
    await land(world, 1, '0, 10');
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    await world.psyberg.close();
    const project = (catalog: Readonly<Record<string, unknown>>) => {
      world.write('psyberg.yaml', `name: world\ncatalog: ${JSON.stringify(catalog)}\n`);
      return readProject({ root: findProjectRoot(world.root) });
    };
    const to = 's3://lake/moved here';
    const storage = store.settings;
    const quietly = { interrupted: () => false };
    await copyProject(project({ warehouse: world.warehouse, storage }), { to }, quietly);
    const stored = project({ warehouse: to, state: '.psyberg', storage });
    await world.reopen();
    await land(world, 0, '10, 20');
    expect((await world.run()).map(({ status }) => status)).toEqual(Array(3).fill('published'));
    await expectRecomputed(world);
    await world.psyberg.close();
    const home = mkdtempSync(join(tmpdir(), 'psyberg-home-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    await copyProject(stored, { to: join(home, 'lake') }, quietly);
    project({ warehouse: join(home, 'lake') });
    await world.reopen();
    await expectRecomputed(world);
    expect((await world.run()).map(({ status }) => status)).toEqual(Array(3).fill('nothing-new'));
  });

  describe('refuses, and nothing is lost,', () => {
    let world: World;
    let landed = 100;
    beforeAll(async () => {
      world = await createWorld(optionsAt('refused'));
      await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
        partitionedBy: 'hour(ts)',
      });
      await land(world, 1, '0, 10');
      expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
      await land(world, 0, '10, 20');
    });
    afterAll(() => world?.close());
    const yaml = (storage: Readonly<Record<string, string>>): void =>
      world.write(
        'psyberg.yaml',
        `name: world\ncatalog: ${JSON.stringify({ warehouse: world.warehouse, state: '.psyberg', storage })}\n`,
      );

    /** psyberg's own requests, and DuckDB's, which alone uses other settings. */
    const errorsOf = async (storage: Readonly<Record<string, string>>): Promise<unknown[]> => {
      // Where nothing is new, no store is asked.
      landed += 10;
      await land(world, 0, `${landed}, ${landed + 10}`);
      yaml(storage);
      const own = await objectStore(() => storage)
        .list(`${world.warehouse}/`)
        .catch((error: unknown) => error);
      await world.reopen();
      const byRun = (await world.run(['event_load']).catch((error: unknown) => [{ error }]))[0]?.error;
      const byDuckDb = await world.psyberg
        .sql(`select count(*) from read_text('${world.warehouse}/raw/events/metadata/*.json')`)
        .catch((error: unknown) => error);
      yaml(store.settings);
      await world.reopen();
      return [own, byRun, byDuckDb];
    };

    it.each<readonly [string, () => Readonly<Record<string, string>>, string, number]>([
      ['a wrong secret', () => ({ 's3.secret-access-key': 'not-the-secret' }), 'check', 403],
      ['a key that it does not know', () => ({ 's3.access-key-id': 'nobody' }), 'check', 404],
      ['a signature for another region', () => ({ 'client.region': 'eu-west-9' }), 'client.region', 400],
    ])('%s', async (_what, changed, hint, status) => {
      const storage = { ...store.settings, ...changed() };
      const [own, byRun, byDuckDb] = await errorsOf(storage);
      // Of a store that says 404 to an unknown key DuckDB repeats no more than that.
      const codes = status === 404 ? ['source-unreadable', 'storage-denied'] : ['storage-denied'];
      expect(codes).toContain((byRun as { code: string }).code);
      for (const error of [own, byDuckDb]) expect(error).toMatchObject({ code: 'storage-denied' });
      for (const error of [own, byRun, byDuckDb]) {
        expect(error).toMatchObject({ hint: expect.stringContaining(hint) });
        expect(JSON.stringify(error)).not.toMatch(/not-the-secret|secret-of-versitygw/);
      }
      expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
      await expectRecomputed(world);
    });

    it('a token that has expired', async () => {
      const proxy = await startStoreProxy(store.endpoint);
      onTestFinished(() => proxy.close());
      // It hands out none, and looks at none.
      proxy.interfere = ({ headers }) =>
        headers['x-amz-security-token'] === 'old' ? { status: 400, code: 'ExpiredToken' } : undefined;
      const storage = {
        ...store.settings,
        's3.endpoint': `http://127.0.0.1:${proxy.port}`,
        's3.session-token': 'old',
      };
      for (const error of await errorsOf(storage)) {
        expect(error).toMatchObject({
          code: 'storage-denied',
          hint: expect.stringContaining('expired'),
        });
        expect(JSON.stringify(error)).not.toMatch(/secret-of-versitygw/);
      }
      expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
      await expectRecomputed(world);
    });

    it.for([-1800, 1800])('a clock that is wrong by %i s', async (seconds, { skip }) => {
      const clock = movedClock(seconds);
      if (clock === undefined) return skip('no compiler');
      onTestFinished(() => clock.close());
      const { environment } = clock;
      await land(world, 1, `${2000 + seconds}, ${2000 + seconds + 10}`);
      const { records } = await spawnSessions(world.root, { environment, processes: ['event_load'] });
      const script = join(import.meta.dirname, '../support/read-by-duckdb.ts');
      const file = `${world.warehouse}/raw/events/metadata/x.json`;
      const byDuckDb = execFileSync(process.execPath, [script, JSON.stringify(store.settings), file], {
        env: { ...process.env, ...environment },
        encoding: 'utf8',
      });
      for (const error of [records[0]?.error, JSON.parse(byDuckDb)])
        expect(error).toMatchObject({ code: 'storage-denied', hint: expect.stringContaining('clock') });
      expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
      await expectRecomputed(world);
    });
  });
});
