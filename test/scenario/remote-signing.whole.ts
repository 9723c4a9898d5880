// Goal: a catalog that hands out no keys and signs each request itself is told apart from a wrong key, in one line,
// and who has keys of his own goes on. Method: a catalog that hands out keys, and then none; moto.
import { expect, it, onTestFinished } from 'vitest';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { type ForeignManners, startForeignServer } from '../support/foreign-server.ts';
import { storeForTests } from '../support/store-for-tests.ts';
import { hourAt, worldForTest } from '../support/world.ts';

const store = storeForTests('lake');

it('a catalog that only signs is refused with what to do', { timeout: 120_000 }, async () => {
  const manners: ForeignManners = {
    store: { warehouse: 's3://lake/signed', storage: store.settings },
    tableResult: { config: store.settings },
  };
  const foreign = await startForeignServer(manners);
  onTestFinished(() => foreign.close());
  const world = await worldForTest({
    catalog: { uri: foreign.uri },
    processes: FOREIGN_PROCESSES,
    files: FOREIGN_FILES,
  });
  await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
  await world.land('raw.events', `select i, i % 5, timestamptz '${hourAt(0)}' from range(10) as t(i)`);
  const { 's3.endpoint': endpoint = '' } = store.settings;
  foreign.manners.tableResult = {
    config: { 's3.endpoint': endpoint, 's3.remote-signing-enabled': 'true', 's3.path-style-access': 'true' },
  };
  await world.reopen();
  const refused = {
    code: 'storage-keys-missing',
    kind: 'usage',
    message: expect.stringMatching(
      /^the catalog hands out no keys for s3:\/\/lake\/signed\/\S+ and wants to sign/,
    ),
    hint: expect.stringContaining('catalog.storage'),
  };
  expect((await world.run()).map(({ error }) => error)[0]).toMatchObject(refused);
  await expect(world.sql('select count(*) from raw.events')).rejects.toMatchObject(refused);
  world.write(
    'psyberg.yaml',
    `name: world\ncatalog: ${JSON.stringify({ uri: foreign.uri, storage: store.settings })}\n`,
  );
  await world.reopen();
  expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
  await expectRecomputed(world);
});
