// Goal: a file whose name is too long for this machine's disks, and not for a store, fails no session.
// Method: a process with a long name on moto; the rows beside a recompute by hand.
import { expect, it } from 'vitest';
import { storeForTests } from '../support/store-for-tests.ts';
import { hourAt, processFile, worldForTest } from '../support/world.ts';

const store = storeForTests('lake');

it('a process with a long name publishes to a store', { timeout: 120_000 }, async () => {
  const name = 'n'.repeat(170);
  const warehouse = 's3://lake/long-names';
  const world = await worldForTest({
    warehouse,
    catalog: { warehouse, state: '.psyberg', storage: store.settings },
    processes: [
      processFile(
        {
          process_name: name,
          pattern: 'stateless',
          sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
          target: { table: 'facts.loaded', event_time: 'ts' },
        },
        'select id, ts from e',
      ),
    ],
  });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  for (const hour of [1, 2, 1]) {
    await world.land('raw.events', `select ${hour}, timestamptz '${hourAt(hour)}'`);
    await world.publish(name);
  }
  expect(await world.rows('select id, count(*) as n from facts.loaded group by id')).toEqual([
    '["1","2"]',
    '["2","1"]',
  ]);
});
