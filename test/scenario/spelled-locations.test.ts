// Goal: a sweep takes what no snapshot holds and nothing else, however a table spells its location. Method:
// targets below each spelling, a session that published, and a file of its name that it did not publish.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sweepSession } from '../../src/run/leftovers/sweep.ts';
import { appended, appendLoad, events, inSource } from '../support/event-tables.ts';
import { tableId, worldForTest } from '../support/world.ts';

it.each(['', 'file:', 'file://', 'file://localhost'])('a location that begins with "%s"', async (scheme) => {
  const world = await worldForTest({ processes: [appendLoad()] });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.create('facts.appended', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  const folder = join(world.warehouse, 'facts', 'appended');
  await world.commit('facts.appended', [{ action: 'set-location', location: `${scheme}${folder}` }]);
  await world.land('raw.events', events(0, 10, 0));
  const { psyberg_session_id } = await world.publish('append_load');
  const branch = readdirSync(join(folder, 'data')).find((name) => name.startsWith('psyberg_'));
  expect(branch).toContain(psyberg_session_id);
  const stray = join(folder, 'data', branch as string, 'stray.parquet');
  writeFileSync(stray, 'half of a file');
  const { client, engine, sessionsDirectory } = world.psyberg.internals;
  const ports = {
    catalog: client,
    engine: await engine(),
    project: world.psyberg.project,
    sessionsDirectory,
  };
  await sweepSession(ports, tableId('facts.appended'), branch as string);
  expect(existsSync(stray)).toBe(false);
  expect(await appended(world)).toEqual(await inSource(world));
});
