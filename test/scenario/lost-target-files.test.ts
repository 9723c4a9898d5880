// Goal: a file of the target that is lost is told as the target's, and nobody looks for it at the source. Method: after
// two sessions the oldest manifest, or a data file, of the target is deleted; the next session is refused with the
// table whose file it is, and a lost file of the source is told as the source's.
import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import { events } from '../support/event-tables.ts';
import { processFile, type World, worldForTest } from '../support/world.ts';

async function loaded(pattern: string): Promise<World> {
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'load',
          pattern,
          sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
          target: { table: 'facts.loaded', event_time: 'ts', partition_by: ['hour(ts)'] },
          audits: [{ unique: { columns: ['id'], over: 'target' } }],
        },
        pattern === 'dimension'
          ? 'select id, ts from e union all select id, ts from previous where id < 0'
          : 'select id, ts from e',
      ),
    ],
  });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  for (const hour of [0, 1]) {
    await world.land('raw.events', events(hour * 5, 5, hour));
    await world.publish('load');
  }
  return world;
}

const asked = async (world: World, sql: string): Promise<string> => {
  const [row] = await (await world.psyberg.internals.engine()).query({ sql, parameters: {} });
  return String(row?.['path']);
};
async function oldestManifest(world: World, table: string): Promise<string> {
  const list = mainSnapshot(await world.metadata(table))?.['manifest-list'];
  return asked(
    world,
    `select manifest_path as path from read_avro('${list}') order by sequence_number limit 1`,
  );
}

it.each(['stateless', 'stateful'])('a lost manifest of the target: %s', async (pattern) => {
  const world = await loaded(pattern);
  const manifest = await oldestManifest(world, 'facts.loaded');
  rmSync(manifest);
  for (const hour of [0, 2]) await world.land('raw.events', events(10 + hour * 5, 5, hour));
  await world.reopen();
  const [record] = await world.run(['load']);
  expect(record).toMatchObject({
    status: 'refused',
    error: {
      code: 'source-unreadable',
      message: expect.stringContaining(`${manifest} of facts.loaded (snapshot `),
    },
  });
});

it('a lost data file of the target, whose rows the next hour is computed from', async () => {
  const world = await loaded('dimension');
  const manifest = await oldestManifest(world, 'facts.loaded');
  const file = await asked(world, `select data_file.file_path as path from read_avro('${manifest}') limit 1`);
  rmSync(file);
  await world.land('raw.events', events(20, 5, 1));
  const [record] = await world.run(['load']);
  expect(record).toMatchObject({
    status: 'refused',
    error: {
      message: expect.stringContaining(`${file} of facts.loaded (snapshot `),
      context: { table: 'facts.loaded', file },
    },
  });
});

it("a lost data file of the source is the source's", async () => {
  const world = await loaded('stateful');
  await world.land('raw.events', events(20, 5, 1));
  const list = mainSnapshot(await world.metadata('raw.events'))?.['manifest-list'];
  const manifest = await asked(
    world,
    `select manifest_path as path from read_avro('${list}') order by sequence_number desc limit 1`,
  );
  const file = await asked(world, `select data_file.file_path as path from read_avro('${manifest}') limit 1`);
  rmSync(file);
  const [record] = await world.run(['load']);
  expect(record).toMatchObject({ status: 'refused', error: { context: { table: 'raw.events', file } } });
});
