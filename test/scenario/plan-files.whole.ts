// Goal: a plan that was made is run as it was made, or not at all. Method: plans kept while the world moves
// on.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readPlanFile } from '../../src/cli/plan-file.ts';
import {
  appended,
  events,
  eventWorld,
  inSource,
  overwriteLoad,
  overwritten,
  snapshotIds,
} from '../support/event-tables.ts';
import { loadedIds, order, ordersLoad, putFile } from '../support/landed-orders.ts';
import { hourNumbers, type World, worldForTest } from '../support/world.ts';

it('a plan runs exactly as it was made; once a head, the target or the SQL has moved it is refused with exit 5, and nothing happens', async () => {
  const world = await eventWorld();
  await world.land('raw.events', events(20, 5, 2));
  const plans = await world.psyberg.plan(['append_load', 'overwrite_load']);
  const published = (name: string) =>
    world.metadata(`facts.${name}`).then((metadata) => metadata['current-snapshot-id']);
  const before = await Promise.all([published('appended'), published('overwritten')]);
  const head = (await snapshotIds(world)).at(-1) as bigint;
  const stale = { status: 'refused', error: { code: 'plan-stale', kind: 'refused' } };

  await world.land('raw.events', events(30, 5, 3));
  expect(await world.run(['append_load', 'overwrite_load'], { plans })).toMatchObject([stale, stale]);
  // A head that moved by a compaction alone is another head all the same.
  await world.rollback('raw.events', head);
  await world.changeFiles('raw.events', {
    operation: 'replace',
    remove: (files) => files,
    insert: 'select * from raw.events',
  });
  expect(await world.run(['append_load'], { plans })).toMatchObject([stale]);
  await world.rollback('raw.events', head);
  expect(await Promise.all([published('appended'), published('overwritten')])).toEqual(before);

  // The head is where it was: the plan runs, under the session it named and over the hours it named.
  const [record] = await world.run(['append_load'], { plans });
  expect(record).toMatchObject({
    status: 'published',
    psyberg_session_id: plans[0]?.psyberg_session_id,
    rows_read: '5',
  });
  expect(await appended(world)).toEqual(await inSource(world));
  expect(await world.run(['append_load'], { plans })).toMatchObject([stale]);

  // Its hours are those of the plan.
  expect(hourNumbers(plans[1]?.hours ?? [])).toEqual([2]);
  const changed = overwriteLoad();
  world.writeProcess({ ...changed, sql: 'select id + 0 as id, ts from e' });
  await world.reopen();
  expect(await world.run(['overwrite_load'], { plans })).toMatchObject([stale]);
  world.writeProcess(changed);
  await world.reopen();
  expect(await world.run(['overwrite_load'], { plans })).toMatchObject([
    { status: 'published', range: plans[1]?.range },
  ]);
});

/** As `psyberg plan --out` writes it, and `psyberg run --plan` reads it. */
async function throughFile(world: World, names: readonly string[]) {
  const file = join(world.root, 'plan.json');
  const text = JSON.stringify({ plans: await world.psyberg.plan(names) });
  writeFileSync(file, text);
  const plans = readPlanFile(file);
  expect(plans).toEqual(JSON.parse(text).plans);
  return plans;
}

it.each(['2', '3'])(
  'a plan from a file leaves out the rows that were deleted, as the plan itself does (version %s)',
  async (formatVersion) => {
    const world = await eventWorld({ formatVersion });
    await world.land('raw.events', events(20, 5, 2));
    await world.sql('delete from raw.events where id in (21, 22)');
    const plans = await throughFile(world, ['append_load', 'overwrite_load']);
    expect(await world.run(['append_load', 'overwrite_load'], { plans })).toMatchObject([
      { status: 'published', rows_read: '3' },
      { status: 'published', rows_read: '3' },
    ]);
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
  },
);

it('a plan from a file may name hours of any year', async () => {
  const world = await eventWorld({ partitionedBy: 'day(ts)' });
  await world.land(
    'raw.events',
    `${events(20, 5, 2)} union all select 99, timestamptz '20000-01-01 07:00:00+00'`,
  );
  const plans = await throughFile(world, ['overwrite_load']);
  expect(plans[0]?.owed_hours).toEqual(['9999-12-31T23:00:00Z']);
  expect(await world.run(['overwrite_load'], { plans })).toMatchObject([
    { status: 'published', owed_hours: plans[0]?.owed_hours },
  ]);
});

it('a plan from a file loads the files of a folder that it names, and is refused once there are others', async () => {
  const world = await worldForTest({ processes: [ordersLoad()] });
  putFile(world, 'landing/1.jsonl', order(1, 1) + order(2, 2));
  const first = await throughFile(world, ['orders_load']);
  expect(await world.run(['orders_load'], { plans: first })).toMatchObject([{ status: 'published' }]);
  putFile(world, 'landing/2.jsonl', order(3, 2));
  const second = await throughFile(world, ['orders_load']);
  putFile(world, 'landing/3.jsonl', order(4, 2));
  expect(await world.run(['orders_load'], { plans: second })).toMatchObject([
    { status: 'refused', error: { code: 'plan-stale' } },
  ]);
  const third = await throughFile(world, ['orders_load']);
  await world.reopen();
  expect(await world.run(['orders_load'], { plans: third })).toMatchObject([{ status: 'published' }]);
  expect(await loadedIds(world)).toEqual(['["1"]', '["2"]', '["3"]', '["4"]']);
});
