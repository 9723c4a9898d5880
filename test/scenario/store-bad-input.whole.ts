// Goal: a store that is not there, lets nobody in, or lets nobody write is one clear error of every command, and
// no key stands in anything that a failing command prints or writes. Method: the real command line over a
// store that repeats what it was signed with, and one that is read-only; everything is searched for the keys.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { examine } from '../../src/inspect/doctor.ts';
import { cli } from '../cli/fixture.ts';
import { missingVersitygw, type SigningStore, startVersitygw } from '../interop/versitygw.ts';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { storeForTests } from '../support/store-for-tests.ts';
import { type StoreInterference, startStoreProxy } from '../support/store-proxy.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

const SECRETS = {
  's3.access-key-id': 'AKIDNEVERTOBESEEN',
  's3.secret-access-key': 'secret+never/to=be seen',
  's3.session-token': 'token-never-to-be-seen',
};

const store = storeForTests('lake');

const land = (world: World, hour: number, first: number): Promise<void> =>
  world.land(
    'raw.events',
    `select i, i % 5, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${first}, ${first + 10}) as t(i)`,
  );

const textsBelow = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? textsBelow(path) : [readFileSync(path, 'latin1')];
  });

/** `written`: psyberg.yaml names them, of course. */
function expectNoKeys(texts: readonly string[]): void {
  for (const text of texts)
    for (const secret of Object.values(SECRETS))
      for (const spelled of [secret, encodeURIComponent(secret)]) expect(text).not.toContain(spelled);
}

const COMMANDS = [
  ['run', '--json'],
  ['run', '--verbose'],
  ['plan', '--explain'],
  ['doctor'],
  ['sql', 'select * from facts.event_fact'],
  ['sql', "copy (select 1) to 's3://lake/nowhere.parquet'"],
  ['report', '--out', 'report.html'],
] as const;

describe('no key is printed or written', { timeout: 300_000 }, () => {
  it.each<readonly [string, 'embedded' | 'foreign', StoreInterference]>([
    ['refuses the keys', 'embedded', { status: 403, code: 'InvalidAccessKeyId' }],
    ['says that the token has expired', 'foreign', { status: 400, code: 'ExpiredToken' }],
    ['answers nonsense', 'embedded', { status: 418, code: 'Teapot' }],
  ])('where a store %s (%s catalog)', async (_how, kind, answer) => {
    const proxy = await startStoreProxy(store.endpoint);
    const warehouse = `s3://lake/keys-${kind}-${'code' in (answer as object) ? (answer as { code: string }).code : ''}`;
    const storage = { ...store.settings, ...SECRETS, 's3.endpoint': `http://127.0.0.1:${proxy.port}` };
    const foreign =
      kind === 'foreign'
        ? await startForeignServer({ store: { warehouse, storage }, tableResult: { config: storage } })
        : undefined;
    onTestFinished(async () => {
      await foreign?.close();
      await proxy.close();
    });
    const world = await worldForTest({
      catalog: foreign === undefined ? { warehouse, state: '.psyberg', storage } : { uri: foreign.uri },
      warehouse,
      processes: FOREIGN_PROCESSES,
      files: FOREIGN_FILES,
    });
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    await land(world, 1, 0);
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    await land(world, 0, 10);
    await world.psyberg.close();
    proxy.interfere = () => answer;
    const said: string[] = [];
    for (const [command, ...words] of COMMANDS) {
      const out = words.map((word) => (word === 'report.html' ? join(world.root, word) : word));
      const { stdout, stderr } = await cli(command, ...out, '--project', world.root);
      said.push(stdout, stderr);
      expect(stderr, `${command} ${words.join(' ')}`).not.toMatch(/^\s+at .*\(.*:\d+:\d+\)$/m);
    }
    expectNoKeys(said);
    expectNoKeys(
      ['.psyberg', 'report.html'].flatMap((name) => {
        const path = join(world.root, name);
        const found = statSync(path, { throwIfNoEntry: false });
        if (found === undefined) return [];
        return found.isDirectory() ? textsBelow(path) : [readFileSync(path, 'latin1')];
      }),
    );
    proxy.interfere = undefined;
    await world.reopen();
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    await expectRecomputed(world);
  });
});

describe('a store that is not as psyberg.yaml says', { timeout: 300_000 }, () => {
  it('has no such bucket', async () => {
    const warehouse = 's3://nobodys-bucket/w';
    const world = await worldForTest({
      catalog: { warehouse, state: '.psyberg', storage: store.settings },
      warehouse,
      processes: FOREIGN_PROCESSES,
      files: FOREIGN_FILES,
    });
    const creating = world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    await expect(creating).rejects.toMatchObject({
      message: expect.stringContaining('the bucket s3://nobodys-bucket does not exist'),
      hint: expect.stringContaining('make the bucket'),
    });
    const checks = await examine({ project: world.root });
    expect(JSON.stringify(checks)).not.toContain('test-secret');
  });
});

const missing = await missingVersitygw();
describe.skipIf(missing !== undefined)(
  `a store that is read-only${missing === undefined ? '' : ` (${missing})`}`,
  { timeout: 300_000 },
  () => {
    it('is read, and what would write is one error', async () => {
      const whole = await startVersitygw();
      onTestFinished(() => whole.close());
      whole.makeBucket('lake');
      const warehouse = 's3://lake/w';
      const catalogOn = ({ settings }: SigningStore) => ({ warehouse, state: '.psyberg', storage: settings });
      const world = await worldForTest({
        catalog: catalogOn(whole),
        warehouse,
        processes: FOREIGN_PROCESSES,
        files: FOREIGN_FILES,
      });
      await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
      await land(world, 1, 0);
      expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
      await land(world, 0, 10);
      const readOnly = await startVersitygw({ words: ['--readonly'], root: whole.root });
      const yaml = (catalog: object): void =>
        world.write('psyberg.yaml', `name: world\ncatalog: ${JSON.stringify(catalog)}\n`);
      yaml(catalogOn(readOnly));
      await world.reopen();
      expect(await world.rows('select count(*) from facts.event_fact')).toEqual(['["10"]']);
      const [record] = await world.run(['event_load']);
      expect(record).toMatchObject({
        status: 'failed',
        error: { code: 'storage-denied', retryable: false },
      });
      yaml(catalogOn(whole));
      await world.reopen();
      await readOnly.stop();
      expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
      await expectRecomputed(world);
    });
  },
);
