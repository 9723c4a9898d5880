// Goal: a session over some hours of a large source opens no manifest of other hours. Method: 210 files in a
// manifest of long ago, eight more manifests, and that first one is taken away.
import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const LOAD = processFile(
  {
    process_name: 'hours_load',
    pattern: 'stateful',
    hours: 'touched',
    sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
    target: { table: 'facts.hours', event_time: 'ts' },
  },
  'select id, ts from e',
);

/** A source of 210 files in a manifest, 1,000 hours back and more, and of eight more of an hour each. */
async function largeSource(): Promise<World> {
  const world = await worldForTest({ processes: [LOAD] });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land(
    'raw.events',
    `select 1000 + i, timestamptz '${hourAt(0)}' - to_hours(1000 + i::int) from range(210) as t(i)`,
  );
  for (let hour = 1; hour <= 8; hour += 1)
    await world.land('raw.events', `select ${hour}, timestamptz '${hourAt(hour)}'`);
  await world.publish('hours_load');
  return world;
}

it('a manifest whose files all lie in other hours is not opened', async () => {
  const world = await largeSource();
  const [first] = await world.history('raw.events');
  await world.land('raw.events', `select 9, timestamptz '${hourAt(8)}'`);
  const [manifest] = await world.sql(`select manifest_path from read_avro('${first?.['manifest-list']}')`);
  rmSync(String(manifest?.['manifest_path']));
  expect(await world.publish('hours_load')).toMatchObject({ rows_read: '2', rows_written: '2' });
});
