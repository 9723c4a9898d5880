// Goal: what a published session wrote is never swept, however its table spells its location. Method: targets below each spelling, and the sweep of a session that has published.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sweepSession } from '../../src/run/sweep.ts';
import { appendLoad, appended, events, inSource } from '../support/event-tables.ts';
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
  const { client, engine } = world.psyberg.internals;
  const ports = { catalog: client, engine: await engine(), project: world.psyberg.project };
  await sweepSession(ports, tableId('facts.appended'), branch as string);
  expect(await appended(world)).toEqual(await inSource(world));
});
