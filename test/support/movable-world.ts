/**
 * A warehouse with tables of every version and shape, to be moved: deletes by position and by vector, compressed
 * metadata, odd spellings of locations, a namespace with a place of its own, a process that has published.
 */
import { join } from 'node:path';
import { appendLoad } from './event-tables.ts';
import { createWorld, hourAt, type World } from './world.ts';

export const TABLES = [
  'raw.events',
  'facts.appended',
  'raw.old',
  'raw.deleted_2',
  'raw.deleted_3',
  'raw.compressed',
  'raw."größe x"',
  'raw.spelled',
  'placed.here',
] as const;

export const rowsFrom = (first: number): string =>
  `select ${first} + i, timestamptz '${hourAt(5)}' + to_minutes((${first} + i) * 7) from range(20) each(i)`;

/** The world; whoever asks for it closes it. */
export async function movableWorld(): Promise<World> {
  const world = await createWorld({ processes: [appendLoad()] });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land('raw.events', rowsFrom(0));
  await world.publish('append_load');
  await world.create('raw.old', 'id bigint, ts timestamptz', { formatVersion: '1' });
  for (const version of ['2', '3'])
    await world.create(`raw.deleted_${version}`, 'id bigint, ts timestamptz', {
      formatVersion: version,
      ...(version === '3' ? {} : { partitionedBy: 'hour(ts)' }),
    });
  await world.sql(
    "create table raw.compressed (id bigint) with ('write.metadata.compression-codec' = 'gzip', 'format-version' = '2')",
  );
  await world.sql(
    "create table raw.\"größe x\" (id bigint) partitioned by (bucket(4, id)) with ('format-version' = '2')",
  );
  await world.create('raw.spelled', 'id bigint, ts timestamptz');
  await world.commit('raw.spelled', [
    { action: 'set-location', location: `file://${world.warehouse}/raw/spelled` },
    { action: 'set-properties', updates: { 'write.data.path': `file:${world.warehouse}/raw/spelled/rows` } },
  ]);
  await createNamespace(world, 'placed', join(world.warehouse, 'elsewhere'));
  await world.create('placed.here', 'id bigint, ts timestamptz');
  for (const table of ['raw.old', 'raw.deleted_2', 'raw.deleted_3', 'raw.spelled', 'placed.here'])
    for (let batch = 0; batch < 2; batch += 1) await world.land(table, rowsFrom(batch * 20));
  for (const table of ['raw.compressed', 'raw."größe x"'])
    await world.sql(`insert into ${table} select unnest(range(20))`);
  for (const version of ['2', '3']) await world.sql(`delete from raw.deleted_${version} where id % 5 = 2`);
  await world.land('raw.deleted_3', rowsFrom(40));
  return world;
}

/** As another client does: in SQL a namespace has no location. */
export async function createNamespace(world: World, name: string, location: string): Promise<void> {
  const { uri, token } = world.psyberg.internals.catalog;
  const answer = await fetch(`${uri}/v1/psyberg/namespaces`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ namespace: [name], properties: { location } }),
  });
  if (answer.status !== 200) throw new Error(await answer.text());
}
