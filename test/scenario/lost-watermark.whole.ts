// Goal: a process whose watermarks are gone never loads its sources a second time; and two calls on one
// library instance are two runs, one after the other.
// Method: the target's history is expired by somebody else, the watermark table emptied or dropped.
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  appended,
  appendLoad,
  events,
  eventWorld,
  inSource,
  overwritten,
  runOne,
} from '../support/event-tables.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

/**
 * A foreign append, after which every snapshot of psyberg expires: the rows stay, what is known of them goes.
 */
async function forgetHistory(world: World, target: string): Promise<void> {
  await world.sql(`insert into ${target} select 900 as id, timestamptz '${hourAt(9)}' as ts`);
  const ids = (await world.history(target)).map((snapshot) => snapshot['snapshot-id']);
  await world.expire(target, ids.slice(0, -1));
}
const dropWatermarks = (world: World) =>
  world.psyberg.internals.client.dropTable(
    { namespace: ['psyberg'], name: 'high_water_mark_table' },
    { purge: true },
  );

describe('a target without the history of its process', () => {
  it('goes on from the watermark table', async () => {
    const world = await eventWorld();
    await forgetHistory(world, 'facts.appended');
    await world.land('raw.events', events(20, 5, 2));
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '5' });
    expect(await world.rows('select id, ts from facts.appended where id < 900')).toEqual(
      await inSource(world),
    );
  });

  it.for([
    ['append_load', 'facts.appended'],
    ['overwrite_load', 'facts.overwritten'],
  ] as const)(
    'and without its rows there, %s is refused; adopting, or dropping the target, goes on',
    async ([name, target]) => {
      const world = await eventWorld();
      await forgetHistory(world, target);
      await dropWatermarks(world);
      await world.land('raw.events', events(20, 5, 2));
      const before = await world.rows(`from ${target}`);
      await expect(world.plan(name)).rejects.toMatchObject({
        code: 'watermark-lost',
        kind: 'refused',
        hint: expect.stringContaining(`psyberg adopt ${name}`),
      });
      expect(await runOne(world, name)).toMatchObject({
        status: 'refused',
        published_snapshot_id: null,
        error: { code: 'watermark-lost', kind: 'refused' },
      });
      expect(await world.rows(`from ${target}`)).toEqual(before);
      expect(await world.leftovers()).toEqual([]);
      if (name === 'overwrite_load') {
        // The row of somebody else lies in an hour to come, which no source would have computed.
        await expect(world.psyberg.adopt(name)).rejects.toMatchObject({ code: 'adoption-rows-ahead' });
        await world.sql(`delete from ${target} where id = 900`);
      }
      await world.psyberg.adopt(name);
      await world.land('raw.events', events(30, 5, 3));
      expect(await runOne(world, name)).toMatchObject({ status: 'published', rows_read: '5' });
      const { client } = world.psyberg.internals;
      await client.dropTable({ namespace: ['facts'], name: target.slice('facts.'.length) }, { purge: true });
      await dropWatermarks(world);
      expect(await runOne(world, name)).toMatchObject({ status: 'published' });
      expect(await (name === 'append_load' ? appended(world) : overwritten(world))).toEqual(
        await inSource(world),
      );
    },
  );

  it('that somebody else filled is no such target: its first load is added to it where the header says so', async () => {
    const world = await eventWorld();
    const { client } = world.psyberg.internals;
    const { properties } = await world.metadata('facts.appended');
    await client.dropTable({ namespace: ['facts'], name: 'appended' }, { purge: true });
    await dropWatermarks(world);
    await world.sql("create table facts.appended (id bigint, ts timestamptz) with ('format-version' = '2')");
    await world.sql(`insert into facts.appended select 900, timestamptz '${hourAt(9)}'`);
    // A copy of a table's properties says nothing of the copy.
    await world.commit('facts.appended', [{ action: 'set-properties', updates: properties ?? {} }]);
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'target-not-empty', kind: 'refused', context: { rows: '1', published_by: [] } },
    });
    const { header, sql } = appendLoad();
    world.writeProcess({
      header: { ...header, target: { table: 'facts.appended', existing_rows: 'keep' } },
      sql,
    });
    await world.reopen();
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '10' });
    expect(await world.rows('select id, ts from facts.appended where id < 900')).toEqual(
      await inSource(world),
    );
    expect(await world.rows('select id from facts.appended where id = 900')).toEqual(['["900"]']);
  });
});

describe('a target in a catalog that commits one table after the other', () => {
  it('whose history expires before its last session was written down is refused: the older rows would load that session again', {
    timeout: 60_000,
  }, async () => {
    const foreign = await startForeignServer({ oneTableAtATime: true });
    onTestFinished(() => foreign.close());
    const world = await worldForTest({
      catalog: { uri: foreign.uri, warehouse: 'w', token: 'a-token' },
      processes: [appendLoad()],
    });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', events(0, 5, 0));
    await world.publish('append_load');
    await world.land('raw.events', events(10, 5, 1));
    foreign.manners.interfere = ({ method, path }) =>
      method === 'POST' && path.includes('/psyberg/tables/') ? { status: 403 } : undefined;
    await world.publish('append_load');
    delete foreign.manners.interfere;
    await forgetHistory(world, 'facts.appended');
    await world.land('raw.events', events(20, 5, 2));
    const before = await appended(world);
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'watermark-lost' },
    });
    expect(await appended(world)).toEqual(before);
    await world.psyberg.adopt('append_load');
    await world.land('raw.events', events(30, 5, 3));
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '5' });
  });
});

describe('calls beside each other on one library instance', () => {
  it('runs are made one after the other: the second finds nothing new', async () => {
    const world = await eventWorld();
    await world.land('raw.events', events(20, 5, 2));
    const [first, second] = await Promise.all([world.run(), world.run()]);
    expect(first.map((record) => [record.status, record.error])).toEqual(Array(2).fill(['published', null]));
    expect(second.map((record) => record.status)).toEqual(Array(2).fill('nothing-new'));
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
    expect(await world.leftovers()).toEqual([]);
  });

  it('a second run is made although the first one fails', async () => {
    const world = await eventWorld();
    await world.land('raw.events', events(20, 5, 2));
    const [first, second] = await Promise.allSettled([
      world.run(['no_such_load']),
      world.run(['append_load']),
    ]);
    expect(first).toMatchObject({ status: 'rejected', reason: { kind: 'usage' } });
    expect(second).toMatchObject({ status: 'fulfilled', value: [{ status: 'published' }] });
  });

  it('queries beside each other and beside a run see their tables', async () => {
    const world = await eventWorld();
    await world.land('raw.events', events(20, 5, 2));
    const queries = Array.from({ length: 20 }, () => world.rows('select count(*) from raw.events'));
    const [records, ...counts] = await Promise.all([world.run(), ...queries]);
    expect(records.map((record) => [record.status, record.error])).toEqual(
      Array(2).fill(['published', null]),
    );
    expect(new Set(counts.flat()).size).toBe(1);
    expect(await appended(world)).toEqual(await inSource(world));
  });
});
